"""Hashes of text that are the same on every machine and in every version, as TensorFlow's are.

Whoever hashed a column in TensorFlow finds the same bins here. All arithmetic is in 64 bits.

Sources: Pike and Alakuijala, FarmHash, 2014 (`Fingerprint64`); Aumasson and Bernstein, SipHash,
2012 (2 rounds for each word, 4 at the end).
"""

from __future__ import annotations

from collections.abc import Iterable

_MASK = (1 << 64) - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_PAIR = 0xC6A4A7935BD1E995
# What TensorFlow's crossing of columns begins with where nobody gives a key.
CROSSING_KEY = 0xDECAFCAFFE


def fingerprint64(text: bytes) -> int:
    """FarmHash's fingerprint of bytes, from 0 up to 2**64."""
    n = len(text)
    if n > 64:
        return _of_many(text)
    if n > 32:
        return _up_to_64(text)
    return _up_to_32(text) if n > 16 else _up_to_16(text)


def siphash64(text: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4 of bytes with a key of two 64-bit numbers, from 0 up to 2**64."""
    k0, k1 = key[0] & _MASK, key[1] & _MASK
    state = (k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D,
             k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573)  # fmt: skip
    whole = len(text) & ~7
    words = [_word(text, start) for start in range(0, whole, 8)]
    words.append(int.from_bytes(text[whole:], "little") | (len(text) & 0xFF) << 56)
    for word in words:
        a, b, c, d = state
        a, b, c, d = _sip_round(*_sip_round(a, b, c, d ^ word))
        state = a ^ word, b, c, d
    a, b, c, d = state
    state = a, b, c ^ 0xFF, d
    for _ in range(4):
        state = _sip_round(*state)
    a, b, c, d = state
    return a ^ b ^ c ^ d


def crossed(parts: Iterable[int], key: int = CROSSING_KEY) -> int:
    """One fingerprint of several 64-bit numbers, in which their order counts."""
    found = key
    for part in parts:
        found ^= _PAIR ^ (_mixed((part * _PAIR) & _MASK) * _PAIR) & _MASK
        found = (found * _PAIR) & _MASK
        found = _mixed((_mixed(found) * _PAIR) & _MASK)
    return found


def _sip_round(a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
    a = (a + b) & _MASK
    b = _left(b, 13) ^ a
    a = _left(a, 32)
    c = (c + d) & _MASK
    d = _left(d, 16) ^ c
    a = (a + d) & _MASK
    d = _left(d, 21) ^ a
    c = (c + b) & _MASK
    b = _left(b, 17) ^ c
    return a, b, _left(c, 32), d


def _left(x: int, by: int) -> int:
    return ((x << by) | (x >> (64 - by))) & _MASK


def _right(x: int, by: int) -> int:
    return ((x >> by) | (x << (64 - by))) & _MASK


def _mixed(x: int) -> int:
    return x ^ (x >> 47)


def _word(text: bytes, start: int) -> int:
    return int.from_bytes(text[start : start + 8], "little")


def _half(text: bytes, start: int) -> int:
    return int.from_bytes(text[start : start + 4], "little")


def _joined(u: int, v: int, mul: int) -> int:
    """One number of two."""
    a = _mixed(((u ^ v) * mul) & _MASK)
    b = _mixed(((v ^ a) * mul) & _MASK)
    return (b * mul) & _MASK


def _up_to_16(text: bytes) -> int:
    n = len(text)
    mul = (_K2 + 2 * n) & _MASK
    if n >= 8:
        a = (_word(text, 0) + _K2) & _MASK
        b = _word(text, n - 8)
        c = (_right(b, 37) * mul + a) & _MASK
        d = ((_right(a, 25) + b) * mul) & _MASK
        return _joined(c, d, mul)
    if n >= 4:
        return _joined((n + (_half(text, 0) << 3)) & _MASK, _half(text, n - 4), mul)
    if n > 0:
        y = text[0] + (text[n >> 1] << 8)
        z = n + (text[n - 1] << 2)
        return (_mixed((y * _K2 ^ z * _K0) & _MASK) * _K2) & _MASK
    return _K2


def _up_to_32(text: bytes) -> int:
    n = len(text)
    mul = (_K2 + 2 * n) & _MASK
    a = (_word(text, 0) * _K1) & _MASK
    b = _word(text, 8)
    c = (_word(text, n - 8) * mul) & _MASK
    d = (_word(text, n - 16) * _K2) & _MASK
    return _joined(
        (_right((a + b) & _MASK, 43) + _right(c, 30) + d) & _MASK,
        (a + _right((b + _K2) & _MASK, 18) + c) & _MASK,
        mul,
    )


def _up_to_64(text: bytes) -> int:
    n = len(text)
    mul = (_K2 + 2 * n) & _MASK
    a = (_word(text, 0) * _K2) & _MASK
    b = _word(text, 8)
    c = (_word(text, n - 8) * mul) & _MASK
    d = (_word(text, n - 16) * _K2) & _MASK
    y = (_right((a + b) & _MASK, 43) + _right(c, 30) + d) & _MASK
    z = _joined(y, (a + _right((b + _K2) & _MASK, 18) + c) & _MASK, mul)
    e = (_word(text, 16) * mul) & _MASK
    f = _word(text, 24)
    g = ((y + _word(text, n - 32)) * mul) & _MASK
    h = ((z + _word(text, n - 24)) * mul) & _MASK
    return _joined(
        (_right((e + f) & _MASK, 43) + _right(g, 30) + h) & _MASK,
        (e + _right((f + a) & _MASK, 18) + g) & _MASK,
        mul,
    )


def _pair_of_32(text: bytes, start: int, a: int, b: int) -> tuple[int, int]:
    """Two numbers of 32 bytes and two numbers."""
    w, x, y, z = (_word(text, start + offset) for offset in (0, 8, 16, 24))
    a = (a + w) & _MASK
    b = _right((b + a + z) & _MASK, 21)
    before = a
    a = (a + x + y) & _MASK
    b = (b + _right(a, 44)) & _MASK
    return (a + z) & _MASK, (b + before) & _MASK


def _of_many(text: bytes) -> int:
    """More than 64 bytes, 64 at a time, the last 64 at the end."""
    seed = 81
    x, y = seed, (seed * _K1 + 113) & _MASK
    z = (_mixed((y * _K2 + 113) & _MASK) * _K2) & _MASK
    v, w = (0, 0), (0, 0)
    x = (x * _K2 + _word(text, 0)) & _MASK
    end = (len(text) - 1) // 64 * 64
    for start in range(0, end, 64):
        x = (_right((x + y + v[0] + _word(text, start + 8)) & _MASK, 37) * _K1) & _MASK
        y = (_right((y + v[1] + _word(text, start + 48)) & _MASK, 42) * _K1) & _MASK
        x ^= w[1]
        y = (y + v[0] + _word(text, start + 40)) & _MASK
        z = (_right((z + w[0]) & _MASK, 33) * _K1) & _MASK
        v = _pair_of_32(text, start, (v[1] * _K1) & _MASK, (x + w[0]) & _MASK)
        second = (y + _word(text, start + 16)) & _MASK
        w = _pair_of_32(text, start + 32, (z + w[1]) & _MASK, second)
        x, z = z, x
    mul = (_K1 + ((z & 0xFF) << 1)) & _MASK
    start = len(text) - 64
    w = ((w[0] + ((len(text) - 1) & 63)) & _MASK, w[1])
    v = ((v[0] + w[0]) & _MASK, v[1])
    w = ((w[0] + v[0]) & _MASK, w[1])
    x = (_right((x + y + v[0] + _word(text, start + 8)) & _MASK, 37) * mul) & _MASK
    y = (_right((y + v[1] + _word(text, start + 48)) & _MASK, 42) * mul) & _MASK
    x ^= (w[1] * 9) & _MASK
    y = (y + v[0] * 9 + _word(text, start + 40)) & _MASK
    z = (_right((z + w[0]) & _MASK, 33) * mul) & _MASK
    v = _pair_of_32(text, start, (v[1] * mul) & _MASK, (x + w[0]) & _MASK)
    second = (y + _word(text, start + 16)) & _MASK
    w = _pair_of_32(text, start + 32, (z + w[1]) & _MASK, second)
    x, z = z, x
    return _joined(
        (_joined(v[0], w[0], mul) + _mixed(y) * _K0 + z) & _MASK,
        (_joined(v[1], w[1], mul) + x) & _MASK,
        mul,
    )
