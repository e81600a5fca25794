import sys

import pytest

from shared.errors import BundleError, SplitError
from shared.notebook import fit_and_judge, open_table, show_reloaded
from shared.notebook.running import moving_line
from verticals.finance import FraudPipeline

TINY = {"epochs": 2, "units": 8, "members": 2, "depth": 1, "bins": 4, "number_dim": 2}
RIVALS = {"amount": [{"feature": "amount"}], "logistic_regression": [{"C": 0.1}]}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    out = tmp_path_factory.mktemp("notebook") / "run"
    pipeline, table = open_table(FraudPipeline, settings=TINY, sample=FraudPipeline.small)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FraudPipeline, "rivals", RIVALS)
        return fit_and_judge(pipeline, table, out), table, out


def test_a_run_leaves_its_report_and_returns_its_figures(ran):
    metrics, _, out = ran
    assert (out / "report.html").is_file() and (out / "bundle").is_dir()
    assert set(metrics["results"]) >= {"model", "amount", "logistic_regression"}


def test_the_saved_model_answers_as_the_fitted_one_did(ran):
    from shared.bundle import load

    _, table, out = ran
    shown = repr(show_reloaded(load(out / "bundle"), table, out))
    assert shown.endswith("Both answers are equal.")


def test_a_model_that_was_changed_is_found_out(ran):
    from shared.bundle import load

    _, table, out = ran
    loaded = load(out / "bundle")
    loaded.model.set_weights([weight * 0 for weight in loaded.model.get_weights()])
    assert "The answers differ" in repr(show_reloaded(loaded, table, out))


def test_a_folder_without_a_run_is_refused(ran, tmp_path):
    with pytest.raises(BundleError, match=r"predictions\.parquet"):
        show_reloaded(FraudPipeline(), ran[1], tmp_path)


def test_what_cannot_be_learnt_from_is_refused_with_the_way_out(ran, tmp_path):
    pipeline, table = open_table(FraudPipeline, settings={"test_days": 300}, sample=FraudPipeline.small)
    with pytest.raises(SplitError):
        fit_and_judge(pipeline, table, tmp_path / "run")


def test_in_a_notebook_the_line_replaces_itself(monkeypatch):
    pytest.importorskip("IPython")
    import IPython
    import IPython.display

    shown = []

    class Handle:
        def update(self, content, raw):
            shown.append(content["text/plain"])

    shell = type("Shell", (), {"kernel": True})()
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    monkeypatch.setattr(IPython.display, "display", lambda *content, raw, display_id: Handle())
    line = moving_line()
    line("fit 1/2")
    line("fit 2/2")
    assert shown == ["fit 1/2", "fit 2/2"]


def test_elsewhere_the_line_goes_to_the_standard_error(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    moving_line()("fit")
    assert capsys.readouterr() == ("", "fit\n")
