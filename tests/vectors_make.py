"""vectors_make.py - the cases of fixtures/vectors, from fixed seeds.

`python3 tests/vectors.py --make` writes them. What a case must give is computed
by vectors.py; where somebody else published the answer, it stands here and must
agree.
"""
import json
import os
import re
import zlib

import vectors as v


def seed(label):
    """32 fixed bytes in hex, as good as random."""
    return v.sha256_hex(b"hufu vector: " + label.encode())


def oid(label):
    return seed(label)[:40]


def ident(label):
    return seed(label)[:20]


class Cases:
    def __init__(self, name, about):
        self.name, self.about, self.cases = name, about, []

    def add(self, name, kind, given, **known):
        want = v.KINDS[self.name][kind](given)
        for key, value in known.items():
            assert want[key] == value, f"{self.name}: {name}: {key}: {want[key]}"
        self.cases.append({"name": name, "kind": kind, "given": given, "want": want})
        return want

    def refuse(self, name, kind, given):
        try:
            v.KINDS[self.name][kind](given)
        except v.Refused as e:
            if os.environ.get("VERBOSE"):
                print(f"{self.name}: {name}: {str(e)[:100]}")
            want = {"refused": True}
            self.cases.append({"name": name, "kind": kind, "given": given, "want": want})
            return
        raise AssertionError(f"{self.name}: {name}: not refused")

    def write(self):
        text = pretty({"format": self.name, "about": self.about, "cases": self.cases}) + "\n"
        # what a reader cannot see is escaped
        text = re.sub("[\x7f-\x9f\u200b-\u200f\u2028\u2029\ufeff]",
                      lambda m: f"\\u{ord(m[0]):04x}", text)
        os.makedirs(v.FOLDER, exist_ok=True)
        with open(os.path.join(v.FOLDER, self.name + ".json"), "w", encoding="utf-8") as f:
            f.write(text)
        print(f"{self.name}.json: {len(self.cases)} cases")


def pretty(value, indent=""):
    """JSON with short values on one line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + len(indent) <= 90 or not isinstance(value, (list, dict)):
        return line
    inner = indent + " "
    if isinstance(value, list):
        parts = [pretty(x, inner) for x in value]
        return "[\n" + ",\n".join(inner + p for p in parts) + "\n" + indent + "]"
    parts = [json.dumps(k) + ": " + pretty(x, inner) for k, x in value.items()]
    return "{\n" + ",\n".join(inner + p for p in parts) + "\n" + indent + "}"


def make_canonical():
    c = Cases("canonical", "section 2: canonical bytes of JSON values and of records")
    good = {
        "an empty object": "{}",
        "white space goes": ' { "b" : [ 1 , 2 ] ,\n\t"a" : true } ',
        "members are sorted by bytes": '{"b":1,"a_b":2,"a0":3,"a":4,"ab":5,"B":6,"~":7}',
        "a solidus is not escaped": '{"a":"\\/ /"}',
        "quote and backslash": '{"a":"\\" \\\\ \\u0022 \\u005c"}',
        "the five short escapes": '{"a":"\\b\\t\\n\\f\\r \\u0008\\u0009\\u000a\\u000c\\u000d"}',
        "other controls in lower case": '{"a":"\\u0001\\u000B\\u001F\\u001f"}',
        "DEL and C1 stand as themselves": '{"a":"\\u007f\\u0085"}',
        "line and paragraph separator stand as themselves": '{"a":"\\u2028\\u2029"}',
        "Chinese": '{"name":"\\u676d\\u5dde\u5e02\u897f\u6e56\u533a"}',
        "an emoji from a surrogate pair": '{"a":"\\ud83d\\ude00 \U0001f600"}',
        "the last character": '{"a":"\\udbff\\udfff"}',
        "no normal form is applied": '{"a":"\\u00e9 e\\u0301"}',
        "the largest integers": "[9007199254740991,-9007199254740991]",
        "small integers": "[0,1,-1,10,100]",
        "minus zero as input is zero": "[-0]",
        "true and false": "[true,false]",
        "nested sets": '{"a":{"z":["b","a"],"y":[[],[["x"]],{}]}}',
        "64 levels": "[" * 64 + "]" * 64,
        "HTML is not special": '{"a":"<&>\'"}',
    }
    for name, text in good.items():
        c.add(name, "write", {"json": text})
    bad = {
        "a float": "[1.5]", "an integer with a point": "[1.0]", "an exponent": "[1e3]",
        "minus zero with a point": "[-0.0]",
        "a null": '{"a":null}', "a null in an array": "[null]",
        "an integer too large": "[9007199254740992]",
        "an integer too small": "[-9007199254740992]",
        "an integer beyond 64 bits": "[18446744073709551616]",
        "a key that stands twice": '{"a":1,"a":1}',
        "a key that stands twice, once escaped": '{"a":1,"\\u0061":2}',
        "a key twice, deep": '[{"x":{"a":1,"b":2,"a":3}}]',
        "an escaped NUL": '{"a":"\\u0000"}',
        "an escaped NUL in a key": '{"\\u0000":1}',
        "half a surrogate pair": '{"a":"\\ud83d"}',
        "a surrogate pair the wrong way round": '{"a":"\\ude00\\ud83d"}',
        "a key outside ASCII": '{"\u540d":1}',
        "a control in a key": '{"a\\n":1}',
        "65 levels": "[" * 65 + "]" * 65,
        "a raw line feed in a string": '{"a":"\n"}',
        "text behind the value": "{} {}", "a comma too many": "[1,]",
        "NaN": "[NaN]", "Infinity": "[Infinity]", "a comment": "[1/**/]",
        "a plus sign": "[+1]", "a zero in front": "[01]", "nothing": "", "half an object": '{"a":1',
    }
    for name, text in bad.items():
        c.refuse(name, "write", {"json": text})
    raw = {"an overlong encoding": b'{"a":"\xc0\xaf"}', "a surrogate in UTF-8": b'["\xed\xa0\x80"]',
           "beyond U+10FFFF": b'["\xf4\x90\x80\x80"]', "a raw NUL": b'["\0"]',
           "a cut character": b'["\xe6\x9d"]', "a byte order mark": b"\xef\xbb\xbf[]",
           "UTF-16": "[]".encode("utf-16-le")}
    for name, data in raw.items():
        c.refuse(name, "write", {"json_base64": v.b64(data)})
    for name, text in {"an object": '{"a":1,"b":["x"]}', "a string": '"\u2028"',
                       "an empty array": "[]"}.items():
        c.add("canonical: " + name, "read", {"text": text})
    for name, text in {
            "a space": '{"a": 1}', "a line feed at the end": "{}\n", "members out of order":
            '{"b":1,"a":2}', "minus zero": "[-0]", "an escaped solidus": '["\\/"]',
            "an escaped letter": '["\\u0061"]', "an escape in upper case": '["\\u001F"]',
            "a long escape for a line feed": '["\\u000a"]', "an escaped DEL": '["\\u007f"]',
            "an escaped separator": '["\\u2028"]', "a float": "[1.0]", "an exponent": "[1e0]",
            "a null": "[null]", "a key twice": '{"a":1,"a":1}', "nothing": ""}.items():
        c.refuse("not canonical: " + name, "read", {"text": text})
    c.add("a record", "record", {
        "id": "91330106ma2000211y", "scope": "330106", "town": "002", "sets": ["tags"],
        "fields": {"name": "\u897f\u6e56\u533a \u201c\u864e\u7b26\u201d \U0001f42f", "active": True,
                   "capital": 123456789012, "lat": 302741000, "lon": 1201551000,
                   "founded": "2019-02-28", "tags": ["b", "a", "b", "\u98df\u54c1", "a10", "a9"]}})
    c.add("a record without fields, of no town", "record", {
        "id": "a", "scope": "catalog", "town": "000", "sets": [], "fields": {}})
    for name, change in {"a town of two digits": {"town": "02"}, "a scope of five": {
            "scope": "33010"}, "an id in upper case": {"id": "A"}, "an id of 33": {
            "id": "a" * 33}, "a reserved field": {"fields": {"old_x": 1}}, "a field named id": {
            "fields": {"id": "b"}}, "a field in upper case": {"fields": {"Name": "x"}}}.items():
        c.refuse(name, "record", {"id": "a", "scope": "catalog", "town": "000", "sets": [],
                                  "fields": {}, **change})
    c.write()


def make_ids():
    c = Cases("ids", "sections 1, 2, 8 and 9: object ids, ids of records, keys")
    c.add("an empty blob", "object", {"type": "blob", "bytes": ""},
          oid="e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
    c.add("a blob that Git's book shows", "object",
          {"type": "blob", "bytes": "what is up, doc?"},
          oid="bd9dbf5aae1a3862dd1526723246b20206e5fc37")
    c.add("a blob with bytes beyond text", "object",
          {"type": "blob", "bytes_base64": v.b64(bytes(range(256)))})
    c.add("the empty tree", "object", {"type": "tree", "bytes": ""}, oid=v.EMPTY_TREE)
    c.add("a record", "object", {"type": "blob", "bytes": '{"id":"a","scope":"catalog","town":"000"}'})
    c.add("an imported record, one key", "import",
          {"source": "zj-credit", "kind": "penalty", "keys": ["2024-000123"]})
    c.add("an imported record, two keys", "import",
          {"source": "\u5e73\u53f0", "kind": "item", "keys": ["330100", "\u98df\u54c1-7"]})
    c.add("an empty key counts", "import", {"source": "s", "kind": "item", "keys": ["", "x"]})
    c.add("an imported subject with a code", "subject", {"code": "91350100M000100Y43"},
          id="91350100m000100y43")
    c.refuse("a code that is not valid names nobody", "subject", {"code": "91350100M000100Y44"})
    c.add("the record of a kind file", "kind_file", {"kind": "visit"})
    c.add("a conflict record", "conflict", {"kind": "visit", "id": ident("visit 1"),
                                            "group": "result", "packet": oid("packet 1")})
    c.add("a conflict of the town", "conflict", {"kind": "subject", "id": "a", "group": "town",
                                                 "packet": oid("packet 2")})
    ids = [ident(f"key {i}") for i in range(1500)]
    near = sorted(ids, key=lambda i: v.sha256_hex(i.encode()))
    pairs = [(a, b) for a, b in zip(near, near[1:])
             if v.sha256_hex(a.encode())[:4] == v.sha256_hex(b.encode())[:4]]
    c.add("keys of four digits", "keys", {"ids": ids[:5]})
    c.add("keys that need more digits", "keys", {"ids": [*pairs[0], *ids[:3]]})
    c.write()


def make_sealed():
    c = Cases("sealed", "section 3: records of sealed kinds")
    c.add("draft-irtf-cfrg-xchacha-03, A.3.1", "construction", {
        "key_hex": bytes(range(0x80, 0xA0)).hex(),
        "nonce_hex": bytes(range(0x40, 0x58)).hex(), "aad_hex": "50515253c0c1c2c3c4c5c6c7",
        "plain_hex": (b"Ladies and Gentlemen of the class of '99: If I could offer you only "
                      b"one tip for the future, sunscreen would be it.").hex()},
          box_hex="bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
                  "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
                  "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
                  "21f9664c97637da9768812f615c68b13b52e"
                  "c0875924c1c7987947deafd8780acf49")
    base = {"key_hex": seed("subject key"), "key_id": ident("subject key id"), "kind": "complaint",
            "id": ident("complaint 1"), "scope": "330106", "town": "002",
            "fields": {"text": "\u6765\u7535\u8005\uff1a\u738b\u67d0\uff0c\u7535\u8bdd 138\u2026",
                       "received": "2026-03-01", "urgent": False}}
    one = c.add("a record", "seal", base)
    again = c.add("another town gives another nonce", "seal", {**base, "town": "003"})
    assert one["nonce"] != again["nonce"]
    c.add("no fields", "seal", {**base, "fields": {}})
    c.add("more than one block", "seal", {**base, "fields": {"text": "\u864e" * 100}})
    record, key = one["record"], {"kind": base["kind"], "key_hex": base["key_hex"]}
    assert c.add("it opens", "open", {**key, "record": record})["inner"] == one["inner"]
    c.refuse("another key", "open", {**key, "key_hex": seed("another"), "record": record})
    c.refuse("another kind", "open", {**key, "kind": "visit", "record": record})
    for name, (old, new) in {"another town": ('"002"', '"003"'), "another scope": (
            '"330106"', '"330108"'), "another id": (base["id"], ident("complaint 2"))}.items():
        assert old in record
        c.refuse(name, "open", {**key, "record": record.replace(old, new)})
    box = bytearray(v.unb64(one["box"]))
    for name, at in (("a changed ciphertext", 0), ("a changed tag", -1)):
        other = bytearray(box)
        other[at] ^= 1
        c.refuse(name, "open", {**key, "record": record.replace(one["box"], v.b64(other))})
    c.refuse("a tag alone that is cut", "open",
             {**key, "record": record.replace(one["box"], v.b64(box[:15]))})
    c.refuse("another algorithm", "open", {**key, "record": record.replace("xchacha", "chacha")})
    c.write()


def alike_ids(count, digits):
    """Ids whose SHA-256 begins with these digits."""
    found, n = [], 0
    while len(found) < count:
        n += 1
        i = ident(f"alike {n}")
        if v.sha256_hex(i.encode()).startswith(digits):
            found.append(i)
    return found


def make_tree():
    c = Cases("tree", "section 4: tree objects, packet trees and main trees. records: "
              "[kind, id, blob], or [town, kind, id, blob]; nodes in the order made")
    c.add("entries are sorted by name", "node", {"entries": [
        ["40000", "visit", oid("1")], ["100644", "a_b", oid("2")], ["40000", "ab", oid("3")],
        ["40000", "000", oid("4")], ["40000", "a", oid("5")]]})
    c.add("no entries", "node", {"entries": []}, oid=v.EMPTY_TREE)
    for name in ("", "..", ".git", "a/b", "A", "a b", "a-b", "a.json", "\u864e", "a" * 33):
        c.refuse(f"bad name '{name}'", "node", {"entries": [["100644", name, oid("1")]]})
    c.refuse("a name that stands twice", "node", {
        "entries": [["100644", "a", oid("1")], ["40000", "a", oid("2")]]})
    c.add("a packet of three records", "packet", {"records": [
        ["visit", "v2", oid("v2")], ["photo", ident("p"), oid("p")], ["visit", "v10", oid("v10")]]})
    c.add("the same in a packet with an even Sequence", "packet", {
        **c.cases[-1]["given"], "marked": True})
    c.add("an empty scope", "main", {"records": []}, root=v.EMPTY_TREE)
    rows = [["002", "visit", ident(f"visit {i}"), oid(f"visit {i}")] for i in range(40)]
    c.add("one record", "main", {"records": rows[:1]})
    c.add("32 records are a leaf", "main", {"records": rows[:32]})
    c.add("33 records are split", "main", {"records": rows[:33]})
    c.add("the order of records does not matter", "main", {"records": rows[32::-1]},
          root=c.cases[-1]["want"]["root"])
    c.add("towns and kinds are counted apart", "main", {
        "records": rows[:20] + [["003", k, i, o] for _, k, i, o in rows[20:]] +
        [["002", "photo", "a", oid("a")], ["000", "visit", "a", oid("b")]]})
    alike = alike_ids(33, "7")
    c.add("33 records under one digit are split twice", "main", {
        "records": [["000", "item", i, oid(i)] for i in alike]})
    c.add("32 under one digit and one beside", "main", {
        "records": [["000", "item", i, oid(i)] for i in alike[:32]] +
        [["000", "item", rows[0][2], oid("x")]]})
    c.write()


RECORDS = [["visit", {"id": "v2", "scope": "330106", "town": "002", "result": "pass",
                      "items": ["a", "b"], "at": 1790000000123}],
           ["photo", {"id": ident("photo"), "scope": "330106", "town": "002", "visit": "v2"}],
           ["visit", {"id": "v10", "scope": "330106", "town": "003",
                      "note": "\u6d88\u9632\u901a\u9053\u5835\u585e\n\u5df2\u62cd\u7167"}]]
PACKET = {"author": ident("wang"), "terminal": "t7", "seconds": 0, "message": "2 visits, 1 photo",
          "scope": "330106", "journal": ident("journal 1"), "sequence": 1, "wall": 1789999000123,
          "monotonic": 5000, "boot": ident("boot"), "anchor": 0}
OFFICER, SERVER = seed("key of officer wang"), seed("key of the server")


def make_packet():
    c = Cases("packet", "sections 5 and 6: packets. records: [kind, record]")
    first = c.add("the first packet of a journal, without an anchor", "make",
                  {"seed_hex": OFFICER, "commit": PACKET, "records": RECORDS})
    later = {**PACKET, "parent": first["oid"], "sequence": 2, "base": oid("main 1"),
             "seconds": 1790000003, "anchor": 1789999998000, "monotonic": 10999,
             "message": "\u73b0\u573a\u68c0\u67e5\uff1a1 \u6761 \U0001f42f"}
    second = c.add("a later packet", "make",
                   {"seed_hex": OFFICER, "commit": later, "records": RECORDS[:1]})
    c.add("the first packet after a fork", "make", {
        "seed_hex": OFFICER, "records": RECORDS[2:], "commit": {
            **PACKET, "journal": ident("journal 2"), "base": oid("main 1"),
            "supersedes": second["oid"], "message": "x" * 200}})
    c.add("an office packet", "make", {
        "seed_hex": SERVER, "records": RECORDS[1:], "commit": {
            **PACKET, "author": "chen", "terminal": "server", "journal": "office",
            "operation": "plan_close", "seconds": 1790000100}})
    of2 = c.add("format 2, an odd Sequence", "make", {
        "seed_hex": OFFICER, "commit": {**PACKET, "format": 2}, "records": RECORDS[:1]})
    again = c.add("the same records with the next", "make", {
        "seed_hex": OFFICER, "commit": {**later, "format": 2, "parent": of2["oid"]},
        "records": RECORDS[:1]})
    assert of2["tree"] != again["tree"] and of2["tree"] == second["tree"]
    good = {"public_hex": v.public_of(bytes.fromhex(OFFICER)).hex(), "commit": again["commit"]}
    c.add("format 2 is read", "read", good)
    good = {**good, "commit": second["commit"]}
    c.add("it is read", "read", good)
    c.refuse("another key", "read", {**good, "public_hex": v.public_of(
        bytes.fromhex(SERVER)).hex()})
    message = later["message"]
    for name, old, new in (
            ("a later format", "Format: 1", "Format: 3"),
            ("a format that never was", "Format: 1", "Format: 0"),
            ("another tree", second["tree"], oid("x")),
            ("a changed message", message, "other"),
            ("a message of two lines", message, "a\nb"),
            ("a message with a control character", message, "a\x07b"),
            ("a message with a C1 control", message, "a\x85b"),
            ("an empty message", message, ""),
            ("a message of 201 bytes", message, "x" * 201),
            ("a number with a zero in front", "Sequence: 2", "Sequence: 02"),
            ("two spaces", "Sequence: 2", "Sequence:  2"),
            ("a trailer too many", "Alg: ed25519\n", "Alg: ed25519\nMore: 1\n"),
            ("no line feed at the end", "Alg: ed25519\n", "Alg: ed25519"),
            ("another algorithm", "Alg: ed25519", "Alg: rsa"),
            ("trailers in another order", "Monotonic: 10999\nBoot: " + PACKET["boot"] + "\n",
             "Boot: " + PACKET["boot"] + "\nMonotonic: 10999\n"),
            ("a trailer twice", "Sequence: 2\n", "Sequence: 2\nSequence: 2\n"),
            ("a parent and Sequence 1", "Sequence: 2", "Sequence: 1"),
            ("an operation outside the office", "Wall:", "Operation: x\nWall:"),
            ("supersedes in a later packet", "Terminal:",
             f"Supersedes: {oid('x')}\nTerminal:"),
            ("another committer", "\ncommitter ", "\ncommitter x"),
            ("another time zone", "+0000", "+0800"),
            ("a header too many", "\nauthor", "\nencoding UTF-8\nauthor"),
            ("armour of other lines", "SIGNATURE-----\n U1NI", "SIGNATURE-----\n U1\n NI"),
            ("another signature", second["signature"][200:204], "AAAA")):
        assert old in second["commit"], name
        c.refuse(name, "read", {**good, "commit": second["commit"].replace(old, new, 1)})
    c.write()


def make_main():
    c = Cases("main", "sections 5 and 7: main commits. entries: [kind, record] in order of "
              "position; records: all of the scope's records afterwards")
    base = {"seconds": 1790000010, "scope": "330106", "epoch": seed("epoch")[:16],
            "time": 1790000010250, "quarantined": []}
    first = c.add("the first main commit", "make", {
        "seed_hex": SERVER, "previous_content": "00" * 32, "entries": RECORDS,
        "records": RECORDS, "commit": {**base, "parents": [oid("journal 1 tip")], "position": 3,
                                       "merged": [oid("packet 1"), oid("packet 2")]}})
    changed = ["visit", {**RECORDS[0][1], "result": "fail"}]
    second = c.add("it chains, with quarantine", "make", {
        "seed_hex": SERVER, "previous_content": first["content_sha256"], "entries": [changed],
        "records": [changed, *RECORDS[1:]], "commit": {
            **base, "parents": [first["oid"], oid("journal 1 tip 2"), oid("office tip")],
            "position": 4, "seconds": 1790000020, "time": 1790000020999,
            "merged": [oid("packet 3"), oid("packet 4"), oid("packet 5")],
            "quarantined": [[oid("packet 4"), "visit/v10", "role"],
                            [oid("packet 5"), "photo/p1", "after_quarantine"]]}})
    c.add("nothing but quarantine, in an empty catalog", "make", {
        "seed_hex": SERVER, "previous_content": "00" * 32, "entries": [], "records": [],
        "commit": {**base, "scope": "catalog", "parents": [oid("journal 9")], "position": 0,
                   "merged": [oid("packet 9")],
                   "quarantined": [[oid("packet 9"), "item/i1", "invalid"]]}})
    good = {"public_hex": v.public_of(bytes.fromhex(SERVER)).hex(), "commit": second["commit"]}
    c.add("it is read", "read", good)
    for name, old, new in (
            ("another format", "Format: 1", "Format: 7"),
            ("subject and trailer differ", "to position 4", "to position 5"),
            ("another author", "author hufu", "author root"),
            ("a bad path", "visit/v10", "visit/../v10"),
            ("a reserved kind", "visit/v10", "hufu_x/v10"),
            ("merged behind quarantined", "Content-SHA256", f"Merged: {oid('x')}\nContent-SHA256"),
            ("a shorter epoch", base["epoch"], base["epoch"][1:]),
            ("a changed time", "Time: 1790000020999", "Time: 1790000020998")):
        assert old in second["commit"], name
        c.refuse(name, "read", {**good, "commit": second["commit"].replace(old, new, 1)})
    c.write()


def make_signature():
    c = Cases("signature", "section 5: Ed25519 and the SSH signature format")
    c.add("RFC 8032, 7.1, test 1", "ed25519", {
        "seed_hex": "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "message_hex": ""},
          public_hex="d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
          signature_hex="e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb882"
                        "1590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
    c.add("RFC 8032, 7.1, test 2", "ed25519", {
        "seed_hex": "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "message_hex": "72"},
          public_hex="3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
          signature_hex="92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1"
                        "e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
    armour = None
    for name, message in (("an empty message", b""), ("a line", b"hello\n"),
                          ("111 bytes", b"x" * 111), ("128 bytes", b"x" * 128),
                          ("bytes", bytes(range(256)))):
        want = c.add("sshsig: " + name, "sshsig",
                     {"seed_hex": OFFICER, "message_base64": v.b64(message)})
        armour = want["armour"] if name == "a line" else armour
    good = {"public_hex": v.public_of(bytes.fromhex(OFFICER)).hex(), "message": "hello\n",
            "armour": armour}
    c.add("it verifies", "verify", good)
    c.refuse("another message", "verify", {**good, "message": "hello"})
    c.refuse("another key", "verify", {**good, "public_hex": v.public_of(
        bytes.fromhex(SERVER)).hex()})
    lines = armour.splitlines()
    blob = v.unb64("".join(lines[1:-1]))
    for name, other in (("no line feed at the end", armour[:-1]),
                        ("a line feed too many", armour + "\n"),
                        ("carriage returns", armour.replace("\n", "\r\n")),
                        ("one long line", "\n".join([lines[0], "".join(lines[1:-1]), lines[-1], ""])),
                        ("a space", armour.replace("U1NI", " U1NI")),
                        ("PGP", armour.replace("SSH", "PGP")),
                        ("another namespace", v.armour_of(blob.replace(b"git", b"tig"))),
                        ("another hash", v.armour_of(blob.replace(b"sha512", b"sha256"))),
                        ("another version", v.armour_of(blob.replace(b"SSHSIG\0\0\0\1",
                                                                     b"SSHSIG\0\0\0\2"))),
                        ("a changed signature", armour[:250] + "AA" + armour[252:])):
        assert other != armour, name
        c.refuse(name, "verify", {**good, "armour": other})
    signed = v.ssh_signed(b"hello\n")
    s = v.ed25519_sign(bytes.fromhex(OFFICER), signed)
    higher = (int.from_bytes(s[32:], "little") + v.ORDER).to_bytes(32, "little")
    c.refuse("S beyond the order of the group", "verify", {
        **good, "armour": v.ssh_armour(bytes.fromhex(good["public_hex"]), s[:32] + higher)})
    c.write()


def packet_commit(records):
    rows = [(k, r["id"], v.version(v.jcs(r))) for k, r in records]
    commit = {**PACKET, "tree": v.Trees().packet(rows), "content": v.packet_content(
        {f"{k}/{r['id']}": v.jcs(r) for k, r in records})}
    return v.commit_signed(v.packet_text, commit, bytes.fromhex(OFFICER))[2]


TERMINAL = seed("key of terminal t7")


def columns(records, fields):
    return [[r.get(f) for r in records] for f in fields]


def sync_request():
    visits = [RECORDS[0][1], RECORDS[2][1]]
    fields = ["town", "result", "items", "at", "note"]
    groups = [{"kind": "visit", "ids": ["v2", "v10"], "fields": fields,
               "values": columns(visits, fields)},
              {"kind": "photo", "ids": [RECORDS[1][1]["id"]], "fields": ["town", "visit"],
               "values": [["002"], ["v2"]]}]
    return {"format": 1, "nonce": v.b64(bytes.fromhex(seed("nonce"))[:16]), "enrolment": ident("e"),
            "time": 1790000005000, "keys": 17, "scopes": [
                {"scope": "330106", "head": oid("main 1"),
                 "packets": [{"commit": packet_commit(RECORDS), "rows": groups}]},
                {"scope": "catalog"}]}


def make_request():
    c = Cases("request", "section 10: requests of a terminal. signed_hex is what Hufu-Signature "
              "signs; the body is one of many zlib streams of the JSON")
    base = {"method": "POST", "path": "/v1/sync", "terminal": "t7", "seed_hex": TERMINAL}

    def body(request):
        text = v.compact(request)
        return {"json": text, "body_base64": v.b64(zlib.compress(text.encode(), 6))}

    request = sync_request()
    want = c.add("a sync with a packet", "body", {**base, **body(request)})
    sent = {**{k: base[k] for k in ("method", "path")}, "headers": want["headers"],
            "body_base64": body(request)["body_base64"],
            "public_hex": v.public_of(bytes.fromhex(TERMINAL)).hex()}
    c.add("it is signed", "verify", sent)
    c.refuse("another path", "verify", {**sent, "path": "/v1/syncs"})
    c.refuse("another method", "verify", {**sent, "method": "PUT"})
    c.refuse("another body", "verify", {**sent, "body_base64": v.b64(zlib.compress(b"{}"))})
    c.refuse("another terminal", "verify", {
        **sent, "public_hex": v.public_of(bytes.fromhex(OFFICER)).hex()})
    changes = {"kind": "visit", "keys": [v.sha256_hex(b"v2")[:4], "=v10"],
               "fields": ["note", "result"], "values": [[None, "x"], ["fail", None]]}
    later = {**request, "scopes": [{"scope": "330106", "head": oid("main 1"), "packets": [
        {"commit": packet_commit(RECORDS), "rows": [changes]}]}]}
    c.add("changes relative to the base", "body", {**base, **body(later)})
    page = {k: x for k, x in request.items() if k != "keys"}
    page["scopes"] = [{"scope": "330106", "head": oid("main 1"), "target": oid("main 2"),
                       "after": ["visit", "v2"]}]
    c.add("a further page, no keys", "body", {**base, **body(page)})
    bare = {"method": "GET", "path": "/v1/snapshot/330106"}
    want = c.add("a request without a body", "bare", {
        **bare, "terminal": "t7", "seed_hex": TERMINAL, "time": "1790000005000"})
    sent = {**bare, "headers": want["headers"], "server_time": 1790000605000,
            "public_hex": sent["public_hex"]}
    c.add("10 minutes later", "verify", sent)
    c.refuse("1 ms more than 10 minutes later", "verify", {**sent, "server_time": 1790000605001})
    c.refuse("another time", "verify", {
        **sent, "headers": {**want["headers"], "Hufu-Time": "1790000005001"}})
    stream = zlib.compress(v.compact(request).encode(), 6)
    for name, data in (("a stream that is cut", stream[:-5]), ("bytes behind the stream",
                       stream + b"x"), ("no stream", b"{}"), ("another format", zlib.compress(
                           v.compact({**request, "format": 2}).encode())),
                       ("more than 4 MiB", zlib.compress(b" " * (4 << 20) + b"{}"))):
        c.refuse(name, "read", {"body_base64": v.b64(data)})
    c.add("a member that nobody knows yet", "read", {"body_base64": v.b64(zlib.compress(
        v.compact({**request, "x": 1}).encode(), 6))})
    short = {**later, "scopes": [{"scope": "330106", "packets": [
        {"commit": packet_commit(RECORDS), "rows": [{**changes, "keys": ["=v10"]}]}]}]}
    c.refuse("a column that is too long", "read", {"body_base64": body(short)["body_base64"]})
    c.write()


EPOCH = seed("epoch")[:16]
HEAD = {"head": oid("main 2"), "root": oid("root 2"), "position": 20}


def receipts():
    return [{"packet": oid("packet 1"), "state": "merged", "main": oid("main 2"), "position": 20,
             "time": 1790000006000},
            {"packet": oid("packet 2"), "state": "merged", "main": oid("main 2"), "position": 20,
             "time": 1790000006000, "merged": ["visit/v2"], "conflicts": [seed("conflict")[:32]],
             "quarantined": [["visit/v10", "role"], ["photo/p1", "refers"]]}]


def others():
    return [{"packet": oid(state), "state": state, "text": text} for state, text in (
        ("fork", "sequence 3 of this journal is another packet"),
        ("need_whole", "the base is not known here"),
        ("unverifiable", "the signature does not match"),
        ("waiting", "sequence 7 is missing"))]


def make_answer():
    c = Cases("answer", "section 10: answers of the server. The signature (line 2) covers the "
              "SHA-256 of the request's JSON and that of line 1")
    request_json = v.compact(sync_request())
    head = {"format": 1, "time": 1790000006000, "epoch": EPOCH, "scopes": [
        {"scope": "330106", **HEAD, "receipts": receipts()}, {"scope": "catalog"},
        {"scope": "330108", "error": "scope"}]}

    def add(name, line_1, further):
        given = {"seed_hex": SERVER, "request_json": request_json, "line_1": v.compact(line_1),
                 "further_lines": [v.compact(line) for line in further]}
        _, signature = v.answer_signature(given, given["line_1"])
        lines = [given["line_1"], v.compact({"signature": signature}), *given["further_lines"]]
        given["body_base64"] = stream(lines)
        return lines, c.add(name, "make", given)

    def stream(lines):
        return v.b64(zlib.compress("".join(x + "\n" for x in lines).encode(), 6))

    add("nothing is new", {**head, "scopes": [{"scope": "330106"}]}, [{"end": 1}])
    lines, want = add("receipts, keys and rows", head, [
        {"keys": [[18, ident("k1"), "330106", "91330106ma2000211y",
                   v.b64(bytes.fromhex(seed("k1")))],
                  [19, ident("k2"), "330106", ident("subject"), None]]},
        {"scope": "330106", "rows": [
            {"kind": "visit", "ids": ["v11"], "fields": ["town", "result"],
             "values": [["002"], ["pass"]]},
            {"kind": "visit", "keys": [v.sha256_hex(b"v2")[:4], "=v3"], "fields": ["note"],
             "values": [["\u8865\u6b63", None]]},
            {"kind": "visit", "gone": ["=v4"]}]},
        {"scope": "330106", "merged": ["visit/v2"]},
        {"scope": "330106", "more": ["visit", "v3"]}, {"end": 1}])
    good = {"public_hex": want["public_hex"], "request_json": request_json,
            "body_base64": stream(lines)}
    c.add("it is read", "read", good)
    c.refuse("the answer to another request", "read", {
        **good, "request_json": request_json.replace("1790000005000", "1790000005001")})
    c.refuse("another key", "read", {
        **good, "public_hex": v.public_of(bytes.fromhex(OFFICER)).hex()})
    for name, other in (
            ("a changed first line", [lines[0].replace("merged", "merges", 1), *lines[1:]]),
            ("another format", [lines[0].replace('"format":1', '"format":2'), *lines[1:]]),
            ("no end", lines[:-1]), ("no signature", [lines[0], *lines[2:]])):
        c.refuse(name, "read", {**good, "body_base64": stream(other)})
    c.add("a line that nobody knows yet", "read", {
        **good, "body_base64": stream([*lines[:-1], '{"x":1}', lines[-1]])})
    c.write()


def make_receipt():
    c = Cases("receipt", "section 10: receipts inside the first line of an answer")
    base = {"seed_hex": SERVER, "request_json": v.compact(sync_request()), "time": 1790000006000,
            "epoch": EPOCH, "scope": "330106", "head": HEAD}
    c.add("packets that were taken in", "line", {**base, "receipts": receipts()})
    c.add("packets that were not", "line", {**base, "head": {}, "receipts": others()})
    for name, receipt in (
            ("an empty list", {**receipts()[0], "merged": []}),
            ("an unknown state", {**others()[0], "state": "lost"}),
            ("an unknown code", {**receipts()[0], "quarantined": [["visit/v1", "bad"]]}),
            ("no main commit", {k: x for k, x in receipts()[0].items() if k != "main"}),
            ("a path without an id", {**receipts()[0], "merged": ["visit/"]})):
        c.refuse(name, "line", {**base, "receipts": [receipt]})
    c.write()


def planes(numbers, width):
    return b"".join(bytes(n >> 8 * k & 255 for n in numbers) for k in reversed(range(width)))


def letters(texts, alphabet):
    def one(text):
        return b"".join(bytes([alphabet.index(c) + 1]) if c in alphabet else
                        b"\xff" + c.encode() for c in text)
    return b"".join(one(text) + b"\0" for text in texts)


def sorted_ids(ids):
    shared = [len(os.path.commonprefix(pair)) for pair in zip(["", *ids], ids)]
    return bytes(shared) + bytes(map(len, ids)) + "".join(
        i[n:] for i, n in zip(ids, shared)).encode()


# What no form of a column leaves out: absent values, capitals of the id, a dictionary, planes, a
# character beyond the alphabet, values of several types, a set.
BLOCK_IDS = ["91330106ma1", "91330106ma2", "91330106mb1", "s1"]
BLOCK_ROWS = [
    {"town": "001", "code": "91330106MA1", "at": 1790000000000, "name": "\u676d\u5dde\U0001f42f",
     "mixed": 1, "tags": ["a", "b"]},
    {"town": "001", "code": "91330106MA2", "at": 1790000003000, "name": "\u676d\u5dde", "mixed": "1"},
    {"town": "002", "code": "other", "at": 1790000000500, "name": "", "mixed": True},
    {"town": "001", "at": 1790000259500, "name": "\u5dde"}]


def block_columns():
    at = [row["at"] for row in BLOCK_ROWS]
    return [
        ["id", "text", "sorted", sorted_ids(BLOCK_IDS), {}],
        ["at", "int", "planes", planes([(t - min(at)) // 500 for t in at], 2),
         {"min": min(at), "unit": 500, "width": 2}],
        ["code", "text", "text", bytes([2, 2, 1, 0]) + letters(["other"], "ehort"),
         {"marks": True, "alphabet": "ehort"}],
        ["mixed", "json", "text", bytes([1, 1, 1, 0]) + letters(["1", '"1"', "true"], '"1ertu'),
         {"marks": True, "alphabet": '"1ertu'}],
        ["name", "text", "text", letters([row["name"] for row in BLOCK_ROWS], "\u5dde\u676d"),
         {"alphabet": "\u5dde\u676d"}],
        ["tags", "json", "dict", bytes([1, 0, 0, 0]) + letters(['["a","b"]'], '"[],ab'),
         {"marks": True, "entries": 1, "alphabet": '"[],ab', "width": 0}],
        ["town", "text", "dict", letters(["001", "002"], "012") + planes([0, 0, 1, 0], 1),
         {"entries": 2, "alphabet": "012", "width": 1}]]


def make_blocks(c):
    rows = [(row["town"], "firm", i, v.version(v.record_bytes(
        i, "330106", row["town"], {f: x for f, x in row.items() if f != "town"})))
        for i, row in zip(BLOCK_IDS, BLOCK_ROWS)]
    root = v.Trees().main(rows)
    text = v.commit_signed(v.main_text, {
        "tree": root, "parents": [], "seconds": 1790000010, "scope": "330106", "epoch": EPOCH,
        "position": 4, "time": 1790000010250, "merged": [], "quarantined": [],
        "content": "00" * 32}, bytes.fromhex(SERVER))[2]
    head = {"format": 2, "scope": "330106", "epoch": EPOCH, "head": v.git_id("commit", text.encode()),
            "commit": text, "root": root, "position": 4, "records": 4}

    def given(columns, records=4, head=head):
        says = [{"field": f, "type": t, "form": form, **more, "bytes": len(data)}
                for f, t, form, data, more in columns]
        line = {"kind": "firm", "records": records, "columns": says}
        body = b"".join([v.compact(head).encode() + b"\n", v.compact(line).encode() + b"\n",
                         *[data for _, _, _, data, _ in columns], b'{"end":1}\n'])
        return {"public_hex": v.public_of(bytes.fromhex(SERVER)).hex(),
                "body_base64": v.b64(zlib.compress(body, 9))}

    def changed(field, **change):
        columns = block_columns()
        column = next(x for x in columns if x[0] == field)
        for key, value in change.items():
            if key == "data":
                column[3] = value
            else:
                column[4] = {**column[4], key: value}
        return given(columns)

    c.add("format 2: a block with every form of a column", "blocks", given(block_columns()))
    c.refuse("format 2: another text", "blocks", changed("name", alphabet="\u5dde\u6d77"))
    c.refuse("format 2: an entry that is not there", "blocks",
             changed("town", data=letters(["001", "002"], "012") + planes([0, 0, 2, 0], 1)))
    c.refuse("format 2: bytes left over", "blocks", changed("at", width=1))
    c.refuse("format 2: an unknown mark", "blocks",
             changed("code", data=bytes([2, 2, 3, 0]) + letters(["other"], "ehort")))
    c.refuse("format 2: an id twice", "blocks",
             changed("id", data=sorted_ids([*BLOCK_IDS[:2], BLOCK_IDS[1], "s1"])))
    c.refuse("format 2: another root", "blocks",
             given(block_columns(), head={**head, "root": oid("x")}))


def make_snapshot():
    c = Cases("snapshot", "section 11: whole records, and the signed root over them")
    records = sorted(RECORDS, key=lambda r: (r[0], r[1]["id"]))
    rows = [(r["town"], k, r["id"], v.version(v.jcs(r))) for k, r in records]
    root = v.Trees().main(rows)
    commit = {"tree": root, "parents": [], "seconds": 1790000010, "scope": "330106",
              "epoch": EPOCH, "position": 3, "time": 1790000010250, "merged": [],
              "quarantined": [], "content": v.main_content(
                  "00" * 32, [(f"{k}/{r['id']}", v.jcs(r)) for k, r in RECORDS])}
    text = v.commit_signed(v.main_text, commit, bytes.fromhex(SERVER))[2]
    head = {"format": 1, "scope": "330106", "epoch": EPOCH,
            "head": v.git_id("commit", text.encode()), "commit": text, "root": root,
            "position": 3, "records": 3}
    lines = [head]
    for kind in ("photo", "visit"):
        members = [r for k, r in records if k == kind]
        fields = sorted({f for r in members for f in r} - {"id", "scope"})
        lines.append({"rows": [{"kind": kind, "ids": [r["id"] for r in members],
                                "fields": fields, "values": columns(members, fields)}]})
    lines.append({"end": 1})

    def given(lines):
        text = [v.compact(line) for line in lines]
        body = zlib.compress("".join(t + "\n" for t in text).encode(), 6)
        return {"public_hex": v.public_of(bytes.fromhex(SERVER)).hex(), "lines": text,
                "body_base64": v.b64(body)}

    c.add("three records of two kinds", "read", given(lines))
    c.refuse("another root", "read", given([{**head, "root": oid("x")}, *lines[1:]]))
    c.refuse("a record is absent", "read", given([head, lines[2], lines[3]]))
    c.refuse("kinds out of order", "read", given([head, lines[2], lines[1], lines[3]]))
    c.refuse("the end is absent", "read", given(lines[:-1]))
    c.refuse("another head", "read", given([{**head, "head": oid("x")}, *lines[1:]]))
    make_blocks(c)
    c.write()


def make_enrol():
    c = Cases("enrol", "section 12: enrolment")
    base = {"code": "7k3m9pq2", "terminal": "t7", "officer_seed_hex": OFFICER,
            "terminal_seed_hex": TERMINAL}
    c.add("a request with both proofs", "request", base)
    c.add("another code, another proof", "request", {**base, "code": "7k3m9pq3"})
    answer = {"format": 1, "enrolment": ident("e"), "officer": ident("wang"),
              "name": "\u738b\u654f", "scopes": ["330106", "catalog"],
              "server_key": v.ssh_public(v.public_of(bytes.fromhex(SERVER))), "epoch": EPOCH,
              "time": 1790000000000}
    c.add("an answer", "answer", {"json": v.compact(answer)})
    c.refuse("another format", "answer", {"json": v.compact({**answer, "format": 2})})
    c.refuse("no server key", "answer", {
        "json": v.compact({k: x for k, x in answer.items() if k != "server_key"})})
    c.write()


CODES = ["91350100M000100Y43", "91330106MA2000211Y", "91110000802100433B", "91330106MA20003340",
         "91330100799655058B"]


def make_draw():
    c = Cases("draw", "the random draw: ticket = SHA-256(seed, 1F, id); frame file: sorted ids, "
              "one a line, LF ends the last too. published: first 16 digits and id")
    c.add("the published example", "subjects", {
        "seed": "zj-demo-seed-0001", "frame": sorted(CODES),
        "published": ["9db5ee92129bdc78 91350100M000100Y43", "a055bdd6ba0ae682 91330106MA2000211Y",
                      "af3865e33dad8d20 91110000802100433B", "bc107d500ea12824 91330106MA20003340",
                      "d255b1d4a1736b25 91330100799655058B"],
        "strata": {"all": {"ids": sorted(CODES), "n": 2}}})
    ids = [ident(f"subject {i}") for i in range(20)]
    c.add("two strata", "subjects", {
        "seed": seed("seed"), "frame": ids,
        "strata": {"high": {"ids": ids[:6], "n": 3}, "low": {"ids": ids[6:], "n": 2}}})
    c.add("officers for a subject", "officers", {
        "seed": "zj-demo-seed-0001", "subject": "91350100M000100Y43",
        "officers": ["chen", "li", "wang", "zhao"]})
    make_papers(c)
    c.write()


def paper_committed(form, ids):
    """A paper of eight subjects in two strata and four officers, one of them excluded."""
    membership = [i % 2 for i in range(len(ids))]
    strata = [{"name": name, "n": n, "size": membership.count(k), "members_hash": v.lines_hash(
        [i for i, at in zip(ids, membership) if at == k])}
        for k, (name, n) in enumerate((("A", 1), ("unrated", 2)))]
    pool = [{"id": f"o{i}", "state": "active", "certificate": f"ZJ-{i}"} for i in range(4)]
    pool[3]["excluded"] = "kin of the owner"
    excluded = [{"id": "s9", "reason": "moved"}]
    rules = {"day": "2026-11-22", "due": "2026-12-31", "town": "001",
             "exclusions_hash": v.sha256_hex(v.jcs(excluded)),
             "load_limit": "ceil(subjects*officers_per_subject/candidates)+1"}
    committed = {"algorithm": "hufu-draw-1", "frame_hash": v.lines_hash(ids),
                 "frame_size": len(ids), "officers_per_subject": 2,
                 "pool_hash": v.sha256_hex(v.jcs(pool)), "rules": rules, "scope": "330106",
                 "seed_source": "lottery of 22 November", "strata": strata}
    announced = {"id": "d2", "committed_at": 1795305600123, "name": "\u51ac\u5b63\u62bd\u67e5",
                 "reason": "the first lottery was cancelled", "replaces": "d1"}
    paper = {"format": form, "state": "committed", "committed": committed, "frame": ids,
             "membership": membership, "pool": pool, "excluded": excluded}
    if form == 1:
        paper.update(announced, algorithm="hufu-draw-1")
    else:
        committed.update(announced, format=2)
    return dict(paper, commitment=v.sha256_hex(v.jcs(committed)))


def paper_with(paper, **changes):
    """A copy; committed_* go into `committed`, whose commitment is made again."""
    copy = json.loads(json.dumps(paper))
    for key, value in changes.items():
        if key.startswith("committed__"):
            copy["committed"][key[11:]] = value
            copy["commitment"] = v.sha256_hex(v.jcs(copy["committed"]))
        else:
            copy[key] = value
    return copy


def make_papers(c):
    ids = sorted(ident(f"paper {i}") for i in range(8))
    for form in (1, 2):
        committed = paper_committed(form, ids)
        revealed = paper_with(committed, state="revealed", seed="07-11-19-23-28-33+05",
                              revealed_at=1795305600123)
        drawn = paper_with(revealed, state="drawn", **v.paper_outcome(revealed))
        drawn["result_hash"] = v.sha256_hex(v.jcs(v.paper_outcome(revealed)))
        for state, paper in (("committed", committed), ("revealed", revealed), ("drawn", drawn),
                             ("void", paper_with(committed, state="void"))):
            c.add(f"format {form}, {state}", "paper", {"paper": paper})
        for name, paper in (
                ("a member that no paper has", paper_with(drawn, note="x")),
                ("a state that is not its members'", paper_with(drawn, state="revealed")),
                ("revealed before it was committed", paper_with(drawn, revealed_at=1795305600122)),
                ("another seed", paper_with(drawn, seed="x")),
                ("another scope", paper_with(drawn, committed=dict(drawn["committed"],
                                                                   scope="330107"))),
                ("another load limit", paper_with(committed, committed__rules=dict(
                    committed["committed"]["rules"], load_limit="1"))),
                ("another day", paper_with(committed, committed__rules=dict(
                    committed["committed"]["rules"], day="2026-11-21"))),
                ("another algorithm", paper_with(committed, committed__algorithm="x")),
                ("the other format", paper_with(committed, format=3 - form))):
            c.refuse(f"format {form}: {name}", "paper", {"paper": paper})
    for key in ("id", "name", "reason", "replaces"):
        paper = paper_committed(2, ids)
        paper["committed"][key] = "d3"
        c.refuse(f"format 2: another {key}", "paper", {"paper": paper})
    c.add("format 2: void, with the reason", "paper",
          {"paper": paper_with(paper_committed(2, ids), state="void", void_reason="a slip")})
    make_papers_3(c, ids, 3)
    make_papers_3(c, ids, 4)


def pool_4():
    """Five who may be drawn in format 4, and one for each reason why not."""
    term = {"state": "active", "certificate_from": "2020-01-01", "certificate_to": "2026-12-31",
            "certificate_state": "valid"}
    pool = [dict(term, id=f"o{i}", certificate=f"ZJ-{i}") for i in range(6)]
    pool[1]["lead"] = True
    pool[3]["excluded"] = "by the office"
    for i, change in enumerate(({"certificate_to": "2026-12-30"}, {"certificate_from": "2026-11-23"},
                                {"certificate_state": "expired"}, {"state": "leave"}, {"certificate": ""},
                                {"certificate": "ZJ-7"}, {"certificate": "ZJ-7"})):
        pool.append({**term, "id": f"p{i}", "certificate": f"P-{i}", **change})
    for i, lacks in enumerate(("state", "certificate", "certificate_from", "certificate_to", "certificate_state")):
        one = dict(term, id=f"q{i}", certificate=f"Q-{i}")
        del one[lacks]
        pool.append(one)
    return pool


def paper_committed_3(ids, by_grade, form=3):
    """A paper of format 3 or 4 over the same: one recusal, one lead, and a ratio where by grade."""
    old = paper_committed(2, ids)
    pool = [{"id": f"o{i}", "state": "active", "certificate": f"ZJ-{i}"} for i in range(6)]
    pool[3]["excluded"] = "kin of the owner"
    pool[4]["certificate_state"] = "suspended"
    pool[1]["lead"] = True
    if form == 4:
        pool = pool_4()
    recusals = [{"officer": "o0", "reason": "kin", "subject": ids[2]}]
    reasons = {"officers": [{"id": "o3", "reason": "kin of the owner"}], "recusals": recusals,
               "salt": seed("the salt of reasons")}
    if form == 4:
        recusals = [{"officer": "o0", "subject": ids[2]}]
    paper = {"format": form, "state": "committed", "frame": ids, "pool": pool, "recusals": recusals,
             "excluded": [{"id": "s9", "reason": "moved"}]}
    committed = {k: x for k, x in old["committed"].items() if k not in ("rules", "strata")}
    rules = {"day": "2026-11-22", "due": "2026-12-31", "item": "i1", "period_days": 365,
             "states": ["in_business"], "towns": ["001", "002"],
             "exclusions_hash": v.sha256_hex(v.jcs(paper["excluded"])),
             "recusals_hash": v.sha256_hex(v.jcs(recusals))}
    if form == 4:
        paper["reasons"] = reasons
        rules["reasons_hash"] = v.sha256_hex(v.jcs(reasons))
    strata = [{"name": "all", "n": 3, "size": len(ids), "members_hash": v.lines_hash(ids)}]
    if by_grade:
        paper.update(key=seed("the key of a draw"), membership=[i % 2 for i in range(len(ids))])
        paper["lots"] = [sorted(v.paper_lot(paper, i) for i, at in zip(ids, paper["membership"])
                                if at == k) for k in range(2)]
        strata = [{"name": name, "n": n, "size": 4, "ratio_bp": ratio, "expected_bp": 4 * ratio,
                   "members_hash": v.lines_hash(lots)} for lots, (name, n, ratio) in
                  zip(paper["lots"], (("A", 1, 500), ("D", 2, 4300)))]
        committed["key_hash"] = v.sha256_hex(paper["key"].encode())
        rules.update(rounding="up, at least 1", ratio_rule="default version 1", scheme="default")
    else:
        committed["seed_parts"] = [{"hash": v.sha256_hex(text), "name": name} for name, text in
                                   (("chen", b"07-11"), ("li", b"19-23"), ("wang", b"28|33"))]
    if form == 4 and by_grade:
        committed["seed_at"] = "2026-11-22"
    committed.update(algorithm=f"hufu-draw-{form - 1}", format=form, strata=strata, rules=rules,
                     pool_hash=v.sha256_hex(v.jcs(pool)))
    return dict(paper, committed=committed, commitment=v.sha256_hex(v.jcs(committed)))


def without_key(paper):
    return {k: x for k, x in paper.items() if k not in ("key", "membership", "reasons")}


def replaced(paper):
    """The second subject gives way, then an officer of the first."""
    names = {v.paper_lot(paper, i): i for i in paper["frame"]} if "key" in paper else {}
    load, recused = v.paper_load(paper), {(r["subject"], r["officer"]) for r in paper["recusals"]}
    for officer in sum((pair[1:] for pair in paper["pairs"]), []):
        load[officer] += 1
    first, out = paper["pairs"][:2]
    stratum = paper.get("membership", [0] * 8)[paper["frame"].index(out[0])]
    into = paper["reserve"][stratum][0]
    for officer in out[1:]:
        load[officer] -= 1
    pair = v.paper_match(paper, load, recused, names.get(into, into))
    events = [{"at": paper["revealed_at"] + 5, "in": pair[0], "officers": pair[1:], "out": out[0],
               "reason": "deregistered"}]
    recused.add((first[0], first[2]))
    load[first[2]] -= 1
    came = v.paper_next(paper, load, recused, list(first), False)
    events.append({"at": paper["revealed_at"] + 9, "in": came, "out": first[2], "reason": "ill",
                   "subject": first[0]})
    return paper_with(paper, replacements=events)


def bad_4(committed, revealed, drawn):
    """What format 4 asks for beyond format 3."""
    rules, source = committed["committed"]["rules"], committed["committed"]["seed_source"]
    hour = "2026-11-22T00:00:00.123Z"
    silent = paper_with(committed)
    for key in ("seed_parts", "seed_at"):
        silent["committed"].pop(key, None)
    bad = {"the algorithm of format 3": paper_with(committed, committed__algorithm="hufu-draw-2"),
           "no last day": paper_with(committed, committed__rules={k: x for k, x in rules.items() if k != "due"}),
           "no day of the seed": paper_with(silent, committed__seed_source=source),
           "no source of the seed": paper_with(silent, committed__seed_source="given at the reveal",
                                               committed__seed_at="2026-11-22"),
           "a seed of yesterday": paper_with(committed, committed__seed_at="2026-11-21"),
           "a seed of the hour of the commitment": paper_with(committed, committed__seed_at=hour),
           "no hash of the reasons": paper_with(committed, committed__rules={
               k: x for k, x in rules.items() if k != "reasons_hash"}),
           "another reason": paper_with(committed, reasons=dict(committed["reasons"], officers=[])),
           "a reason in public": paper_with(committed, recusals=committed["reasons"]["recusals"]),
           "reasons without their salt": paper_with(committed, reasons={
               k: x for k, x in committed["reasons"].items() if k != "salt"}),
           "an hour in another form": paper_with(committed, committed__seed_at="2026-11-23T00:00:00Z"),
           "revealed before its day": paper_with(revealed, committed__seed_at="2026-11-23")}
    for i, o in enumerate(drawn["pool"]):
        if o["id"] == "p0":
            pool = json.loads(json.dumps(drawn["pool"]))
            pool[i]["certificate_to"] = "2026-12-31"
            bad["a candidate more"] = paper_with(drawn, pool=pool, committed__pool_hash=v.sha256_hex(v.jcs(pool)))
    return bad


def make_papers_3(c, ids, form):
    for name, by_grade in (("one stratum", False), ("by grade", True)):
        committed = paper_committed_3(ids, by_grade, form)
        revealed = paper_with(committed, state="revealed", seed="07-11|19-23|28|33",
                              revealed_at=1795305600123)
        drawn = paper_with(revealed, state="drawn", **v.paper_outcome(revealed))
        drawn["result_hash"] = v.sha256_hex(v.jcs(v.paper_outcome(revealed)))
        papers = {"committed": committed, "revealed": revealed, "drawn": drawn,
                  "replaced": replaced(drawn),
                  "void": paper_with(committed, state="void", void_reason="a slip")}
        if by_grade or form == 4:
            papers.update({f"{k}, public": without_key(p) for k, p in list(papers.items())})
        for state, paper in papers.items():
            c.add(f"format {form}, {name}, {state}", "paper", {"paper": paper})
        events = papers["replaced"]["replacements"]
        bad = {"another seed": dict(drawn, seed="x"), "another recusal": dict(drawn, recusals=[]),
               "another pair": dict(drawn, pairs=drawn["pairs"][::-1]),
               "a replacement without a reason": paper_with(
                   drawn, replacements=[dict(events[0], reason="")]),
               "a replacement before the draw": paper_with(
                   drawn, replacements=[dict(events[0], at=1)]),
               "another one came in": paper_with(
                   drawn, replacements=[dict(events[0], **{"in": drawn["result"][0]})]),
               "other officers came in": paper_with(
                   drawn, replacements=[dict(events[0], officers=["o1", "o3"])]),
               "the algorithm of format 2": paper_with(committed, committed__algorithm="hufu-draw-1"),
               "a member of format 2": paper_with(committed, committed__load_limit="x"),
               "replacements of nothing": dict(committed, replacements=events)}
        if not by_grade:
            bad.update({"another's part of the seed": dict(revealed, seed="19-23|07-11|28|33"),
                        "a part too few": dict(revealed, seed="07-11|19-23")})
        if by_grade:
            strata = committed["committed"]["strata"]
            bad.update({
                "another key": dict(drawn, key=seed("another key")),
                "a key without the membership": {k: x for k, x in drawn.items() if k != "membership"},
                "other members": dict(drawn, membership=drawn["membership"][::-1]),
                "another expectation": paper_with(committed, committed__strata=[
                    dict(strata[0], expected_bp=1), strata[1]]),
                "a class that is exempt": paper_with(committed, committed__strata=[
                    dict(strata[0], n=0), strata[1]]),
                "rounded down": paper_with(committed, committed__strata=[
                    strata[0], dict(strata[1], n=1)]),
                "public: a name too few": dict(without_key(drawn), result=drawn["result"][1:])})
        if form == 4:
            bad.update(bad_4(committed, revealed, drawn))
        for what, paper in bad.items():
            c.refuse(f"format {form}, {name}: {what}", "paper", {"paper": paper})


def make_uscc():
    c = Cases("uscc", "the unified social credit code, GB 32100-2015. sum: of value times weight; "
              "organisation_check: GB 11714 over positions 9-16, a warning only")
    table = (("91350100M000100Y43", 1640, 28, "3", True), ("91350100M000100Y4Z", 1640, 28, "3", False),
             ("91110000802100433B", 485, 20, "B", True), ("91330100799655058B", 1384, 20, "B", True),
             ("91440300708461136T", 966, 5, "T", True), ("91330106MA20003340", 1240, 0, "0", True),
             ("91330106MA2000211Y", 1086, 1, "Y", True))
    for code, total, rest, check, valid in table:
        c.add(code, "check", {"code": code}, sum=total, sum_mod_31=rest, check=check, valid=valid)
    for code in ("92330106MA2B12343D", "93330822MA2B12343K", "51330000MA2B12343Q",
                 "12330000MA2B12343R"):
        c.add(code, "check", {"code": code}, valid=True)
    for name, code in (("lower case", "91350100m000100y43"), ("a changed digit", "91350100M000100Y53"),
                       ("two digits swapped", "91350010M000100Y43"), ("17", "91350100M000100Y4"),
                       ("19", "91350100M000100Y433"), ("nothing", ""),
                       ("full width", "\uff1991350100M000100Y4"[:18]), ("I", "9135010IM000100Y43"),
                       ("O", "9135O100M000100Y43"), ("S", "9135010SM000100Y43"),
                       ("V", "9135010VM000100Y43"), ("Z", "9135010ZM000100Y43")):
        c.add(name, "check", {"code": code}, valid=False)
    c.write()


def make_all():
    for make in (make_canonical, make_ids, make_sealed, make_tree, make_packet, make_main,
                 make_signature, make_request, make_answer, make_receipt, make_snapshot,
                 make_enrol, make_draw, make_uscc):
        make()
