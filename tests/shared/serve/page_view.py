"""The page in one tab of a browser, and what the service itself says to the same questions."""

import json
import time
import urllib.request
from pathlib import Path

BUNDLES = Path(__file__).resolve().parents[2] / "fixtures" / "bundles"
STRICT = "default-src 'self'; img-src 'self' data: blob:"  # no inline style or script may be needed
KEY = "vk_of_this_test"
LAPTOP, PHONE = {"width": 1366, "height": 860}, {"width": 360, "height": 740}


def until(done, seconds=120):
    """Waits for what happens in another thread."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


class View:
    """One tab of the browser, and what it asked for and complained of."""

    def __init__(self, chromium, address, *, key=True, **given):
        given = {"viewport": LAPTOP, "locale": "en-US"} | given
        self.address = address
        self.context = chromium.new_context(**given)
        self.tab = self.context.new_page()
        self.tab.set_default_timeout(90_000)  # a machine may be busy
        self.asked, self.complaints = [], []
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("console", self._said)
        self.tab.route(address, self._strictly)
        if key:
            self.tab.add_init_script(f"sessionStorage.setItem('verticals.key', '{KEY}')")
        self.tab.goto(address)

    def _said(self, message):
        refused = "Failed to load resource" in message.text and "status of 4" in message.text
        if message.type in ("error", "warning") and not refused:
            self.complaints.append(message.text)

    @staticmethod
    def _strictly(route):
        response = route.fetch()
        assert "default-src 'self'" in response.headers["content-security-policy"]
        route.fulfill(response=response, headers=response.headers | {"content-security-policy": STRICT})

    def text(self, selector):
        return self.tab.inner_text(selector)

    def texts(self, selector):
        return self.tab.locator(selector).all_inner_texts()

    def send(self, shown="#shown > div"):
        self.tab.click("#send")
        self.tab.wait_for_selector("#send:enabled")  # it is not while a question is on its way
        assert self.tab.locator(shown).count(), self.text("#answer")

    def fill_example(self):
        self.tab.click("#way-form button >> nth=0")

    def paste(self, text, shown="#shown > div"):
        self.tab.click("#tab-paste")
        self.tab.fill("#pasted", text)
        self.send(shown)

    def upload(self, *files):
        self.tab.set_input_files("#files", [str(each) for each in files])
        self.send()

    def check(self):
        foreign = [each for each in self.asked if not each.startswith((self.address, "data:", "blob:"))]
        assert not foreign
        assert not self.complaints


def asked_directly(address, rows, **beside):
    """The answers of the service itself."""
    body = json.dumps({"rows": rows, "keep": False} | beside).encode()
    headers = {"Content-Type": "application/json", "X-API-Key": KEY}
    with urllib.request.urlopen(urllib.request.Request(address + "v1/predict", body, headers)) as reply:
        return json.load(reply)["answers"]


def described(address):
    request = urllib.request.Request(address + "v1/model", headers={"X-API-Key": KEY})
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


def rows_of(name):
    return (BUNDLES / name / "rows.csv").read_text(encoding="utf-8")


def photos():
    return sorted((BUNDLES / "manufacturing_defects" / "rows").glob("*.png"))
