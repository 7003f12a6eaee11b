"""Text as it reads once its disguises are off: look-alike letters, invisible characters, codes, letters spelled out.

Used in both directions: on what a candidate writes, to see an attempt to steer the grader, and on what the interviewer
is about to say, to see something that must not be said.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator

from interviewer.domain.text import STOPWORDS, words

FEWEST_CODED = 10
FEWEST_SPELLED = 10
CODED_WORDS = 10
FEWEST_TELLING = 3
HIDDEN_LEAST = 10

_LOOKALIKES = {
    "аеорсухіјѕһԁԛԝѵкмтнвьзіӏ": "aeopcyxijshdqwvkmthbbeil",
    "АВЕКМНОРСТУХІЈЅЗ": "ABEKMHOPCTYXIJSE",
    "αβεικνορτυχγηωϲϳ": "abeikvoptuxynwcj",
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ": "ABEZHIKMNOPTYX",
    "օոսհցзıɑɡłøđħŧɩ": "onuhgeiaglodhti",
    "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ": "abcdefghijklmnoprstuvwyz",
}
_ALPHABETS = (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)  # squared, circled and flag letters, which NFKC leaves alone
_PLAIN = str.maketrans(
    {a: b for look, plain in _LOOKALIKES.items() for a, b in zip(look, plain, strict=True)}
    | {chr(start + n): chr(97 + n) for start in _ALPHABETS for n in range(26)}
    | dict.fromkeys("’‘‚`´", "'")
    | dict.fromkeys("_*~#|", " ")
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{14,}={0,2}")
_HEX = re.compile(r"(?:(?:0x|\\x|%)?[0-9a-fA-F]{2}[\s:,]{0,2}){8,}")
_ESCAPED = re.compile(r"(?:\\u[0-9a-fA-F]{4}\s?){4,}")
_SPELLED = re.compile(rf"(?:(?<![^\W_])[^\W\d_](?![^\W_])[\W_]{{1,4}}){{{FEWEST_SPELLED - 1},}}")
_LEET_WORD = re.compile(r"(?<!\w)(?=[\w@$]*[A-Za-z])(?=[\w@$]*[0134578@$])[\w@$]+")
_LEET = str.maketrans("0134578@$", "oieastbas")
_UNSEEN = "\u200b-\u200f\u2060-\u2064\u180e\ufeff\x00-\x08\U000e0020-\U000e007f"
_INVISIBLE = re.compile(f"(?<=[A-Za-z ])[{_UNSEEN}]|[{_UNSEEN}](?=[A-Za-z ])|[\U000e0020-\U000e007f]")
_TAGS = {0xE0000 + n: chr(n) for n in range(32, 127)}
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007f]{1,8}")
_OVERRIDE = re.compile("[\u202d\u202e]")
_WORD = re.compile(r"\w+")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ROT13 = str.maketrans(_LETTERS, _LETTERS[13:] + _LETTERS[:13])


def bare(text: str) -> str:
    """Text in one case, with single spaces: look-alikes as Latin letters, no accents, marks or invisible characters."""
    plain = text.translate(_PLAIN)
    if not plain.isascii():
        spread = unicodedata.normalize("NFKD", plain).translate(_PLAIN)
        plain = "".join(c for c in spread if unicodedata.category(c) not in {"Cf", "Mn", "Me"})
    return " ".join(plain.casefold().split())


def shown(text: str) -> str:
    """Text without invisible characters, and with those that stand for letters unseen written as the letters."""
    if text.isascii():
        return text
    return "".join(c for c in text.translate(_TAGS) if unicodedata.category(c) != "Cf")


def hidden_readings(text: str) -> list[str]:
    """What a text says in base64, hex and the like, rot13, reversed, leetspeak or spelled out; [] when it is plain."""
    return [*_decoded(text), *_spelled(text), *_turned(bare(text))]


def outside_code(text: str) -> str:
    """What is left of a text without its runs of base64, hex, spelled-out letters, rot13 and words written backwards.

    A run of rot13 or reversed words reaches to the nearest plain function words, since only those can be told for sure.
    """
    for pattern in (_BASE64, _HEX, _ESCAPED):
        text = pattern.sub(lambda run: "\n" if any(True for _ in _decoded(run[0])) else run[0], text)
    text = _SPELLED.sub("\n", text)
    for start, end in _turned_runs(text):
        text = f"{text[:start]}\n{text[end:]}"
    return text.strip()


def hides_text(text: str) -> bool:
    """Whether it has more invisible characters among Latin letters than copying leaves, or turns its direction."""
    if text.isascii() and "\0" not in text:
        return False
    return len(_INVISIBLE.findall(_FLAG.sub("", text))) >= HIDDEN_LEAST or _OVERRIDE.search(text) is not None


def _decoded(text: str) -> Iterator[str]:
    for run in _BASE64.findall(text):
        yield from _as_text(_base64(run))
    for run in _HEX.findall(text):
        yield from _as_text(bytes.fromhex("".join(re.findall(r"[0-9a-fA-F]{2}(?!x)", run))))
    for run in _ESCAPED.findall(text):
        yield "".join(chr(int(code, 16)) for code in re.findall(r"[0-9a-fA-F]{4}", run))
    if text.count("&#") >= FEWEST_TELLING:
        yield html.unescape(text)


def _base64(run: str) -> bytes:
    whole = run.rstrip("=").translate(str.maketrans("-_", "+/"))
    whole = whole[: len(whole) // 4 * 4 + (len(whole) % 4 if len(whole) % 4 > 1 else 0)]
    try:
        return base64.b64decode(whole + "=" * (-len(whole) % 4))
    except binascii.Error:
        return b""


def _as_text(raw: bytes) -> Iterator[str]:
    """These bytes as text, if text is what they are: letters and spaces nearly all of it."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as cut:
        text = raw[: cut.start].decode("utf-8") if cut.start >= len(raw) - 3 else ""
    letters = sum(c.isalpha() for c in text)
    readable = letters + sum(c.isdigit() or c in " .,:'\n" for c in text)
    if len(text) >= FEWEST_CODED and readable >= 0.9 * len(text) and letters >= 0.6 * len(text):
        yield text


def _spelled(text: str) -> Iterator[str]:
    for found in _SPELLED.finditer(text):
        run = text[found.start() : found.end() + 1]
        yield " ".join("".join(c for c in word if c.isalnum()) for word in re.split(r"\s{2,}|\n|/", run))


def turned_words(said: list[str]) -> tuple[list[str], list[str]]:
    """These words under rot13, and each read backwards."""
    return [w.translate(_ROT13) for w in said], [w[::-1] for w in said]


def _turned(plain: str) -> Iterator[str]:
    """The reading of every word under a simple code, where that makes plain English of what was none."""
    said = words(plain)
    rotated, backwards = turned_words(said)
    if _reads_better(rotated, said):
        yield plain.translate(_ROT13)
    if _reads_better(backwards, said):
        yield plain[::-1]
    coded = {w.casefold() for w in _LEET_WORD.findall(plain)}
    if len(coded) >= FEWEST_TELLING + 1 and any(w.translate(_LEET) in STOPWORDS for w in coded):
        yield _LEET_WORD.sub(lambda found: found[0].translate(_LEET), plain)


def _reads_better(turned: list[str], said: list[str]) -> bool:
    """Whether the turned words are plainer English than those that were said, as a whole or in CODED_WORDS in a row."""
    starts = range(0, max(1, len(said) - CODED_WORDS + 1), CODED_WORDS // 2)
    spans = [slice(0, len(said)), *(slice(start, start + CODED_WORDS) for start in starts)]
    return any(_plainer(turned[span], said[span]) for span in spans)


def _plainer(turned: list[str], said: list[str]) -> bool:
    known = sum(w in STOPWORDS for w in said)
    telling = [w for w in turned if w in STOPWORDS and len(w) > 1]
    return len(telling) >= max(FEWEST_TELLING, known + 1) and len(set(telling)) > 1


def _turned_runs(text: str) -> list[tuple[int, int]]:
    """Where words are in rot13 or backwards, the last run first: from and to the nearest plain function words."""
    places = [found.span() for found in _WORD.finditer(text)]
    said = [text[start:end].casefold() for start, end in places]
    runs = []
    for turned in turned_words(said):
        coded = [n for n, w in enumerate(turned) if len(w) > 1 and w in STOPWORDS and said[n] not in STOPWORDS]
        if len(coded) < FEWEST_TELLING:
            continue
        first, last = coded[0], coded[-1]
        while first > 0 and said[first - 1] not in STOPWORDS:
            first -= 1
        while last + 1 < len(said) and said[last + 1] not in STOPWORDS:
            last += 1
        runs.append((places[first][0], places[last][1]))
    return sorted(runs, reverse=True)[:1]
