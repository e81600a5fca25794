"""The run of a notebook: its progress as one line that moves, and nothing that stays but what it came to."""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from shared.contract import Table
from shared.notebook import language
from shared.pipeline import Pipeline
from shared.quiet import quiet
from shared.stages import Stages


def fit_and_judge(pipeline: Pipeline, table: Table, out: str | Path, *, lang: str = "en") -> dict[str, Any]:
    """`shared.run.run`, with one line on how far it is: fits, judges beside the rivals, explains, saves, reports.

    Args:
        pipeline: Not fitted.
        table: The checked table.
        out: Folder for the report, the figures, the predictions and the bundle; an earlier run's is replaced.
        lang: Of the report and the line, "en" or "zh".
    Returns:
        What stands in metrics.json.
    Raises:
        BundleError: If `out` cannot be written, or holds what a run does not make.
        SplitError: If the rows cannot be parted, or a part is too small to learn or judge from.
    """
    # Sums over more than 10,000 rows wake the threads of BLAS, which cost a busy machine far more than they gain.
    with quiet(), warnings.catch_warnings(), threadpool_limits(1, user_api="blas"):
        warnings.simplefilter("ignore")
        from shared.run import run

        line = moving_line()
        words, _ = language.of_pipeline(pipeline, lang)

        def say(stage: str, text: str) -> None:
            line(f"{words(f'stage.{stage}')} {text}".rstrip())

        metrics = run(pipeline, table, out, lang=lang, stages=Stages(say))
        line(summary(metrics, Path(out), lang))
    return metrics


def summary(metrics: dict[str, Any], out: Path, lang: str) -> str:
    """What a run came to, in two lines without any measured time.

    Example:
        >>> curves = {"learning": {"epoch": [1, 2, 3], "best_epoch": 2}}
        >>> parts = {"train": {"rows": 80}, "test": {"rows": 20}}
        >>> print(summary({"curves": curves, "split": {"parts": parts}}, Path("runs/shop"), "en"))
        Done: Training 80 rows, Test 20 rows. Kept is epoch 2 of 3.
        The whole report for your customer: runs/shop/report.html
    """
    words, figures = language.of_run(metrics, lang)
    parts = (metrics.get("split") or {}).get("parts") or {}
    unit = "part_of_series" if metrics.get("kind") == "forecast" else "part"
    counted = [
        words(f"notebook.{unit}", part=words(f"part.{name}"), rows=figures.count(part["rows"]))
        for name, part in parts.items()
        if part.get("rows")
    ]
    learning = (metrics.get("curves") or {}).get("learning") or {}
    values = {"best": figures.count(learning.get("best_epoch")), "epochs": len(learning.get("epoch") or [])}
    comma = "，" if lang == "zh" else ", "
    done = words("notebook.fitted", rows=comma.join(counted), **values)
    return f"{done}\n{words('notebook.report', path=(out / 'report.html').as_posix())}"


def moving_line() -> Callable[[str], None]:
    """A function that replaces the text it showed before: in a notebook one output, elsewhere the terminal.

    Example:
        >>> line = moving_line()
        >>> callable(line)
        True
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None or not hasattr(shell, "kernel"):
        return lambda text: print(text, file=sys.stderr)
    from IPython.display import display

    handle = display({"text/plain": ""}, raw=True, display_id=True)
    return lambda text: handle.update({"text/plain": text}, raw=True)
