"""Makes the pictures of a report in the READMEs, and notes the figures that one should see.

`python tests/benchmarks/report_picture.py` runs `finance.fraud` on the built-in, simulated sample, as `make demo` does
(about two minutes on two cores); `--run FOLDER` takes such a run that is there. Needs Chromium on the PATH and fonts
for Chinese. It writes notebooks/images/report.png and report.zh.png, and results/demo.json for `tables.py`.
"""

import argparse
import contextlib
import io
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageChops

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).parent / "results" / "demo.json"
WIDTH, HEIGHT = 1120, 4000  # of the window; what stays white below is cut off
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MOST_BYTES = 250_000
# A report is ten times as long as the picture: what says most of it stays, the rest is left out, nothing is changed.
SHOWN = """
nav, footer, section, #money > :not(h2, .cards), #rivals > :not(h2, .wide:first-of-type), #charts > h2, .hint,
#charts figure:not(:nth-of-type(1), :nth-of-type(3)), .explain, #money > p, #rivals > .wide ~ .wide { display: none; }
#verdict, #money, #rivals, #charts { display: block; margin-top: 12px; padding-top: 18px; }
#money .cards { grid-template-columns: 2fr 1fr 1fr 1fr 1fr; }
#money .card.lead { grid-column: auto; }
#results { font-size: .8rem; }
.verdict { padding-bottom: 12px; }
#charts { border-top: 0; padding-top: 0; }
header { padding-top: 24px; }
main { padding-bottom: 16px; }
"""


def run(folder: Path) -> Path:
    """A run on the built-in sample."""
    out = folder / "demo"
    subprocess.run(
        [sys.executable, "-m", "verticals", "run", "finance.fraud", "--out", str(out)], check=True, cwd=folder
    )
    return out


def photographed(page: str, folder: Path) -> Image.Image:
    """The page as a browser shows it, without the white below it."""
    browser = next((name for name in BROWSERS if shutil.which(name)), None)
    if browser is None:
        sys.exit(f"none of {', '.join(BROWSERS)} is on the PATH: install Chromium and fonts-noto-cjk")
    source, target = folder / "page.html", folder / "page.png"
    source.write_text(page, encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"]
    size = f"--window-size={WIDTH},{HEIGHT}"
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [browser, *flags, profile, size, f"--screenshot={target}", source.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    picture = Image.open(target).convert("RGB")
    white = Image.new("RGB", picture.size, "white")
    bottom = ImageChops.difference(picture, white).getbbox()[3]
    return picture.crop((0, 0, WIDTH, min(bottom + 20, HEIGHT)))


def written(picture: Image.Image, path: Path) -> None:
    """Saves with as many colours as the size allows."""
    for colours in (None, 256, 128):
        held = io.BytesIO()
        fewer = picture.quantize(colours, kmeans=3, dither=Image.Dither.NONE) if colours else picture
        fewer.save(held, "PNG", optimize=True)
        if len(held.getvalue()) <= MOST_BYTES:
            break
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(held.getvalue())
    print(
        f"{path.relative_to(ROOT)}: {len(held.getvalue()) / 1000:.0f} kB, {colours or 'all'} colours, {picture.size}"
    )


def noted(metrics: dict) -> dict:
    """What the READMEs say one should see, with the numbers behind it."""
    from shared.cli_terminal import print_results

    primary = metrics["primary_metric"]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        print_results(metrics, "en")
        print("report: runs/demo/report.html")
    return {
        "metric": primary,
        "results": {name: of[primary] for name, of in metrics["results"].items()},
        "parts": metrics["split"]["parts"],
        "printed": printed.getvalue(),
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--run", type=Path, help="folder of a run on the built-in sample")
    given = asked.parse_args().run
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = given or run(folder)
        metrics = json.loads((found / "metrics.json").read_text(encoding="utf-8"))
        if not metrics["simulated"] or metrics["solution"] != "finance.fraud":
            sys.exit(f"{found} is no run of finance.fraud on the built-in, simulated sample")
        for lang, stem in {"en": "report", "zh": "report.zh"}.items():
            from shared.report import render

            page = render(metrics, lang).replace("</style>", f"{SHOWN}</style>", 1)
            written(photographed(page, folder), ROOT / "notebooks" / "images" / f"{stem}.png")
    RESULTS.write_text(json.dumps(noted(metrics), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{RESULTS.relative_to(ROOT)}; now: python tests/benchmarks/tables.py")


if __name__ == "__main__":
    main()
