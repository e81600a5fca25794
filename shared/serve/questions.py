"""The body of a request to a `Question`: JSON, CSV, or files with or without JSON."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.errors import Fault
from shared.images.listing import PHOTOS
from shared.serve.problems import Problem

DEEPEST = 20  # brackets within brackets
MOST_REASONS = 20
ENTRIES = ("rows", "history", "reasons", "keep", "lang", "pictures")
JSON, CSV, FORM = "application/json", "text/csv", "multipart/form-data"
TABLES = (".csv", ".tsv", ".txt")
MOST_FILES = 1000


@dataclass
class Question:
    """What a client asks.

    Args:
        rows: Cells by the customer's names of columns; None: they are in `table`, or are the files themselves.
        table: A CSV, as it was sent.
        files: Photos and zips of photos by name, as they were sent.
        history: Earlier rows in the same columns.
        reasons: Attributions that each answer is to have.
        keep: Whether the rows may be kept as earlier rows of later requests.
        pictures: Whether each photo is to be answered with its heatmap.
        lang: Of texts, "en" or "zh".
    """

    rows: list[dict[str, Any]] | None = None
    table: bytes | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    history: list[dict[str, Any]] | None = None
    reasons: int = 0
    keep: bool = True
    pictures: bool = False
    lang: str = "en"


def read_question(content_type: str, body: bytes, query: Mapping[str, str], *, lang: str = "en") -> Question:
    """Reads a body by its content type.

    Args:
        content_type: The header.
        query: `reasons`, `lang` and `pictures` of an address, for bodies that have no place for them.
        lang: Where the request names none.
    Raises:
        Problem: 400, 415 or 422.
    Example:
        >>> read_question("text/csv", b"amount\\n12", {"reasons": "3"}).reasons
        3
    """
    kind = content_type.partition(";")[0].strip().lower()
    asked = _from_query(query) | {"lang": query.get("lang", lang)}
    if kind == JSON:
        return question_of(parse_json(body), asked)
    if kind == CSV:
        refuse_other_files(body)
        return question_of({"rows": []}, asked, table=body)
    if kind == FORM:
        return _from_form(content_type, body, asked)
    raise Problem(415, f"expected {JSON}, {CSV} or {FORM}" + (f", found {kind[:60]}" if kind else ""))


def parse_json(body: bytes) -> Any:
    """JSON as RFC 8259 has it: UTF-8, no NaN, no Infinity, and not too deep.

    Raises:
        Problem: 400, with the place.
    Example:
        >>> parse_json(b'{"rows": []}')
        {'rows': []}
    """
    if not body.strip():
        raise Problem(400, 'the body is empty; expected JSON such as {"rows": [{...}]}')
    try:
        found = json.loads(body.decode("utf-8-sig"), parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise Problem(400, f"the body is no UTF-8 (byte {error.start:,}). JSON is written in UTF-8") from None
    except RecursionError:
        raise Problem(400, _too_deep()) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Problem(400, f"the body is no JSON: {error.msg} ({where})") from None
    except ValueError as error:  # a number of thousands of digits
        if str(error).startswith("NaN"):
            raise Problem(400, str(error)) from None
        raise Problem(400, "the body is no JSON: a number has too many digits") from None
    if body.count(b"[") + body.count(b"{") > DEEPEST:
        _refuse_depth(found)
    if b"\\u" in body:
        _refuse_half_letters(found)
    return found


def _no_number(text: str) -> float:
    raise ValueError(
        f"NaN, Infinity: JSON has no such numbers (found {text}). Write null where nothing is known"
    )


def _too_deep() -> str:
    return f"the body is nested deeper than {DEEPEST} levels"


def _refuse_depth(found: Any) -> None:
    level = [found]
    for _ in range(DEEPEST):
        level = [
            each
            for outer in level
            for each in (outer.values() if isinstance(outer, dict) else outer)
            if type(each) in (dict, list)
        ]
        if not level:
            return
        if not isinstance(level[0], (dict, list)):
            return
    raise Problem(400, _too_deep())


def _refuse_half_letters(found: Any) -> None:
    """Half of a letter beyond 16 bits, which no text in UTF-8 can hold."""
    try:
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise Problem(400, "a text holds half of a surrogate pair; it is no valid Unicode") from None


def question_of(found: Any, asked: dict[str, Any], *, table: bytes | None = None) -> Question:
    """What parsed JSON asks; every entry that is wrong is named.

    Raises:
        Problem: 422.
    Example:
        >>> question_of({"rows": [{"amount": 12}]}, {}).rows
        [{'amount': 12}]
    """
    if not isinstance(found, dict):
        raise Problem(422, f'expected an object such as {{"rows": [{{...}}]}}, found {_kind(found)}')
    faults = [
        Fault(text=f"`{name[:40]}` is no entry of a request; expected {', '.join(ENTRIES)}")
        for name in found
        if name not in ENTRIES
    ][:5]
    asked = asked | {name: value for name, value in found.items() if name in ENTRIES and value is not None}
    rows, history = asked.get("rows"), asked.get("history")
    faults += (
        [Fault(text="`rows` is missing; expected a list of rows")]
        if rows is None
        else _not_rows(rows, "rows")
    )
    faults += [] if history is None else _not_rows(history, "history")
    faults += _wrong_settings(asked)
    if faults:
        raise Problem(422, "the request does not fit", faults=faults)
    return Question(**(asked | {"rows": None if table is not None else rows, "table": table}))


def _wrong_settings(asked: dict[str, Any]) -> list[Fault]:
    reasons, faults = asked.get("reasons", 0), []
    if type(reasons) is not int or not 0 <= reasons <= MOST_REASONS:
        faults.append(Fault(text=f"`reasons` is no whole number from 0 to {MOST_REASONS}"))
    for name in ("keep", "pictures"):
        if type(asked.get(name, False)) is not bool:
            faults.append(Fault(text=f"`{name}` is neither true nor false"))
    if asked.get("lang", "en") not in ("en", "zh"):
        faults.append(Fault(text="`lang` is neither en nor zh"))
    return faults


def _not_rows(rows: Any, name: str) -> list[Fault]:
    if not isinstance(rows, list):
        return [Fault(text=f"`{name}` is {_kind(rows)}; expected a list of rows")]
    wrong = [number for number, row in enumerate(rows, 1) if type(row) is not dict]
    return [
        Fault(row=number, text=f"it is {_kind(rows[number - 1])}; expected an object of cells by column")
        for number in wrong[:5]
    ]


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")


def _from_query(query: Mapping[str, str]) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    if "reasons" in query:
        text = query["reasons"]
        asked["reasons"] = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else text
    for name in ("pictures", "keep"):
        if name in query:
            asked[name] = {"true": True, "1": True, "false": False, "0": False}.get(query[name], query[name])
    return asked


def refuse_other_files(table: bytes) -> None:
    """A CSV is text: an archive, a workbook or a Parquet file that is sent as one is refused before it is unpacked.

    Raises:
        Problem: 415.
    """
    starts = {b"\x1f\x8b": "a gzip archive", b"PK\x03\x04": "a zip or a workbook", b"PAR1": "Parquet"}
    for start, what in starts.items():
        if table.startswith(start):
            raise Problem(415, f"the table is {what}; expected the text of a CSV")


def _from_form(content_type: str, body: bytes, asked: dict[str, Any]) -> Question:
    from starlette.datastructures import Headers
    from starlette.formparsers import MultiPartException, MultiPartParser

    class InMemory(MultiPartParser):
        spool_max_size = len(body) + 1  # patients' photos are never written to a disk

    async def stream() -> AsyncIterator[bytes]:
        yield body
        yield b""

    damaged = Problem(400, "the multipart body cannot be read: its parts are damaged or cut off")
    if not body.rstrip().endswith(b"--"):  # the mark of the end, which the parser does not miss
        raise damaged
    parser = InMemory(
        Headers({"content-type": content_type}), stream(), max_files=MOST_FILES, max_part_size=len(body) + 1
    )
    try:
        form = asyncio.run(parser.parse())
    except (MultiPartException, KeyError, ValueError, UnicodeError):
        raise damaged from None
    texts = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    files = [
        (value.filename or "", value.file.read())
        for _, value in form.multi_items()
        if not isinstance(value, str)
    ]
    return _of_parts(texts, files, asked)


def _of_parts(texts: dict[str, str], files: list[tuple[str, bytes]], asked: dict[str, Any]) -> Question:
    unknown = [name for name in texts if name not in ENTRIES]
    if unknown:
        raise Problem(
            422, f"`{unknown[0][:40]}` is no field of a request; expected {', '.join(ENTRIES)} and files"
        )
    asked = asked | _from_query(texts) | ({"lang": texts["lang"]} if "lang" in texts else {})
    found = {
        name: parse_json(texts[name].encode("utf-8", "replace"))
        for name in ("rows", "history")
        if name in texts
    }
    if isinstance(found.get("rows"), dict):  # the whole body of a JSON request, as it is
        found = found["rows"] | {name: value for name, value in found.items() if name != "rows"}
    tables = [content for name, content in files if name.lower().endswith(TABLES)]
    others = [(name, content) for name, content in files if not name.lower().endswith(TABLES)]
    for name, _ in others:
        if not name.lower().endswith((".zip", *PHOTOS)):
            raise Problem(415, f"a file is none of {', '.join((*TABLES[:1], '.zip', *PHOTOS))}")
    if len(tables) > 1 or (tables and "rows" in found):
        raise Problem(422, "rows were sent twice: give one CSV, or the field `rows`")
    if not tables and "rows" not in found and not others:
        raise Problem(422, "there is nothing to answer: give the field `rows`, a CSV or photos")
    kept: dict[str, bytes] = {}
    for name, content in others:
        if kept.setdefault(name, content) != content:
            raise Problem(422, "two files have one name; rename one of them")
    if tables:
        refuse_other_files(tables[0])
    whole = "rows" in found
    question = question_of({"rows": []} | found, asked, table=tables[0] if tables else None)
    question.rows, question.files = (question.rows if whole else None), kept
    return question
