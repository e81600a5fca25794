import json

import numpy as np

from shared.monitoring.tally import Tally


def test_a_tally_comes_back_from_json_as_it_was():
    tally = Tally(7, 2, np.array([1, 4]))
    assert Tally.from_dict(json.loads(json.dumps(tally.to_dict()))) == tally
    assert tally != Tally(7, 2, np.array([4, 1]))
