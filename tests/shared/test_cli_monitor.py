import json

import pytest


@pytest.fixture(scope="module")
def cents(payments, tmp_path_factory):
    path = tmp_path_factory.mktemp("cents") / "cents.csv"
    payments.drop(columns="fraud").assign(amount=payments["amount"] * 100).to_csv(path, index=False)
    return path


def test_a_change_ends_with_its_code_and_leaves_a_page_and_its_figures(command, finished, cents, tmp_path):
    out = tmp_path / "monitored"
    outcome = command("monitor", finished.folder / "bundle", "--data", cents, "--out", out)
    assert outcome.code == 4, outcome.err
    assert (
        "act: amount: other distribution" in outcome.out and f"report: {out / 'monitor.html'}" in outcome.out
    )
    assert json.loads((out / "monitor.json").read_text("utf-8"))["state"] == "act"
    assert (out / "monitor.html").stat().st_size < 1_000_000


def test_limits_and_language_are_the_users(command, finished, cents, tmp_path):
    outcome = command(
        "monitor", finished.folder / "bundle", "--data", cents, "--out", tmp_path / "m", "--lang", "zh",
        "--alarm", "psi=0.2,50", "--no-scores",
    )  # fmt: skip
    assert outcome.code == 3 and "分布变化" in outcome.out
    assert 'lang="zh-CN"' in (tmp_path / "m" / "monitor.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--sketches"),
        (["--data", "gone.csv"], "gone.csv"),
        (["--data", "x.csv", "--lang", "fr"], "expected en or zh"),
        (["--data", "x.csv", "--alarm", "psy=1,2"], "Did you mean `psi`"),
    ],
)
def test_a_mistake_ends_with_two_and_no_traceback(command, finished, tmp_path, arguments, said):
    outcome = command("monitor", finished.folder / "bundle", *arguments, "--out", tmp_path / "m")
    assert outcome.code == 2 and said in outcome.err and "Traceback" not in outcome.err
    assert not (tmp_path / "m").exists()


def test_help_names_the_codes_for_cron(command):
    outcome = command("monitor", "--help")
    assert outcome.code == 0 and "0 steady, 3 look, 4 act" in " ".join(outcome.out.split())
