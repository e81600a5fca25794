"""Which photos train, validate and judge, where the customer says so or where only good parts teach."""

import numpy as np

from shared.drawing import drawn
from shared.errors import Fault, SplitError
from shared.splits import Split

PARTS = {
    **{"train": "train", "training": "train", "valid": "valid", "val": "valid", "validation": "valid", "test": "test"},
    **{"训练": "train", "训练集": "train", "验证": "valid", "验证集": "valid", "测试": "test", "测试集": "test"},
}  # fmt: skip


def part_of(cell: str | None) -> str | None:
    """What a cell of the column `split` means; None where it is empty, the cell itself where it means nothing.

    Example:
        >>> part_of(" Val "), part_of("dev"), part_of(None)
        ('valid', 'dev', None)
    """
    return None if cell is None else PARTS.get(cell.strip().lower(), cell)


def split_faults(parts: list[str | None], rows: list[int], column: str) -> list[Fault]:
    """One fault for each word that is no part, at its first row."""
    first: dict[str, int] = {}
    for part, row in zip(parts, rows):
        if part is not None and part not in PARTS.values():
            first.setdefault(part, row)
    text = "found `{}`, expected train, valid or test (or an empty cell)"
    return [
        Fault(column=column, role="split", row=row, text=text.format(part)) for part, row in first.items()
    ]


def given_split(
    parts: np.ndarray,
    codes: np.ndarray,
    *,
    good_only: bool,
    groups,
    test_share: float,
    valid_share: float,
    seed: int,
) -> Split:
    """Parts as they are given; what is not given is drawn of the photos that train.

    Args:
        parts: `train`, `valid`, `test` or None of each photo; None trains.
        codes: Class of each photo, 0 good, -1 not known: such a photo is in no part.
        good_only: Whether defects may judge only.
    Raises:
        SplitError: If a part has no photo, or lacks the kinds that it needs.
    Example:
        >>> parts, codes = np.array(["train"] * 8 + ["test"] * 2, object), np.array([0, 1] * 5)
        >>> split = given_split(
        ...     parts, codes, good_only=False, groups=None, test_share=0.2, valid_share=0.5, seed=0)
        >>> split.test.tolist(), len(split.valid)
        ([8, 9], 4)
    """
    rng = np.random.default_rng(seed)
    known = codes >= 0
    valid, test = (known & (parts == name) for name in ("valid", "test"))
    train = known & ~valid & ~test
    if good_only:
        train, valid = train & (codes == 0), valid & (codes == 0)
    if not test.any():
        test = drawn(train, test_share, groups, codes, rng)
        train &= ~test
    if not valid.any():
        valid = drawn(train, valid_share, groups, codes, rng)
        train &= ~valid
    detail = {"by": "split", "seed": seed}
    return _checked({"train": train, "valid": valid, "test": test}, codes, "given", detail, good_only)


def good_only_split(codes: np.ndarray, *, groups, test_share: float, valid_share: float, seed: int) -> Split:
    """Good photos train, validate and judge; every defect judges, unless a good photo of its part trains.

    Args: as in `given_split`.
    Raises:
        SplitError: If a part has no photo.
    """
    rng, good = np.random.default_rng(seed), codes == 0
    test = drawn(good, test_share, groups, None, rng)
    valid = drawn(good & ~test, valid_share, groups, None, rng)
    train = good & ~test & ~valid
    defects = codes > 0
    if groups is not None:
        defects &= ~np.isin(groups, np.unique(groups[train | valid]))
    detail = {"test_share": test_share, "valid_share": valid_share, "seed": seed}
    return _checked(
        {"train": train, "valid": valid, "test": test | defects}, codes, "good only", detail, True
    )


def _checked(parts: dict[str, np.ndarray], codes, method: str, detail: dict, good_only: bool) -> Split:
    faults = []
    for name, rows in parts.items():
        if not rows.any():
            faults.append(
                Fault(role="split", text=f"the {name} part has no photo. Give more, or other parts")
            )
        elif not (good_only and name != "test") and len(np.unique(codes[rows] > 0)) == 1:
            lacks = "good photo" if (codes[rows] > 0).all() else "photo of a defect"
            if not (good_only and lacks == "photo of a defect"):
                faults.append(
                    Fault(role="split", text=f"the {name} part has no {lacks}; it needs both kinds")
                )
    if faults:
        raise SplitError("the photos cannot be parted", faults)
    return Split(method, *(np.flatnonzero(rows) for rows in parts.values()), detail)
