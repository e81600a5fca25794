"""The files of the page, without a browser: texts, addresses, colours."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "shared" / "serve" / "page"


def sources(ending):
    return {each.name: each.read_text(encoding="utf-8") for each in sorted(PAGE.glob(f"*.{ending}"))}


def test_every_text_exists_in_english_and_chinese():
    words = sources("js")["words.js"]
    entries = re.findall(r'^  "?([\w. ]+)"?: \{\s*(.*?)\s*\},?$', words, re.M | re.S)
    for name, body in entries:
        assert re.match(r'en: ".+",\s+zh: ".+"', body, re.S), name
        english, chinese = re.split(r'",\s+zh: "', body)
        places = [set(re.findall(r"\{\w+\}", text)) for text in (english, chinese)]
        assert places[0] == places[1] or name == "next", name
    known = {name for name, _ in entries}
    used = set(re.findall(r'data-word="(\w+)"', (PAGE / "index.html").read_text(encoding="utf-8")))
    for name, text in sources("js").items():
        if name != "words.js":
            used |= set(re.findall(r'(?:\bsay|\bwrite|refuse)\((?:[\w.()"]+, )?"(\w+)"', text))
            used |= set(re.findall(r'\bword: "(\w+)"', text))
    assert len(used) > 60
    assert used - {"negative", "positive"} <= known


def test_the_page_names_no_outside_address_and_needs_nothing_inline():
    html = (PAGE / "index.html").read_text(encoding="utf-8")
    everything = {"index.html": html} | sources("js") | sources("css")
    for name, text in everything.items():
        found = set(re.findall(r"(?:https?:)?//[\w.-]+\.[a-z]{2,}[^\"']*", text))
        assert found <= {"http://www.w3.org/2000/svg"}, name  # a name space, never asked for
        assert "innerHTML" not in text, name
    assert not re.search(r'style=|\son\w+="|<script>|<style', html)


def test_colours_are_told_apart_by_weak_eyes_in_light_and_dark():
    css = sources("css")["page.css"]
    light, dark = re.findall(r":root \{(.*?)\}", css)[:2]
    for scheme in (light, dark):
        colours = dict(re.findall(r"--(\w+): (#\w{3,6})", scheme))
        pairs = [(text, ground) for text in ("ink", "muted", "blue", "red") for ground in ("paper", "soft")]
        pairs += [("green", "good"), ("amber", "watch"), ("red", "bad"), ("ink", "bad"), ("muted", "bad")]
        pairs += [("on", "blue"), ("ink", "warn"), ("green", "paper"), ("amber", "paper")]
        weak = {pair for pair in pairs if contrast(*(colours[name] for name in pair)) < 4.5}
        assert not weak


def contrast(one, other):
    """Of two colours, as WCAG 2 has it."""

    def luminance(colour):
        digits = colour.lstrip("#")
        digits = "".join(each * 2 for each in digits) if len(digits) == 3 else digits
        parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
