"""The commands `verticals data list` and `verticals data get`: public data sets, and where they are."""

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

Name = Annotated[str, typer.Argument(help="name of the data set, as in `verticals data list`")]
To = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(help="folder to write; left out: VERTICALS_DATA if it is set, else `datasets` here"),
]

data = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Public data sets to try solutions on.")


@data.command("list")
def list_datasets() -> None:
    """The data sets: solution, size, licence, here or not."""
    from shared.catalogue import here, in_mirror, load_catalogue, place

    rows = [("name", "solution", "size", "licence", "here")]
    for each in load_catalogue().values():
        found = in_mirror(each) or here(each, place(each))
        rows.append((each.name, each.solution, each.size, each.licence, "yes" if found else "no"))
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


@data.command()
def get(name: Name, to: To = None) -> None:
    """Says where a data set is here, or fetches it."""
    from shared.catalogue import fetch, find, in_mirror, load_catalogue, place

    dataset = find(name, load_catalogue())
    paths, ready = in_mirror(dataset), True
    if paths:
        print("it is here, in VERTICALS_DATA; nothing is fetched", file=sys.stderr)
    else:
        folder = place(dataset, to)
        paths = []
        for file in dataset.files:
            with _Bar(file.name) as tell:
                paths.append(fetch(file, dataset, folder, tell=tell))
        ready = not dataset.after
    for path in paths:
        print(path)
    if not ready:
        print(f"then: {dataset.after}")
    for mapping in dataset.mappings:
        print(f"read by: verticals check {dataset.solution} TABLE --config data/mappings/{mapping}")
    print(f"licence: {dataset.licence} ({dataset.page})")


class _Bar:
    """Progress of one file: a bar on a terminal, elsewhere a line at its start and at each further tenth."""

    def __init__(self, name: str):
        self.name, self.bar, self.told = name, None, -1

    def __enter__(self):
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

            columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
            self.bar = Progress(*columns, console=Console(stderr=True))
            self.bar.start()
            self.task = self.bar.add_task(self.name.replace("[", "\\["), total=None)
        return self

    def __call__(self, done: int, total: int | None) -> None:
        if self.bar is not None:
            self.bar.update(self.task, completed=done, total=total)
            return
        step = done * 10 // total if total else done // 50_000_000
        if step > self.told or step < self.told - 1:
            self.told = step
            of = f" of {total / 1e6:.1f}" if total else ""
            print(f"{self.name}: {done / 1e6:.1f}{of} MB", file=sys.stderr, flush=True)

    def __exit__(self, *_):
        if self.bar is not None:
            self.bar.stop()
