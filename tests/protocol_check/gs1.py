"""Which texts claim to be GS1 identifiers, and which claims are sound (chapter 11)."""

import re
from dataclasses import dataclass

from .refusal import demand

DIGITS = set("0123456789")
SET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
SET_39 = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789#-/")
PAIR_SET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83]
PLAIN_IN_URN = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._!'()*+,:;=")
HEX = r"[0-9A-Fa-f]{2}"


def sound(held, detail=""):
    demand(held, "identifier", detail)


def check_digit(digits):
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits)))
    return str(-total % 10)


def check_pair(model):
    total = sum(SET_82.index(c) * weight for c, weight in zip(reversed(model), PRIMES)) % 1021
    return PAIR_SET[total >> 5] + PAIR_SET[total & 31]


def is_digits(text):
    return set(text) <= DIGITS


@dataclass(frozen=True)
class Rule:
    """An application identifier: `checked` digits, then `least` to `most` of `set`."""

    number: str
    word: str
    checked: int
    least: int = 0
    most: int = 0
    set: frozenset = frozenset()
    more: str = ""
    orders: tuple = None  # of a key; None for a qualifier

    def check(self, value):
        rest = value[self.checked :]
        sound(is_digits(value[: self.checked]) and set(rest) <= self.set, "a character")
        sound(len(value) >= self.checked and self.least <= len(rest) <= self.most, "a length")
        if self.checked:
            digit = value[self.checked - 1]
            sound(digit == check_digit(value[: self.checked - 1]), "the check digit")
        if self.more in ("prefix", "pair"):
            sound(is_digits(value[:4]) and len(value) >= 4, "a company prefix")
        if self.more == "pair":
            sound(check_pair(value[:-2]) == value[-2:], "the check pair")
        if self.more == "filler":
            sound(value[0] == "0", "the filler")
        if self.more == "pieces":
            check_pieces(value[14:16], value[16:18])
        if self.more == "no-zero":
            sound(value[0] != "0", "a leading zero")
        if self.more == "index":
            sound(re.fullmatch(r"[0-9][0-9A-Za-z_-]{3}", value), "an importer index")


def check_pieces(piece, total):
    sound(len(piece) == 2 and len(total) == 2 and is_digits(piece + total), "piece and total")
    sound(1 <= int(piece) <= int(total), "piece and total")


ANY, PART, NUMERIC = frozenset(SET_82), frozenset(SET_39), frozenset(DIGITS)
ITEM = (("22", "10", "21"), ("235",))
RULES = [
    Rule("00", "sscc", 18, orders=()),
    Rule("01", "gtin", 14, orders=ITEM),
    Rule("253", "gdti", 13, 0, 17, ANY, orders=()),
    Rule("255", "gcn", 13, 0, 12, NUMERIC, orders=()),
    Rule("401", "ginc", 0, 1, 30, ANY, "prefix", ()),
    Rule("402", "gsin", 17, orders=()),
    Rule("414", "gln", 13, orders=(("254",), ("7040",))),
    Rule("415", "payTo", 13, orders=(("8020",),)),
    Rule("417", "party", 13, orders=(("7040",),)),
    Rule("8003", "grai", 14, 0, 16, ANY, "filler", ()),
    Rule("8004", "giai", 0, 1, 30, ANY, "prefix", (("7040",),)),
    Rule("8006", "itip", 14, 4, 4, NUMERIC, "pieces", (("22", "10", "21"),)),
    Rule("8010", "cpid", 0, 1, 30, PART, "prefix", (("8011",),)),
    Rule("8013", "gmn", 0, 3, 25, ANY, "pair", ()),
    Rule("8017", "gsrnp", 18, orders=(("8019",),)),
    Rule("8018", "gsrn", 18, orders=(("8019",),)),
    Rule("10", "lot", 0, 1, 20, ANY),
    Rule("21", "ser", 0, 1, 20, ANY),
    Rule("22", "cpv", 0, 1, 20, ANY),
    Rule("235", "tpx", 0, 1, 28, ANY),
    Rule("254", "glnx", 0, 1, 20, ANY),
    Rule("7040", None, 0, 4, 4, ANY, "index"),
    Rule("8011", "cpsn", 0, 1, 12, NUMERIC, "no-zero"),
    Rule("8019", "srin", 0, 1, 10, NUMERIC),
    Rule("8020", "refNo", 0, 1, 25, ANY),
]
BY_NUMBER = {rule.number: rule for rule in RULES}
BY_NAME = {**BY_NUMBER, **{rule.word: rule for rule in RULES if rule.word}}


def check(text):
    """Refuses a text that claims to be a GS1 identifier and is broken."""
    if text[:8].lower() == "urn:epc:":
        check_urn(text[8:])
        return
    found = re.match(r"https?://", text, re.IGNORECASE)
    if found:
        check_link(text[found.end() :])


# EPC URNs (§11.2).

# scheme: (components, digits of prefix and reference, least of the reference,
#          rule of the last component or of the whole key)
SCHEMES = {
    "sgtin": (3, 13, 1, "21"), "lgtin": (3, 13, 1, "10"), "upui": (3, 13, 1, "235"),
    "itip": (5, 13, 1, "21"), "sscc": (2, 17, 1, None), "sgln": (3, 12, 0, "254"),
    "pgln": (2, 12, 0, None), "grai": (3, 12, 0, (16, ANY)), "gdti": (3, 12, 0, (17, ANY)),
    "sgcn": (3, 12, 0, (12, NUMERIC)), "gsrn": (2, 17, 0, None), "gsrnp": (2, 17, 0, None),
    "gsin": (2, 16, 0, None), "giai": (2, ANY, 1, None), "ginc": (2, ANY, 1, None),
    "cpi": (3, PART, 1, "8011"),
}
OTHER_SCHEMES = {"gid", "usdod", "adi", "bic", "imovn"}


def check_urn(body):
    kind, _, rest = body.partition(":")
    if kind in ("tag", "pat", "raw"):
        return
    sound(kind in ("id", "idpat", "class"), "the kind of URN")
    name, _, fields = rest.partition(":")
    if kind != "class" and name in OTHER_SCHEMES:
        return
    sound(name in SCHEMES and (name == "lgtin") == (kind == "class"), "the scheme")
    count = SCHEMES[name][0]
    parts = fields.split(".", count - 1)
    sound(len(parts) == count, "components")
    if kind == "idpat":
        while parts and parts[-1] == "*":
            parts.pop()
        sound("*" not in parts, "a wildcard")
    check_components(name, parts)


def check_components(name, parts):
    """Checks what there is of the components, from the first on."""
    count, body, least, last = SCHEMES[name]
    if not parts:
        return
    sound(6 <= len(parts[0]) <= 12 and is_digits(parts[0]), "the company prefix")
    if name == "itip" and len(parts) < 4:
        sound(all(map(is_digits, parts)), "digits")
        return
    if len(parts) == 1:
        return
    if isinstance(body, int):
        whole = parts[0] + parts[1]
        sound(is_digits(whole) and len(whole) == body and len(parts[1]) >= least, "the digits")
    else:
        reference = decode_urn(parts[1])
        sound(reference and set(reference) <= body, "the reference")
        sound(len(parts[0] + reference) <= 30, "the length")
    if name == "itip":
        check_pieces(parts[2], parts[3])
    if len(parts) == count and last:
        check_last(name, parts[-1], last)


def check_last(name, raw, last):
    if name == "sgln" and raw == "0":
        return
    value = decode_urn(raw)
    if isinstance(last, str):
        BY_NUMBER[last].check(value)
    else:
        sound(1 <= len(value) <= last[0] and set(value) <= last[1], "the serial")


def decode_urn(raw):
    stripped = re.sub(f"%{HEX}", "", raw)
    sound(set(stripped) <= PLAIN_IN_URN, "a character that must be escaped")
    return unescape(raw)


def unescape(raw):
    return re.sub(f"%({HEX})", lambda found: chr(int(found[1], 16)), raw)


# Digital Links (§11.3).


def check_link(rest):
    rest = rest.partition("#")[0]
    rest, _, query = rest.partition("?")
    domain, slash, path = rest.partition("/")
    if not slash or not re.fullmatch(r"[A-Za-z0-9\-._~:@\[\]]+", domain):
        return
    on_gs1 = domain.lower() == "id.gs1.org"
    segments = path.split("/")
    found = pairs_at_the_end(segments)
    if found:
        stem, key, raw, qualifiers = found
        if on_gs1 or claims(key, raw):
            check_pairs(stem, key, raw, qualifiers, query)
    else:
        sound(not is_broken_claim(segments, on_gs1), "a key that does not end the path")


def rule_of(segment):
    return BY_NAME.get(unescape(segment))


def claims(rule, raw):
    leading = re.match("[0-9]*", unescape(raw)).end()
    return leading >= (8 if rule.checked else 4)


def pairs_at_the_end(segments):
    rest, qualifiers = list(segments), []
    while len(rest) >= 2 and len(qualifiers) <= 4:
        raw, rule = rest.pop(), rule_of(rest.pop())
        if rule is None:
            return None
        if rule.orders is not None:
            return rest, rule, raw, qualifiers
        qualifiers.insert(0, (rule, raw))
    return None


def in_order(numbers, order):
    places = iter(order)
    return all(number in places for number in numbers)


def check_pairs(stem, key, raw, qualifiers, query):
    may_follow = {number for order in key.orders for number in order}
    before = rule_of(stem[-2]) if len(stem) >= 2 else None
    sound(before is None or before.number not in may_follow, "a qualifier before its key")
    numbers = [rule.number for rule, _ in qualifiers]
    sound(not numbers or any(in_order(numbers, order) for order in key.orders), "the order")
    for parameter in query.split("&"):
        name, _, value = parameter.partition("=")
        rule = BY_NUMBER.get(unescape(name.replace("+", " ")))
        if rule is None:
            continue
        sound(rule != key and rule.number not in numbers, "said twice")
        if rule.orders is not None:
            continue
        sound(rule.number == "10", "a qualifier in the query")
        if "10" in may_follow and "235" not in numbers:
            numbers.append("10")
            qualifiers.append((rule, value.replace("+", " ")))
    value = unescape(raw)
    if key.number == "01" and len(value) in (8, 12, 13):
        value = value.rjust(14, "0")
    key.check(value)
    for rule, written in qualifiers:
        rule.check(unescape(written))


def is_broken_claim(segments, on_gs1):
    for at, segment in enumerate(segments):
        rule = rule_of(segment)
        if rule is None or rule.orders is None:
            continue
        if at + 2 >= len(segments):
            return False
        follows = segments[at + 2]
        like_one = re.fullmatch(r"[0-9]{2,4}", follows) or rule_of(follows)
        if on_gs1 or ((follows == "" or like_one) and claims(rule, segments[at + 1])):
            return True
    return False
