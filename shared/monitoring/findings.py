"""From chances and sizes to three states: steady, look, act."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from shared.errors import ConfigError, Fault, did_you_mean

STEADY, LOOK, ACT, FEW = "steady", "look", "act", "few"
EXIT_CODES = {STEADY: 0, FEW: 0, LOOK: 3, ACT: 4}  # 2 is of errors
FEWEST = 30  # rows below which nothing is said


@dataclass(frozen=True)
class Alarms:
    """How large a change must be to be worth a look, and to act on; chance is looked at besides.

    Args:
        false: Share of the reports on unchanged data that may say anything but steady.
        psi: Population stability index above that of chance.
        missing, unseen: Change of the share of rows, in shares of all rows.
        distinct: Change of the number of distinct keys in 1,000 rows, as a natural logarithm.
        calibration: Change of observed over expected, as a natural logarithm.
    Example:
        >>> Alarms.parse(["psi=0.2,0.5", "false=0.01"]).psi
        (0.2, 0.5)
    """

    false: float = 0.05
    psi: tuple[float, float] = (0.1, 0.25)
    missing: tuple[float, float] = (0.01, 0.05)
    unseen: tuple[float, float] = (0.01, 0.05)
    distinct: tuple[float, float] = (0.25, 1.0)
    calibration: tuple[float, float] = (0.1, 0.4)

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "Alarms":
        """The defaults, with what is given as `NAME=LOOK,ACT` or `false=SHARE`.

        Raises:
            ConfigError: With everything that does not fit.
        """
        found, faults = {}, []
        for text in texts:
            name, _, value = text.partition("=")
            try:
                numbers = tuple(float(each) for each in value.split(","))
                fits = (
                    all(map(math.isfinite, numbers)) and numbers[0] > 0 and numbers == tuple(sorted(numbers))
                )
            except ValueError:
                numbers, fits = (), False
            if name not in cls.__dataclass_fields__:
                known = ", ".join(cls.__dataclass_fields__)
                near = did_you_mean(name, cls.__dataclass_fields__) or f" Known are: {known}"
                faults.append(Fault(text=f"--alarm `{text}`: there is no alarm `{name}`.{near}"))
            elif name == "false" and not (fits and len(numbers) == 1 and numbers[0] < 1):
                faults.append(
                    Fault(text=f"--alarm `{text}`: expected a share between 0 and 1, as in false=0.05")
                )
            elif name != "false" and not (fits and len(numbers) == 2):
                text = f"--alarm `{text}`: expected two rising numbers, look and act, as in psi=0.1,0.25"
                faults.append(Fault(text=text))
            else:
                found[name] = numbers[0] if name == "false" else numbers
        if faults:
            raise ConfigError("the alarms cannot be set", faults)
        return cls(**found)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }


@dataclass(frozen=True)
class Finding:
    """One figure then and now.

    Args:
        name: Of the column, or of the metric.
        figure: `psi`, `missing`, `unseen`, `distinct`, `metric` or `calibration`.
        then, now: The figure of the training or test rows, and of the new ones; numbers, or with an interval.
        size: Of the change, to be held against the limits.
        limits: From which sizes on to look and to act.
        p: Chance of such a change in unchanged data; 1 where nothing was tested.
        adjusted: The same, of all tests of the report together.
        state: `steady`, `look`, `act` or `few`.
    """

    name: str
    figure: str
    then: Any
    now: Any
    size: float
    limits: tuple[float, float]
    p: float
    adjusted: float = 1.0
    state: str = STEADY
    detail: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self) | {"limits": [each if math.isfinite(each) else None for each in self.limits]}


def holm(chances: Sequence[float]) -> np.ndarray:
    """Chances so raised that, each held against a level, all together err no more often than the level.

    Reference:
        Holm, A simple sequentially rejective multiple test procedure, 1979
    Example:
        >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
        [0.03, 0.06, 0.06]
    """
    p = np.asarray(chances, np.float64)
    order = np.argsort(p)
    raised = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)) if len(p) else p
    out = np.empty(len(p))
    out[order] = np.minimum(raised, 1)
    return out


def settled(findings: Sequence[Finding], alarms: Alarms) -> list[Finding]:
    """The findings with their states: what chance could do stays steady, and so do trifles.

    Example:
        >>> change = Finding("amount", "psi", None, None, size=0.3, limits=(0.1, 0.25), p=1e-9)
        >>> [each.state for each in settled([change, replace(change, size=0.01)], Alarms())]
        ['act', 'steady']
    """
    out = []
    for finding, adjusted in zip(findings, holm([each.p for each in findings])):
        state = finding.state
        if state != FEW and adjusted <= alarms.false:
            state = (
                ACT
                if finding.size >= finding.limits[1]
                else LOOK
                if finding.size >= finding.limits[0]
                else STEADY
            )
        out.append(replace(finding, adjusted=float(adjusted), state=state))
    return out


def worst(states: Iterable[str]) -> str:
    """The gravest of some states; `few` only where nothing else could be said; of none, steady.

    Example:
        >>> worst(["steady", "act", "look"]), worst(["few", "steady"]), worst(["few"]), worst([])
        ('act', 'steady', 'few', 'steady')
    """
    order = (FEW, STEADY, LOOK, ACT)
    return max(states, key=order.index, default=STEADY)
