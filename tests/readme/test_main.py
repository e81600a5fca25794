"""The main README, in English and Chinese: every code block is read as a newcomer reads it."""

import pytest
import readme_files
from readme_blocks import ROOT, blocks, commands
from readme_session import not_printed, read

README, CHINESE = "README.md", "README.zh.md"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The reader's own folder, with the customers' files in ~/drop."""
    place = tmp_path_factory.mktemp("reader")
    (place / "drop").mkdir()
    (place / "keras-verticals").mkdir()
    readme_files.write_payments(place / "drop", "payments_2025.csv")
    readme_files.write_sales(place / "drop")
    readme_files.write_photos(place / "drop")
    readme_files.patients().to_csv(place / "drop" / "patients.csv", index=False)
    return place


@pytest.mark.slow
def test_a_newcomer_gets_from_the_first_command_to_the_last_and_sees_what_is_shown(home):
    printed = read(README, home, home / "keras-verticals")
    assert not_printed(README, printed) == []
    project = home / "projects" / "acme_fraud"
    assert (project / "runs" / "latest" / "report.html").is_file()
    assert (project / "runs" / "latest" / "report.zh.html").is_file()
    assert (project / "today.parquet").is_file()


@pytest.mark.parametrize("chosen", ["bash", "text", "python", "toml", ""])
def test_the_chinese_readme_says_the_same(chosen):
    english, chinese = (
        [commands(block) for block in blocks(name) if block.language == chosen] for name in (README, CHINESE)
    )
    assert chinese == english


def test_both_readmes_have_the_same_sections_and_the_same_kinds_of_blocks():
    for sign in ("\n## ", "\n**", "\n| ", "](", "<!-- measured:"):
        counts = [(ROOT / name).read_text(encoding="utf-8").count(sign) for name in (README, CHINESE)]
        assert counts[0] == counts[1], sign
