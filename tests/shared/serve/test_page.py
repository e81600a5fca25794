"""The page of the service in a browser without a window: Debian's Chromium, driven by Playwright."""

import base64
import csv
import io
import json
import os
import re
import runpy
import shutil
import subprocess
import threading
import zipfile
from pathlib import Path

import pytest

EXAMPLE = runpy.run_path(str(Path(__file__).with_name("page_view.py")))
View, until, BUNDLES, KEY, PHONE = (EXAMPLE[name] for name in ("View", "until", "BUNDLES", "KEY", "PHONE"))
asked_directly, described, rows_of, photos = (
    EXAMPLE[name] for name in ("asked_directly", "described", "rows_of", "photos")
)
SOLUTIONS = ("finance_fraud", "healthcare_diagnosis", "manufacturing_defects", "retail_demand")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def chromium():
    """The browser; the tests are skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium on the PATH: apt-get install chromium fonts-noto-cjk")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def addresses(chromium):
    """Addresses of the four bundles behind real sockets; that of the payments asks for a key."""
    uvicorn = pytest.importorskip("uvicorn")
    from shared.serve.app import application
    from shared.serve.keys import Keys, hashed
    from shared.serve.logs import Log
    from shared.serve.service import Service
    from shared.serve.settings import ServeSettings

    found, running = {}, []
    for name in SOLUTIONS:
        keys = Keys({hashed(KEY): "page"} if name == "finance_fraud" else {})
        service = Service(
            ServeSettings(str(BUNDLES / name / "bundle")), log=Log(lambda line: None), keys=keys
        )
        config = uvicorn.Config(application(service), port=0, log_config=None, ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        running.append((server, thread, service, name))
    for server, _, service, name in running:
        until(lambda server=server: server.started)
        until(lambda service=service: service.state != "starting")
        found[name] = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    yield found
    for server, thread, _, _ in running:
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def view(chromium, addresses):
    """Opens the page of a solution; at the end it must have asked no one else, and complained of nothing."""
    opened = []

    def open_page(name, **given):
        opened.append(View(chromium, addresses[name], **given))
        return opened[-1]

    yield open_page
    for each in opened:
        each.context.close()
    for each in opened:
        each.check()


@pytest.fixture(scope="module")
def modules(chromium, addresses):
    """A tab in which the page's own modules can be called."""
    seen = View(chromium, addresses["retail_demand"])
    yield seen.tab
    seen.context.close()


def test_a_filled_form_is_answered_with_decision_limits_and_reasons(view, addresses):
    address = addresses["finance_fraud"]
    seen = view("finance_fraud")
    seen.fill_example()
    seen.send()
    model = described(address)
    (answer,) = asked_directly(address, model["example"]["rows"], reasons=8)
    assert seen.text(".decision") == model["decisions"][answer["decision"]]["en"]
    assert f"{answer['score']:.3g}" in seen.text(".scored h3")
    assert f"{model['thresholds']['block']:.3g}" in seen.text(".ticks")
    assert seen.texts(".reasons tbody th") == [each["text"] for each in answer["reasons"]]
    sides = seen.tab.eval_on_selector_all(".signed span", "bars => bars.map(bar => bar.className)")
    assert sides == ["down" if each["effect"] < 0 else "up" for each in answer["reasons"]]


def test_a_row_with_a_signal_is_answered_with_classes_and_their_set(view, addresses):
    seen = view("healthcare_diagnosis")
    seen.fill_example()
    seen.send()
    model = described(addresses["healthcare_diagnosis"])
    (answer,) = asked_directly(addresses["healthcare_diagnosis"], model["example"]["rows"])
    assert seen.text(".decision") == model["decisions"][answer["decision"]]["en"]
    assert seen.texts(".chips li") == answer["set"].split(" | ")
    expected = [f"{round(100 * value, 1):g}%" for name, value in answer.items() if name.startswith("p_")]
    assert seen.texts(".bars td:last-child") == expected
    assert seen.tab.locator(".signal polyline").count() == 1


def test_pasted_rows_are_counted_listed_and_sorted_by_score(view, addresses):
    text = rows_of("finance_fraud")
    rows = list(csv.DictReader(io.StringIO(text)))
    answers = asked_directly(addresses["finance_fraud"], rows)
    passed = sum(each["decision"] == "pass" for each in answers)
    sorted_rows = [str(each["row"]) for each in sorted(answers, key=lambda each: -each["score"])]
    seen = view("finance_fraud")
    for pasted in (text, text.replace(",", "\t"), json.dumps(rows)):  # CSV, cells of a spreadsheet, JSON
        seen.paste(pasted)
        assert seen.text(".count.good .big") == str(passed)
        assert seen.texts(".open") == [str(each["row"]) for each in answers]
        seen.tab.click(".sort")
        assert seen.texts(".open") == sorted_rows
    seen.tab.click(".open >> nth=0")
    assert seen.text(".full .decision")


def test_all_answers_are_downloaded_as_csv_in_full_precision(view, addresses):
    seen = view("finance_fraud")
    seen.paste(rows_of("finance_fraud"))
    with seen.tab.expect_download() as saved:
        seen.tab.click(".download")
    content = Path(saved.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(rows_of("finance_fraud"))))
    expected = asked_directly(addresses["finance_fraud"], rows)
    found = list(csv.DictReader(io.StringIO(content)))
    assert [float(row["score"]) for row in found] == [each["score"] for each in expected]
    assert [row["decision"] for row in found] == [each["decision"] for each in expected]


def test_a_photo_is_answered_with_its_heatmap_beside_it(view, addresses):
    seen = view("manufacturing_defects")
    seen.upload(photos()[0])
    widths = seen.tab.eval_on_selector_all(
        ".pictures img", "images => images.map(image => image.naturalWidth)"
    )
    assert widths == [60, 60]
    assert seen.text(".decision") in {
        each["en"] for each in described(addresses["manufacturing_defects"])["decisions"].values()
    }


def test_a_photo_among_other_columns_is_sent_with_the_form(view, addresses):
    seen = view("manufacturing_defects")
    model = described(addresses["manufacturing_defects"])
    model["fields"].append(model["fields"][0] | {"name": "weight", "kind": "number", "low": 0, "high": 9})
    seen.tab.route("**/v1/model", lambda route: route.fulfill(json=model))
    seen.tab.reload()
    seen.tab.wait_for_selector("#way-form")
    seen.tab.set_input_files("#field-0", str(photos()[1]))
    seen.tab.fill("#field-1", "2.5")
    with seen.tab.expect_request("**/v1/predict") as asked:
        seen.send()
    assert asked.value.headers["content-type"].startswith("multipart/form-data")
    image = base64.b64encode(photos()[1].read_bytes()).decode()
    row = {"image": {"name": photos()[1].name, "base64": image}}
    (answer,) = asked_directly(addresses["manufacturing_defects"], [row])
    assert seen.text(".scored h3") == f"Score {answer['score']:.3g}"
    assert photos()[1].name in seen.text("#way-form .drop")


def test_photos_in_a_zip_are_answered_one_by_one(view, tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for each in photos():
            archive.write(each, each.name)
    seen = view("manufacturing_defects")
    seen.upload(tmp_path / "photos.zip")
    assert seen.tab.locator(".many tbody tr").count() == len(photos())
    assert photos()[-1].name in seen.text(".many tbody")


def test_a_forecast_is_drawn_with_the_past_that_was_sent(view, addresses):
    seen = view("retail_demand")
    seen.tab.click("#tab-file")
    seen.upload(BUNDLES / "retail_demand" / "rows.csv")
    rows = list(csv.DictReader(io.StringIO(rows_of("retail_demand"))))
    answers = asked_directly(addresses["retail_demand"], rows)
    quantiles = [name for name in answers[0] if re.fullmatch(r"q\d+", name)]
    assert seen.tab.locator(".plot .fan").count() == len(quantiles) // 2
    second = [each for each in answers if each["item"] == "00002"]
    seen.tab.select_option("#series", label="00002 · 01")
    points = seen.tab.get_attribute(".plot .line.past", "points").split(" ")
    sold = [float(row["quantity"]) for row in rows if row["item"] == "00002" and row["quantity"]][-28:]
    heights = [float(point.split(",")[1]) for point in points]
    assert len(points) == len(sold)
    assert heights.index(min(heights)) == sold.index(max(sold))
    assert seen.tab.locator(".forecasts tbody tr").count() == len(second)
    assert f"{second[0]['mean']:.3g}" in seen.text(".forecasts tbody tr >> nth=0")


def test_earlier_rows_go_along_and_change_the_answer(view, addresses):
    rows = list(csv.DictReader(io.StringIO(rows_of("finance_fraud"))))
    cards = [row["card"] for row in rows]
    place = max(place for place, card in enumerate(cards) if card in cards[:place])
    seen = view("finance_fraud")
    for field, name in enumerate(("time", "amount", "card", "terminal")):
        seen.tab.fill(f"#field-{field}", rows[place][name])
    seen.tab.click("summary >> text=Earlier rows")
    seen.tab.fill("#earlier", "\n".join(rows_of("finance_fraud").splitlines()[: place + 1]))
    seen.send()
    last = {name: cell for name, cell in rows[place].items() if name != "fraud"}
    alone, after = (
        asked_directly(addresses["finance_fraud"], [last], **beside)[0]["score"]
        for beside in ({}, {"history": rows[:place]})
    )
    assert alone != after
    assert seen.text(".scored h3") == f"Score {after:.3g}"


def test_a_service_that_is_starting_is_asked_again(view):
    seen = view("retail_demand")
    answers = iter([503])

    def answer(route):
        status = next(answers, None)
        if status is None:
            route.continue_()
        else:
            route.fulfill(
                status=status, headers={"Retry-After": "1"}, json={"detail": "the service is starting"}
            )

    seen.tab.route("**/v1/model", answer)
    seen.tab.reload()
    seen.tab.wait_for_selector("#trouble .note >> text=not ready")
    seen.tab.wait_for_selector("#work:not([hidden])")
    assert seen.tab.locator("#trouble .note").count() == 0
    seen.complaints = [each for each in seen.complaints if "status of 503" not in each]


def test_a_fault_stands_at_its_field_and_in_the_list(view):
    seen = view("finance_fraud")
    seen.fill_example()
    seen.tab.fill("#field-0", "31/02/2024")
    seen.tab.fill("#field-1", "-5")
    seen.send("#faults .note")
    wrong = seen.tab.eval_on_selector_all('[aria-invalid="true"]', "inputs => inputs.map(input => input.id)")
    assert wrong == ["field-0", "field-1"]
    assert seen.tab.evaluate("document.activeElement.id") == "field-0"
    assert "31/02/2024" in seen.text("#field-0-fault")
    assert seen.tab.locator("#faults li").count() == 2
    seen.fill_example()
    seen.send()
    assert seen.tab.locator('[aria-invalid="true"]').count() == 0
    assert seen.tab.locator("#faults .note").count() == 0


def test_a_fault_of_pasted_rows_names_column_row_and_cell(view):
    seen = view("finance_fraud")
    seen.paste(rows_of("finance_fraud").replace("31.49", "cheap"), "#faults .note")
    found = seen.text("#faults li")
    assert all(each in found for each in ("amount", "row 1", "cheap"))


def test_a_wrong_key_is_told_and_the_right_one_is_kept_for_the_tab_only(view):
    seen = view("finance_fraud", key=False)
    seen.tab.wait_for_selector("#access:not([hidden])")
    seen.tab.fill("#key", "vk_wrong")
    seen.tab.keyboard.press("Enter")
    assert "does not know this key" in seen.text("#wrong-key")
    seen.tab.fill("#key", KEY)
    seen.tab.keyboard.press("Enter")
    seen.tab.wait_for_selector("#work:not([hidden])")
    assert seen.tab.evaluate("sessionStorage.getItem('verticals.key')") == KEY
    kept = seen.tab.evaluate("JSON.stringify(localStorage) + document.cookie + location.href")
    assert KEY not in kept
    seen.tab.click("#command summary")
    seen.fill_example()
    seen.tab.wait_for_selector("#curl >> text=amount")
    assert KEY not in seen.text("#curl")
    with seen.tab.expect_download() as saved:
        seen.tab.click("#openapi")
    assert json.loads(Path(saved.value.path()).read_text(encoding="utf-8"))["paths"]


def test_chinese_comes_from_the_browser_and_a_choice_is_remembered(view, addresses):
    seen = view("finance_fraud", locale="zh-CN")
    model = described(addresses["finance_fraud"])
    seen.fill_example()
    seen.send()
    (answer,) = asked_directly(addresses["finance_fraud"], model["example"]["rows"], reasons=8, lang="zh")
    assert seen.text("h1") == model["title"]["zh"]
    assert seen.text(".decision") == model["decisions"][answer["decision"]]["zh"]
    assert answer["reasons"][0]["text"] in seen.text(".reasons")
    assert seen.tab.get_attribute("html", "lang") == "zh-CN"
    seen.tab.click('[data-language="en"]')
    english = asked_directly(addresses["finance_fraud"], model["example"]["rows"], reasons=1)[0]["reasons"][0]
    seen.tab.wait_for_selector(f".reasons >> text={english['text']}")
    assert seen.text(".decision") == model["decisions"][answer["decision"]]["en"]
    seen.tab.reload()
    seen.tab.wait_for_selector("#work:not([hidden])")
    assert seen.text("h1") == model["title"]["en"]


@pytest.mark.parametrize("name", SOLUTIONS)
def test_nothing_is_wider_than_a_phone(view, name):
    seen = view(name, viewport=PHONE)
    if name == "manufacturing_defects":
        seen.upload(*photos()[:3])
    else:
        seen.paste(rows_of(name))
    seen.tab.click("#columns summary")
    seen.tab.click("#command summary")
    assert seen.tab.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_every_input_has_a_name_and_tabs_move_by_arrow_keys(view):
    seen = view("healthcare_diagnosis")
    nameless = "inputs => inputs.filter(input => !input.labels?.length).map(input => input.id)"
    assert seen.tab.eval_on_selector_all("#work input, #work select, #work textarea", nameless) == []
    seen.tab.focus("#tab-form")
    seen.tab.keyboard.press("ArrowRight")
    assert seen.tab.evaluate("document.activeElement.id") == "tab-paste"
    assert seen.tab.is_visible("#pasted")
    seen.tab.keyboard.press("ArrowLeft")
    seen.fill_example()
    seen.tab.focus("#field-0")
    seen.tab.keyboard.press("Enter")
    seen.tab.wait_for_selector(".decision")
    assert seen.tab.evaluate("document.activeElement.id") == "answer"
    assert seen.text(".decision") in seen.tab.text_content("#status")


def answering(status, seconds):
    """A stand-in for the service: a status, or no answer at all."""

    def answer(route):
        if status is None:
            return route.abort()
        headers = {} if seconds is None else {"Retry-After": str(seconds)}
        return route.fulfill(status=status, headers=headers, json={"status": status, "detail": "why"})

    return answer


def test_trouble_is_told_in_a_plain_sentence_of_each_language(view):
    seen = view("retail_demand")
    for status, seconds, english, chinese in (
        (413, None, "more than the service takes", "上限"),
        (429, 7, "busy. Try again in 7 seconds", "7 秒后"),
        (503, 9, "not ready, or took too long. Try again in 9", "9 秒后"),
        (500, None, "went wrong in the service", "内部出错"),
        (None, None, "cannot be reached", "无法连接"),
    ):
        seen.tab.unroute("**/v1/predict*")
        seen.tab.route("**/v1/predict*", answering(status, seconds))
        seen.paste("date,item\n2025-01-01,a", "#faults .note")
        assert english in seen.text("#faults")
        seen.tab.click('[data-language="zh"]')
        assert chinese in seen.text("#faults")
        seen.tab.click('[data-language="en"]')
    seen.complaints = [each for each in seen.complaints if "Failed to load resource" not in each]


def test_a_question_that_takes_long_shows_progress_and_can_be_cancelled(view):
    seen = view("retail_demand")
    seen.tab.route("**/v1/predict*", lambda route: None)
    seen.tab.fill("#pasted", rows_of("retail_demand"))
    seen.tab.click("#send")
    seen.tab.wait_for_selector("#progress:not([hidden])")
    assert seen.tab.is_disabled("#send")
    seen.tab.click("#cancel")
    assert "Cancelled" in seen.text("#faults .note")
    assert seen.tab.is_enabled("#send")


def test_what_is_over_the_limits_is_not_sent(view, addresses):
    seen = view("finance_fraud")
    model = described(addresses["finance_fraud"]) | {"limits": {"rows": 5, "bytes": 3000, "seconds": 30}}
    seen.tab.route("**/v1/model", lambda route: route.fulfill(json=model))
    seen.tab.reload()
    assert "5 rows and 3 kB" in seen.text("#limits")
    seen.paste(rows_of("finance_fraud"), "#faults .note")
    assert "60 rows are more than the 5" in seen.text("#faults")
    header, *lines = rows_of("finance_fraud").splitlines()
    seen.paste("\n".join([header, *(line + " " * 1500 for line in lines[:3])]), "#faults .note >> text=3 kB")
    assert not any("predict" in each for each in seen.asked)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_command_that_is_shown_asks_the_same(view):
    seen = view("finance_fraud")
    seen.fill_example()
    seen.tab.fill("#field-2", "it's card 7")
    seen.send()
    seen.tab.click("#command summary")
    seen.tab.wait_for_selector("#curl >> text=card 7")
    command = ["bash", "-c", seen.text("#curl").replace("curl ", "curl -s ", 1)]
    environment = os.environ | {"VERTICALS_API_KEY": KEY}
    ran = subprocess.run(command, capture_output=True, check=True, env=environment, timeout=60)
    (answer,) = json.loads(ran.stdout)["answers"]
    assert f"{answer['score']:.3g}" in seen.text(".scored h3")


def test_tables_are_read_as_people_write_them(modules):
    text = '\ufeffname;"a;b"\r\n"x ""y""\nz";1,5\r\n;\r\n'
    read = "async text => (await import('/static/tables.js')).readTable(text)"
    assert modules.evaluate(read, text) == [{"name": 'x "y"\nz', "a;b": "1,5"}]
    assert modules.evaluate(read, "only a header") is None
    written = modules.evaluate(
        "async records => (await import('/static/tables.js')).toCsv(records)",
        [{"a": 'x,"y"', "b": None}, {"a": 0.1, "b": 1}],
    )
    assert written == '\ufeffa,b\r\n"x,""y""",\r\n0.1,1\r\n'


def test_zones_leave_out_what_no_score_reaches(modules):
    names = {"pass": {}, "review": {}, "block": {}}
    zones = "async model => (await import('/static/verdicts.js')).zonesOf(model).map(({ low, high }) => [low, high])"
    for limits, expected in (
        ({"review": 0.1, "block": 0.4}, [[0, 0.1], [0.1, 0.4], [0.4, 1]]),
        ({"review": 0.3, "block": 0.3}, [[0, 0.3], [0.3, 1]]),
        ({"review": 0.1, "block": 2.0}, [[0, 0.1], [0.1, 1]]),  # 2: it is never blocked
        ({"review": 2.0, "block": 2.0}, []),
    ):
        model = {"kind": "binary", "decisions": names, "thresholds": limits}
        assert modules.evaluate(zones, model) == expected
    patients = {
        "kind": "diagnosis",
        "decisions": {"negative": {}, "positive": {}, "refer": {}},
        "thresholds": {
            "names": ["a", "b"],
            "operating": {"threshold": 0.2},
            "referral": {"low": 0.1, "high": 0.3},
        },
    }
    assert modules.evaluate(zones, patients) == [[0, 0.1], [0.1, 0.3], [0.3, 1]]


def test_sales_of_one_period_are_added_up(modules):
    model = {
        "fields": [
            {"role": role, "name": name}
            for role, name in (("item", "sku"), ("date", "day"), ("quantity", "pieces"))
        ]
    }
    answers = [{"item": "a", "date": "2025-01-13", "mean": 1}, {"item": "a", "date": "2025-01-20", "mean": 1}]
    sent = [
        {"sku": "a", "day": "2025-01-06 09:00:00", "pieces": "2"},
        {"sku": "a", "day": "2025-01-12", "pieces": 3},
        {"sku": "a", "day": "2025-01-05", "pieces": "1"},
        {"sku": "a", "day": "2025-01-13", "pieces": ""},
        {"sku": "b", "day": "2025-01-06", "pieces": 9},
    ]
    past = modules.evaluate(
        "async given => (await import('/static/series.js')).seriesOf(...given)[0].past",
        [model, answers, sent],
    )
    assert [(each["date"], each["value"]) for each in past] == [("2024-12-30", 1), ("2025-01-06", 5)]


def test_cells_of_a_customer_are_text_and_never_markup(view):
    seen = view("finance_fraud")
    header, *lines = rows_of("finance_fraud").splitlines()
    rows = [line.replace("C000", "<img src=x onerror=alert(1)>", 1) for line in lines[:3]]
    seen.paste("\n".join([header, *rows]))
    assert "<img" in seen.text(".many tbody")
    assert seen.tab.locator(".many tbody img").count() == 0
