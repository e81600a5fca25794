"""Bytes of a text file to UTF-8: byte order marks, strict UTF-8, then the encodings of East and West."""

import codecs

import numpy as np
from charset_normalizer import from_bytes

from shared.errors import ContractError, Fault

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
GUESSED = ("euc_kr", "gb18030", "big5", "shift_jis")


def decoded(source: str, data: bytes, encoding: str | None = None) -> tuple[bytes, str]:
    """The text as UTF-8 bytes without a byte order mark, and the name of the encoding it had.

    The whole file must decode strictly in that encoding.

    Raises:
        ContractError: If no encoding fits, or the file holds NUL bytes.
    Example:
        >>> text, encoding = decoded("a.csv", "金额,客户\\n1,张三\\n".encode("gbk"))
        >>> text.decode(), encoding
        ('金额,客户\\n1,张三\\n', 'gb18030')
    """
    if encoding is None:
        encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), None) or _wide(data)
    if b"\0" in data and "16" not in (encoding or "") and "32" not in (encoding or ""):
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        text = f"line {line:,} holds a NUL byte, so it is no text or damaged. Export it again as CSV"
        raise _refuse(source, text)
    encoding = encoding or ("utf-8" if _is_utf8(data) else _guess(data))
    if encoding is None:
        text = "the text is not UTF-8, and nothing tells its encoding. Set encoding under [format]"
        raise _refuse(source, text)
    try:
        plain = codecs.lookup(encoding).name == "utf-8"
        text = data if plain and _is_utf8(data) else data.decode(encoding).encode("utf-8")
    except (UnicodeError, LookupError) as error:
        at = f" (byte {error.start + 1:,})" if isinstance(error, UnicodeDecodeError) else ""
        way_out = "Set encoding under [format], or save the file as UTF-8"
        raise _refuse(source, f"the text is not {encoding}{at}. {way_out}") from None
    return text.removeprefix(codecs.BOM_UTF8), encoding


def _refuse(source: str, text: str) -> ContractError:
    return ContractError(f"{source} cannot be read", [Fault(text=text)])


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _wide(data: bytes) -> str | None:
    """UTF-16 without a mark has a NUL in nearly every other byte."""
    sample = np.frombuffer(data[: min(len(data), 20_000) // 2 * 2], np.uint8).reshape(-1, 2)
    if not len(sample):
        return None
    first, second = (sample == 0).mean(axis=0)
    if max(first, second) > 0.4 and min(first, second) < 0.1:
        return "utf-16-le" if second > first else "utf-16-be"
    return None


def _guess(data: bytes) -> str | None:
    """The encoding that makes the most ordinary letters of the bytes that are not ASCII."""
    sample = b"\n".join(line for line in data.split(b"\n", 20_000)[:20_000] if not line.isascii())[:100_000]
    sample = sample or data[:100_000]
    scores = {name: _share_of_common(data, sample, name) for name in GUESSED}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] >= 0.7:
        return best
    if _is_western(sample):
        return "cp1252" if _decodes(data, "cp1252") else "latin-1"
    found = from_bytes(sample).best()
    if found is not None and _decodes(data, found.encoding):
        return found.encoding
    return None


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeError:
        return False
    return True


def _is_western(sample: bytes) -> bool:
    """Whether the letters beyond ASCII stand among ASCII ones, not in words of their own."""
    high = np.frombuffer(sample, np.uint8) >= 0x80
    inside = high[1:-1] & high[:-2] & high[2:]
    return inside.sum() <= 0.2 * high.sum()


def _share_of_common(data: bytes, sample: bytes, encoding: str) -> float:
    """Share of characters beyond ASCII that are everyday ones; 0 if the whole file does not decode."""
    if not _decodes(data, encoding):
        return 0.0
    letters = [letter for letter in sample.decode(encoding, "ignore") if ord(letter) >= 0x80]
    common = {letter: _is_common(letter, encoding) for letter in set(letters)}
    if encoding == "euc_kr" and len(common) < 20:  # few everyday letters of GB 2312 look like Korean
        return 0.0
    return sum(common[letter] for letter in letters) / len(letters) if letters else 0.0


def _is_common(letter: str, encoding: str) -> bool:
    if 0x3000 <= ord(letter) <= 0x3002 or 0xFF01 <= ord(letter) <= 0xFF5E or letter in "￥“”·—…":
        return True
    try:
        if encoding == "euc_kr":
            return "가" <= letter <= "힣"
        if encoding == "gb18030":  # level 1 of GB 2312: the 3,755 everyday characters
            return 0xB0 <= letter.encode("gb2312")[0] <= 0xD7
        if encoding == "big5":  # level 1 of Big5: 5,401 everyday characters
            return 0xA4 <= letter.encode("big5")[0] <= 0xC6
        kana = 0x3041 <= ord(letter) <= 0x30FF
        return kana or 0x88 <= letter.encode("shift_jis")[0] <= 0x97  # level 1 of JIS X 0208
    except (UnicodeEncodeError, IndexError):
        return False
