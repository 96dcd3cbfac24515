#!/usr/bin/env python3
"""vectors.py - docs/protocol.md a second time, to hold the first to it.

    python3 tests/vectors.py          recompute every case of fixtures/vectors
    python3 tests/vectors.py --make   write the files again, from fixed seeds

It shares no line with the C code and needs only Python's standard library and
ssh-keygen (which judges the SSH signatures). It is one file on purpose: someone
who writes a third implementation can read it from top to bottom. What the cases
are is in vectors_make.py.

A vector file has cases {"name", "kind", "given", "want"}. `want` is what the
function for `kind` makes of `given`, or {"refused": true}.
"""
import base64
import calendar
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "..", "fixtures", "vectors")
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
US, NUL, LF = b"\x1f", b"\0", b"\n"
INT_MAX = 2**53 - 1


class Refused(Exception):
    """The input breaks the protocol."""


def need(condition, why):
    if not condition:
        raise Refused(why)


def sha256(data):
    return hashlib.sha256(data).digest()


def sha256_hex(data):
    return hashlib.sha256(data).hexdigest()


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    data = base64.b64decode(text, validate=True)
    need(b64(data) == text, "base64 in a second form")
    return data


# ---- 1 names -------------------------------------------------------------

ID = r"[a-z0-9]{1,32}"
NAME = r"(?!hufu_|old_|main_)[a-z][a-z0-9_]{0,30}"
SCOPE = r"(?:[0-9]{6}|catalog)"
TOWN = r"[0-9]{3}"
OID = r"[0-9a-f]{40}"
HEX64 = r"[0-9a-f]{64}"
INT = r"(?:0|[1-9][0-9]{0,15})"
WORD = r"[a-z][a-z0-9_]{0,63}"


def need_all(pattern, *texts):
    for text in texts:
        need(re.fullmatch(pattern, text), f"'{text}' is not {pattern}")


# ---- 2 canonical bytes ---------------------------------------------------

def pairs(members):
    result = dict(members)
    need(len(result) == len(members), "a key stands twice")
    return result


def refuse(text):
    raise Refused("no number " + text)


def read_json(data):
    """Parse JSON from outside; floats and nulls are left to jcs()."""
    try:
        text = data.decode("utf-8")
        return json.loads(text, object_pairs_hook=pairs, parse_constant=refuse)
    except (ValueError, RecursionError) as e:
        raise Refused(str(e)) from e


SHORT = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def jcs_string(text):
    need("\0" not in text, "NUL in a string")
    out = ""
    for c in text:
        n = ord(c)
        need(not 0xD800 <= n <= 0xDFFF, "half a surrogate pair")
        out += SHORT.get(n) or (f"\\u{n:04x}" if n < 32 else c)
    return '"' + out + '"'


def jcs_text(value, depth=0):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        need(abs(value) <= INT_MAX, "integer out of range")
        return str(value)
    if isinstance(value, str):
        return jcs_string(value)
    need(isinstance(value, (list, dict)), "a float or a null")
    need(depth < 64, "nested too deep")
    if isinstance(value, list):
        return "[" + ",".join(jcs_text(v, depth + 1) for v in value) + "]"
    for key in value:
        need(key.isascii() and key.isprintable(), "a key that is no name")
    return "{" + ",".join(jcs_string(k) + ":" + jcs_text(value[k], depth + 1)
                          for k in sorted(value)) + "}"


def jcs(value):
    data = jcs_text(value).encode("utf-8")
    need(len(data) <= 1 << 20, "more than 1 MiB")
    return data


def read_canonical(data):
    value = read_json(data)
    need(jcs(value) == data, "not canonical")
    return value


def record_bytes(ident, scope, town, fields, sets=()):
    """The canonical bytes of a record; `sets` names the fields of type set."""
    need_all(ID, ident)
    need_all(SCOPE, scope)
    need_all(TOWN, town)
    need_all(NAME, *fields)
    need(not {"id", "scope", "town"} & set(fields), "a field with a taken name")
    fields = {name: sorted(set(v), key=str.encode) if name in sets else v
              for name, v in fields.items()}
    return jcs({"id": ident, "scope": scope, "town": town, **fields})


def git_id(kind, data):
    return hashlib.sha1(f"{kind} {len(data)}".encode() + NUL + data).hexdigest()


def version(data):
    return git_id("blob", data)


# ---- Ed25519, RFC 8032 section 5.1 ---------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def point_add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_mul(n, p):
    q = (0, 1, 1, 0)
    while n:
        if n & 1:
            q = point_add(q, p)
        p = point_add(p, p)
        n >>= 1
    return q


def point_x(y, sign):
    need(y < P, "not a point")
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT % P
    need((x * x - x2) % P == 0 and not (x == 0 and sign), "not a point")
    return P - x if x & 1 != sign else x


def point_unpack(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    x = point_x(y, sign)
    return x, y, 1, x * y % P


def point_pack(p):
    z = pow(p[2], P - 2, P)
    x, y = p[0] * z % P, p[1] * z % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = point_unpack(BASE_Y.to_bytes(32, "little"))


def hash_int(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def key_of(seed):
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little") & (2**254 - 8) | 2**254
    return a, h[32:], point_pack(point_mul(a, BASE))


def public_of(seed):
    return key_of(seed)[2]


def ed25519_sign(seed, message):
    a, prefix, public = key_of(seed)
    r = hash_int(prefix, message) % ORDER
    point = point_pack(point_mul(r, BASE))
    k = hash_int(point, public, message) % ORDER
    return point + ((r + k * a) % ORDER).to_bytes(32, "little")


def ed25519_verify(public, message, signature):
    need(len(signature) == 64, "signature of another size")
    s = int.from_bytes(signature[32:], "little")
    need(s < ORDER, "signature in a second form")
    k = hash_int(signature[:32], public, message) % ORDER
    left = point_mul(s, BASE)
    right = point_add(point_unpack(signature[:32]),
                      point_mul(k, point_unpack(public)))
    need(point_pack(left) == point_pack(right), "signature does not match")


# ---- 3 sealed kinds: XChaCha20-Poly1305 ----------------------------------

def rotate(x, n):
    return (x << n | x >> 32 - n) & 0xFFFFFFFF


ROUNDS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
          (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
SIGMA = struct.unpack("<4I", b"expand 32-byte k")


def chacha_rounds(state):
    s = list(state)
    for _ in range(10):
        for a, b, c, d in ROUNDS:
            for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                s[x] = s[x] + s[y] & 0xFFFFFFFF
                s[z] = rotate(s[z] ^ s[x], n)
    return s


def hchacha20(key, nonce16):
    s = chacha_rounds(SIGMA + struct.unpack("<8I4I", key + nonce16))
    return struct.pack("<8I", *s[:4], *s[12:])


def chacha20(key, counter, nonce12, data):
    out = b""
    for at in range(0, len(data), 64):
        state = SIGMA + struct.unpack("<8I", key) + (counter,) + \
            struct.unpack("<3I", nonce12)
        s = chacha_rounds(state)
        block = struct.pack("<16I", *(x + y & 0xFFFFFFFF for x, y in zip(s, state)))
        out += bytes(a ^ b for a, b in zip(data[at:at + 64], block))
        counter += 1
    return out


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(data), 16):
        n = int.from_bytes(data[at:at + 16] + b"\1", "little")
        total = (total + n) * r % (2**130 - 5)
    return (total + int.from_bytes(key[16:], "little") & 2**128 - 1).to_bytes(16, "little")


def pad16(data):
    return data + bytes(-len(data) % 16)


def box_tag(key, nonce12, aad, cipher):
    return poly1305(chacha20(key, 0, nonce12, bytes(32)), pad16(aad) + pad16(cipher) +
                    struct.pack("<QQ", len(aad), len(cipher)))


def box_make(key, nonce, aad, plain):
    sub, nonce12 = hchacha20(key, nonce[:16]), bytes(4) + nonce[16:]
    cipher = chacha20(sub, 1, nonce12, plain)
    return cipher + box_tag(sub, nonce12, aad, cipher)


def box_open(key, nonce, aad, box):
    sub, nonce12 = hchacha20(key, nonce[:16]), bytes(4) + nonce[16:]
    need(len(box) >= 16 and box_tag(sub, nonce12, aad, box[:-16]) == box[-16:],
         "the box was not sealed by this key for this record")
    return chacha20(sub, 1, nonce12, box[:-16])


def seal_nonce(key, aad, inner):
    message = b"hufu-nonce-1" + NUL + aad + NUL + inner
    return hashlib.blake2b(message, digest_size=24, key=key).digest()


def seal_aad(*names):
    return US.join(name.encode() for name in names)


# ---- 4 trees -------------------------------------------------------------

def tree_bytes(entries):
    """entries: (mode, name, oid)."""
    for mode, name, oid in entries:
        need_all(r"[a-z0-9_]{1,32}", name)
        need(mode in ("40000", "100644", "100755") and re.fullmatch(OID, oid), "bad entry")
    need(len({e[1] for e in entries}) == len(entries), "an entry stands twice")
    entries = sorted(entries, key=lambda e: e[1] + ("/" if e[0] == "40000" else ""))
    return b"".join(f"{mode} {name}".encode() + NUL + bytes.fromhex(oid)
                    for mode, name, oid in entries), entries


class Trees:
    """Makes tree objects and keeps them in the order in which they were made."""

    def __init__(self):
        self.nodes = []

    def make(self, path, entries):
        data, entries = tree_bytes(entries)
        oid = git_id("tree", data)
        self.nodes.append({"path": path, "oid": oid, "bytes_hex": data.hex(),
                           "entries": [list(e) for e in entries]})
        return oid

    def leaf(self, path, records, depth):
        """records: {id: blob}, of one town and kind, under one prefix."""
        if len(records) <= 32:
            return self.make(path, [("100644", i, o) for i, o in records.items()])
        parts = {}
        for i, o in records.items():
            parts.setdefault(sha256_hex(i.encode())[depth], {})[i] = o
        return self.make(path, [("40000", d, self.leaf(f"{path}/{d}", parts[d], depth + 1))
                                for d in sorted(parts)])

    def main(self, rows):
        """rows: (town, kind, id, blob)."""
        towns = {}
        for town, kind, ident, oid in rows:
            leaf = towns.setdefault(town, {}).setdefault(kind, {})
            need(ident not in leaf, "a record stands twice")
            leaf[ident] = oid
        tops = []
        for town in sorted(towns):
            kinds = [("40000", k, self.leaf(f"{town}/{k}", towns[town][k], 0))
                     for k in sorted(towns[town])]
            tops.append(("40000", town, self.make(town, kinds)))
        return self.make("", tops)

    def packet(self, rows, marked=False):
        """rows: (kind, id, blob)."""
        kinds = {}
        for kind, ident, oid in rows:
            kinds.setdefault(kind, []).append(("100755" if marked else "100644", ident, oid))
        return self.make("", [("40000", k, self.make(k, kinds[k])) for k in sorted(kinds)])


# ---- 5 signatures --------------------------------------------------------

def ssh_string(data):
    return struct.pack(">I", len(data)) + data


def ssh_blob(public):
    return ssh_string(b"ssh-ed25519") + ssh_string(public)


def ssh_public(public):
    return "ssh-ed25519 " + b64(ssh_blob(public))


CONTEXT = ssh_string(b"git") + ssh_string(b"") + ssh_string(b"sha512")


def ssh_signed(message):
    return b"SSHSIG" + CONTEXT + ssh_string(hashlib.sha512(message).digest())


def ssh_armour(public, signature):
    blob = b"SSHSIG" + struct.pack(">I", 1) + ssh_string(ssh_blob(public)) + CONTEXT + \
        ssh_string(ssh_string(b"ssh-ed25519") + ssh_string(signature))
    return armour_of(blob)


def armour_of(blob):
    text = b64(blob)
    lines = [text[i:i + 70] for i in range(0, len(text), 70)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines,
                      "-----END SSH SIGNATURE-----", ""])


def ssh_sign(seed, message):
    public = public_of(seed)
    armour = ssh_armour(public, ed25519_sign(seed, ssh_signed(message)))
    ssh_verify(public, message, armour)
    return armour


def ssh_verify(public, message, armour):
    """What ssh-keygen says; it is the one tool here that is not ours."""
    with tempfile.TemporaryDirectory() as folder:
        allowed = os.path.join(folder, "allowed_signers")
        signature = os.path.join(folder, "signature")
        with open(allowed, "w") as f:
            f.write("signer " + ssh_public(public) + "\n")
        with open(signature, "w") as f:
            f.write(armour)
        done = subprocess.run(["ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "signer",
                               "-n", "git", "-s", signature], input=message,
                              capture_output=True, check=False)
    need(done.returncode == 0, "ssh-keygen: " + done.stderr.decode(errors="replace"))


# ---- 6 and 7 commits -----------------------------------------------------

def content_add(path, data):
    return path.encode() + NUL + str(len(data)).encode() + NUL + data


def packet_content(records):
    """records: {path: canonical bytes}."""
    return sha256_hex(b"".join(content_add(p, records[p])
                               for p in sorted(records, key=str.encode)))


def main_content(previous, entries):
    """entries: (path, canonical bytes) in order of position."""
    return sha256_hex(bytes.fromhex(previous) + b"".join(content_add(*e) for e in entries))


def optional(name, value):
    return f"{name} {value}\n" if value is not None else ""


def packet_marked(c):
    return c.get("format", 1) >= 2 and c["sequence"] % 2 == 0


def packet_text(c, signature=""):
    who = f"{c['author']} <{c['author']}@{c['terminal']}> {c['seconds']} +0000\n"
    return (f"tree {c['tree']}\n" + optional("parent", c.get("parent")) +
            f"author {who}committer {who}{signature}\n{c['message']}\n\n"
            f"Format: {c.get('format', 1)}\nScope: {c['scope']}\nJournal: {c['journal']}\n"
            f"Sequence: {c['sequence']}\n" + optional("Base:", c.get("base")) +
            optional("Supersedes:", c.get("supersedes")) +
            f"Terminal: {c['terminal']}\n" + optional("Operation:", c.get("operation")) +
            f"Wall: {c['wall']}\nMonotonic: {c['monotonic']}\nBoot: {c['boot']}\n"
            f"Anchor: {c['anchor']}\nContent-SHA256: {c['content']}\nAlg: ed25519\n")


def main_text(c, signature=""):
    who = f"hufu <hufu@server> {c['seconds']} +0000\n"
    return (f"tree {c['tree']}\n" + "".join(f"parent {p}\n" for p in c["parents"]) +
            f"author {who}committer {who}{signature}\n"
            f"{c['scope']} to position {c['position']}\n\n"
            f"Format: 1\nScope: {c['scope']}\nEpoch: {c['epoch']}\n"
            f"Position: {c['position']}\nTime: {c['time']}\n" +
            "".join(f"Merged: {p}\n" for p in c["merged"]) +
            "".join(f"Quarantined: {' '.join(q)}\n" for q in c["quarantined"]) +
            f"Content-SHA256: {c['content']}\nAlg: ed25519\n")


def commit_signed(text_of, c, seed):
    unsigned = text_of(c)
    armour = ssh_sign(seed, unsigned.encode())
    header = "gpgsig " + armour.rstrip("\n").replace("\n", "\n ") + "\n"
    return unsigned, armour, text_of(c, header)


def armour_pattern(indent):
    return (r"-----BEGIN SSH SIGNATURE-----\n" rf"(?:{indent}[A-Za-z0-9+/]{{70}}\n){{3}}"
            rf"{indent}[A-Za-z0-9+/]{{21}}=\n{indent}-----END SSH SIGNATURE-----\n")


SIGNATURE_RE = "gpgsig " + armour_pattern(" ")
PACKET_RE = re.compile(
    rf"tree {OID}\n(?P<parent>parent {OID}\n)?"
    rf"author (?P<who>(?P<name>{ID}) <(?P=name)@(?P<terminal>{ID})> {INT} \+0000\n)"
    rf"committer (?P=who)(?P<signature>{SIGNATURE_RE})\n(?P<message>[^\n]+)\n\n"
    rf"Format: [12]\nScope: {SCOPE}\nJournal: (?P<journal>[0-9a-f]{{20}}|office)\n"
    rf"Sequence: (?P<sequence>[1-9][0-9]{{0,15}})\n(?:Base: {OID}\n)?"
    rf"(?P<supersedes>Supersedes: {OID}\n)?Terminal: (?P=terminal)\n"
    rf"(?P<operation>Operation: {WORD}\n)?Wall: {INT}\nMonotonic: {INT}\n"
    rf"Boot: [0-9a-f]{{1,32}}\nAnchor: {INT}\nContent-SHA256: {HEX64}\nAlg: ed25519\n")
MAIN_RE = re.compile(
    rf"tree {OID}\n(?:parent {OID}\n)*author (?P<who>hufu <hufu@server> {INT} \+0000\n)"
    rf"committer (?P=who)(?P<signature>{SIGNATURE_RE})\n"
    rf"(?P<scope>{SCOPE}) to position (?P<position>{INT})\n\n"
    rf"Format: 1\nScope: (?P=scope)\nEpoch: [0-9a-f]{{16}}\nPosition: (?P=position)\n"
    rf"Time: {INT}\n(?:Merged: {OID}\n)*(?:Quarantined: {OID} {NAME}/{ID} {WORD}\n)*"
    rf"Content-SHA256: {HEX64}\nAlg: ed25519\n")


def commit_take_apart(pattern, text):
    """The groups of the one form, the armour, and the bytes that were signed."""
    m = pattern.fullmatch(text)
    need(m, "not a commit in its one form")
    header = m["signature"]
    armour = header[len("gpgsig "):].replace("\n ", "\n")
    return m, armour, text.replace(header, "", 1)


def packet_read(text):
    m, armour, unsigned = commit_take_apart(PACKET_RE, text)
    message, office = m["message"], m["journal"] == "office"
    need(len(message.encode()) <= 200, "message too long")
    need(not re.search("[\0-\x1f\x7f-\x9f]", message), "control character")
    need((m["parent"] is None) == (m["sequence"] == "1"), "parent and sequence")
    need(m["supersedes"] is None or m["sequence"] == "1", "supersedes later")
    need(office == (m["terminal"] == "server"), "office and server")
    need(m["operation"] is None or office, "operation outside the office")
    return armour, unsigned


# ---- what each kind of case computes -------------------------------------

def given_bytes(g, name="text"):
    return unb64(g[name + "_base64"]) if name + "_base64" in g else g[name].encode()


def canonical_write(g):
    data = jcs(read_json(given_bytes(g, "json")))
    return {"canonical": data.decode(), "canonical_hex": data.hex()}


def canonical_read(g):
    return {"value_is_canonical": read_canonical(given_bytes(g)) is not None}


def canonical_record(g):
    data = record_bytes(g["id"], g["scope"], g["town"], g["fields"], g["sets"])
    return {"canonical": data.decode(), "version": version(data)}


def ids_object(g):
    return {"oid": git_id(g["type"], given_bytes(g, "bytes"))}


def ids_import(g):
    parts = [g["source"], g["kind"], *g["keys"]]
    return {"hashed_hex": US.join(p.encode() for p in parts).hex(),
            "id": sha256_hex(US.join(p.encode() for p in parts))[:20]}


def ids_kind_file(g):
    return {"id": sha256_hex(g["kind"].encode())[:32]}


def ids_conflict(g):
    parts = [g["kind"], g["id"], g["group"], g["packet"]]
    return {"id": sha256_hex(US.join(p.encode() for p in parts))[:32]}


def ids_subject(g):
    need(uscc(g)["valid"], "not a code")
    return {"id": g["code"].lower()}


def ids_keys(g):
    """The shortest key of each record, as section 9 allows it."""
    digests = {i: sha256_hex(i.encode()) for i in g["ids"]}
    keys = []
    for i, digest in digests.items():
        n = 4
        while any(d[:n] == digest[:n] for other, d in digests.items() if other != i):
            n += 1
        keys.append(digest[:n])
    return {"shortest_keys": keys}


def sealed_construction(g):
    key, nonce, aad, plain = (bytes.fromhex(g[n]) for n in
                              ("key_hex", "nonce_hex", "aad_hex", "plain_hex"))
    box = box_make(key, nonce, aad, plain)
    assert box_open(key, nonce, aad, box) == plain
    return {"box_hex": box.hex()}


def sealed_seal(g):
    key = bytes.fromhex(g["key_hex"])
    aad = seal_aad(g["kind"], g["id"], g["scope"], g["town"])
    inner = jcs(g["fields"])
    nonce = seal_nonce(key, aad, inner)
    box = box_make(key, nonce, aad, inner)
    record = jcs({"alg": "xchacha20poly1305", "box": b64(box), "id": g["id"], "key": g["key_id"],
                  "nonce": b64(nonce), "scope": g["scope"], "town": g["town"]})
    return {"inner": inner.decode(), "aad_hex": aad.hex(), "nonce": b64(nonce), "box": b64(box),
            "record": record.decode(), "version": version(record)}


def sealed_open(g):
    record = read_canonical(g["record"].encode())
    need(set(record) == {"alg", "box", "id", "key", "nonce", "scope", "town"}, "members")
    need(record["alg"] == "xchacha20poly1305", "unknown alg")
    aad = seal_aad(g["kind"], record["id"], record["scope"], record["town"])
    nonce = unb64(record["nonce"])
    need(len(nonce) == 24, "nonce of another size")
    inner = box_open(bytes.fromhex(g["key_hex"]), nonce, aad, unb64(record["box"]))
    return {"inner": inner.decode()}


def tree_node(g):
    data, _ = tree_bytes([tuple(e) for e in g["entries"]])
    return {"bytes_hex": data.hex(), "oid": git_id("tree", data)}


def tree_packet(g):
    trees = Trees()
    root = trees.packet([tuple(r) for r in g["records"]], g.get("marked", False))
    return {"root": root, "nodes": trees.nodes}


def tree_main(g):
    trees = Trees()
    root = trees.main([tuple(r) for r in g["records"]])
    return {"root": root, "nodes": trees.nodes}


def commit_want(text_of, pattern, c, seed):
    unsigned, armour, text = commit_signed(text_of, c, bytes.fromhex(seed))
    m, again, bare = commit_take_apart(pattern, text)
    assert m and again == armour and bare == unsigned
    return {"tree": c["tree"], "content_sha256": c["content"], "signed_text": unsigned,
            "signature": armour, "commit": text, "oid": git_id("commit", text.encode())}


def packet_make(g):
    c = dict(g["commit"])
    records, rows = {}, []
    need(1 <= len(g["records"]) <= 1000, "number of records")
    for kind, record in g["records"]:
        data = jcs(record)
        records[f"{kind}/{record['id']}"] = data
        rows.append((kind, record["id"], version(data)))
    need(sum(map(len, records.values())) <= 1 << 20, "more than 1 MiB")
    c["tree"] = Trees().packet(rows, packet_marked(c))
    c["content"] = packet_content(records)
    want = commit_want(packet_text, PACKET_RE, c, g["seed_hex"])
    packet_read(want["commit"])
    return want


def packet_refuse(g):
    armour, unsigned = packet_read(g["commit"])
    ssh_verify(bytes.fromhex(g["public_hex"]), unsigned.encode(), armour)
    return {"oid": git_id("commit", g["commit"].encode())}


def main_make(g):
    c = dict(g["commit"])
    entries = [(f"{kind}/{record['id']}", jcs(record)) for kind, record in g["entries"]]
    rows = [(r["town"], kind, r["id"], version(jcs(r))) for kind, r in g["records"]]
    c["tree"] = Trees().main(rows)
    c["content"] = main_content(g["previous_content"], entries)
    return commit_want(main_text, MAIN_RE, c, g["seed_hex"])


def main_refuse(g):
    _, armour, unsigned = commit_take_apart(MAIN_RE, g["commit"])
    ssh_verify(bytes.fromhex(g["public_hex"]), unsigned.encode(), armour)
    return {"oid": git_id("commit", g["commit"].encode())}


def signature_raw(g):
    seed, message = bytes.fromhex(g["seed_hex"]), bytes.fromhex(g["message_hex"])
    signature = ed25519_sign(seed, message)
    ed25519_verify(public_of(seed), message, signature)
    return {"public_hex": public_of(seed).hex(), "signature_hex": signature.hex()}


def signature_ssh(g):
    seed, message = bytes.fromhex(g["seed_hex"]), given_bytes(g, "message")
    public = public_of(seed)
    return {"public_hex": public.hex(), "public_text": ssh_public(public),
            "signed_hex": ssh_signed(message).hex(), "armour": ssh_sign(seed, message)}


ARMOUR_RE = re.compile(armour_pattern(""))


def signature_verify(g):
    public, message = bytes.fromhex(g["public_hex"]), given_bytes(g, "message")
    m = ARMOUR_RE.fullmatch(g["armour"])
    need(m, "armour in a second form")
    blob = unb64("".join(g["armour"].splitlines()[1:-1]))
    need(ssh_armour(public, blob[-64:]) == g["armour"], "another key, or a second form")
    ed25519_verify(public, ssh_signed(message), blob[-64:])
    ssh_verify(public, message, g["armour"])
    return {"is_valid": True}


# ---- 10 to 12 messages ---------------------------------------------------

def inflate(body):
    d = zlib.decompressobj()
    try:
        data = d.decompress(body, (4 << 20) + 1)
    except zlib.error as e:
        raise Refused(str(e)) from e
    need(len(data) <= 4 << 20, "more than 4 MiB")
    need(d.eof and not d.unused_data, "not one whole zlib stream")
    return data


def shape(value, required, optional_members=()):
    """An object with these members and perhaps others; {name: pattern or type}."""
    need(isinstance(value, dict), "not an object")
    for name, kind in {**required, **dict(optional_members)}.items():
        if name not in value:
            need(name in dict(optional_members), f"'{name}' is absent")
            continue
        if isinstance(kind, str):
            need(isinstance(value[name], str), f"'{name}' is no text")
            need_all(kind, value[name])
        else:
            need(isinstance(value[name], kind) and not isinstance(value[name], bool),
                 f"'{name}' is of another type")


BASE64 = r"[A-Za-z0-9+/]*={0,2}"
NONCE = r"[A-Za-z0-9+/]{22}=="
KEY = rf"(?:[0-9a-f]{{4,64}}|={ID})"


def group_rows(group):
    """(name, {field: value}) of each record of a group."""
    form = [n for n in ("ids", "keys", "gone") if n in group]
    need(len(form) == 1, "a group has one of ids, keys, gone")
    names = group[form[0]]
    if form == ["gone"]:
        shape(group, {"kind": NAME, "gone": list})
        need_all(KEY, *names)
        return []
    shape(group, {"kind": NAME, form[0]: list, "fields": list, "values": list})
    need_all(ID if form == ["ids"] else KEY, *names)
    need_all(NAME, *group["fields"])
    need(len(group["values"]) == len(group["fields"]) and
         all(len(column) == len(names) for column in group["values"]), "columns do not fit")
    return [(name, {f: column[i] for f, column in zip(group["fields"], group["values"])})
            for i, name in enumerate(names)]


def request_check(request):
    shape(request, {"format": int, "nonce": NONCE, "enrolment": ID, "time": int, "scopes": list},
          {"keys": int})
    need(request["format"] == 1, "unknown format")
    for scope in request["scopes"]:
        shape(scope, {"scope": SCOPE},
              {"head": OID, "packets": list, "wanted": list, "target": OID,
               "after": list})
        need_all(ID, *scope.get("wanted", []))
        for packet in scope.get("packets", []):
            shape(packet, {"commit": str, "rows": list})
            packet_read(packet["commit"])
            for group in packet["rows"]:
                group_rows(group)


def request_body(g):
    body = unb64(g["body_base64"])
    text = inflate(body)
    need(text.decode() == g["json"], "the body is not the zlib stream of the JSON")
    request_check(read_json(text))
    digest = sha256(body)
    message = LF.join([b"hufu-request-1", g["method"].encode(), g["path"].encode(), digest])
    seed = bytes.fromhex(g["seed_hex"])
    signature = ed25519_sign(seed, message)
    ed25519_verify(public_of(seed), message, signature)
    return {"json_sha256": sha256_hex(text), "signed_hex": message.hex(), "headers": {
        "Content-Length": str(len(body)), "Content-Digest": f"sha-256=:{b64(digest)}:",
        "Hufu-Terminal": g["terminal"], "Hufu-Signature": b64(signature)}}


def request_bare(g):
    digest = sha256(g["time"].encode())
    message = LF.join([b"hufu-request-1", g["method"].encode(), g["path"].encode(), digest])
    signature = ed25519_sign(bytes.fromhex(g["seed_hex"]), message)
    return {"signed_hex": message.hex(), "headers": {
        "Hufu-Terminal": g["terminal"], "Hufu-Time": g["time"],
        "Hufu-Signature": b64(signature)}}


def request_verify(g):
    """As a server does it: g has `body_base64`, or `server_time` in its place."""
    headers = g["headers"]
    if "body_base64" in g:
        digest = sha256(unb64(g["body_base64"]))
        need(headers["Content-Digest"] == f"sha-256=:{b64(digest)}:", "another digest")
    else:
        digest = sha256(headers["Hufu-Time"].encode())
        need_all(INT, headers["Hufu-Time"])
        need(abs(int(headers["Hufu-Time"]) - g["server_time"]) <= 600000, "time is off")
    message = LF.join([b"hufu-request-1", g["method"].encode(), g["path"].encode(), digest])
    ed25519_verify(bytes.fromhex(g["public_hex"]), message, unb64(headers["Hufu-Signature"]))
    return {"is_signed": True}


def request_refuse(g):
    request_check(read_json(inflate(unb64(g["body_base64"]))))
    return {"is_accepted": True}


def receipt_check(receipt):
    if receipt.get("state") == "merged":
        shape(receipt, {"packet": OID, "state": str, "main": OID, "position": int, "time": int},
              {"merged": list, "conflicts": list, "quarantined": list})
        lists = [receipt[n] for n in ("merged", "conflicts", "quarantined") if n in receipt]
        need(all(lists), "an empty list is left out")
        need_all(rf"{NAME}/{ID}", *receipt.get("merged", []))
        need_all(r"[0-9a-f]{32}", *receipt.get("conflicts", []))
        for path, code in receipt.get("quarantined", []):
            need_all(rf"{NAME}/{ID}", path)
            need(code in CODES, "unknown code")
    else:
        shape(receipt, {"packet": OID, "state": "fork|need_whole|unverifiable|waiting"},
              {"text": str})


CODES = ("author revoked role field scope invalid state unknown_kind no_key id_taken missing "
         "after_quarantine refers owner twin disputed adopts unsigned").split()


def answer_check(lines):
    head = lines[0]
    shape(head, {"format": int, "time": int, "epoch": r"[0-9a-f]{16}", "scopes": list}, {"wipe": dict})
    need(head["format"] == 1, "unknown format")
    for scope in head["scopes"]:
        shape(scope, {"scope": SCOPE}, {"head": OID, "root": OID, "position": int,
                                        "receipts": list, "error": WORD})
        need(len({"head", "root", "position"} & set(scope)) in (0, 3), "head without root")
        for receipt in scope.get("receipts", []):
            receipt_check(receipt)
    need(lines[-1] == {"end": 1}, "no end")
    for line in lines[2:-1]:
        for serial, key_id, scope, subject, key in line.get("keys", []):
            need(isinstance(serial, int) and (key is None or len(unb64(key)) == 32), "key event")
            need_all(r"[0-9a-f]{20}", key_id)
            need_all(SCOPE, scope)
            need_all(ID, subject)
        for group in line.get("rows", []):
            group_rows(group)


def answer_signature(g, line_1):
    message = b"hufu-answer-1" + LF + sha256(g["request_json"].encode()) + sha256(line_1.encode())
    seed = bytes.fromhex(g["seed_hex"])
    signature = ed25519_sign(seed, message)
    ed25519_verify(public_of(seed), message, signature)
    return message, b64(signature)


def answer_make(g):
    message, signature = answer_signature(g, g["line_1"])
    line_2 = compact({"signature": signature})
    lines = [g["line_1"], line_2, *g["further_lines"]]
    text = inflate(unb64(g["body_base64"])).decode()
    need(text == "".join(line + "\n" for line in lines), "the body is not these lines")
    answer_check([read_json(line.encode()) for line in lines])
    return {"signed_hex": message.hex(), "line_2": line_2,
            "public_hex": public_of(bytes.fromhex(g["seed_hex"])).hex()}


def answer_read(g):
    text = inflate(unb64(g["body_base64"])).decode()
    need(text.endswith("\n"), "the last line has no end")
    lines = text[:-1].split("\n")
    need(len(lines) >= 3, "lines are absent")
    parsed = [read_json(line.encode()) for line in lines]
    shape(parsed[1], {"signature": BASE64})
    ed25519_verify(bytes.fromhex(g["public_hex"]), b"hufu-answer-1" + LF +
                   sha256(g["request_json"].encode()) + sha256(lines[0].encode()),
                   unb64(parsed[1]["signature"]))
    answer_check(parsed)
    return {"lines": len(lines)}


def receipt_line(g):
    for receipt in g["receipts"]:
        receipt_check(receipt)
    line = compact({"format": 1, "time": g["time"], "epoch": g["epoch"],
                    "scopes": [{"scope": g["scope"], **g["head"], "receipts": g["receipts"]}]})
    message, signature = answer_signature(g, line)
    return {"line_1": line, "signed_hex": message.hex(), "signature": signature}


def snapshot_read(g):
    text = inflate(unb64(g["body_base64"]))
    need(text.decode() == "".join(line + "\n" for line in g["lines"]), "body and lines")
    head, *rest = [read_json(line.encode()) for line in g["lines"]]
    shape(head, {"format": int, "scope": SCOPE, "epoch": r"[0-9a-f]{16}", "head": OID,
                 "commit": str, "root": OID, "position": int, "records": int})
    need(head["format"] == 1, "unknown format")
    need(rest and rest[-1] == {"end": 1}, "no end")
    rows, order = [], []
    for line in rest[:-1]:
        shape(line, {"rows": list})
        for group in line["rows"]:
            for ident, fields in group_rows(group):
                fields = {f: v for f, v in fields.items() if v is not None}
                town = fields.pop("town")
                data = record_bytes(ident, head["scope"], town, fields)
                rows.append((town, group["kind"], ident, version(data)))
                order.append((group["kind"], ident))
    need(order == sorted(order), "order")
    root = head_check(g, head, rows)
    return {"etag": f'"{head["head"]}"', "root": root,
            "versions": [[f"{kind}/{i}", oid] for _, kind, i, oid in rows]}


class Bytes:
    """What is left of a column or a stream."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        need(0 <= n <= len(self.data) - self.at, "bytes are absent")
        self.at += n
        return self.data[self.at - n:self.at]

    def line(self):
        end = self.data.find(b"\n", self.at)
        need(end >= 0, "a line has no end")
        return read_json(self.take(end + 1 - self.at)[:-1])


def column_texts(says, data, n):
    alphabet, texts = says["alphabet"], []
    need(len(alphabet) <= 254, "alphabet")
    for _ in range(n):
        text = ""
        while (byte := data.take(1)[0]) != 0:
            if byte == 255:
                first = data.take(1)
                more = 0 if first[0] < 0x80 else 1 if first[0] < 0xe0 else 2 if first[0] < 0xf0 else 3
                text += (first + data.take(more)).decode()
            else:
                need(byte <= len(alphabet), "a letter is absent")
                text += alphabet[byte - 1]
        texts.append(text)
    return texts


def column_planes(says, data, n):
    numbers = [0] * n
    for _ in range(says["width"]):
        numbers = [a << 8 | b for a, b in zip(numbers, data.take(n))]
    return numbers


def column_sorted(data, n):
    shared, lengths, ids = data.take(n), data.take(n), []
    for same, length in zip(shared, lengths):
        need(same <= length <= 32, "an id's length")
        before = ids[-1] if ids else ""
        need(same <= len(before), "an id shares what is not there")
        ids.append(before[:same] + data.take(length - same).decode())
    need(all(a < b for a, b in zip(ids, ids[1:])), "ids do not rise")
    return ids


def column_read(says, data, n, ids):
    marks = data.take(n) if says.get("marks") else bytes([1]) * n
    need(max(marks) <= 2, "an unknown mark")
    many = marks.count(1)
    if says["form"] == "sorted":
        values = column_sorted(data, n)
    elif says["form"] == "text":
        values = column_texts(says, data, many)
    elif says["form"] == "dict":
        entries = column_texts(says, data, says["entries"])
        places = column_planes(says, data, many)
        need(max(places) < len(entries), "an entry is absent")
        values = [entries[i] for i in places]
    else:
        need(says["form"] == "planes" and says["type"] == "int", "form")
        values = [says["min"] + says["unit"] * i for i in column_planes(says, data, many)]
    need(data.at == len(data.data), "bytes left over")
    if says["type"] == "json":
        values = [read_json(value.encode()) for value in values]
    rest = iter(values)
    return [None if mark == 0 else next(rest) if mark == 1 else ids[i].upper()
            for i, mark in enumerate(marks)]


def block_records(says, stream):
    """The records of a block as (id, town, fields)."""
    n, columns = says["records"], {}
    for column in says["columns"]:
        data = Bytes(stream.take(column["bytes"]))
        columns[column["field"]] = column_read(column, data, n, columns.get("id"))
    need(list(columns) == ["id", *sorted(set(columns) - {"id"})], "columns do not rise")
    for i, ident in enumerate(columns["id"]):
        fields = {f: c[i] for f, c in columns.items() if f != "id" and c[i] is not None}
        yield ident, fields.pop("town"), fields


def head_check(g, head, rows):
    """The signed commit has this root of these rows."""
    m, armour, unsigned = commit_take_apart(MAIN_RE, head["commit"])
    ssh_verify(bytes.fromhex(g["public_hex"]), unsigned.encode(), armour)
    need(git_id("commit", head["commit"].encode()) == head["head"], "head")
    need(m["scope"] == head["scope"] and m["position"] == str(head["position"]), "position")
    need(len(rows) == head["records"], "number")
    root = Trees().main(rows)
    need(root == head["root"] and head["commit"].startswith(f"tree {root}\n"), "root")
    return root


def snapshot_blocks(g):
    stream = Bytes(inflate(unb64(g["body_base64"])))
    head, rows, kinds = stream.line(), [], []
    need(head["format"] == 2, "unknown format")
    while "end" not in (line := stream.line()):
        kinds.append(line["kind"])
        for ident, town, fields in block_records(line, stream):
            data = record_bytes(ident, head["scope"], town, fields)
            rows.append((town, line["kind"], ident, version(data)))
    need(stream.at == len(stream.data) and kinds == sorted(kinds), "end or order")
    return {"root": head_check(g, head, rows),
            "versions": [[f"{kind}/{i}", oid] for _, kind, i, oid in rows]}


def enrol_request(g):
    message = LF.join([b"hufu-enroll-1", g["code"].encode(), g["terminal"].encode()])
    officer, terminal = bytes.fromhex(g["officer_seed_hex"]), bytes.fromhex(g["terminal_seed_hex"])
    request = {"format": 1, "code": g["code"], "terminal": g["terminal"],
               "officer_key": ssh_public(public_of(officer)),
               "terminal_key": b64(public_of(terminal)),
               "officer_proof": b64(ed25519_sign(officer, message)),
               "terminal_proof": b64(ed25519_sign(terminal, message))}
    ed25519_verify(public_of(officer), message, unb64(request["officer_proof"]))
    ed25519_verify(public_of(terminal), message, unb64(request["terminal_proof"]))
    return {"signed_hex": message.hex(), "request": request}


def enrol_answer(g):
    answer = read_json(g["json"].encode())
    shape(answer, {"format": int, "enrolment": ID, "officer": ID, "name": str, "scopes": list,
                   "server_key": str, "epoch": r"[0-9a-f]{16}", "time": int})
    need(answer["format"] == 1, "unknown format")
    need_all(SCOPE, *answer["scopes"])
    public = unb64(answer["server_key"].split(" ")[1])[-32:]
    need(ssh_public(public) == answer["server_key"], "server key in a second form")
    return {"server_public_hex": public.hex()}


# ---- the draw and the unified social credit code -------------------------

def draw(g):
    seed = g["seed"].encode()
    frame = "".join(i + "\n" for i in sorted(g["frame"]))
    tickets = sorted((sha256_hex(seed + US + i.encode()), i) for i in g["frame"])
    for published, (ticket, ident) in zip(g.get("published", []), tickets):
        need(published == f"{ticket[:16]} {ident}", "not the published order")
    strata = {}
    for name, stratum in g["strata"].items():
        order = [i for _, i in tickets if i in stratum["ids"]]
        strata[name] = {"drawn": order[:stratum["n"]], "reserve": order[stratum["n"]:]}
    return {"frame_file": frame, "frame_hash": sha256_hex(frame.encode()),
            "tickets": [list(t) for t in tickets], "strata": strata}


def draw_officers(g):
    def ticket(officer):
        return sha256_hex(US.join(p.encode() for p in (g["seed"], "m", g["subject"], officer)))
    return {"order": sorted(([ticket(o), o] for o in g["officers"]))}


# Which members the objects of a paper have: needed, then those that may lack.
PAPER = ("commitment committed excluded format frame pool state",
         "pairs reserve result result_hash revealed_at seed")
PAPER_3 = ("recusals", "drawn key lots membership replacements void_reason")
COMMITTED = ("algorithm frame_hash frame_size officers_per_subject pool_hash rules scope "
             "seed_source strata", "")
ANNOUNCED = ("committed_at id", "name reason replaces")
RULES = ("day exclusions_hash load_limit", "due industry item town")
RULES_3 = ("day exclusions_hash recusals_hash states", "due flags grades industry item load_max "
           "period_days ratio_rule rounding scheme tags towns visited_before")
RULES_4 = ("day due exclusions_hash reasons_hash recusals_hash states", "flags grades industry item load_max "
           "period_days ratio_rule rounding scheme tags towns visited_before")
STRATUM = ("members_hash n name size", "")
STRATUM_3 = ("members_hash n name size", "expected_bp ratio_bp")
OFFICER = ("id", "certificate certificate_from certificate_to excluded state")
OFFICER_3 = ("id", "certificate certificate_from certificate_state certificate_to excluded lead "
             "state")
RECUSAL = ("officer reason subject", "")
RECUSAL_4 = ("officer subject", "")
REASONS = ("officers recusals salt", "")
REPLACEMENT = ("at in out reason", "officers subject")
EXCLUSION = ("id reason", "")
NUMBERS = {"at", "committed_at", "expected_bp", "format", "frame_size", "load_max", "n",
           "officers_per_subject", "period_days", "ratio_bp", "revealed_at", "size"}
LISTS = {"drawn", "excluded", "flags", "frame", "grades", "lots", "membership", "officers", "pairs",
         "pool", "recusals", "replacements", "reserve", "result", "seed_parts", "states",
         "strata", "tags", "towns"}
OBJECTS = {"committed", "reasons", "rules"}


def members(value, *tables):
    need(isinstance(value, dict), "no object")
    needed = {w for t in tables for w in t[0].split()}
    known = needed | {w for t in tables for w in t[1].split()}
    need(needed <= set(value) <= known, "members that are missing or unknown")
    for key, inner in value.items():
        form = (int if key in NUMBERS else dict if key in OBJECTS else
                bool if key == "lead" else
                list if key in LISTS and tables[0] not in (OFFICER, OFFICER_3) else str)
        need(type(inner) is form, f"the form of {key}")
        need(form is not int or 0 <= inner <= INT_MAX, f"the number {key}")


def lines_hash(ids):
    return sha256_hex("".join(i + "\n" for i in ids).encode())


def paper_reasons(reasons, rules):
    """Format 4: why officers are left out or recused, which the public paper lacks."""
    members(reasons, REASONS)
    for table, objects in ((EXCLUSION, reasons["officers"]), (RECUSAL, reasons["recusals"])):
        for one in objects:
            members(one, table)
    need(re.fullmatch("[0-9a-f]{64}", reasons["salt"]), "the salt of reasons")
    need(rules["reasons_hash"] == sha256_hex(jcs(reasons)), "reasons_hash")


def paper_members(paper):
    """Its shape; answers what was announced with the commitment."""
    form = paper.get("format")
    need(form in (1, 2, 3, 4), "the format")
    old, new = form == 1, form >= 3
    committed = paper.get("committed")
    members(paper, PAPER, *([ANNOUNCED, ("algorithm membership", "")] if old else
                            [PAPER_3] + [("", "reasons")] * (form == 4) if new else [("membership", "void_reason")]))
    members(committed, COMMITTED, *([] if old else [ANNOUNCED, ("format", "" if form < 3 else "key_hash seed_parts" if form == 3 else "key_hash seed_at seed_parts")]))
    members(committed["rules"], RULES_4 if form == 4 else RULES_3 if new else RULES)
    for table, objects in ((STRATUM_3 if new else STRATUM, committed["strata"]),
                           (OFFICER_3 if new else OFFICER, paper["pool"]),
                           (EXCLUSION, paper["excluded"]), (RECUSAL_4 if form == 4 else RECUSAL, paper.get("recusals", [])),
                           (REPLACEMENT, paper.get("replacements", []))):
        for one in objects:
            members(one, table)
    if "reasons" in paper:
        paper_reasons(paper["reasons"], committed["rules"])
    algorithm = {3: "hufu-draw-2", 4: "hufu-draw-3"}.get(form, "hufu-draw-1")
    need(committed["algorithm"] == paper.get("algorithm", algorithm) == algorithm, "the algorithm")
    need(old or committed["format"] == form, "the format that was committed")
    return paper if old else committed


def paper_lot(paper, ident):
    proof = sha256_hex(US.join((paper["key"].encode(), ident.encode())))
    return sha256_hex(US.join((proof.encode(), ident.encode())))[:32]


def paper_lots(paper):
    """The ids of each stratum since format 3, which are lots in a draw by grade."""
    by_grade, strata = "key_hash" in paper["committed"], paper["committed"]["strata"]
    need(by_grade == ("lots" in paper), "lots and key_hash")
    need(("key" in paper) == ("membership" in paper) and (by_grade or "key" not in paper), "the key")
    if not by_grade:
        need(len(strata) == 1, "one stratum")
        return [paper["frame"]]
    need(sum(map(len, paper["lots"])) == len(paper["frame"]), "a lot for each subject")
    need(all(sorted(set(ids)) == ids for ids in paper["lots"]), "lots are not sorted")
    if "key" in paper:
        need(paper["committed"]["key_hash"] == sha256_hex(paper["key"].encode()), "key_hash")
        need(len(paper["membership"]) == len(paper["frame"]), "membership")
        need(paper["lots"] == [sorted(
            paper_lot(paper, i) for i, at in zip(paper["frame"], paper["membership"]) if at == k)
            for k in range(len(strata))], "the lots of the frame")
    return paper["lots"]


def paper_strata_3(paper):
    strata, rules = paper["committed"]["strata"], paper["committed"]["rules"]
    need(rules["recusals_hash"] == sha256_hex(jcs(paper["recusals"])), "recusals_hash")
    order = [(r["subject"], r["officer"]) for r in paper["recusals"]]
    need(sorted(set(order)) == order, "recusals are not sorted")
    need(rules.get("rounding", "up, at least 1") == "up, at least 1", "rounding")
    lots = paper_lots(paper)
    need(len(lots) == len(strata), "a list of lots for each stratum")
    for s, ids in zip(strata, lots):
        need(s["size"] == len(ids) and min(1, len(ids)) <= s["n"] <= len(ids), "size")
        need(s["members_hash"] == lines_hash(ids), "members_hash")
        need(("ratio_bp" in s) == ("expected_bp" in s), "a ratio and its sizes")
        if "ratio_bp" in s:
            exact = s["size"] * s["ratio_bp"]
            need(0 < s["ratio_bp"] <= 10000 and s["expected_bp"] == exact, "expected_bp")
            need(s["n"] == exact // 10000 + (exact % 10000 > 0), "the share of a ratio")


def paper_moment(text):
    """A day, or an hour of UTC to the millisecond; answers ms."""
    if re.fullmatch(r"[12]\d{3}-\d\d-\d\d", text):
        return calendar.timegm(time.strptime(text, "%Y-%m-%d")) * 1000
    need(re.fullmatch(r"[12]\d{3}-\d\d-\d\dT\d\d:\d\d:[0-5]\d\.\d{3}Z", text), "seed_at")
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) * 1000 + int(text[20:23])


def paper_announces(committed, said):
    """Format 4: where the seed comes from and when, or who has parts of it."""
    at = committed.get("seed_at")
    need(committed.get("seed_parts") or (at and committed["seed_source"] != "given at the reveal"),
         "where the seed comes from")
    if at:
        day = len(at) == 10
        need(paper_moment(at) > said["committed_at"] - 86400000 * day, "seed_at is over")


def paper_committed(paper, said):
    committed, frame = paper["committed"], paper["frame"]
    rules, strata = committed["rules"], committed["strata"]
    need(paper["commitment"] == sha256_hex(jcs(committed)), "commitment")
    need(sorted(set(frame)) == frame, "the frame is not sorted")
    need_all(ID, said["id"], *frame)
    need(committed["frame_hash"] == lines_hash(frame), "frame_hash")
    need(committed["frame_size"] == len(frame), "frame_size")
    if paper["format"] >= 3:
        paper_strata_3(paper)
    if paper["format"] >= 4:
        paper_announces(committed, said)
    for k, s in enumerate(strata if paper["format"] < 3 else []):
        need(len(frame) == len(paper["membership"]), "membership")
        ids = [i for i, at in zip(frame, paper["membership"]) if at == k]
        need(s["size"] == len(ids) >= s["n"], "size")
        need(s["members_hash"] == lines_hash(ids), "members_hash")
    need(sum(s["size"] for s in strata) == len(frame), "membership")
    officers = [o["id"] for o in paper["pool"]]
    need(sorted(set(officers)) == officers, "the pool is not sorted")
    need(committed["pool_hash"] == sha256_hex(jcs(paper["pool"])), "pool_hash")
    need(rules["exclusions_hash"] == sha256_hex(jcs(paper["excluded"])), "exclusions_hash")
    if paper["format"] < 3:
        need(rules["load_limit"] == "ceil(subjects*officers_per_subject/candidates)+1",
             "load_limit")


def paper_state(paper, said):
    by_grade = "key_hash" in paper["committed"]
    parts = [k in paper for k in ["pairs", "reserve", "result", "result_hash"] + ["drawn"] * by_grade]
    need(by_grade or "drawn" not in paper, "drawn lots")
    need(all(parts) or "replacements" not in paper, "replacements of nothing")
    need(("seed" in paper) == ("revealed_at" in paper), "the seed and its time")
    need(not any(parts) or (all(parts) and "seed" in paper), "a part of a result")
    named = paper["committed"].get("seed_parts", [])
    for one in named:
        members(one, ("hash name", ""))
    if named and "seed" in paper:
        need([sha256_hex(text.encode()) for text in paper["seed"].split("|", len(named) - 1)]
             == [one["hash"] for one in named], "the parts of the seed")
    states = (["drawn", "verified"] if all(parts) else
              ["revealed"] if "seed" in paper else ["committed"])
    need(paper["state"] in states + ["void"], "the state")
    need("void_reason" not in paper or paper["state"] == "void", "void_reason")
    need(paper.get("revealed_at", said["committed_at"]) >= said["committed_at"], "revealed_at")
    if "seed_at" in paper["committed"] and "seed" in paper:
        need(paper["revealed_at"] >= paper_moment(paper["committed"]["seed_at"]), "revealed before seed_at")
    day = time.strftime("%Y-%m-%d", time.gmtime(said["committed_at"] // 1000))
    need(paper["committed"]["rules"]["day"] == day, "the day")
    return all(parts)


def paper_load(paper):
    day = paper["committed"]["rules"]["day"]
    if paper["format"] == 4:
        last = max(day, paper["committed"]["rules"]["due"])
        numbers = [o.get("certificate") for o in paper["pool"]]
        return {o["id"]: 0 for o in paper["pool"]
                if "excluded" not in o and o.get("state") == "active"
                and o.get("certificate") and numbers.count(o["certificate"]) == 1
                and o.get("certificate_state") == "valid" and o.get("certificate_from")
                and o["certificate_from"] <= day and last <= o.get("certificate_to", "")}
    return {o["id"]: 0 for o in paper["pool"]
            if "excluded" not in o and o.get("state", "active") == "active"
            and o.get("certificate_state", "valid") == "valid"
            and ("certificate" in o or "certificate_to" in o)
            and o.get("certificate_from", day) <= day <= o.get("certificate_to", day)}


def paper_next(paper, load, recused, pair, lead):
    """Format 3: the next officer of [subject, officer, ...]; its load grows."""
    def place(officer):
        return load[officer], sha256(US.join(
            (paper["seed"].encode(), b"m", pair[0].encode(), officer.encode())))
    free = sorted((o for o in load if o not in pair[1:] and (pair[0], o) not in recused), key=place)
    leads = {o["id"] for o in paper["pool"] if "lead" in o}
    need(free, "too few officers")
    officer = next((o for o in free if lead and o in leads), free[0])
    load[officer] += 1
    return officer


def paper_match(paper, load, recused, subject):
    pair = [subject]
    while len(pair) <= paper["committed"]["officers_per_subject"]:
        pair.append(paper_next(paper, load, recused, pair, len(pair) == 1))
    return pair


def paper_replaced(paper):
    """Every replacement of a drawn paper of format 3, from those before."""
    load, recused = paper_load(paper), {(r["subject"], r["officer"]) for r in paper["recusals"]}
    pairs_ = {pair[0]: pair[:] for pair in paper["pairs"]}
    for officer in sum((pair[1:] for pair in paper["pairs"]), []):
        load[officer] += 1
    leads = {o["id"] for o in paper["pool"] if "lead" in o}
    names = {paper_lot(paper, i): i for i in paper["frame"]} if "key" in paper else {}
    strata = dict(zip(paper["frame"], paper.get("membership", [0] * len(paper["frame"]))))
    waiting = [[names.get(i, i) for i in r] for r in paper["reserve"]]
    seen, before = set(pairs_), paper["revealed_at"]
    for said in paper.get("replacements", []):
        need(said["reason"] and said["at"] >= before, "the reason and time of a replacement")
        before, out = said["at"], said["out"]
        if "subject" in said:
            pair = pairs_.get(said["subject"], [])
            need(out in pair[1:], "an officer who was not drawn")
            recused.add((pair[0], out))
            load[out] -= 1
            found = paper_next(paper, load, recused, pair, out in leads)
            pair[pair.index(out, 1)] = found
        else:
            need(out in pairs_, "a subject that was not drawn")
            for officer in pairs_.pop(out)[1:]:
                load[officer] -= 1
            public = "key_hash" in paper["committed"] and "key" not in paper
            found = said["in"] if public else waiting[strata[out]].pop(0)
            need(found in strata and found not in seen, "nobody to come in")
            seen.add(found)
            pairs_[found] = paper_match(paper, load, recused, found)
            need(said.get("officers") == pairs_[found][1:], "the officers of a replacement")
        need(("officers" in said) != ("subject" in said) and said["in"] == found, "a replacement")


def paper_pairs(paper, seed, drawn):
    committed, pairs_ = paper["committed"], []
    wanted, load = committed["officers_per_subject"], paper_load(paper)
    need(len(load) >= wanted, "too few officers")
    if paper["format"] >= 3:
        recused = {(r["subject"], r["officer"]) for r in paper["recusals"]}
        return [paper_match(paper, load, recused, subject) for subject in drawn]
    for subject in drawn:
        limit = -(-len(drawn) * wanted // len(load)) + 1
        while sum(n < limit for n in load.values()) < wanted:
            limit += 1
        order = sorted(load, key=lambda o: sha256(US.join(
            (seed, b"m", subject.encode(), o.encode()))))
        chosen = [o for o in order if load[o] < limit][:wanted]
        for officer in chosen:
            load[officer] += 1
        pairs_.append([subject] + chosen)
    return pairs_


def paper_outcome_3(paper):
    seed, lots = paper["seed"].encode(), paper.get("lots", [paper["frame"]])

    def ticket(ident):
        return sha256(seed + US + ident.encode())
    order = [sorted(ids, key=ticket) for ids in lots]
    counts = [s["n"] for s in paper["committed"]["strata"]]
    drawn = [ids[:n] for ids, n in zip(order, counts)]
    out = {"reserve": [ids[n:] for ids, n in zip(order, counts)]}
    names = sum(drawn, [])
    if "lots" in paper:
        out["drawn"] = drawn
        if "key" in paper:
            owners = {paper_lot(paper, i): i for i in paper["frame"]}
            names = [owners[lot] for lot in names]
        else:
            need(len(set(paper["result"]) & set(paper["frame"])) == len(names), "the names")
            names = paper["result"]
    out["result"] = sorted(names, key=ticket)
    out["pairs"] = paper_pairs(paper, seed, out["result"])
    return out


def paper_outcome(paper):
    if paper["format"] >= 3:
        return paper_outcome_3(paper)
    seed, result, reserve = paper["seed"].encode(), [], []
    tickets = {i: sha256(seed + US + i.encode()) for i in paper["frame"]}
    for k, s in enumerate(paper["committed"]["strata"]):
        order = sorted((i for i, at in zip(paper["frame"], paper["membership"]) if at == k),
                       key=tickets.get)
        result += order[:s["n"]]
        reserve.append(order[s["n"]:])
    result.sort(key=tickets.get)
    return {"pairs": paper_pairs(paper, seed, result), "reserve": reserve, "result": result}


def paper(g):
    said = paper_members(g["paper"])
    paper_committed(g["paper"], said)
    if paper_state(g["paper"], said):
        outcome = paper_outcome(g["paper"])
        need(all(g["paper"][k] == outcome[k] for k in outcome), "the outcome")
        need(g["paper"]["result_hash"] == sha256_hex(jcs(outcome)), "result_hash")
        if "replacements" in g["paper"]:
            paper_replaced(g["paper"])
    return {"id": said["id"], "committed_at": said["committed_at"],
            "commitment": sha256_hex(jcs(g["paper"]["committed"])),
            "drawn": len(g["paper"].get("result", []))}


ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
INNER = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def uscc(g):
    code = g["code"]
    if len(code) != 18:
        return {"valid": False, "why": "length"}
    if any(c not in ALPHABET for c in code[:17]):
        return {"valid": False, "why": "letter"}
    total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(code[:17]))
    check = ALPHABET[(31 - total % 31) % 31]
    c = 11 - sum(INNER.index(c) * w for c, w in zip(code[8:16], (3, 7, 9, 10, 5, 8, 4, 2))) % 11
    want = {"valid": check == code[17], "sum": total, "sum_mod_31": total % 31, "check": check,
            "organisation_check": {10: "X", 11: "0"}.get(c, str(c)),
            "organisation_check_holds": code[16] == {10: "X", 11: "0"}.get(c, str(c))}
    if code[17] not in ALPHABET:
        want["why"] = "letter"
    elif not want["valid"]:
        want["why"] = "check"
    return want


KINDS = {
    "canonical": {"write": canonical_write, "read": canonical_read, "record": canonical_record},
    "ids": {"object": ids_object, "import": ids_import, "kind_file": ids_kind_file,
            "conflict": ids_conflict, "subject": ids_subject, "keys": ids_keys},
    "sealed": {"construction": sealed_construction, "seal": sealed_seal, "open": sealed_open},
    "tree": {"node": tree_node, "packet": tree_packet, "main": tree_main},
    "packet": {"make": packet_make, "read": packet_refuse},
    "main": {"make": main_make, "read": main_refuse},
    "signature": {"ed25519": signature_raw, "sshsig": signature_ssh, "verify": signature_verify},
    "request": {"body": request_body, "bare": request_bare,
                "verify": request_verify, "read": request_refuse},
    "answer": {"make": answer_make, "read": answer_read},
    "receipt": {"line": receipt_line},
    "snapshot": {"read": snapshot_read, "blocks": snapshot_blocks},
    "enrol": {"request": enrol_request, "answer": enrol_answer},
    "draw": {"subjects": draw, "officers": draw_officers, "paper": paper},
    "uscc": {"check": uscc},
}


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def compute(name, kind, given):
    try:
        return KINDS[name][kind](given)
    except Refused:
        return {"refused": True}


def check(name):
    with open(os.path.join(FOLDER, name + ".json"), encoding="utf-8") as f:
        cases = json.load(f)["cases"]
    failed = 0
    for case in cases:
        try:
            got = compute(name, case["kind"], case["given"])
        except Exception as e:  # a malformed case is a failed one
            got = f"{type(e).__name__}: {e}"
        if got != case["want"]:
            failed += 1
            print(f"{name}.json: {case['name']}\n  want {compact(case['want'])[:600]}"
                  f"\n  got  {compact(got)[:600]}")
    return len(cases) - failed, failed


def main():
    if sys.argv[1:] == ["--make"]:
        sys.dont_write_bytecode = True
        import vectors_make
        vectors_make.make_all()
        return 0
    passed = failed = 0
    for name in KINDS:
        p, f = check(name)
        passed, failed = passed + p, failed + f
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
