"""JSON read strictly, and written as RFC 8785 tells.

An object becomes a dict, an integer that a charter may hold an int, any other
number a `Number` that keeps its digits.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from .refusal import Refused

WHITE_SPACE = re.compile(r"[ \t\n\r]*")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
STRING_PIECE = re.compile(r'[^"\\\x00-\x1f]*')
ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True)
class Number:
    """A number as it was written."""

    literal: str


def child(pointer, name):
    """The JSON Pointer of a member or item (RFC 6901)."""
    return f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"


class Parser:
    """One pass over a text; the first problem ends it."""

    def __init__(self, text, syntax, duplicate):
        self.text, self.at = text, 0
        self.syntax, self.duplicate = syntax, duplicate

    def document(self):
        value = self.value("")
        self.blank()
        if self.at != len(self.text):
            self.fail()
        return value

    def fail(self):
        raise Refused(self.syntax, f"no JSON at character {self.at}", "")

    def blank(self):
        self.at = WHITE_SPACE.match(self.text, self.at).end()

    def next_is(self, mark):
        self.blank()
        found = self.text.startswith(mark, self.at)
        self.at += len(mark) if found else 0
        return found

    def value(self, pointer):
        for word, value in (("true", True), ("false", False), ("null", None)):
            if self.next_is(word):
                return value
        if self.next_is("{"):
            return self.members(pointer)
        if self.next_is("["):
            return self.items(pointer)
        if self.next_is('"'):
            return self.string(pointer)
        found = NUMBER.match(self.text, self.at)
        if not found:
            self.fail()
        self.at = found.end()
        return Number(found[0])

    def items(self, pointer):
        items = []
        if self.next_is("]"):
            return items
        while True:
            items.append(self.value(child(pointer, len(items))))
            if self.next_is("]"):
                return items
            if not self.next_is(","):
                self.fail()

    def members(self, pointer):
        members = {}
        if self.next_is("}"):
            return members
        while True:
            if not self.next_is('"'):
                self.fail()
            name = self.string(pointer)
            if name in members:
                raise Refused(self.duplicate, name, child(pointer, name))
            if not self.next_is(":"):
                self.fail()
            members[name] = self.value(child(pointer, name))
            if self.next_is("}"):
                return members
            if not self.next_is(","):
                self.fail()

    def string(self, pointer):
        pieces = []
        while True:
            found = STRING_PIECE.match(self.text, self.at)
            pieces.append(found[0])
            self.at = found.end()
            mark = self.text[self.at : self.at + 1]
            self.at += 1
            if mark == '"':
                return "".join(pieces)
            if mark != "\\":
                self.fail()
            pieces.append(self.escape(pointer))

    def escape(self, pointer):
        letter = self.text[self.at : self.at + 1]
        self.at += 1
        if letter in ESCAPES and letter:
            return ESCAPES[letter]
        unit = self.code_unit() if letter == "u" else self.fail()
        if 0xD800 <= unit < 0xDC00 and self.text.startswith("\\u", self.at):
            self.at += 2
            low = self.code_unit()
            if 0xDC00 <= low < 0xE000:
                return chr(0x10000 + ((unit - 0xD800) << 10) + low - 0xDC00)
            unit = 0xD800
        if 0xD800 <= unit < 0xE000:
            raise Refused("lone-surrogate", "half a surrogate pair", pointer)
        return chr(unit)

    def code_unit(self):
        digits = self.text[self.at : self.at + 4]
        if not re.fullmatch(r"[0-9A-Fa-f]{4}", digits):
            self.fail()
        self.at += 4
        return int(digits, 16)


def read(data, syntax="syntax", duplicate="duplicate-member"):
    """The JSON value of UTF-8 bytes."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(syntax, "no UTF-8", "") from None
    try:
        return Parser(text, syntax, duplicate).document()
    except RecursionError:
        raise Refused("too-deep", "", "") from None


def binary64(number):
    """The nearest binary64 of a literal, or None where its digits are lost."""
    value = float(number.literal)
    if value in (float("inf"), float("-inf")):
        return None
    return value if Decimal(write_number(value)) == Decimal(number.literal) else None


def write_number(value):
    """A number as ECMAScript writes it (RFC 8785 §3.2.2.3)."""
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    digits, exponent = shortest(abs(value))
    count, point = len(digits), len(digits) + exponent
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    fraction = "." + digits[1:] if count > 1 else ""
    power = point - 1
    return f"{sign}{digits[0]}{fraction}e{'+' if power > 0 else '-'}{abs(power)}"


def shortest(value):
    """The shortest digits that give a binary64 back, and their exponent."""
    parts = Decimal(repr(float(value))).as_tuple()
    digits = "".join(map(str, parts.digits))
    stripped = digits.rstrip("0")
    return stripped, parts.exponent + len(digits) - len(stripped)


def write_string(text):
    out = []
    names = {v: k for k, v in ESCAPES.items() if v != "/"}
    for character in text:
        if character in names:
            out.append("\\" + names[character])
        elif character < " ":
            out.append(f"\\u{ord(character):04x}")
        else:
            out.append(character)
    return '"' + "".join(out) + '"'


def canonical(value):
    """The JCS form of a value, as text."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return write_number(value)
    if isinstance(value, str):
        return write_string(value)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    names = sorted(value, key=lambda name: name.encode("utf-16-be"))
    return "{" + ",".join(f"{write_string(n)}:{canonical(value[n])}" for n in names) + "}"
