"""The report's texts in English and Chinese, read from `words.toml` and one file more a kind of report."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from shared.report.figures import DASH, clip

LANGUAGES = ("en", "zh")
KINDS = ("diagnosis", "forecast", "inspection")


@cache
def texts(name: str) -> dict[str, dict[str, str]]:
    """All entries of one file of texts as `{"section.key": {"en": ..., "zh": ...}}`."""
    tables = tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))
    return {f"{table}.{key}": text for table, entries in tables.items() for key, text in entries.items()}


@cache
def catalogue(kind: str | None = None) -> dict[str, dict[str, str]]:
    """All entries; where two files have one key, that of `kind` wins if given, else that of `words.toml`."""
    found = {key: text for each in KINDS for key, text in texts(f"words_{each}").items()} | texts("words")
    return found | texts(f"words_{kind}") if kind in KINDS else found


def humanise(key: str) -> str:
    """A name for people made from a key.

    Example:
        >>> humanise("merchant_risk")
        'Merchant risk'
    """
    text = str(key).replace("_", " ").strip()
    return text[:1].upper() + text[1:]


class Words:
    """Looks up texts of one language.

    Args:
        lang: "en" or "zh".
        extra: Further or replacing entries, `{"section.key": {"en": ..., "zh": ...}}`.
        kind: "diagnosis", "forecast" or "inspection" to prefer the texts of `words_<kind>.toml`.
    Raises:
        ValueError: If `lang` is neither.
    Example:
        >>> words = Words("en")
        >>> words("metric.card_precision_100"), words("metric.profit_per_seat")
        ('Card precision@100', 'Profit per seat')
    """

    def __init__(self, lang: str, extra: Mapping | None = None, kind: str | None = None):
        if lang not in LANGUAGES:
            raise ValueError(f"the report is written in {' or '.join(LANGUAGES)}, not in {lang!r}")
        self.lang, self.entries = lang, {**catalogue(kind), **(extra or {})}

    def __call__(self, key: str, **values) -> str:
        """The text of `section.key`; without an entry the key itself, underscores replaced."""
        if key in self.entries:
            return fill(self.local(self.entries[key]), values)
        numbered = re.sub(r"\d+$", "N", key)
        if numbered != key and numbered in self.entries:
            return fill(self.local(self.entries[numbered]), {"n": key[len(numbered) - 1 :], **values})
        return humanise(key.partition(".")[2])

    def name(self, section: str, key) -> str:
        """The text of a key that comes from the metrics: `Amount band` is looked up as `amount_band`."""
        if key is None:
            return DASH
        plain = re.sub(r"[\s-]+", "_", str(key).strip().lower())
        if f"{section}.{key}" not in self.entries and self.known(f"{section}.{plain}"):
            return self(f"{section}.{plain}")
        return self(f"{section}.{key}")

    def priced(self, label: str, currency: str) -> str:
        """A label with the currency in which its figures are, if there is one."""
        return self("column.in_currency", label=label, currency=currency) if currency else label

    def within(self, name: str) -> str:
        """A name as it stands within a sentence: in English without its capital, unless it is an acronym."""
        return name if self.lang != "en" or name[1:2].isupper() else name[:1].lower() + name[1:]

    def join(self, sentences: Sequence[str]) -> str:
        """Sentences in a row: Chinese puts no space between them."""
        return ("" if self.lang == "zh" else " ").join(sentences)

    def value(self, section: str, key) -> str:
        """As `name`, but a key without an entry stays as it is: it is a value of the customer's."""
        if key is None:
            return DASH
        plain = str(key).strip().lower()
        return self(f"{section}.{plain}") if self.known(f"{section}.{plain}") else clip(str(key), 80)

    def known(self, key: str) -> bool:
        return key in self.entries or re.sub(r"\d+$", "N", key) in self.entries

    def local(self, text) -> str:
        """Picks this language from `{"en": ..., "zh": ...}`; falls back to English, then to any."""
        if not isinstance(text, Mapping):
            return "" if text is None else str(text)
        return str(text.get(self.lang) or text.get("en") or next(iter(text.values()), "") or "")


def fill(text: str, values: Mapping) -> str:
    """Puts `values` into `{name}` places; other braces stay."""
    return re.sub(r"\{(\w+)\}", lambda found: str(values.get(found[1], found[0])), text)
