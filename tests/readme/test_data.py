"""data/README.md, and the TOML and messages of all READMEs."""

import pytest
import readme_files
from readme_blocks import ROOT, alike, blocks
from readme_session import not_printed, read

READMES = {
    "README.md": "finance.fraud",
    "README.zh.md": "finance.fraud",
    "data/README.md": None,
    "verticals/finance/fraud/README.md": "finance.fraud",
    "verticals/retail/demand/README.md": "retail.demand",
    "verticals/manufacturing/defects/README.md": "manufacturing.defects",
    "verticals/healthcare/diagnosis/README.md": "healthcare.diagnosis",
}
FOUND = [(readme, block) for readme in READMES for block in blocks(readme)]


def those(language: str):
    chosen = [(readme, block) for readme, block in FOUND if block.language == language]
    return pytest.mark.parametrize(
        "readme, block", chosen, ids=[f"{readme}:{block.line}" for readme, block in chosen]
    )


@pytest.mark.slow
def test_the_commands_of_the_data_readme_run(tmp_path):
    readme_files.write_public(tmp_path / "datasets")
    (tmp_path / "data").symlink_to(ROOT / "data")
    printed = read("data/README.md", tmp_path, tmp_path)
    assert not_printed("data/README.md", printed) == []


def test_every_block_is_of_a_kind_that_is_tried():
    assert {block.language for _, block in FOUND} == {"bash", "python", "toml", "text", ""}


@those("toml")
def test_a_mapping_that_is_shown_is_accepted(readme, block, tmp_path):
    from shared.cli_places import Solutions
    from shared.config import load_project, named_solution
    from verticals import SOLUTIONS

    path = tmp_path / "customer.toml"
    path.write_text(block.text, encoding="utf-8")
    name = named_solution(path) or READMES[readme]
    assert name is not None, "the block names no solution"
    pipeline = Solutions(SOLUTIONS).load(name)
    project = load_project(path, pipeline.Config, pipeline.roles)
    assert pipeline(project.settings, project.mapping).config == project.settings


@those("")
def test_a_message_that_is_shown_is_printed(readme, block, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    readme_files.write_wrong_payments(tmp_path)
    outcome = command("check", "finance.fraud", "payments.csv", "--config", "acme.toml")
    assert outcome.code == 2
    shown, said = block.text.splitlines(), outcome.err.splitlines()
    assert len(shown) == len(said)
    assert [line for line, each in zip(shown, said) if not alike(line, each)] == []


@pytest.mark.parametrize("readme", READMES)
def test_what_a_readme_links_to_is_there(readme):
    import re

    text = (ROOT / readme).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert [link for link in links if not ((ROOT / readme).parent / link).exists()] == []
