"""The part of CBOR that the protocol uses (chapter 1, RFC 8949).

Unsigned integers, bytes, texts, arrays, true, false and null. Reading takes
integers and lengths that are not shortest, so that a caller can tell what is
malformed from what is a second encoding: `decode` compares.
"""

from .refusal import Refused, demand

UNSIGNED, BYTES, TEXT, ARRAY = 0, 2, 3, 4
SIMPLE = {0xF4: False, 0xF5: True, 0xF6: None}


def head(major, number):
    """The shortest head of an item."""
    if number < 24:
        return bytes([major << 5 | number])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | code]) + number.to_bytes(size, "big")
    raise ValueError("no integer of CBOR")


def encode(value):
    """The one encoding of a value."""
    for byte, simple in SIMPLE.items():
        if value is simple:
            return bytes([byte])
    if isinstance(value, int):
        return head(UNSIGNED, value)
    if isinstance(value, bytes):
        return head(BYTES, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return head(TEXT, len(text)) + text
    return head(ARRAY, len(value)) + b"".join(map(encode, value))


class Reader:
    """Steps through CBOR items."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        demand(self.at + count <= len(self.data), "malformed", "cut short")
        self.at += count
        return self.data[self.at - count : self.at]

    def head(self):
        """The major type and number of the next item's head."""
        initial = self.take(1)[0]
        major, info = initial >> 5, initial & 31
        if info < 24:
            return major, info
        demand(info < 28, "malformed", "an indefinite length, or a reserved head")
        return major, int.from_bytes(self.take(1 << info - 24), "big")

    def item(self):
        """The next item, whatever it is."""
        if self.at < len(self.data) and self.data[self.at] in SIMPLE:
            return SIMPLE[self.take(1)[0]]
        major, number = self.head()
        if major == UNSIGNED:
            return number
        if major == BYTES:
            return bytes(self.take(number))
        if major == TEXT:
            try:
                return self.take(number).decode()
            except UnicodeDecodeError:
                raise Refused("malformed", "a text that is not UTF-8") from None
        demand(major == ARRAY, "malformed", "a negative integer, map, tag or float")
        demand(number <= len(self.data) - self.at, "malformed", "cut short")
        return [self.item() for _ in range(number)]


def read(data):
    """The one item that `data` is, in whatever encoding."""
    reader = Reader(data)
    try:
        value = reader.item()
    except RecursionError:
        raise Refused("malformed", "nested too deep") from None
    demand(reader.at == len(data), "malformed", "bytes are left over")
    return value


def decode(data):
    """The one item that `data` is the one encoding of."""
    value = read(data)
    demand(encode(value) == data, "malformed", "a second encoding")
    return value


# Shapes: each function checks a value and gives it back.


def unsigned(bits=64, least=0):
    def check(value):
        sound = isinstance(value, int) and not isinstance(value, bool)
        demand(sound and least <= value < 1 << bits, "malformed", "an integer is due")
        return value

    return check


def blob(length=None):
    def check(value):
        demand(isinstance(value, bytes), "malformed", "bytes are due")
        demand(length is None or len(value) == length, "malformed", "another length is due")
        return value

    return check


def text(value):
    demand(isinstance(value, str), "malformed", "a text is due")
    return value


def boolean(value):
    demand(isinstance(value, bool), "malformed", "true or false is due")
    return value


def array(*shapes):
    """An array of exactly these."""

    def check(value):
        demand(isinstance(value, list) and len(value) == len(shapes), "malformed", "another array")
        return [shape(item) for shape, item in zip(shapes, value)]

    return check


def array_of(shape, most, least=0):
    """An array of `least` to `most` of one shape."""

    def check(value):
        demand(isinstance(value, list), "malformed", "an array is due")
        demand(least <= len(value) <= most, "malformed", "too many or too few")
        return [shape(item) for item in value]

    return check


def null_or(shape):
    return lambda value: None if value is None else shape(value)
