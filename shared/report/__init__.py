"""From `metrics.json` to one HTML file, in English or Chinese.

    render(metrics, lang) -> str          the page
    write_report(metrics, path, lang)     the page, written

words.toml and words_forecast.toml hold every text, `figures` writes numbers, `charts` draws, the other
modules prepare what `template.html.j2` lays out. A section stands in the page only where the metrics hold
something for it, so one template serves every kind of solution.
"""

from shared.report.render import render, write_report

__all__ = ["render", "write_report"]
