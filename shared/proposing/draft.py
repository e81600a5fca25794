"""A whole proposal: roles, features, format and settings of one table for one solution."""

from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shared.contract import Mapping, RawTable, Role, Wide
from shared.proposing.doubts import mostly_empty, repeated, time_apart
from shared.proposing.features import Feature, Purpose, sorted_features
from shared.proposing.fitting import clock
from shared.proposing.labels import classes
from shared.proposing.layout import Together, dates_of_steps, signal, wide
from shared.proposing.leaks import of_items, without_leaks
from shared.proposing.profile import Column, found, profile
from shared.proposing.proposal import Choice, choose, named_at_least
from shared.proposing.quantities import number_entry, quantity
from shared.proposing.settings import Setting, settings_for, told_missing

Text = dict[str, str]
LEFT_OUT = "(left out)"  # a name that no column has: an optional role with it is read from none


@dataclass
class Draft:
    """What is proposed for a table, to be written as the customer's TOML file.

    Args:
        doubts: What a person should look at.
        looked_at: Columns as they were profiled.
    """

    solution: str
    source: str
    choices: list[Choice]
    features: list[Feature] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    numbers: dict[str, dict[str, Any]] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    format: dict[str, Any] = field(default_factory=dict)
    wide: dict[str, Any] | None = None
    signal: dict[str, Any] | None = None
    settings: dict[str, Setting] = field(default_factory=dict)
    doubts: list[Text] = field(default_factory=list)
    looked_at: list[Column] = field(default_factory=list, repr=False)

    def named(self, use: str) -> list[str]:
        """Names of the features of one use."""
        return [feature.name for feature in self.features if feature.use == use]

    def left_out(self) -> list[str]:
        """Optional roles without a column that have the name of one, which the check would take for them."""
        used = {*self.named("numeric"), *self.named("categorical")}
        used |= {each.column for each in self.choices if each.column is not None}
        names = {column.name for column in self.looked_at} - used
        told = set() if self.wide is None else {"date", "quantity", "item"}
        told |= set() if self.signal is None else {"signal"}
        return [
            each.role.name
            for each in self.choices
            if each.column is None and not each.role.required and each.role.name in names - told
        ]

    def mapping(self) -> Mapping:
        """The mapping that the written file says."""
        chosen = {each.role.name: each.column for each in self.choices if each.column is not None}
        parts: dict[str, Any] = {
            "columns": chosen | {name: [LEFT_OUT] for name in self.left_out()},
            "numeric": self.named("numeric"),
            "categorical": self.named("categorical"),
            "groups": self.groups,
            "numbers": self.numbers,
            "labels": self.labels,
            "format": self.format,
        }
        parts |= {name: getattr(self, name) for name in ("wide", "signal") if getattr(self, name)}
        return Mapping.model_validate(parts)


def draft(
    raw: RawTable,
    roles: Sequence[Role],
    *,
    solution: str,
    defaults: AnyMapping[str, Any] | None = None,
    fixed: dict[str, str | None] | None = None,
    columns: list[Column] | None = None,
) -> Draft:
    """Proposes how a solution should read a table.

    Args:
        raw: Of `read_table`.
        roles: What the solution asks for.
        solution: Its name.
        defaults: Of its settings.
        fixed: Columns (or None) of roles that a person has decided.
        columns: Of `profile`, where they are at hand.
    Example:
        >>> import pyarrow as pa
        >>> table = pa.table({"amt": ["1.5", "2.5", "3.0"], "note": ["", "", ""]})
        >>> made = draft(RawTable(table, "a.csv"), [Role(name="amount", kind="number")], solution="demo")
        >>> made.mapping().columns, [(each.name, each.use) for each in made.features]
        ({'amount': 'amt'}, [('note', 'ignored')])
    """
    columns = profile(raw) if columns is None else columns
    names = {role.name for role in roles}
    steps = wide(columns) if {"date", "quantity", "item"} <= names else None
    samples = signal(columns) if "signal" in names and not steps else None
    together = steps or samples
    inside = set(together.names) if together else set()
    free = [column for column in columns if column.name not in inside]
    if steps is not None:
        fixed = {**dict.fromkeys(("date", "quantity", "item")), **(fixed or {})}
        free = [column for column in free if column.name != steps.section["id"]]
    fixed = {**({"signal": None} if samples else {}), **(fixed or {})}
    choices = named_at_least(choose(free, roles, stem=raw.source.split(".")[0], fixed=fixed), free)
    made = Draft(solution, raw.source, choices, looked_at=columns)
    if together is not None:
        _take_together(made, together, is_wide=steps is not None)
    _read(made, raw, columns, inside)
    _take_settings(made, dict(defaults or {}))
    made.doubts += _doubts(made, raw)
    return made


def _doubts(made: Draft, raw: RawTable) -> list[Text]:
    """What should be looked at besides, of keys, identifiers and times."""
    played = {each.role.name: found(made.looked_at, each.column) for each in made.choices if each.column}
    keys = [played.get(each.role.name) for each in made.choices if each.role.kind == "key"]
    unused = [found(made.looked_at, name) for name in made.named("ignored")]
    rest = [column for column in unused if column is not None and column.name]
    told = [mostly_empty(key) for key in keys if key is not None]
    told += [repeated(raw, column) for column in rest]
    told.append(time_apart(raw, played.get("time") or played.get("date"), rest))
    return [doubt for doubt in told if doubt is not None]


def _take_together(made: Draft, together: Together, *, is_wide: bool) -> None:
    section = dict(together.section)
    if is_wide:
        made.wide = section
        if not together.dated:
            section |= {"align": "end", "origin": "2000-01-03", "frequency": "D"}
            made.doubts.append(
                {
                    "en": "[wide] the names of the steps are no dates: origin and frequency are made up, set them",
                    "zh": "[wide] 各期列名不是日期：origin 与 frequency 为假定值，请修改",
                }
            )
        made.choices = [
            replace(
                each, why={"en": "of [wide]", "zh": "由 [wide] 给出"}, role=replace(each.role, required=False)
            )
            if each.role.name in ("date", "quantity", "item")
            else each
            for each in made.choices
        ]
    else:
        made.signal = section
        made.choices = [
            replace(each, why={"en": "of [signal]", "zh": "由 [signal] 给出"})
            if each.role.name == "signal"
            else each
            for each in made.choices
        ]


def _read(made: Draft, raw: RawTable, columns: list[Column], inside: set[str]) -> None:
    """Features, labels, numbers and format."""
    roles = {each.role.name: each for each in made.choices}
    played = {name: found(columns, each.column) for name, each in roles.items() if each.column is not None}
    played = {name: column for name, column in played.items() if column is not None}
    series = {"date", "quantity"} <= set(roles)
    item = roles["item"].column if "item" in roles else None
    skipped = {column.name for column in played.values()} | inside
    skipped |= {made.wide["id"]} if made.wide else set()
    image = roles.get("image")
    purpose = Purpose(
        time=played.get("time"),
        item=item,
        series=series,
        photos=image is not None and image.role.required,
        labelled="label" in played or series,
        skipped=frozenset(skipped),
    )
    features = sorted_features(columns, purpose)
    label = played.get("label")
    if label is not None and roles["label"].role.kind == "label":
        read = classes(label, two=roles["label"].role.high == 1)
        made.labels = read.labels
        made.doubts += [read.doubt] if read.doubt else []
        made.format["missing"] = list(read.missing)
    used = [*played.values(), *(found(columns, each.name) for each in features if each.use == "numeric")]
    _take_format(made, raw, [column for column in used if column], played)
    if label is not None and roles["label"].role.kind == "label":
        features = without_leaks(raw, features, label.name, made.mapping().format, made.labels)
    if series and not made.wide:
        features = of_items(raw, features, item)
    made.features = features
    _take_numbers(made, columns, clinical=any(each.role.private for each in made.choices))


def _take_numbers(made: Draft, columns: list[Column], *, clinical: bool) -> None:
    for name in made.named("numeric"):
        column = found(columns, name)
        entry = number_entry(column, clinical=clinical) if column else {}
        if entry:
            made.numbers[name] = entry
        if "missing" in entry:
            codes = ", ".join(f"{code:g}" for code in entry["missing"])
            made.doubts.append(
                {
                    "en": f"`{name}`: {codes} taken as not known; is it?",
                    "zh": f"“{name}”：{codes} 视为未知，请确认",
                }
            )
    if clinical:
        wanted = ("sex", "age", "race")
        kept = [*made.named("numeric"), *made.named("categorical")]
        made.groups = [name for name in kept if quantity(name) in wanted]


def _take_format(made: Draft, raw: RawTable, used: list[Column], played: dict[str, Column]) -> None:
    """Only what `check` would not find by itself."""
    texts = [*made.format.get("missing", []), *told_missing(used)]
    made.format = {"missing": list(dict.fromkeys(texts))} if texts else {}
    _take_decimal(made, raw, [column for column in used if column.kind == "number"])
    for column in (column for name, column in played.items() if name in ("time", "date")):
        counted = clock(column) if column.kind == "number" else None
        if column.date_format:
            made.format["date_format"] = column.date_format
            if not column.sure:
                made.doubts.append(
                    {
                        "en": f"`{column.name}`: the day or the month may come first; {column.date_format} is taken",
                        "zh": f"“{column.name}”：日与月的先后不明，暂按 {column.date_format} 读取",
                    }
                )
        elif counted is not None:
            made.format |= {"time_unit": counted.unit, "time_origin": counted.origin}
            if not counted.sure:
                made.doubts.append(
                    {
                        "en": f"`{column.name}`: numbers that count from an unknown start; unit and origin are made up",
                        "zh": f"“{column.name}”：数字计时，起点未知；单位与起点为假定值",
                    }
                )


def _take_decimal(made: Draft, raw: RawTable, numbers: list[Column]) -> None:
    marks = {column.decimal for column in numbers}
    if "," in marks and "." not in marks:
        made.format["decimal"] = ","
    elif "?" in marks:
        made.format["decimal"] = "," if raw.separator == ";" else "."
        made.doubts.append(
            {
                "en": f'1,234 may have thousands or decimals; decimal = "{made.format["decimal"]}" is taken',
                "zh": f'1,234 之类的数字含义不明，暂按 decimal = "{made.format["decimal"]}" 读取',
            }
        )


def _take_settings(made: Draft, defaults: dict[str, Any]) -> None:
    columns = {
        each.role.name: found(made.looked_at, each.column) for each in made.choices if each.column is not None
    }
    roles = {name: column for name, column in columns.items() if column is not None}
    if made.wide is not None:
        roles["date"] = dates_of_steps(Wide.model_validate(made.wide), [each.name for each in made.looked_at])
    made.settings, doubts = settings_for(roles, defaults)
    made.doubts += doubts
