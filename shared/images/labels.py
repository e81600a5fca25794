"""The classes of a table of photos, and what keeps a mode from learning of them."""

from collections.abc import Mapping, Sequence

from shared.contract.words import count
from shared.errors import Fault


def class_faults(
    found: Mapping[str, int], *, good: str | None, names: Sequence[str], mode: str, fewest: int
) -> list[Fault]:
    """Everything that is wrong with the classes.

    Args:
        found: Photos by class.
        good: The class without a defect, if there is one.
        names: That the good class may have.
        mode: `labelled` or `good_only`.
        fewest: Photos that a class must have.
    Example:
        >>> found = class_faults({"ok": 9, "crack": 2}, good="ok", names=["ok"], mode="labelled", fewest=5)
        >>> str(found[0])[:60]
        'role `label`: class `crack` has 2 photos, fewer than 5. Give'
    """
    listed = ", ".join(f"`{name}`" for name in found)
    if not found:
        return [_fault("no photo has a class: put the photos into one folder a class")]
    if good is None:
        return [
            _fault(
                f'none of the classes ({listed}) is the good one. Name it under [settings]: good = ["..."]'
            )
        ]
    faults, also = [], [name for name in found if name in names and name != good]
    if also:
        both = ", ".join(f"`{name}`" for name in (good, *also))
        faults.append(
            _fault(f'{both} all mean good. Join them, or name one under [settings]: good = ["{good}"]')
        )
    if len(found) == 1 and mode == "labelled":
        text = f"all photos are of class `{good}`; the labelled mode needs a defect too. "
        faults.append(_fault(text + 'Set mode = "good_only" to learn from good parts alone'))
    for name, photos in found.items():
        if photos < fewest and (name == good or mode == "labelled"):
            way = "Give more" if name == good else "Give more, join it with another class, leave it out, "
            way += "" if name == good else 'or set mode = "good_only"'
            faults.append(_fault(f"class `{name}` has {count(photos, 'photo')}, fewer than {fewest}. {way}"))
    return faults


def _fault(text: str) -> Fault:
    return Fault(role="label", text=text)
