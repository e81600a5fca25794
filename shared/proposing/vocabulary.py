"""Names of columns to words: English and Chinese, abbreviations, camel case; and how alike two names are."""

import difflib
import functools
import itertools
import re
import tomllib
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from shared.contract import Role

EXACT, SAME_WORDS, PART, WEAK = 1.0, 0.95, 0.9, 0.55
LITTLE = 0.2  # weight of a word that says little of what a column is
NEAR = 0.82  # alike letters, from which on a name is taken for misspelt
SHORTEST = 5  # letters of a name that may be misspelt


@functools.cache
def _entries() -> dict[str, dict[str, list[str]]]:
    text = Path(__file__).with_name("vocabulary.toml").read_text("utf-8")
    return {
        section: {key: [each.strip() for each in words.split(",")] for key, words in entries.items()}
        for section, entries in tomllib.loads(text).items()
    }


@functools.cache
def words(section: str, key: str = "words") -> frozenset[str]:
    """The words of a list of `vocabulary.toml`, as `tokens` gives them.

    Example:
        >>> "gender" in words("coded"), "yes" in words("answers", "yes")
        (True, True)
    """
    entries = _entries()[section][key]
    plain = section == "answers"
    return frozenset(folded(each) if plain else each for each in entries) | frozenset(
        () if plain else (token for each in entries for token in tokens(each))
    )


@functools.cache
def _canonical() -> dict[str, str]:
    listed = {each: word for word, others in _entries()["words"].items() for each in others}
    return {**{word: word for word in _entries()["words"]}, **listed}


@functools.cache
def _chinese() -> dict[str, str]:
    """Chinese words to those that count, besides the ones that are words for themselves."""
    found = {word: known for word, known in _canonical().items() if not word.isascii()}
    for section in ("afterwards", "ahead", "coded", "counted", "person", "quantities"):
        for word in itertools.chain.from_iterable(_entries()[section].values()):
            if not word.isascii():
                found.setdefault(word, word)
    return found


def folded(text: str) -> str:
    """A text for comparison: one width, lower case, no spaces around it.

    Example:
        >>> folded(" Ｙes ")
        'yes'
    """
    return unicodedata.normalize("NFKC", text).casefold().strip()


@functools.lru_cache(maxsize=20_000)
def tokens(name: str) -> tuple[str, ...]:
    """The words of a column's name, each as the one that counts.

    Example:
        >>> tokens("TX_AMT"), tokens("invoiceDate"), tokens("客户编号")
        (('transaction', 'amount'), ('invoice', 'date'), ('customer', 'id'))
    """
    text = unicodedata.normalize("NFKC", name)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    found: list[str] = []
    for piece in re.findall(r"[a-z]+|[0-9]+|[^\W\d_a-z]+", text.casefold()):
        found += [_canonical().get(piece, piece)] if piece.isascii() else _cut(piece)
    return tuple(found)


def _cut(text: str) -> list[str]:
    """Chinese words, the longest known one first; what is between them stays together."""
    known, found, rest = _chinese(), [], ""
    at = 0
    while at < len(text):
        size = next(
            (size for size in range(min(6, len(text) - at), 0, -1) if text[at : at + size] in known), 0
        )
        if size:
            found += [rest] if rest else []
            found.append(known[text[at : at + size]])
            rest = ""
        else:
            rest += text[at]
        at += max(size, 1)
    return found + ([rest] if rest else [])


def _weight(of: set[str]) -> float:
    generic = words("generic")
    return sum(LITTLE if word in generic else 1.0 for word in of)


def alike(name: str, phrase: str) -> float:
    """How surely a column's name means a phrase, 0 to 1.

    Example:
        >>> alike("TX_AMOUNT", "amount") > alike("amount_7_days", "amount") > 0, alike("shop", "card")
        (True, 0.0)
    """
    plain, wanted = (re.sub(r"[\W_]+", "", folded(text)) for text in (name, phrase))
    if plain == wanted:
        return EXACT
    mine, theirs = set(tokens(name)), set(tokens(phrase))
    if mine == theirs and mine:
        return SAME_WORDS
    both = _weight(mine & theirs)
    score = PART * both / _weight(mine | theirs) if both >= 1 else 0.0
    if min(len(plain), len(wanted)) >= SHORTEST and plain.isascii():
        ratio = difflib.SequenceMatcher(None, plain, wanted).ratio()
        score = max(score, 0.8 * ratio if ratio >= NEAR else 0.0)
    return score


def phrases(role: Role) -> Sequence[tuple[str, float]]:
    """The names of a role, each with how much it counts at most.

    Example:
        >>> phrases(Role(name="patient", kind="key", aliases=("mrn",)))[:2], ("id", 0.55) in phrases(
        ...     Role(name="patient", kind="key"))
        ([('patient', 1.0), ('mrn', 1.0)], True)
    """
    own = [(name, EXACT) for name in (role.name, *role.aliases)]
    more = _entries()["roles"].get(role.name, [])
    return own + [(each.removeprefix("~"), WEAK if each.startswith("~") else EXACT * 0.97) for each in more]


def name_score(name: str, role: Role) -> tuple[float, str]:
    """How surely a name means a role, and the known name that it is most like.

    Example:
        >>> name_score("posting_dt", Role(name="time", kind="time"))
        (0.92, 'posting date')
    """
    scored = [(round(most * alike(name, phrase), 2), phrase) for phrase, most in phrases(role)]
    return max(scored, key=lambda each: each[0])


def has_word(name: str, section: str) -> bool:
    """Whether one of a name's words is in a list.

    Example:
        >>> has_word("chargeback_date", "afterwards"), has_word("Region", "coded")
        (True, True)
    """
    return bool(words(section) & set(tokens(name)))


def listed(section: str) -> dict[str, list[str]]:
    """The entries of a section of `vocabulary.toml`, as they stand there.

    Example:
        >>> listed("quantities")["sex"]
        ['sex', 'gender', '性别']
    """
    return _entries()[section]
