"""Ed25519 as chapter 2 tells: strict, and slow enough for a check only.

Never use this to sign anything that matters: it takes a time that depends on
the secret.
"""

import hashlib

from .refusal import demand

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)

# A point is (X, Y, Z, T) with x = X/Z, y = Y/Z, x·y = T/Z.
NEUTRAL = (0, 1, 1, 0)


def add(a, b):
    """The sum of two points, also of one with itself (RFC 8032 §5.1.4)."""
    p = (a[1] - a[0]) * (b[1] - b[0]) % P
    q = (a[1] + a[0]) * (b[1] + b[0]) % P
    r = 2 * a[3] * b[3] * D % P
    s = 2 * a[2] * b[2] % P
    e, f, g, h = q - p, s - r, s + r, q + p
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    """`scalar` times `point`."""
    return times_both(scalar, point, 0, NEUTRAL)


def times_both(one, point, other, second):
    """`one` times `point` and `other` times `second`, in one walk."""
    both = add(point, second)
    total = NEUTRAL
    for bit in reversed(range(max(one.bit_length(), other.bit_length()))):
        total = add(total, total)
        pick = (one >> bit & 1) + 2 * (other >> bit & 1)
        if pick:
            total = add(total, (None, point, second, both)[pick])
    return total


def encode(point):
    """The 32 bytes of a point."""
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data):
    """The point of 32 bytes; None where there is none (RFC 8032 §5.1.3).

    A y beyond the field's prime and a sign of a zero x are taken: whether the
    bytes are canonical, encoding again tells.
    """
    number = int.from_bytes(data, "little")
    y, sign = (number & (1 << 255) - 1) % P, number >> 255
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if v * x * x % P != u:
        return None
    if x & 1 != sign:
        x = -x % P
    return x, y, 1, x * y % P


def is_neutral(point):
    return point[0] % P == 0 and (point[1] - point[2]) % P == 0


def is_small(point):
    """Whether the point is of small order."""
    return is_neutral(times(8, point))


BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def check_key(data):
    """The enrolment check (§2.1)."""
    demand(len(data) == 32, "not-canonical")
    point = decode(data)
    demand(point is not None and encode(point) == data, "not-canonical")
    demand(not is_small(point), "small-order")
    demand(is_neutral(times(ORDER, point)), "torsion")


def challenge(r, key, message):
    digest = hashlib.sha512(r + key + message).digest()
    return int.from_bytes(digest, "little") % ORDER


def holds(key, message, signature):
    """Whether a signature holds (§2.2)."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    point, r_point = decode(key), decode(r)
    if len(signature) != 64 or s >= ORDER or point is None or r_point is None:
        return False
    if is_small(point) or is_small(r_point):
        return False
    k = challenge(r, key, message)
    return encode(times_both(s, BASE, (ORDER - k) % ORDER, point)) == r


def expand(seed):
    digest = hashlib.sha512(seed).digest()
    secret = int.from_bytes(digest[:32], "little")
    return secret & (1 << 254) - 8 | 1 << 254, digest[32:]


def public_key(seed):
    """The public key of a seed (RFC 8032 §5.1.5)."""
    return encode(times(expand(seed)[0], BASE))


def sign(seed, message):
    """The signature of a seed's key over a message (RFC 8032 §5.1.6)."""
    secret, prefix = expand(seed)
    key = encode(times(secret, BASE))
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % ORDER
    r = encode(times(nonce, BASE))
    s = (nonce + challenge(r, key, message) * secret) % ORDER
    return r + s.to_bytes(32, "little")
