"""The tables of `retail.demand`, from its results; `tables.py` puts them into the READMEs."""

import json

from tables_text import figure, load, span, table

DEMAND = {
    "model": "**this model**",
    "gradient_boosting": "gradient boosting on lags",
    "auto_ets": "AutoETS",
    "auto_theta": "AutoTheta",
    "tsb": "TSB",
    "croston": "Croston (SBA)",
    "moving_average": "moving average",
    "seasonal_naive": "seasonal naive",
    "naive": "naive",
}
M4_PUBLISHED = {
    "M4 winner (Smyl)": ("9.33", "", ".440", "7.82", "", ".851"),
    "M4 second (FFORMA)": ("11.51", "", ".484", "7.63", "", ".796"),
    "M4 Theta": ("18.14", "", "1.006", "9.09", "", ".971"),
    "M4 Naive 2": ("18.38", "2.395", "1.000", "9.16", "2.777", "1.000"),
}


def demand_m4() -> str:
    found = load("demand_quality")
    sets = [found[f"{name} seed 0"]["results"] for name in ("m4_hourly", "m4_weekly")]
    rows = []
    for name, label in DEMAND.items():
        cells = []
        for results in sets:
            if name in results:
                smape, mase, owa = (results[name][metric] for metric in ("smape", "mase", "owa"))
                cells += [f"{smape['value']:.2f}", f"{mase['value']:.3f}", span(owa)]
            else:
                cells += ["", "", ""]
        rows.append([label, *cells])
    rows += [[name, *cells] for name, cells in M4_PUBLISHED.items()]
    return table(
        ["M4", *(f"{of} {metric}" for of in ("Hourly", "Weekly") for metric in ("sMAPE", "MASE", "OWA"))],
        rows,
    )


def _shop(key: str, title: str) -> str:
    results = load("demand_quality")[key]["results"]
    rows = []
    for name, label in DEMAND.items():
        if name in results:
            of = results[name]
            cost = f"{of['cost']['value']:,.0f} ({of['cost']['low']:,.0f} to {of['cost']['high']:,.0f})"
            cells = [span(of["weighted_quantile_loss"]), figure(of["mase"]["value"])]
            rows.append(
                [
                    label,
                    *cells,
                    f"{100 * of['coverage_80']['value']:.1f} %",
                    f"{100 * of['bias']['value']:+.1f} %",
                    cost,
                ]
            )
    return table(
        [title, "weighted quantile loss", "MASE", "80 % interval covers", "bias", "cost of the replay"], rows
    )


def demand_uci() -> str:
    return _shop("uci_2011 seed 0", "UCI 2010-11, 500 items, 3 x 4 weeks")


def demand_sample() -> str:
    return _shop("sample seed 0", "built-in sample (simulated), 3 x 28 days")


def demand_networks() -> str:
    found = load("demand_networks")
    sets = list(dict.fromkeys(key for by in found.values() for key in by))
    rows = [
        [
            name,
            *(f"{figure(by[key]['loss'])} ({by[key]['seconds']:.0f} s)" if key in by else "" for key in sets),
        ]
        for name, by in found.items()
    ]
    return table(["network, on origins before the test", *sets], rows)


def demand_speed() -> str:
    found, lines = load("demand_speed"), load("demand_aggregation")
    hourly, many = found["m4_hourly"], found["many"]
    rows = [
        ["M4 Hourly, check, fit and forecast", f"{hourly['fit_seconds'] + hourly['forecast_seconds']:.0f} s, peak {hourly['peak_gb']:.1f} GB"],
        [f"30,000 series x 28 days: load, read {many['rows'] // 28 * 180:,} rows, forecast, orders", f"{many['seconds']:.0f} s, peak {many['peak_gb']:.1f} GB"],
        [
            "1,000,000 sales lines (3 columns) to weekly series, reading and check included, CSV / Parquet",
            f"{lines['plain']['csv']['whole_seconds']:.1f} s / {lines['plain']['parquet']['whole_seconds']:.1f} s",
        ],
        [
            "the same with 7 columns, returns and promotions",
            f"{lines['rich']['csv']['whole_seconds']:.1f} s / {lines['rich']['parquet']['whole_seconds']:.1f} s",
        ],
        [
            "of these the sums alone",
            " / ".join(f"{lines[of][kind]['panel_seconds']:.2f} s" for of in ("plain", "rich") for kind in ("csv", "parquet")),
        ],
    ]  # fmt: skip
    return table(["two cores", "measured"], rows)


def measured() -> str:
    """`measured.json` of retail.demand."""
    found = load("demand_quality")
    lines = []
    for title, key in {"M4 Hourly": "m4_hourly seed 0", "M4 Weekly": "m4_weekly seed 0"}.items():
        owa = span(found[key]["results"]["model"]["owa"])
        best = {"M4 Hourly": "winner .440", "M4 Weekly": "best .796"}[title]
        lines.append({"data": title, "line": f"{title}, official test: OWA {owa}, published {best}"})
    for title, key in {
        "UCI 2010-11": "uci_2011 seed 0",
        "built-in sample (simulated)": "sample seed 0",
    }.items():
        results = found[key]["results"]
        loss = {
            name: of["weighted_quantile_loss"]["value"] for name, of in results.items() if name != "model"
        }
        best = min(loss, key=loss.__getitem__)
        mine = span(results["model"]["weighted_quantile_loss"])
        line = f"{title}: weighted quantile loss {mine}, best rival {figure(loss[best])} ({DEMAND[best]})"
        lines.append({"data": title, "line": line})
    return json.dumps(lines, indent=1) + "\n"


TABLES = {
    each.__name__: each for each in (demand_m4, demand_uci, demand_sample, demand_networks, demand_speed)
}
