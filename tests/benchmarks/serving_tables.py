"""What the main READMEs and that of the service say of serving, exporting and monitoring."""

from tables_text import load, table

HEAD = {
    "en": ["on two cores, simulated payments", "measured", "goal"],
    "zh": ["双核，模拟交易", "实测", "目标"],
}
WORDS = {
    "steady": ("one row at 100 requests a second: median and 99th percentile", "每秒 100 个请求，每个一行：中位数与第 99 百分位"),
    "store": ("the same with a store of {past} earlier payments", "同上，另有 {past} 笔历史交易的存储"),
    "fastest": ("most single rows a second, without and with the store", "每秒最多单行请求数，无存储与有存储"),
    "csv": ("a CSV of 10,000 rows", "10,000 行的 CSV"),
    "ready": ("from the command to the first answer", "从启动命令到可以作答"),
    "memory": ("memory over {minutes:.0f} minutes of steady load", "持续负载 {minutes:.0f} 分钟的内存增长"),
    "light": ("light scorer: import, installed size, one payment", "轻量评分：导入、安装体积、单笔交易"),
    "parity": ("{routes} routes, four solutions, {answers} answers: largest difference, changed decisions",
               "{routes} 条路径、四个方案、{answers} 个答案：最大差异、决策变化"),
    "monitor": ("monitoring 1,000,000 rows of 100 columns", "监控 1,000,000 行、100 列"),
}  # fmt: skip
SOLUTIONS = ("finance.fraud", "retail.demand", "manufacturing.defects", "healthcare.diagnosis")
PAST = "81,330"  # rows of the sample before those that tests/benchmarks/serve_load.py sends


def serving(lang: str) -> str:
    """Each goal of serving beside what was measured."""
    at = ("en", "zh").index(lang)
    lines = []

    def line(name: str, measured: str, goal: str, **facts) -> None:
        lines.append([WORDS[name][at].format(**facts), measured, goal])

    load_ = load("serve_load")
    alone, store = load_["alone"], load_["with_store"]
    line("steady", _latency(alone["steady"]), "5, 20 ms")
    line("store", _latency(store["steady"]), "", past=load_.get("past", PAST))
    rates = [f"{each['fastest']['requests_per_second']:,.0f}" for each in (alone, store)]
    line("fastest", ", ".join(rates), "500")
    line("csv", f"{alone['csv_10000_rows_seconds']:.2f} s", "2 s")
    line("ready", f"{alone['ready_seconds']:.1f} s", "6 s")
    if "memory" in load_:
        line("memory", f"{load_['memory']['growth']:+.1%}", "+5 %", minutes=load_["memory"]["minutes"])
    light = load("light_scorer")
    fraud = next(each for each in light["solutions"] if each["solution"] == "finance.fraud")
    figures = f"{fraud['import_and_load_seconds']:.2f} s, {light['installed_mb']:.0f} MB, {fraud['row']['p50']:.1f} ms"
    line("light", figures, "0.5 s, 150 MB, 2 ms")
    parity = load("parity_routes")
    found = [parity[name] for name in SOLUTIONS if name in parity]
    if found:
        routes = [route for each in found for route in each["routes"].values() if "largest" in route]
        worst, flips = max(route["largest"] for route in routes), sum(route["flips"] for route in routes)
        facts = {"routes": len(found[0]["routes"]), "answers": f"{sum(each['answers'] for each in found):,}"}
        line("parity", f"{worst:.1e}, {flips}", "1e-5, 0", **facts)
    line("monitor", f"{load('monitor_speed')['inputs']['seconds']:.1f} s", "10 s")
    return table(HEAD[lang], lines)


def _latency(entry: dict) -> str:
    return f"{entry['p50_ms']:.1f}, {entry['p99_ms']:.1f} ms"


def variants() -> str:
    """Size, one row and what is lost, in every format."""
    found = load("export_variants")["measured"]
    keras = {each["solution"]: each for each in found if each["format"] == "keras"}
    rows = []
    for each in found:
        first = keras[each["solution"]]
        if "value" not in each:
            rows.append([each["solution"], _form(each), *["not possible"] * 1, "", "", ""])
            continue
        rows.append(
            [
                each["solution"],
                _form(each),
                f"{each['bytes'] / 1e6:.2f} MB",
                f"{each['one_row_ms']:.2f} ms",
                f"{each['value']:.4f}",
                "" if each is first else f"{each['loss']:+.4f}",
            ]
        )
    return table(["solution", "format", "size", "one row", "test metric", "lost"], rows)


def _form(each: dict) -> str:
    return each["format"] + ("" if each["variant"] == "float32" else f", {each['variant']}")


TABLES = {
    "serving": lambda: serving("en"),
    "serving_zh": lambda: serving("zh"),
    "variants": variants,
}
