"""URIs (RFC 3986) and the names of extensions (chapter 10)."""

import ipaddress
import re
import unicodedata

PCHAR = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
USER = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*"
HOST = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*"
FUTURE = r"[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+"
SCHEME = r"[A-Za-z][A-Za-z0-9+.\-]*"
URI = re.compile(
    rf"{SCHEME}:(?://(?:{USER}@)?(?:\[(?P<literal>[^\]]*)\]|{HOST})(?::[0-9]*)?(?:/{PCHAR}*)*"
    rf"|/(?:{PCHAR}+(?:/{PCHAR}*)*)?|{PCHAR}+(?:/{PCHAR}*)*|)"
    rf"(?:\?(?:{PCHAR}|[/?])*)?(?:#(?:{PCHAR}|[/?])*)?"
)
FORBIDDEN = set('<>"{}|\\^`')


def is_uri(text):
    found = URI.fullmatch(text)
    if not found or not text.isascii():
        return False
    literal = found["literal"]
    return literal is None or is_address(literal)


def is_address(literal):
    if re.fullmatch(FUTURE, literal):
        return True
    try:
        ipaddress.IPv6Address(literal)
    except ValueError:
        return False
    return "%" not in literal


# Unicode's property White_Space, beyond the control characters.
WHITE_SPACE = set(" \xa0\u1680\u2028\u2029\u202f\u205f\u3000")
WHITE_SPACE |= set(map(chr, range(0x2000, 0x200B)))


def has_iri_characters(text):
    return not any(
        c in FORBIDDEN or c in WHITE_SPACE or unicodedata.category(c) == "Cc" for c in text
    )


def split_scheme(text):
    """What follows a sound scheme and its colon; None where there is none."""
    scheme, colon, rest = text.partition(":")
    return rest if colon and re.fullmatch(SCHEME, scheme) else None


def is_iri(text):
    rest = split_scheme(text)
    return rest is not None and has_iri_characters(rest)


def is_absolute_name(text):
    rest = split_scheme(text)
    if rest is None or not has_iri_characters(rest):
        return False
    scheme = text.partition(":")[0]
    return (rest.startswith("//") and len(rest) > 2) or (scheme in ("urn", "tag") and rest != "")
