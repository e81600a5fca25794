"""Promises on what a pipeline declares: roles, settings, and the words for a table that does not fit."""

import pandas as pd
from pydantic import ValidationError

from shared.contract import raw_table
from shared.errors import ContractError
from shared.pipeline import Pipeline
from shared.testing.trial import Trial


def check_roles(cls: type[Pipeline]) -> None:
    """Names, and descriptions in both languages."""
    names = [role.name for role in cls.roles]
    assert len(set(names)) == len(names), f"roles must have different names, found {names}"
    assert any(role.required for role in cls.roles), "at least one role must be required"
    for role in cls.roles:
        assert role.name.isidentifier(), f"role `{role.name}`: the name must be one word"
        assert role.description, f"role `{role.name}` has no description"
        assert _is_chinese(role.description_zh), f"role `{role.name}` has no Chinese description"
        assert role.kind != "label" or not role.predict, (
            f"`{role.name}`: a label must not be asked for to predict"
        )
    assert cls.name, "the pipeline has no name"
    for what in ("title", "task"):
        text = getattr(cls, what)
        assert text.get("en"), f"`{what}` is not there in English"
        assert _is_chinese(text.get("zh", "")), f"`{what}` is not there in Chinese"


def check_settings(cls: type[Pipeline]) -> None:
    """Defaults that fit, a description each, and no tolerance for misspelt names."""
    cls.Config()
    for name, field in cls.Config.model_fields.items():
        assert field.description, f"setting `{name}` has no description"
    try:
        cls.Config(**{"no_such_setting": 1})
    except ValidationError:
        return
    raise AssertionError(
        "a misspelt setting is taken without a word: derive Config from shared.config.Settings"
    )


def check_faults_are_named(trial: Trial) -> None:
    """No rows, or a required column less, is a ContractError that names it."""
    pipeline, frame = trial.pipeline, trial.frame
    for predict in (False, True):
        _refused(pipeline, frame.iloc[:0], predict, ["row"], "a table without rows")
        for role in pipeline.roles:
            column = trial.column(role.name)
            if role.required and (role.predict or not predict):
                words = [column, role.name]
                _refused(pipeline, frame.drop(columns=column), predict, words, f"a table without `{column}`")


def _refused(pipeline: Pipeline, frame: pd.DataFrame, predict: bool, words: list[str], what: str) -> None:
    try:
        pipeline.check(raw_table(frame), predict=predict)
    except ContractError as error:
        assert any(f"{word}" in str(error) for word in words), (
            f"{what}: the error names none of {words}: {error}"
        )
        return
    raise AssertionError(f"{what} is not refused (predict={predict})")


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)
