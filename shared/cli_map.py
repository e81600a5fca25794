"""`verticals map`: a table to a proposal of roles and features, looked at by a person, written as TOML."""

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from shared.bundle_files import write_text
from shared.cloning.record import Clone, sha256
from shared.contract import RawTable, read_table
from shared.contract.checking import NO_ROWS
from shared.errors import ConfigError, Fault, FaultsError, did_you_mean
from shared.proposing.draft import Draft, draft
from shared.proposing.profile import Column
from shared.proposing.reading import Opened, opened, opened_for
from shared.proposing.settling import settle
from shared.proposing.writing import LEVELS, toml, untouched

WORDS = {
    "role": {"en": "role", "zh": "角色"},
    "column": {"en": "column", "zh": "列"},
    "sure": {"en": "how sure", "zh": "把握"},
    "why": {"en": "why", "zh": "理由"},
    "ask": {
        "en": "column for `{role}` [{column}]: Enter accepts, a name changes, - leaves out",
        "zh": "“{role}”对应的列 [{column}]：回车接受，输入列名更改，- 表示不用",
    },
    "none": {"en": "none", "zh": "无"},
    "no_such": {"en": "there is no column `{name}`.{near}", "zh": "没有列“{name}”。{near}"},
    "look": {"en": "to be looked at:", "zh": "请核对："},
    "wrote": {"en": "wrote {out}", "zh": "已写入 {out}"},
    "features": {
        "en": "features: {numeric} numeric, {categorical} categorical, {ignored} not used, {leak} set aside",
        "zh": "特征：数值 {numeric} 列，类别 {categorical} 列，未使用 {ignored} 列，搁置 {leak} 列",
    },
    "fits": {
        "en": "{source} fits `{solution}`: {rows:,} rows",
        "zh": "{source} 符合 `{solution}`：{rows:,} 行",
    },
    "sampled": {
        "en": "{rows:,} rows: numbers and dates were looked at in 20,000 of them, the check read all",
        "zh": "共 {rows:,} 行：数字与日期抽查 20,000 行，检查读取全部行",
    },
}


def map_table(
    solutions: dict[str, Callable[[], Any]],
    data: Path,
    *,
    solution: str | None,
    out: Path | None,
    columns: Sequence[str] = (),
    lang: str = "en",
    ask: bool = False,
    clone: Clone | None = None,
) -> Path:
    """Proposes a mapping, asks about what is doubtful, tries it on the table and writes it.

    Args:
        solutions: Name -> what gives its pipeline class.
        data: The table.
        solution: None: the one that the columns fit best.
        out: File to write; None: that of the customer's project, else one named like the table, in the working
            folder. A file that a person has changed is never replaced.
        columns: Decisions such as `label=Revenue`; `card=` leaves a role out.
        lang: Of what is printed and written, en or zh.
        ask: Whether a person is there to be asked.
        clone: The customer's project that the mapping is for.
    Returns:
        The file that was written.
    Raises:
        ConfigError: If nothing can be written, or no solution fits.
        FaultsError: After the file is written, with what a person has to cure.
    """
    named = clone.config if clone is not None else Path(f"{data.name.split('.')[0] or 'customer'}.toml")
    own = clone is not None and out is None
    out = out or named
    if out.exists() and not _replaceable(out, clone):
        text = "the file exists, and a person has changed it. Name another one with --out, or move it away"
        raise ConfigError(f"{out} cannot be written", [Fault(text=text)])
    pipeline, found = _opened(solutions, data, solution)
    raw, looked = found.raw, found.columns
    if not len(raw) and not raw.listed:
        raise ConfigError(f"{raw.source} cannot be mapped", [Fault(text=NO_ROWS)])
    fixed = _fixed(columns, pipeline, [column.name for column in looked])

    def propose() -> Draft:
        defaults = {name: field.default for name, field in pipeline.Config.model_fields.items()}
        about = {"solution": pipeline.name, "defaults": defaults, "fixed": fixed, "columns": looked}
        made = draft(raw, pipeline.roles, **about)
        made.format |= found.format
        made.doubts = [*found.doubts, *made.doubts]
        return made

    made = propose()
    if ask:
        fixed |= _asked(made, lang)
        made = propose()
    tables: list[Any] = []

    def attempt(each: Draft) -> Any:
        settings = {name: setting.value for name, setting in each.settings.items()}
        made_of = pipeline(pipeline.Config(**settings), each.mapping())
        table = made_of.check(raw)
        made_of.splits(table)  # what `run` would refuse is told here
        tables.append(table)
        return table

    left = _missing(made) or settle(made, raw, attempt)
    names = {"data": data.name, "config": out.name, "place": _place(data, out), "own": own}
    write_text(out, toml(made, lang=lang, **names))
    _tell(made, raw, out, lang)
    if left is not None:
        raise left
    print(WORDS["fits"][lang].format(source=raw.source, solution=made.solution, rows=len(tables[-1])))
    return out


def _replaceable(out: Path, clone: Clone | None) -> bool:
    """Whether a file is as `map` or `new` wrote it."""
    try:
        text = out.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    once = clone.record.once.get(out.name) if clone is not None and out.resolve() == clone.config else None
    return untouched(text) or sha256(text) == once


def _place(data: Path, out: Path) -> str:
    """Where the table lies: seen from the file if it lies below it, else from the user's folder, else in full."""
    full = Path(os.path.abspath(data.expanduser()))
    for folder, before in ((Path(os.path.abspath(out)).parent, ""), (Path.home(), "~/")):
        if full.is_relative_to(folder) and folder != Path(folder.anchor):
            return before + full.relative_to(folder).as_posix()
    return full.as_posix()


def _opened(solutions: dict[str, Callable[[], Any]], data: Path, solution: str | None) -> tuple[Any, Opened]:
    """The pipeline's class and the table; without a name, the solution that fits best."""
    if solution is not None:
        pipeline = solutions[solution]()
        return pipeline, opened_for(pipeline.roles, partial(pipeline.read, data), data)
    if data.is_dir() or data.suffix.lower() in (".zip", ".npz"):
        text = "say which solution it is for: verticals map SOLUTION FILE. Known are: " + ", ".join(solutions)
        raise ConfigError(f"{data.name} is no table", [Fault(text=text)])
    first = opened(partial(read_table, data))
    scores = {name: _suits(draft_of(first.raw, load(), first.columns)) for name, load in solutions.items()}
    best = sorted(scores, key=lambda name: -scores[name])
    if scores[best[0]] <= 0 or (len(best) > 1 and scores[best[0]] - scores[best[1]] < 0.05):
        text = "it is not clear which solution this table is for: verticals map SOLUTION FILE. Known are: "
        raise ConfigError(
            f"{data.name} fits no solution, or several", [Fault(text=text + ", ".join(solutions))]
        )
    pipeline = solutions[best[0]]()
    return pipeline, opened(partial(pipeline.read, data))


def draft_of(raw: RawTable, pipeline: Any, columns: list[Column]) -> Draft:
    """A first proposal for one solution, to see how well it suits."""
    from shared.proposing.proposal import choose

    return Draft(pipeline.name, raw.source, choose(columns, pipeline.roles), looked_at=columns)


def _suits(made: Draft) -> float:
    """How sure the required roles are, with a little for each optional one that was found."""
    required = [each for each in made.choices if each.role.required]
    if any(each.column is None for each in required):
        return 0.0
    more = sum(0.05 for each in made.choices if not each.role.required and each.column is not None)
    # A solution that asks for more, and finds it, is the likelier one.
    return sum(each.sure for each in required) / max(len(required), 1) + 0.15 * (len(required) - 1) + more


def _fixed(columns: Sequence[str], pipeline: Any, names: list[str]) -> dict[str, str | None]:
    roles = [role.name for role in pipeline.roles]
    fixed: dict[str, str | None] = {}
    faults = []
    for text in columns:
        role, equals, name = text.partition("=")
        if not equals:
            faults.append(Fault(text=f"`{text}` names no column. Write it as in label=Revenue"))
        elif role not in roles:
            known = did_you_mean(role, roles) or f" Known are: {', '.join(roles)}"
            faults.append(Fault(text=f"there is no role `{role}`.{known}"))
        elif name and name not in names:
            faults.append(Fault(text=f"there is no column `{name}`.{did_you_mean(name, names)}"))
        fixed[role] = name or None
    if faults:
        raise ConfigError("--column does not fit", faults)
    return fixed


def _missing(made: Draft) -> ConfigError | None:
    faults = [
        Fault(
            role=each.role.name,
            text=f"no column was found ({each.role.description}). Name it: --column {each.role.name}=...",
        )
        for each in made.choices
        if each.role.required and each.column is None
    ]
    return ConfigError(f"{made.source} lacks a role of `{made.solution}`", faults) if faults else None


def _asked(made: Draft, lang: str) -> dict[str, str | None]:
    """What a person says of the doubtful roles."""
    from rich.console import Console

    console = Console()
    console.print(_roles_table(made, lang))
    names, fixed = [column.name for column in made.looked_at], {}
    for choice in [each for each in made.choices if each.doubtful]:
        shown = choice.column or WORDS["none"][lang]
        question = WORDS["ask"][lang].format(role=choice.role.name, column=shown)
        while True:
            answer = console.input(f"{question}: ", markup=False).strip()
            if answer in ("", "-") or answer in names:
                break
            near = did_you_mean(answer, names)
            console.print(WORDS["no_such"][lang].format(name=answer, near=near), markup=False)
        if answer:
            fixed[choice.role.name] = None if answer == "-" else answer
        elif choice.column is not None:
            fixed[choice.role.name] = choice.column
    return fixed


def _roles_table(made: Draft, lang: str) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(*(WORDS[name][lang] for name in ("role", "column", "sure", "why")))
    for each in made.choices:
        others = f" ({', '.join(each.others)}?)" if each.others else ""
        sure = f"{LEVELS[each.level][lang]} {each.sure:.0%}" if each.column is not None else "-"
        cells = (each.role.name, each.column or "-", sure, each.why[lang] + others)
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _tell(made: Draft, raw: RawTable, out: Path, lang: str) -> None:
    """The proposal as plain lines, so that it reads the same in a log."""
    for each in made.choices:
        if each.column is not None:
            others = f" ({', '.join(each.others)}?)" if each.others else ""
            level = f"{LEVELS[each.level][lang]} {each.sure:.0%}"
            print(f"  {each.role.name:12} {each.column:24} {level:14} {each.why[lang]}{others}")
    uses = {use: len(made.named(use)) for use in ("numeric", "categorical", "ignored", "leak")}
    print(WORDS["features"][lang].format(**uses))
    if len(raw) > 20_000:
        print(WORDS["sampled"][lang].format(rows=len(raw)))
    if made.doubts:
        print(WORDS["look"][lang])
        for doubt in made.doubts:
            print(f"  - {doubt[lang]}")
    print(WORDS["wrote"][lang].format(out=out))


def on_a_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


__all__ = ["FaultsError", "map_table", "on_a_terminal"]
