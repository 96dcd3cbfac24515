"""sealed.py - records of sealed kinds (protocol, section 3).

XChaCha20-Poly1305 of draft-irtf-cfrg-xchacha-03 on RFC 8439, in plain Python.
"""
import base64
import hashlib
import struct

import jcs
import records
from jcs import Refused

ALG = "xchacha20poly1305"
SIGMA = (0x61707865, 0x3320646E, 0x79622D32, 0x6B206574)
WORD = 0xFFFFFFFF


def _quarter(s, a, b, c, d):
    for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & WORD
        v = s[z] ^ s[x]
        s[z] = (v << turn | v >> 32 - turn) & WORD


def _rounds(state):
    s = list(state)
    for _ in range(10):
        for column in range(4):
            _quarter(s, column, 4 + column, 8 + column, 12 + column)
        for i in range(4):
            _quarter(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return s


def _hchacha(key, nonce):
    s = _rounds(SIGMA + struct.unpack("<8I", key) + struct.unpack("<4I", nonce))
    return struct.pack("<8I", *s[:4], *s[12:])


def _stream(key, nonce, first, length):
    out = b""
    for block in range(first, first + (length + 63) // 64):
        state = SIGMA + struct.unpack("<8I", key) + (block,) + struct.unpack("<3I", nonce)
        out += struct.pack("<16I", *((a + b) & WORD for a, b in zip(_rounds(state), state)))
    return out[:length]


def _poly1305(key, message):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for i in range(0, len(message), 16):
        total = (total + int.from_bytes(message[i:i + 16] + b"\1", "little")) * r % ((1 << 130) - 5)
    return (total + int.from_bytes(key[16:], "little") & (1 << 128) - 1).to_bytes(16, "little")


def _xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def _tag(key, nonce, aad, cipher):
    def padded(b):
        return b + bytes(-len(b) % 16)
    lengths = struct.pack("<QQ", len(aad), len(cipher))
    return _poly1305(_stream(key, nonce, 0, 32), padded(aad) + padded(cipher) + lengths)


def _inner_key(key, nonce):
    return _hchacha(key, nonce[:16]), bytes(4) + nonce[16:]


def encrypt(key, nonce, aad, plain):
    key, nonce = _inner_key(key, nonce)
    cipher = _xor(plain, _stream(key, nonce, 1, len(plain)))
    return cipher + _tag(key, nonce, aad, cipher)


def decrypt(key, nonce, aad, box):
    key, nonce = _inner_key(key, nonce)
    cipher, tag = box[:-16], box[-16:]
    if len(box) < 16 or _tag(key, nonce, aad, cipher) != tag:
        raise Refused("the box does not open with this key")
    return _xor(cipher, _stream(key, nonce, 1, len(cipher)))


def _aad(kind, record):
    return "\x1f".join([kind, record["id"], record["scope"], record["town"]]).encode()


def seal(kind, record, key_id, key):
    """The sealed form of a plain record."""
    inner, aad = jcs.write(records.fields_of(record)), _aad(kind, record)
    nonce = hashlib.blake2b(b"hufu-nonce-1\0" + aad + b"\0" + inner, digest_size=24, key=key).digest()
    return {"alg": ALG, "box": base64.b64encode(encrypt(key, nonce, aad, inner)).decode(), "id": record["id"],
            "key": key_id, "nonce": base64.b64encode(nonce).decode(), "scope": record["scope"],
            "town": record["town"]}


def unseal(kind, record, key):
    """The plain record of a sealed one."""
    if record.get("alg") != ALG:
        raise Refused("'%s' is no way of sealing that this program knows" % record.get("alg"))
    nonce = base64.b64decode(record["nonce"], validate=True)
    if len(nonce) != 24:
        raise Refused("a nonce has 24 bytes")
    inner = jcs.parse(decrypt(key, nonce, _aad(kind, record), base64.b64decode(record["box"], validate=True)))
    return dict(inner, id=record["id"], scope=record["scope"], town=record["town"])
