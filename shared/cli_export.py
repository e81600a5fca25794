"""The commands `verticals export` and `verticals parity`: a bundle in other formats, and the proof that they agree."""

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from shared.cli_options import Bundle, Earlier
from shared.cli_terminal import Terminal

Form = Annotated[str, typer.Option("--format", help="saved_model, onnx, litert or light")]
Variant = Annotated[
    str, typer.Option(help="float32; float16 or int8: smaller, and less exact (not of saved_model)")
]
Out = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(help="folder to write; left out: `exports/FORMAT` here"),
]
Rows = Annotated[
    Path,
    typer.Option(help="rows in the bundle's columns: CSV, Parquet or .npz, or a folder or zip of photos"),
]
Page = Annotated[Path, typer.Option(help="folder to write")]
Only = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--route", help="only this route, and those it is compared with; may be given often"),
]
Lang = Annotated[str, typer.Option(help="language of the page: en or zh")]


def export(bundle: Bundle, form: Form, variant: Variant = "float32", out: Out = None) -> None:
    """Writes the bundle's network as SavedModel, ONNX or LiteRT, or a whole scorer that needs neither Keras nor pandas.

    Each is kept only if it answers as Keras does.
    """
    from shared.export.exporting import LIGHT
    from shared.export.exporting import export as carry_out
    from shared.run import refuse_unwritable

    out = out or Path("exports") / (form if variant == "float32" else f"{form}_{variant}")
    refuse_unwritable(out)
    with Terminal() as stages, stages("export"):
        light = form == LIGHT and variant == "float32"
        facts = _light(bundle, out) if light else carry_out(bundle, form, out, variant=variant)
    if light:
        size = f"{facts['bytes'] / 1e6:.2f} MB, {facts['modules']} files of code"
        print(f"{out}: {size}; needs no more than its requirements.txt: python -m shared.light . rows.json")
        print(f"facts: {out / 'export.json'}\nnext: verticals parity {bundle} --data FILE --route {out}")
        return
    compared = facts["compared"]
    print(
        f"{out / facts['file']}: {facts['bytes'] / 1e6:.2f} MB, largest difference from Keras "
        f"{compared['largest_difference']:.1e} on {compared['rows']} made-up rows"
    )
    if facts["batch"]:
        print(f"note: it takes {facts['batch']} row at a time, no more")
    print(f"facts: {out / 'export.json'}\nnext: verticals parity {bundle} --data FILE")


def _light(bundle: Path, out: Path):
    from shared.light.writing import export_light

    return export_light(bundle, out)


def parity(
    bundle: Bundle,
    data: Rows,
    out: Page = Path("runs/parity"),
    history: Earlier = None,
    route: Only = None,
    lang: Lang = "en",
) -> None:
    """Sends the same rows through every route; exit code 1 where a score or a decision differs."""
    from shared.parity import certify, sentences

    with Terminal() as stages:
        found = certify(bundle, data, out, history=history, routes=route, lang=lang, stages=stages)
    for line in sentences(found, lang):
        print(line)
    print(f"certificate: {out / 'parity.html'}")
    if not found["passed"]:
        sys.exit(1)


commands = (export, parity)
