"""What a command shows while it works, and at its end."""

import sys
from typing import Any


class Terminal:
    """Stages that show on a terminal as one moving line, elsewhere as one line a stage."""

    def __enter__(self):
        from shared.stages import Stages

        self._live = sys.stderr.isatty()
        self._status = None
        if self._live:
            from rich.console import Console

            self._console = Console(stderr=True)
            self._status = self._console.status("starting")
            self._status.start()
        stages = Stages(self._say)
        stages.note = self._note
        return stages

    def _say(self, stage: str, text: str) -> None:
        line = f"{stage:8} {text}".rstrip()
        if self._status is not None:
            self._status.update(line.replace("[", "\\["))
        elif not text:
            print(line, file=sys.stderr, flush=True)

    def _note(self, note: str) -> None:
        if self._status is not None:
            self._console.print(f"note: {note}", markup=False, highlight=False)
        else:
            print(f"note: {note}", file=sys.stderr)

    def __exit__(self, *_):
        if self._status is not None:
            self._status.stop()


def print_results(metrics: dict[str, Any], lang: str) -> None:
    """Each model's main figure with its interval, and the verdict."""
    primary = metrics["primary_metric"]
    if metrics["simulated"]:
        print(
            "simulated data: these figures say nothing of a real customer"
            if lang == "en"
            else "模拟数据：以下数字不代表任何真实客户"
        )
    print(f"{'':22}{primary}")
    for name, result in metrics["results"].items():
        figure = result[primary]
        print(f"  {name:20}{figure['value']:.3f}  ({figure['low']:.3f} to {figure['high']:.3f})")
    print(metrics["verdict"]["sentence"][lang])
