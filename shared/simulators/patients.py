"""Patients to try the solution on: a real table that ships with scikit-learn, and simulated ones with all modalities.

What `simulate_patients` and `write_xrays` make is made up: no figure from it says anything about real patients.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from shared.contract import Mapping, Number, SignalColumns

CLASSES, SHARES = ("healthy", "mild", "severe"), (0.68, 0.22, 0.10)  # of the rows
START, DAYS = np.datetime64("2023-01-02"), 600  # first visits; later ones follow in 30 to 120 days
LASTING = 0.5  # share of a patient's variance that all visits have in common
WEIGHTS = {"inflammation": 0.85, "heart": 0.85, "age": 0.45, "smoker": 0.4, "male": 0.15, "chance": 0.6}
NO_CRP, NO_SMOKER, NO_SIGNAL, SHORT_SIGNAL = (
    0.15,
    0.08,
    0.08,
    0.15,
)  # shares of rows; of patients for the smoker
STRENGTHS = {"healthy": 6.0, "mild": 24.0, "severe": 42.0}  # mean grey levels of the bright spot in a lung
STRENGTH_SPREAD = 14.0


def wisconsin() -> tuple[pd.DataFrame, Mapping]:
    """The Wisconsin breast cancer table: real measurements of cell nuclei, which ship with scikit-learn.

    Returns:
        569 rows with 30 numeric columns under scikit-learn's names (`mean radius`, ...) and the column `diagnosis`,
        `benign` (357) or `malignant` (212); and the mapping that reads it, with `malignant` as class 1.
    Source: Street, Wolberg and Mangasarian, 1993, https://doi.org/10.1117/12.148698; UCI 17, CC BY 4.0.
    Example:
        >>> frame, mapping = wisconsin()
        >>> frame.shape, mapping.labels
        ((569, 31), {'benign': 0, 'malignant': 1})
    """
    from sklearn.datasets import load_breast_cancer

    found = load_breast_cancer(as_frame=True)
    frame = found.data.copy()
    numeric = list(frame.columns)
    frame["diagnosis"] = pd.Index(found.target_names, dtype="str").take(found.target)
    labels = {"benign": 0, "malignant": 1}
    return frame, Mapping(columns={"label": "diagnosis"}, numeric=numeric, labels=labels)


def simulate_patients(
    *, patients: int = 300, visits: float = 1.4, steps: int = 48, seed: int = 0, sites: int = 3
) -> pd.DataFrame:
    """Makes a table of simulated visits with a heartbeat each, sorted by date; equal arguments give an equal table.

    1. **Patients.** Of one site, half of them men, age normal around 55 +- 16 years within 18 to 95, a quarter of
       them smokers. Whether someone smokes is not known of 8 %.
    2. **Illness.** Two hidden quantities of each visit, `inflammation` and `heart`, standard normal and independent;
       half of their variance belongs to the patient and stays from visit to visit.
    3. **Table.** Temperature `36.8 + .35 inflammation +- .4` °C, heart rate `74 + 6 inflammation + 3 heart +- 9` a
       minute, CRP lognormal around `e^(1.3 + .7 inflammation)` mg/L with a spread of .8, not measured in 15 %.
    4. **Signal.** One beat in mV: a sharp wave of height 1 at a quarter of the time, a broad one of height
       `.35 - .15 heart` at the middle; both shift by 2 % of the time, the base line wanders by .05, noise is .08,
       and each site's device has its own gain (5 %). Not recorded in 8 %, and in 15 % the last 0 to 30 % lacks.
    5. **Label.** `.85 inflammation + .85 heart + .45 age + .4 smoker + .15 man + .6 chance`, age standardised: the
       highest tenth of the visits is `severe`, the next 22 % `mild`. What chance adds is in no column, and what
       the columns tell of the illness is noisy: nobody can tell the classes apart without errors.

    Args:
        patients: Number of patients.
        visits: Mean number of visits of a patient, `1 + Poisson(visits - 1)`.
        steps: Samples of a whole beat.
        seed: Of the random numbers.
        sites: Number of sites.
    Returns:
        Columns `patient` (`P00012`), `visit` (date), `site` (`S1`), `sex` (`female`, `male`), `age` (years),
        `temperature` (°C), `heart_rate` (1/min), `crp` (mg/L), `smoker` (`yes`, `no`), `label`, and `t0`, `t1`, ...
        (mV). What is not known is NaN; of signals the last cells.
    Raises:
        ValueError: If `patients` or `sites` is below 1, `visits` below 1 or `steps` below 8.
    Example:
        >>> table = simulate_patients(patients=50)
        >>> table.columns[:10].tolist() == [
        ...     *("patient", "visit", "site", "sex", "age", "temperature", "heart_rate", "crp", "smoker", "label")
        ... ], table.columns[-1], sorted(set(table["label"]))
        (True, 't47', ['healthy', 'mild', 'severe'])
    """
    if patients < 1 or sites < 1 or visits < 1 or steps < 8:
        found = f"{patients}, {sites}, {visits:g} and {steps}"
        raise ValueError(f"patients, sites and visits must be at least 1, steps at least 8, found {found}")
    # A stream for each part: another number of steps leaves the table as it is.
    people, illness, measured, device = np.random.default_rng(seed).spawn(4)
    table = _visits(patients, visits, sites, people)
    who = table.pop("who").to_numpy()
    inflammation, heart = (_lasting(who, patients, illness) for _ in range(2))
    smokes = table.pop("smokes").to_numpy()
    _measure(table, inflammation, heart, measured)
    told = {"inflammation": inflammation, "heart": heart, "age": (table["age"].to_numpy() - 55) / 16}
    told |= {"smoker": smokes, "male": table["sex"].to_numpy() == "male"}
    told["chance"] = illness.standard_normal(len(table))
    table["label"] = _classes(sum(WEIGHTS[name] * values for name, values in told.items()))
    gain = device.normal(1, 0.05, sites)[table["site"].str[1:].astype(int) - 1]
    return pd.concat([table, _beats(heart, gain, steps, device)], axis=1)


def _visits(patients: int, visits: float, sites: int, rng) -> pd.DataFrame:
    """Who came when, with the columns that belong to the patient; `who` and `smokes` are for the simulation alone."""
    who = np.repeat(np.arange(patients), 1 + rng.poisson(visits - 1, patients))
    first = np.r_[0, np.flatnonzero(np.diff(who)) + 1]
    wait = rng.integers(30, 121, len(who))
    wait[first] = rng.integers(0, DAYS, patients)
    day = pd.Series(wait).groupby(who).cumsum().to_numpy()
    age = rng.normal(55, 16, patients).clip(18, 95)
    smokes = rng.random(patients) < 0.25
    smoker = pd.Series(np.where(smokes, "yes", "no")).mask(rng.random(patients) < NO_SMOKER)
    # Numbers in no order of anything, so that an identifier tells nothing.
    names = pd.Index([f"P{number:05d}" for number in rng.permutation(patients)], dtype="str")
    places = pd.Index([f"S{site + 1}" for site in range(sites)], dtype="str")
    table = pd.DataFrame(
        {
            "patient": names.take(who),
            "visit": (START + day.astype("timedelta64[D]")).astype("datetime64[us]"),
            "site": places.take(rng.integers(0, sites, patients)).take(who),
            "sex": pd.Index(np.where(rng.random(patients) < 0.5, "male", "female"), dtype="str").take(who),
            "age": np.floor(age[who] + (day - day[first][who]) / 365.25).astype(np.int64),
            "temperature": 0.0,
            "heart_rate": 0,
            "crp": 0.0,
            "smoker": smoker.take(who).to_numpy(),
            "who": who,
            "smokes": smokes[who],
        }
    )
    return table.sort_values(["visit", "patient"], ignore_index=True)


def _lasting(who: np.ndarray, patients: int, rng) -> np.ndarray:
    """A standard normal quantity of each visit, of which a part stays the same for a patient."""
    own, new = rng.standard_normal(patients)[who], rng.standard_normal(len(who))
    return np.sqrt(LASTING) * own + np.sqrt(1 - LASTING) * new


def _measure(table: pd.DataFrame, inflammation: np.ndarray, heart: np.ndarray, rng) -> None:
    """Fills in what is measured at a visit."""
    fever, pulse, protein = rng.standard_normal((3, len(table)))
    temperature = (36.8 + 0.35 * inflammation + 0.4 * fever).clip(34, 42)
    rate = (74 + 6 * inflammation + 3 * heart + 9 * pulse).clip(35, 190)
    crp = np.exp(1.3 + 0.7 * inflammation + 0.8 * protein).clip(0.1, 400)
    table["temperature"], table["heart_rate"] = temperature.round(1), rate.round().astype(np.int64)
    table["crp"] = np.where(rng.random(len(table)) < NO_CRP, np.nan, crp.round(1))


def _classes(risk: np.ndarray) -> pd.Index:
    """The class of each visit: shares are kept, so that the rare class has rows in every sample."""
    rank = risk.argsort().argsort() / len(risk)
    return pd.Index(CLASSES, dtype="str").take(np.searchsorted(np.cumsum(SHARES[:-1]), rank, side="right"))


def _beats(heart: np.ndarray, gain: np.ndarray, steps: int, rng) -> pd.DataFrame:
    """The signals, `(rows, steps)`; cells after the end are NaN."""
    rows = len(heart)
    time = np.arange(steps) / steps - rng.normal(0, 0.02, (rows, 1))
    wave = 0.35 - 0.15 * heart[:, None]
    beat = np.exp(-(((time - 0.25) / 0.04) ** 2)) + wave * np.exp(-(((time - 0.5) / 0.08) ** 2))
    beat += 0.05 * np.sin(2 * np.pi * (time + rng.random((rows, 1)))) + rng.normal(0, 0.08, (rows, steps))
    short, lost = rng.random((2, rows))
    length = np.where(short < SHORT_SIGNAL, steps * (1 - 0.3 * rng.random(rows)), steps)
    length[lost < NO_SIGNAL] = 0
    beat = (gain[:, None] * beat).round(3)
    beat[np.arange(steps) >= np.ceil(length)[:, None]] = np.nan
    return pd.DataFrame(beat, columns=[f"t{step}" for step in range(steps)])


def patients_mapping() -> Mapping:
    """The mapping of what `simulate_patients` makes; the column `image` of `write_xrays` is found by its name.

    Example:
        >>> patients_mapping().labels
        {'healthy': 0, 'mild': 1, 'severe': 2}
    """
    return Mapping(
        columns={"patient": "patient", "time": "visit", "site": "site", "label": "label"},
        numeric=["age", "temperature", "heart_rate", "crp"],
        categorical=["sex", "smoker"],
        groups=["sex", "age"],
        numbers={
            "age": Number(unit="years", low=0, high=120),
            "temperature": Number(unit="°C", low=30, high=45),
            "heart_rate": Number(unit="1/min", low=20, high=250),
        },
        labels={name: place for place, name in enumerate(CLASSES)},
        signal=SignalColumns(columns="t[0-9]*"),  # `t*` alone would take `temperature` for a sample
        simulated=True,
    )


def write_xrays(
    folder: str | Path, frame: pd.DataFrame, *, side: int = 32, missing: float = 0.1, seed: int = 0
) -> pd.DataFrame:
    """Writes a simulated grey X-ray of the chest for each visit as a PNG file: `P00012_1.png`.

    Two dark lungs in a bright body, exposure and texture at random, and in one of the lungs a soft bright spot,
    whose mean strength is 6 grey levels in the healthy, 24 in mild and 42 in severe cases, +- 14: classes overlap.

    Args:
        folder: Where to; made if it is not there.
        frame: Of `simulate_patients`, or any table with the columns `patient` and `label`.
        side: Pixels of a side.
        missing: Share of the visits without a picture.
        seed: Of the random numbers; each row has its own.
    Returns:
        The frame with a column `image`: the file's name in the folder, empty text where there is none.
    Raises:
        ValueError: If `side` is below 16 or `missing` outside [0, 1].
    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     table = write_xrays(folder, simulate_patients(patients=5), side=16, missing=0)
        ...     sorted(table["image"]) == sorted(path.name for path in Path(folder).iterdir())
        True
    """
    from PIL import Image

    if side < 16 or not 0 <= missing <= 1:
        raise ValueError(f"side must be at least 16, missing within [0, 1], found {side} and {missing:g}")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    number = frame.groupby("patient").cumcount() + 1
    names = (frame["patient"].astype(str) + "_" + number.astype(str) + ".png").to_list()
    taken = np.random.default_rng((seed, 0)).random(len(frame)) >= missing
    for row in np.flatnonzero(taken):
        rng = np.random.default_rng((seed, 1, row))
        strength = max(0.0, rng.normal(STRENGTHS[frame["label"].iloc[row]], STRENGTH_SPREAD))
        Image.fromarray(_xray(strength, side, rng)).save(folder / names[row])
    return frame.assign(image=[name if there else "" for name, there in zip(names, taken)])


def _xray(strength: float, side: int, rng) -> np.ndarray:
    """A chest, uint8 `(side, side)`, with a spot of `strength` grey levels in one lung."""
    from scipy.ndimage import gaussian_filter

    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    lungs = sum(np.exp(-((((x - at) / 0.38) ** 2 + (y / 0.7) ** 2) ** 2)) for at in (-0.45, 0.45))
    middle = rng.choice([-0.45, 0.45]) + rng.uniform(-0.12, 0.12), rng.uniform(-0.4, 0.4)
    spot = np.exp(-((x - middle[0]) ** 2 + (y - middle[1]) ** 2) / (2 * rng.uniform(0.14, 0.2) ** 2))
    texture = gaussian_filter(rng.standard_normal((side, side)), side / 32)
    picture = 165 - 95 * lungs + strength * spot + 6 * texture / texture.std() + rng.normal(0, 3, x.shape)
    return np.clip(picture * rng.normal(1, 0.04), 0, 255).round().astype(np.uint8)
