"""A proposal as the customer's TOML file, with a reason beside each line."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from shared.proposing.draft import LEFT_OUT, Draft

SIGNATURE = "# as proposed by verticals map: "
Text = dict[str, str]
LEVELS = {
    "sure": {"en": "sure", "zh": "确定"},
    "likely": {"en": "likely", "zh": "较确定"},
    "doubtful": {"en": "DOUBTFUL", "zh": "存疑"},
    "none": {"en": "none", "zh": "无"},
}
SAID: dict[str, Text] = {
    "head": {
        "en": "Proposed for {source}. Look at what is doubtful, then run:",
        "zh": "根据 {source} 自动提出。请核对存疑之处，然后运行：",
    },
    "columns": {"en": 'role = "column of the table"', "zh": '角色 = "表中的列"'},
    "features": {"en": "further columns, by the names of the table", "zh": "其余列，使用表中的列名"},
    "ignored": {"en": "not used:", "zh": "未使用："},
    "leak": {
        "en": "set aside, as they seem to give the answer away. Name them above if they are known before it:",
        "zh": "疑似泄露答案而搁置；若事先已知，请写入上方：",
    },
    "groups": {"en": "the report says how well each of them is served", "zh": "报告按这些列分组列出效果"},
    "numbers": {
        "en": "unit, plausible range, codes that mean: not known",
        "zh": "数值列：单位、合理范围、表示未知的代码",
    },
    "labels": {"en": "the class of each text", "zh": "各标签文本对应的类别"},
    "format": {"en": "only what is not detected by itself", "zh": "仅列出无法自动识别的内容"},
    "found": {"en": "detected", "zh": "自动识别"},
    "wide": {"en": "one row a series, one column a step", "zh": "每行一个序列，每列一期"},
    "signal": {"en": "one column a sample", "zh": "每列一个采样点"},
    "settings": {
        "en": "what this table asks for; every other setting stands in config.py, with its reason",
        "zh": "该表所需的设置；其余设置及理由见 config.py",
    },
    "optional": {"en": "optional", "zh": "可选"},
    "required": {"en": "REQUIRED, and not found", "zh": "必需，但未找到"},
    "doubts": {"en": "To be looked at:", "zh": "请核对："},
    "left_out": {
        "en": "the column of this name is not the role, or cannot be read as it",
        "zh": "同名列不是该角色，或无法按该角色读取",
    },
    "data": {"en": "the table; --data names another one", "zh": "数据文件；可用 --data 指定其他文件"},
    "or": {"en": "or", "zh": "或"},
}


def quoted(text: str) -> str:
    """A text as TOML writes it.

    Example:
        >>> quoted('say "金额"')
        '"say \\\\"金额\\\\""'
    """
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def value_of(value: Any) -> str:
    """A value as TOML writes it.

    Example:
        >>> value_of(["a", 1]), value_of({"low": 0.5, "unit": "°C"}), value_of(True)
        ('["a", 1]', '{ low = 0.5, unit = "°C" }', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {value_of(each)}" for name, each in value.items()) + " }"
    if isinstance(value, Iterable):
        return "[" + ", ".join(value_of(each) for each in value) + "]"
    return f"{value:g}" if isinstance(value, float) and abs(value) < 1e6 else repr(value)


def toml(
    made: Draft,
    *,
    lang: str = "en",
    data: str = "",
    config: str = "acme.toml",
    place: str = "",
    own: bool = False,
) -> str:
    """The file: every line that was decided has its reason behind it.

    Args:
        made: The proposal.
        lang: Of the comments, en or zh.
        data: How the table is named on the command line; left out: its own name.
        config: Name of the file to be written.
        place: Where the table lies, seen from that file; left out: the file does not say so.
        own: Whether the file is that of the customer's project, which commands read of themselves.
    Example:
        >>> print(toml(Draft("demo", "a.csv", [])).splitlines()[3])
        solution = "demo"
    """
    data = data or made.source
    table = f" {_plain(data)}" if not place else ""
    check = "" if own else f" {made.solution}{table} --config {_plain(config)}"
    run = "" if own else f" {made.solution}{' --data' if table else ''}{table} --config {_plain(config)}"
    lines = [
        f"# {_said('head', lang).format(source=_plain(made.source))}",
        f"#   verticals check{check}",
        f"#   verticals run{run and '  '}{run}",
        f"solution = {quoted(made.solution)}",
    ]
    if place:
        lines.append(f"data = {quoted(place)}  # {_said('data', lang)}")
    if made.doubts:
        lines += ["", f"# {_said('doubts', lang)}", *(f"# - {_plain(doubt[lang])}" for doubt in made.doubts)]
    lines += ["", *_columns(made, lang), "", *_features(made, lang)]
    for name, part in (("numbers", made.numbers), ("labels", made.labels)):
        if part:
            entries = [f"{quoted(key)} = {value_of(value)}" for key, value in part.items()]
            lines += ["", *_section(name, lang), *entries]
    for name, part in (("wide", made.wide), ("signal", made.signal), ("format", made.format)):
        if part:
            lines += ["", *_section(name, lang), *(f"{key} = {value_of(each)}" for key, each in part.items())]
    if made.settings:
        lines += ["", *_section("settings", lang)]
        width = max(len(f"{name} = {value_of(each.value)}") for name, each in made.settings.items())
        for name, each in made.settings.items():
            lines.append(f"{f'{name} = {value_of(each.value)}':{width}}  # {_plain(each.why[lang])}")
    return signed("\n".join(lines) + "\n")


def signed(text: str) -> str:
    """A file with a last line by which `untouched` knows it again.

    Example:
        >>> untouched(signed("a = 1\\n")), untouched(signed("a = 1\\n").replace("1", "2")), untouched("a = 1")
        (True, False, False)
    """
    return f"{text}{SIGNATURE}{_digest(text)}\n"


def untouched(text: str) -> bool:
    """Whether nobody has changed a file since it was proposed, so that a new proposal may take its place."""
    body, mark, digest = text.replace("\r\n", "\n").rpartition(SIGNATURE)
    return bool(mark) and digest.strip() == _digest(body)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _said(name: str, lang: str) -> str:
    return SAID[name][lang]


def _plain(text: str) -> str:
    """A text for a comment: on one line, and without what TOML forbids there."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _section(name: str, lang: str) -> list[str]:
    return [f"{f'[{name}]':30} # {_said(name, lang)}"]


def _columns(made: Draft, lang: str) -> list[str]:
    lines, choices, left_out = _section("columns", lang), made.choices, made.left_out()
    width = max([len(f"{each.role.name} = {quoted(each.column or '')}") for each in choices] or [0])
    for each in choices:
        about = each.role.description_zh if lang == "zh" else each.role.description
        entry = f"{each.role.name} = {quoted(each.column or '')}"
        if each.column is None:
            needed = "required" if each.role.required else "optional"
            note = f"{_said(needed, lang)}: {about}"
            if each.why["en"].startswith("of ["):
                note = each.why[lang]
            if each.role.name in left_out:
                lines.append(f"{each.role.name} = {value_of([LEFT_OUT])}  # {_said('left_out', lang)}")
            else:
                lines.append(f"# {entry:{width}}  # {_plain(note)}")
            continue
        others = f"; {_said('or', lang)} " + ", ".join(each.others) if each.others else ""
        level = LEVELS[each.level][lang]
        lines.append(f"{entry:{width}}  # {level} ({each.sure:.0%}): {_plain(each.why[lang] + others)}")
    return lines


def _features(made: Draft, lang: str) -> list[str]:
    lines = _section("features", lang)
    reasons = {feature.name: feature.why[lang] for feature in made.features}
    for use in ("numeric", "categorical"):
        names = made.named(use)
        if not names:
            lines.append(f"{use} = []")
            continue
        width = max(len(quoted(name)) for name in names) + 1
        entries = [f"    {quoted(name) + ',':{width}}  # {_plain(reasons[name])}" for name in names]
        lines += [f"{use} = [", *entries, "]"]
    if made.groups:
        lines.append(f"groups = {value_of(made.groups)}  # {_said('groups', lang)}")
    for use in ("leak", "ignored"):
        names = made.named(use)
        if names:
            lines.append(f"# {_said(use, lang)}")
            lines += [f"#   {_plain(quoted(name))}: {_plain(reasons[name])}" for name in names]
    return lines
