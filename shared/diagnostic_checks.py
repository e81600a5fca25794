"""A table of patients that every single column passed: its photos and signals, and what is still wrong with it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from shared.contract import Mapping, RawTable, Role, Table
from shared.contract.parsing import count
from shared.errors import ContractError, Fault
from shared.images.store import FolderStore
from shared.patients.columns import codes_for_missing, identifiers, leaks_of, taken_twice, useless_bands
from shared.patients.parts import both_sides, parts_faults
from shared.patients.reading import cells_of, parts_of, photos_of, refuse, signals_of
from shared.signals.reading import signal_columns


def faults_of(pipeline, table: Table) -> list[Fault]:
    """What keeps rows that pass from teaching or judging: no features, a leak, a patient in two parts.

    What is only worth a look is added to the table's notes: a class with few rows, codes, settings that do nothing.

    Args:
        pipeline: A `DiagnosticPipeline`; one that is fitted is judged on these rows.
    """
    parts = parts_of(table)
    column = table.mapping.column("patient")
    faults = [
        *parts_faults(parts, table.rows, table.mapping.column("split")),
        *nothing_mapped(pipeline, table),
    ]
    faults += both_sides(parts, cells_of(table, "patient"), table.rows, column)
    code = pipeline.codes(table)
    if not (code >= 0).any():
        text = "no row has a class: every cell is empty. Fill it in, or predict instead"
        return [*faults, Fault(column=table.mapping.column("label"), role="label", text=text)]
    faults += _misnamed(pipeline.config.class_names, pipeline.class_names(table))
    counts = np.bincount(code[code >= 0], minlength=len(pipeline.class_names(table)))
    for name, number in zip(pipeline.class_names(table), counts):
        if number < pipeline.config.fewest:
            few = f"class `{name}` has {count(int(number), 'row')}, fewer than {pipeline.config.fewest}"
            table.notes.append(f"{few}: its figures mean little")
    features = pipeline.features(table)
    allowed = pipeline.config.allow_leaks
    if pipeline.state is None:  # a fitted one has its columns, and is only judged on these rows
        faults += identifiers(table, features, pipeline.groups(table))
        faults += useless_bands(table, pipeline.config.bands)
        table.notes += _unused(pipeline.config, parts)
    table.notes += codes_for_missing(features)
    for leak in leaks_of(features, code, pipeline.class_names(table), fewest=pipeline.config.fewest):
        if pipeline.state is not None or "*" in allowed or leak.name in allowed:
            table.notes.append(f"column `{leak.name}` tells the label alone, and stays: {leak.how}")
            continue
        text = (
            f"tells the label alone ({leak.how}; {leak.rows:,} rows). Is it known before the diagnosis? If not, "
            f'leave it out; if so, set allow_leaks = ["{leak.name}"] under [settings]'
        )
        faults.append(Fault(column=leak.name, text=text))
    return faults


def with_files(pipeline, table: Table, raws: Sequence[Any], *, predict: bool) -> Table:
    """The table with its photos and signals; what cannot be used is named all at once, what is worth a look is noted.

    Args:
        pipeline: A `DiagnosticPipeline`.
        table: That passed the checks of its columns.
        raws: What it was made of, and the rows of `--test` or None: they know where the files are.
        predict: Whether it is to be answered; labels are not looked at then.
    Raises:
        ContractError: If files cannot be read, or the table cannot teach or judge; see `faults_of`.
    """
    config = pipeline.config
    stores = [getattr(each, "store", None) or FolderStore(Path()) for each in raws]
    label = [None] * len(table)
    if not predict and "label" in table.frame:
        classes = [*pipeline.class_names(table), None]
        label = [classes[code] for code in pipeline.codes(table)]
    photos, faults, notes = photos_of(
        table,
        stores,
        labels=label,
        most_pixels=int(config.most_megapixels * 1e6),
        workers=config.workers,
    )
    signals, more, told = signals_of(table, raws, stores, workers=config.workers)
    table.notes.extend([*notes, *told])
    table, faults = replace(table, photos=photos, signals=signals), [*faults, *more]
    if not predict:
        faults += faults_of(pipeline, table)
    elif not faults:
        faults += nothing_mapped(pipeline, table)
    refuse(table, pipeline.name, faults)
    return table


def with_signals(raw: RawTable | None, mapping: Mapping, roles: Sequence[Role]) -> RawTable | None:
    """A raw table whose columns under [signal] are one signal a row; any other as it is.

    Raises:
        ContractError: If a column is part of the signal and something else too.
    """
    if raw is None or mapping.signal is None or getattr(raw, "signals", None) is not None:
        return raw
    faults = taken_twice(raw.data.column_names, mapping, [role.name for role in roles])
    if faults:
        raise ContractError(f"{raw.source} does not fit [signal]", faults)
    return signal_columns(raw, mapping.signal, mapping.format)


def _misnamed(given, names: list[str]) -> list[Fault]:
    """A fault where there are other names than classes, or one name twice."""
    if not given or (list(given) == names and len(set(given)) == len(given)):
        return []
    called = ", ".join(f"`{name}`" for name in given)
    text = f"[settings] class_names: found {called}; expected {len(names)} different names"
    return [Fault(text=f"{text}, one for each class from 0 on")]


def _unused(config, parts: np.ndarray) -> list[str]:
    """Settings of the split that do nothing with these rows."""
    given = any(part is not None for part in parts)
    idle = ["split", "folds", "repeats"] if given else ["repeats"] if config.split != "stratified" else []
    idle += ["folds"] if config.split == "site" and not given else []
    idle = [name for name in idle if getattr(config, name) != type(config).model_fields[name].default]
    why = "the parts are given" if given else f"the rows are parted by {config.split}"
    return [f"[settings] {name} does nothing, as {why}" for name in idle]


def nothing_mapped(pipeline, table: Table) -> list[Fault]:
    """A fault if there is nothing to make a diagnosis of."""
    if pipeline.state is None and not pipeline.modalities_of(pipeline.features(table)):
        text = (
            "nothing is mapped that a diagnosis could be made of: name columns under [features], or an image "
        )
        return [Fault(text=f"{text}or signal under [columns] or [signal]")]
    return []
