"""From `metrics.json` to one HTML file, in English or Chinese.

    render(metrics, lang) -> str          the page
    write_report(metrics, path, lang)     the page, written

words.toml holds every text, `figures` writes numbers, `charts` draws, `sections` and `provenance` prepare
what `template.html.j2` lays out.
"""

from shared.report.render import render, write_report

__all__ = ["render", "write_report"]
