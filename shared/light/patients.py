"""Patients answered from their rows, signals and photos by an exported network, without pandas or Keras."""

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from shared.errors import ContractError, Fault
from shared.light.photos import given_photos
from shared.light.tables import Table, records, table_of
from shared.patients.calibration import calibrated_patients, patient_calibrator_from_dict, probabilities
from shared.patients.features import encode_patients, patient_features
from shared.patients.photos import PatientPhotos
from shared.protocol import Protocol, patient_columns
from shared.signals.samples import unpadded
from shared.signals.signals import Signals
from shared.training.prediction import predict


class PatientScorer:
    """Gives each patient what `DiagnosticPipeline.predict` does.

    Args:
        content: The parsed bundle.json.
        session: The exported network, a `shared.export.sessions.Session`.
    """

    def __init__(self, content: Mapping[str, Any], session: Callable):
        self.config = SimpleNamespace(**content["config"])
        self.mapping, self.state, self.prior = content["mapping"], content["state"], content["prior"]
        self.calibrator = patient_calibrator_from_dict(content["calibration"], len(content["classes"]))
        self.protocol, self.session = Protocol.from_dict(content["decision"]), session

    def answer(
        self,
        frame: Any,
        *,
        history: Any = None,
        photos: Sequence[Any] | None = None,
        signals: Sequence[Any] | None = None,
    ) -> list[dict[str, Any]]:
        """One dictionary a row: its number, risk, decision, class, prediction set, probabilities.

        Args:
            frame: The rows, a `shared.light.frame.Frame`.
            history: Not read: a patient is answered by the row alone.
            photos: One a row, or None where there is none: pixels, the bytes of a file, or its path; None: those
                that the column of the role `image` names.
            signals: One a row, or None where there is none: numbers `(steps,)` or `(steps, channels)`.
        Raises:
            ContractError: If a photo or a signal cannot be used.
        """
        if not len(frame):
            return []
        table, config = table_of(frame, self.mapping), self.config
        table.signals = self._signals(table, signals)
        table.photos = self._photos(table, photos)
        squares = {"fit": config.fit, "workers": config.workers, "memory_mb": config.memory_mb}
        inputs = encode_patients(patient_features(table), self.state, table, **squares)
        p = calibrated_patients(self.calibrator, probabilities(predict(self.session, inputs)))
        share = config.site_prevalence
        return records(patient_columns(self.protocol, table.rows, p, prior=self.prior, share=share))

    def _photos(self, table: Table, given: Sequence[Any] | None) -> PatientPhotos | None:
        if "photo" not in self.state:
            return None
        pixels = int(self.config.most_megapixels * 1e6)
        found, index = given_photos(
            table, given, most_pixels=pixels, workers=self.config.workers, named=False
        )
        return PatientPhotos(found, None, index)

    def _signals(self, table: Table, given: Sequence[Any] | None) -> Signals | None:
        if "signal" not in self.state:
            return None
        if given is None:
            named = table.mapping.signal is None and "signal" in table.frame
            if named and any(cell is not None for cell in table.frame["signal"]):
                text = "names files of signals, which are not read here. Give the samples of each row as `signals`"
                fault = Fault(text=text, column=table.mapping.column("signal"), role="signal")
                raise ContractError(f"{table.source} cannot be answered", [fault])
            return None
        return read_samples(given, rows=len(table))


def read_samples(given: Sequence[Any], *, rows: int) -> Signals:
    """Signals as numbers, one a row; None, NaN and empty cells at the end of one make it shorter.

    Args:
        given: For each row None, or numbers `(steps,)` or `(steps, channels)`.
        rows: How many there must be.
    Raises:
        ContractError: If there are not so many, or one holds what is no number, or a gap inside.
    Example:
        >>> read_samples([[0.5, 1.0, None], None], rows=2).lengths.tolist()
        [2, 0]
    """
    faults = []
    if len(given) != rows:
        faults.append(Fault(text=f"there are {len(given)} signals, expected {rows}, one a row"))
        raise ContractError("the signals cannot be read", faults)
    found: list[np.ndarray | None] = []
    for row, each in enumerate(given, start=1):
        samples, fault = (None, None) if each is None or not len(each) else _samples(each)
        found.append(samples)
        faults += [Fault(text=fault, role="signal", row=row)] if fault else []
    if not faults:
        try:
            return Signals(found)
        except ValueError as error:
            faults.append(Fault(text=str(error), role="signal"))
    raise ContractError("the signals cannot be read", faults)


def _samples(cells: Any) -> tuple[np.ndarray | None, str | None]:
    """The samples of one signal, or what is wrong with it."""
    try:
        values = np.array(cells, np.float64)
    except (TypeError, ValueError):
        return None, "holds what is no number, or steps of different channels; expected numbers"
    if values.ndim not in (1, 2):
        return None, f"has the shape {values.shape}, expected (steps,) or (steps, channels)"
    signals, bad = unpadded(values.reshape(1, len(values), -1))
    if bad.any():
        at = int(bad[0].argmax())
        return None, f"sample {at + 1} is missing or no finite number. Fill it in, or shorten the signal"
    return signals[0], None


def signals_of_rows(
    rows: Sequence[Mapping[str, Any]], pattern: str, number: Callable[[Any], float]
) -> list[list[float] | None]:
    """The signals of raw rows that hold one column a sample, for `answer`.

    Args:
        rows: The customer's rows, cells by column.
        pattern: Of these columns, `signal.columns` of the mapping; their order, over all rows, is that of the steps.
        number: From a cell to a number, NaN where it is empty.
    Example:
        >>> number = lambda cell: float("nan" if cell is None else cell)
        >>> signals_of_rows([{"age": 50, "t1": "0.5", "t2": "1"}, {"age": 61}], "t[0-9]*", number)
        [[0.5, 1.0], None]
    """
    names = dict.fromkeys(name for row in rows for name in row if fnmatch.fnmatchcase(name.strip(), pattern))
    found = []
    for row in rows:
        given = any(name in row for name in names)
        found.append([number(row.get(name)) for name in names] if given else None)
    return found
