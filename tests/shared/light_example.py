"""What tests of light scorers share: a network in NumPy, checked tables as frames, and a Python without pandas."""

import json
import math
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
BUNDLES = ROOT / "tests" / "fixtures" / "bundles"
REFUSED = ("pandas", "pyarrow", "pydantic", "scipy", "sklearn", "keras", "tensorflow", "matplotlib")
ALONE = """
import importlib, pickle, runpy, sys
refused = set(sys.argv[3:])

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refusing())
sys.path.insert(0, sys.argv[1])
job = pickle.load(sys.stdin.buffer)
from shared.light.frame import Frame
example = runpy.run_path(sys.argv[2])
module, name = job["scorer"].split(":")
settings = {key: runpy.run_path(where)[key] for key, where in job["hooks"].items()}
session = example["Made"](*job["session"])
scorer = getattr(importlib.import_module(module), name)(job["content"], session, **settings)
frames = {key: Frame(columns) for key, columns in job["frames"].items()}
answers = scorer.answer(frames.pop("frame"), **frames, **job["beside"])
sys.stdout.buffer.write(pickle.dumps((answers, sorted(sys.modules))))
"""


class Made:
    """A network of random weights: each output is made of all numbers of all inputs.

    Args:
        names: Of the inputs.
        outputs: Shape of each output by its name, without the batch; one alone has the name None.
        size: Of what comes out.
    """

    def __init__(self, names, outputs, size=1.0):
        self.names, self.outputs, self.size = list(names), dict(outputs), size
        self.input = dict.fromkeys(self.names)

    def __call__(self, x, batch_size=None):
        found = {
            name: self._output(x, shape, seed) for seed, (name, shape) in enumerate(self.outputs.items())
        }
        return found[None] if None in found else found

    def _output(self, x, shape, seed):
        total = np.zeros((len(x[self.names[0]]), math.prod(shape)))
        for place, name in enumerate(self.names):
            values = x[name].reshape(len(total), -1).astype(np.float64)
            values = values / 64 - 2 if name == "photo" else values
            weights = np.random.default_rng((seed, place)).normal(size=(values.shape[1], total.shape[1]))
            total += np.array([row @ weights for row in values]) / math.sqrt(values.shape[1])
        return (self.size * np.tanh(total)).reshape(-1, *shape).astype(np.float32)


def content_of(solution, **changes):
    """The bundle.json of a kept bundle; `changes` go into its settings."""
    content = json.loads((BUNDLES / solution / "bundle" / "bundle.json").read_text("utf-8"))
    content["config"] |= changes
    return content


def pipeline_of(content, session):
    """The pipeline of a bundle, with `session` in the place of its network."""
    from shared.bundle import without_model

    pipeline = without_model(content)
    pipeline.model = session
    return pipeline


def columns_of(table, rows=None):
    """The columns of a checked table as a light scorer reads them: texts are objects, None where empty."""
    found = {}
    for name in table.frame:
        column = table.frame[name]
        values = column.to_numpy()
        if column.dtype == "category":
            values = np.empty(len(column), object)
            values[:] = [None if text != text else str(text) for text in column.astype(object)]
        found[name] = values if rows is None else values[rows]
    return found


def records_of(answers):
    """The rows of a data frame of answers, in plain values."""
    rows = answers.to_dict("records")
    return [
        {name: getattr(value, "to_pydatetime", lambda v=value: v)() for name, value in row.items()}
        for row in rows
    ]


def assert_equal(found, expected):
    """To the last bit, with the same names in the same order."""
    assert len(found) == len(expected) > 0
    assert list(found[0]) == list(expected[0])
    for one, other in zip(found, expected):
        for name, value in other.items():
            both_lack = value != value and one[name] != one[name]
            assert both_lack or one[name] == value, f"{name}: {one[name]!r} instead of {value!r}"


def alone(scorer, content, session, frame, *, hooks=None, refused=(), history=None, **beside):
    """What a scorer answers in a Python that has NumPy but none of the large packages, and the modules it loaded.

    Args:
        scorer: Such as `shared.light.patients:PatientScorer`.
        session: A `Made`.
        frame, history: Columns by name.
        hooks: Further arguments of the scorer, by the file that each is taken from.
        refused: Further packages that are not there.
    """
    frames = {"frame": frame} | ({} if history is None else {"history": history})
    job = {
        "scorer": scorer,
        "content": content,
        "session": (session.names, session.outputs, session.size),
        "frames": frames,
        "hooks": hooks or {},
        "beside": beside,
    }
    command = [sys.executable, "-c", ALONE, str(ROOT), __file__, *REFUSED, *refused]
    done = subprocess.run(command, input=pickle.dumps(job), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    answers, modules = pickle.loads(done.stdout)
    return answers, modules
