"""Roles to columns: the best assignment of all together, with how sure it is, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.contract import Role
from shared.proposing.fitting import clock, fit, hint
from shared.proposing.profile import Column
from shared.proposing.vocabulary import has_word, name_score

SURE, LIKELY = 0.8, 0.6
BY_NAME, BY_CELLS, BY_HINT = 0.7, 0.2, 0.1
FROM_REQUIRED, FROM_OPTIONAL = 0.12, 0.6  # least score of a role that must be found, and of one that may
ITS_NAME, BY_NAME_ALONE = 0.8, 0.3  # score by name of a column whose cells do not suit; how sure it is then
NEAR, NEAR_REQUIRED = 0.12, 0.25  # a second column so close to the first is a doubt
FEWEST_NAMED = 0.5  # least score by name of an optional role, unless the cells are unmistakable

Text = dict[str, str]
PERSON: Text = {"en": "as you say", "zh": "按您的指定"}


@dataclass(frozen=True)
class Choice:
    """A role and the column that is proposed for it, or None.

    Args:
        sure: 0 to 1.
        why: The reason, English and Chinese.
        others: Columns that may play the role as well, the likeliest first.
    """

    role: Role
    column: str | None
    sure: float
    why: Text
    others: tuple[str, ...] = ()

    @property
    def level(self) -> str:
        """`sure`, `likely`, `doubtful`, or `none` where there is no column."""
        if self.column is None:
            return "none"
        return "sure" if self.sure >= SURE else "likely" if self.sure >= LIKELY else "doubtful"

    @property
    def doubtful(self) -> bool:
        """Whether a person should look at it."""
        missing = self.column is None and self.role.required
        return missing or (self.column is not None and (self.sure < LIKELY or bool(self.others)))


@dataclass
class _Score:
    """What speaks for one column in one role."""

    total: float
    name: float
    phrase: str
    cells: float


def choose(
    columns: Sequence[Column],
    roles: Sequence[Role],
    *,
    stem: str = "",
    fixed: dict[str, str | None] | None = None,
) -> list[Choice]:
    """The best assignment of columns to roles: each role one column at most, each column one role.

    Args:
        columns: Of `profile`.
        stem: Name of the file, which may name the label.
        fixed: Columns (or None) of roles that a person has decided.
    Source: Assignment: Crouse, On implementing 2D rectangular assignment algorithms, 2016 (as in scipy).
    Example:
        >>> columns = [Column("paid", "number", 9, 9, 9, numbers=np.arange(9) / 4), Column("at", "time", 9, 9, 9)]
        >>> roles = [Role(name="time", kind="time"), Role(name="amount", kind="number", unit="currency")]
        >>> [(choice.role.name, choice.column) for choice in choose(columns, roles)]
        [('time', 'at'), ('amount', 'paid')]
    """
    from scipy.optimize import linear_sum_assignment

    fixed = fixed or {}
    taken = {name for name in fixed.values() if name}
    free = [column for column in columns if column.name and column.name not in taken]
    open_roles = [role for role in roles if role.name not in fixed]
    scores = _scores(free, open_roles, columns, stem)
    gains = np.zeros((len(open_roles), len(free) + len(open_roles)))
    for row, role in enumerate(open_roles):
        least = FROM_REQUIRED if role.required else FROM_OPTIONAL
        for place, score in enumerate(scores[row]):
            extra = 0.1 if role.required else 0.0
            gains[row, place] = score.total - least + extra if score.total >= least else -1.0
    rows, places = linear_sum_assignment(gains, maximize=True)
    given = {int(row): int(place) for row, place in zip(rows, places)}
    chosen = {place for place in given.values() if place < len(free)}
    found = {}
    for row, role in enumerate(open_roles):
        place = given.get(row, len(free))
        rest = [at for at in range(len(free)) if at not in chosen]
        found[role.name] = _choice(role, place, rest, scores[row], free)
    return [
        found[role.name] if role.name in found else Choice(role, fixed[role.name], 1.0, PERSON)
        for role in roles
    ]


def named_at_least(choices: Sequence[Choice], columns: Sequence[Column]) -> list[Choice]:
    """The choices; a required role without a column gets the free one of its name, so that its faults are told.

    Example:
        >>> role = Role(name="amount", kind="number")
        >>> columns = [Column("amount", "text", 9, 9, 9)]
        >>> choices = choose(columns, [role])
        >>> choices[0].column, named_at_least(choices, columns)[0].column
        (None, 'amount')
    """
    taken = {each.column for each in choices}
    found = []
    for each in choices:
        if each.column is None and each.role.required and each.why["en"] != PERSON["en"]:
            scored = {
                column.name: name_score(column.name, each.role)[0]
                for column in columns
                if column.name and column.name not in taken
            }
            best = max(scored, key=lambda name: scored[name], default=None)
            if best is not None and scored[best] >= ITS_NAME:
                why = {"en": "its name alone: its cells do not suit", "zh": "仅凭名称：内容不符"}
                each = Choice(each.role, best, BY_NAME_ALONE, why)
                taken.add(best)
        found.append(each)
    return found


def _scores(
    free: list[Column], roles: list[Role], columns: Sequence[Column], stem: str
) -> list[list[_Score]]:
    filled = [column for column in columns if column.kind != "empty" and column.name]
    last = filled[-1].name if filled else ""
    times = sum(column.kind == "time" for column in columns)
    return [
        [_score(column, role, last=column.name == last, stem=stem, times=times) for column in free]
        for role in roles
    ]


def _score(column: Column, role: Role, *, last: bool, stem: str, times: int) -> _Score:
    cells = fit(column, role)
    name, phrase = name_score(column.name, role)
    if (
        role.kind == "label"
        and name < 0.9
        and has_word(column.name, "afterwards")
        and len(column.values) != 2
    ):
        name /= 2
    if not cells:
        return _Score(0.0, name, phrase, 0.0)
    if role.required:
        extra = hint(column, role, last=last, stem=stem, times=times)
        return _Score(BY_NAME * name + BY_CELLS * cells + BY_HINT * extra, name, phrase, cells)
    clear = cells == 1 and role.name in ("image", "signal", "split", "mask")
    if name < FEWEST_NAMED and not (clear and role.name != "mask"):
        return _Score(0.0, name, phrase, cells)
    return _Score((max(name, FEWEST_NAMED) if clear else name) * 0.75 + 0.25 * cells, name, phrase, cells)


def _choice(role: Role, place: int, rest: list[int], scores: list[_Score], free: list[Column]) -> Choice:
    if place >= len(free):
        why = {"en": "no column is named or filled like it", "zh": "没有名称或内容相符的列"}
        return Choice(role, None, 0.0, why)
    best = scores[place]
    least = max(best.total - (NEAR_REQUIRED if role.required else NEAR), FROM_REQUIRED + 0.1)
    near = sorted(
        (at for at in rest if scores[at].total >= least),
        key=lambda at: -scores[at].total,
    )[:3]
    near = [at for at in near if scores[at].total >= 0.5 or best.total < 0.5]
    sure = min(best.total, 0.55) if near else best.total
    others = tuple(free[at].name for at in near)
    return Choice(role, free[place].name, round(min(sure, 1.0), 2), _why(role, free[place], best), others)


def _why(role: Role, column: Column, score: _Score) -> Text:
    en, zh = described(column, role)
    if score.name >= 0.9:
        return {"en": f"its name; {en}", "zh": f"名称相符；{zh}"}
    if score.name >= 0.4:
        return {"en": f"its name is like `{role.name}`; {en}", "zh": f"名称与“{role.name}”相近；{zh}"}
    return {"en": f"its cells alone: {en}", "zh": f"仅凭内容：{zh}"}


def described(column: Column, role: Role | None = None) -> tuple[str, str]:
    """What a column holds, in a few words of English and Chinese; never a cell.

    Example:
        >>> described(Column("card", "text", 9, 9, 4))
        ('texts, 4 distinct', '文本，4 个不同值')
    """
    if column.kind == "time":
        return ("dates in order", "日期，按顺序排列") if column.rising else ("dates", "日期")
    if role is not None and role.kind == "label" and len(column.values) == 2:
        share = min(column.values.values()) / max(sum(column.values.values()), 1)
        return f"two values, the rarer in {share:.2%} of the rows", f"两个取值，较少者占 {share:.2%}"
    if role is not None and role.kind == "time" and clock(column) is not None:
        return "numbers that count time", "以数字计的时间"
    number = f"{column.distinct:,}"
    if column.kind == "number":
        kind = (
            ("whole numbers", "整数")
            if column.whole
            else ("amounts", "金额形式的数字")
            if column.money
            else ("numbers with decimals", "小数")
        )
        odd = f", {column.odd:,} cells are none" if column.odd else ""
        return f"{kind[0]}, {number} distinct{odd}", f"{kind[1]}，{number} 个不同值"
    if column.kind == "empty":
        return "empty", "空列"
    if column.files:
        return f"names of {column.files} files", "文件名"
    return f"texts, {number} distinct", f"文本，{number} 个不同值"
