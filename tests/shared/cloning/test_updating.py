"""`update`: both sides' changes, and nothing of the customer's lost."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.cloning import updating
from shared.cloning.creating import create
from shared.cloning.record import find_clone
from shared.cloning.template import neutral_files
from shared.cloning.updating import plan, update
from shared.errors import ConfigError
from verticals.finance import FraudPipeline


@pytest.fixture
def clone(tmp_path):
    return create(FraudPipeline, "acme_updated", tmp_path)


@pytest.fixture
def newer(monkeypatch):
    """Installs a newer template: the files of this one, changed."""

    def install(change, version="0.2.0"):
        def files(cls):
            return change(neutral_files(cls))

        monkeypatch.setattr(updating, "neutral_files", files)
        monkeypatch.setattr(updating, "__version__", version)

    return install


def edit(root, path, old, new):
    text = (root / path).read_text("utf-8")
    assert text.count(old) == 1, f"{path} holds it {text.count(old)} times: {old}"
    (root / path).write_text(text.replace(old, new), "utf-8")


def changed(path, old, new):
    def change(files):
        name = next(name for name in files if name.endswith(path))
        assert old in files[name]
        return files | {name: files[name].replace(old, new, 1)}

    return change


def kinds(clone):
    return {change.path: change.kind for change in plan(clone, FraudPipeline)}


def carried_out(clone):
    changes = plan(clone, FraudPipeline)
    update(clone, FraudPipeline, changes)
    return changes


def test_with_the_same_template_there_is_nothing_to_do(clone):
    edit(clone.root, "acme_updated/config.py", "epochs: int", "epochs : int")
    (clone.root / "setup.cfg").unlink()
    assert plan(clone, FraudPipeline) == []


def test_a_file_that_the_customer_left_alone_becomes_the_templates(clone, newer):
    newer(changed("/model.py", "LSTM_UNITS = 48", "LSTM_UNITS = 64"))
    assert kinds(clone) == {"acme_updated/model.py": "updated"}
    carried_out(clone)
    assert "LSTM_UNITS = 64" in (clone.root / "acme_updated/model.py").read_text("utf-8")
    after = find_clone(clone.root).record
    assert after.version == "0.2.0" and "LSTM_UNITS = 64" in after.files["customer_project/model.py"]
    assert plan(find_clone(clone.root), FraudPipeline) == []


def test_both_sides_changes_in_one_file_are_merged(clone, newer):
    edit(clone.root, "acme_updated/model.py", "LSTM_UNITS = 48", "LSTM_UNITS = 96  # the customer's")
    newer(changed("/model.py", 'name="fraud")', 'name="card_fraud")'))
    assert [change.kind for change in carried_out(clone)] == ["merged"]
    text = (clone.root / "acme_updated/model.py").read_text("utf-8")
    assert "LSTM_UNITS = 96" in text and 'name="card_fraud")' in text


def test_where_both_changed_the_same_line_both_stand_marked_as_git_marks_them(clone, newer):
    edit(clone.root, "acme_updated/model.py", "LSTM_UNITS = 48", "LSTM_UNITS = 96")
    newer(changed("/model.py", "LSTM_UNITS = 48", "LSTM_UNITS = 64"))
    (change,) = carried_out(clone)
    lines = (clone.root / "acme_updated/model.py").read_text("utf-8").split("\n")
    at = lines.index("<<<<<<< yours")
    assert change.places == [f"line {at + 1}"]
    assert change.kind == "conflict" and lines[at : at + 5] == [
        *("<<<<<<< yours", "LSTM_UNITS = 96", "=======", "LSTM_UNITS = 64", ">>>>>>> template 0.2.0")
    ]
    newer(changed("/model.py", "LSTM_UNITS = 48", "LSTM_UNITS = 65"), "0.3.0")
    with pytest.raises(ConfigError, match=rf"model\.py, line {at + 1}: a conflict of an earlier update"):
        plan(find_clone(clone.root), FraudPipeline)


def test_a_dry_run_writes_nothing_and_shows_the_diff(clone, newer):
    newer(changed("/model.py", "LSTM_UNITS = 48", "LSTM_UNITS = 64"))
    before = {path: path.read_bytes() for path in clone.root.rglob("*") if path.is_file()}
    (change,) = plan(clone, FraudPipeline)
    assert "-LSTM_UNITS = 48\n+LSTM_UNITS = 64\n" in change.diff()
    assert before == {path: path.read_bytes() for path in clone.root.rglob("*") if path.is_file()}


def test_files_that_come_and_go(clone, newer):
    edit(clone.root, "acme_updated/data.py", "HIGH = 1.0", "HIGH = 1.5")
    gone = {"customer_project/data.py", "Makefile"}
    newer(
        lambda files: (
            {p: t for p, t in files.items() if p not in gone} | {"customer_project/features.py": "NEW = 1\n"}
        )
    )
    assert kinds(clone) == {
        "Makefile": "removed",
        "acme_updated/data.py": "kept",
        "acme_updated/features.py": "added",
    }
    carried_out(clone)
    assert not (clone.root / "Makefile").exists()
    assert "HIGH = 1.5" in (clone.root / "acme_updated/data.py").read_text("utf-8")
    assert (clone.root / "acme_updated/features.py").read_text("utf-8") == "NEW = 1\n"


def test_what_the_customer_removed_is_not_put_back(clone, newer):
    (clone.root / "Makefile").unlink()
    newer(changed("Makefile", "run:", "run : "))
    assert kinds(clone) == {"Makefile": "kept"}
    carried_out(clone)
    assert not (clone.root / "Makefile").exists()


def test_a_file_of_the_customers_in_the_place_of_a_new_one_is_not_lost(clone, newer):
    (clone.root / "acme_updated/features.py").write_text("MINE = 1\n", "utf-8")
    newer(lambda files: files | {"customer_project/features.py": "NEW = 1\n"})
    (change,) = carried_out(clone)
    text = (clone.root / "acme_updated/features.py").read_text("utf-8")
    assert change.kind == "conflict" and "MINE = 1" in text and "NEW = 1" in text


def test_a_file_that_is_no_text_stays_and_the_templates_lies_beside_it(clone, newer):
    (clone.root / "README.md").write_bytes("报告".encode("gb18030"))
    newer(changed("README.md", "# customer_project", "# Acme"))
    (change,) = carried_out(clone)
    assert change.path == "README.md.template" and "no UTF-8" in change.note
    assert (clone.root / "README.md").read_bytes() == "报告".encode("gb18030")


def test_windows_ends_of_lines_are_kept_and_are_no_change(clone, newer):
    path = clone.root / "acme_updated/model.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    newer(changed("/model.py", "LSTM_UNITS = 48", "LSTM_UNITS = 64"))
    assert kinds(clone) == {"acme_updated/model.py": "updated"}
    carried_out(clone)
    assert path.read_bytes().count(b"\r\n") == path.read_bytes().count(b"\n") > 20
    assert b"LSTM_UNITS = 64\r\n" in path.read_bytes()


def test_a_merge_that_python_cannot_read_is_told(clone, newer):
    edit(clone.root, "acme_updated/model.py", "LSTM_UNITS = 48\n", "LSTM_UNITS = (48)\n")
    newer(changed("/model.py", "import keras\n", "import keras as (\n"))
    (change,) = plan(clone, FraudPipeline)
    assert change.kind == "merged" and "do not fit together" in change.note


def test_an_update_that_was_killed_is_begun_again(clone, newer):
    edit(clone.root, "acme_updated/model.py", "LSTM_UNITS = 48", "LSTM_UNITS = 96  # the customer's")

    def change(files):
        return changed("/config.py", "EUR", "CNY")(
            changed("/model.py", 'name="fraud")', 'name="card_fraud")')(files)
        )

    newer(change)
    whole = plan(clone, FraudPipeline)
    update_first = whole[1]  # the merged file is written, the record is not
    (clone.root / update_first.path).write_text(update_first.after, "utf-8")
    assert update_first.kind == "merged"
    carried_out(find_clone(clone.root))
    assert (clone.root / update_first.path).read_text("utf-8") == update_first.after
    assert "CNY" in (clone.root / "acme_updated/config.py").read_text("utf-8")


def test_the_customers_settings_are_never_touched(clone, newer):
    (clone.root / "acme_updated.toml").write_text("mine = 1\n", "utf-8")
    newer(lambda files: {path: text + "\n" for path, text in files.items()})
    carried_out(clone)
    assert (clone.root / "acme_updated.toml").read_text("utf-8") == "mine = 1\n"


def test_a_notebook_that_was_only_run_is_unchanged(clone, newer):
    import json

    path = clone.root / "acme_updated.ipynb"
    content = json.loads(path.read_text("utf-8"))
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"], cell["outputs"] = (
                1,
                [{"name": "stdout", "output_type": "stream", "text": ["x"]}],
            )
    path.write_text(json.dumps(content), "utf-8")

    def change(files):
        notebook = json.loads(files["customer_project.ipynb"])
        notebook["cells"][0]["source"] = ["# Another title\n"]
        return files | {"customer_project.ipynb": json.dumps(notebook)}

    newer(change)
    assert kinds(clone) == {"acme_updated.ipynb": "updated"}


TRAIN = """
import sys
from {name} import {cls} as Pipeline
from shared.testing import tiny_config
frame, mapping = Pipeline.sample(**Pipeline.small)
pipeline = Pipeline(tiny_config(Pipeline), mapping)
table = pipeline.check(frame)
pipeline.fit(table, pipeline.splits(table)[0])
print(*pipeline.state["numbers"], pipeline.model.name, pipeline.config.currency)
"""


def trained(root: Path, name: str, cls: str) -> list[str]:
    """Features, name of the network and currency of a clone that was trained in a process of its own."""
    code = TRAIN.format(name=name, cls=cls)
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()


def test_two_clones_that_differ_both_take_an_update_of_the_files_they_changed(tmp_path, newer):
    one, two = create(FraudPipeline, "acme_one", tmp_path), create(FraudPipeline, "acme_two", tmp_path)
    # One team adds a feature, the other changes the network; the template then changes both of these files.
    own = "**clock(time)}"
    edit(one.root, "acme_one/data.py", own, '**clock(time)}\n    payment["is_round"] = amount % 10 == 0')
    edit(two.root, "acme_two/model.py", "LSTM_UNITS = 48", "LSTM_UNITS = 96")
    edit(two.root, "acme_two/model.py", 'name="fraud")', 'name="fraud_of_two")')

    def change(files):
        late = '    found["card_rank"] = np.log1p(card.rank())\n'
        files = changed(
            "/data.py", "    for days in (1, 3, 7, 14):\n", late + "    for days in (1, 3, 7, 14):\n"
        )(files)
        note = "# Log odds are not clipped.\n"
        files = changed("/model.py", "from .config import", note + "from .config import")(files)
        return changed("/config.py", '"EUR"', '"CNY"')(files)

    newer(change)
    assert {c.path: c.kind for c in carried_out(one)} == {
        "acme_one/config.py": "updated",
        "acme_one/data.py": "merged",
        "acme_one/model.py": "updated",
    }
    assert {c.path: c.kind for c in carried_out(two)} == {
        "acme_two/config.py": "updated",
        "acme_two/data.py": "updated",
        "acme_two/model.py": "merged",
    }
    first = trained(one.root, "acme_one", "AcmeOnePipeline")
    second = trained(two.root, "acme_two", "AcmeTwoPipeline")
    assert {"is_round", "card_rank", "fraud", "CNY"} <= set(first)
    assert {"card_rank", "fraud_of_two", "CNY"} <= set(second) and "is_round" not in second
