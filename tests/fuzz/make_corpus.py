#!/usr/bin/env python3
"""make_corpus.py - the fuzzers' corpora out of fixtures/vectors and by hand.

usage: make_corpus.py        writes fixtures/fuzz/<target>/
Files that begin with "found-" were found by a fuzzer and are left alone.
"""
import base64
import glob
import json
import os

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")


def vectors(name):
    with open(os.path.join(ROOT, "fixtures/vectors", name + ".json")) as f:
        return json.load(f)["cases"]


def write(target, name, content):
    folder = os.path.join(ROOT, "fixtures/fuzz", target)
    os.makedirs(folder, exist_ok=True)
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogateescape")
    with open(os.path.join(folder, name), "wb") as f:
        f.write(content)


def texts(value, key):
    """Every text below a key, however deep."""
    if isinstance(value, dict):
        for k, v in value.items():
            if k == key and isinstance(v, str):
                yield v
            yield from texts(v, key)
    elif isinstance(value, list):
        for v in value:
            yield from texts(v, key)


def some(values, n):
    return list(dict.fromkeys(v for v in values if v))[:n]


def commits():
    for target in ("packet", "main"):
        found = some(texts(vectors(target), "commit"), 16)
        for i, text in enumerate(found):
            write(target, "vector-%02d" % i, text)
        first = found[0]
        write(target, "empty", "")
        write(target, "cut", first[: len(first) // 2])
        write(target, "no-signature", first.replace("gpgsig", "gpgsag"))
        write(target, "crlf", first.replace("\n", "\r\n"))
        write(target, "format-2", first.replace("Format: 1", "Format: 2"))
        write(target, "nul", first.replace("Alg", "A\0lg"))
        write(target, "long-line", first.replace("author ", "author " + "a" * 5000))
        write(target, "many-parents", first.replace(
            "author", "parent " + "a" * 40 + "\nauthor", 1) * 1)
        write(target, "huge-number", first.replace("Sequence: 1", "Sequence: 9223372036854775808")
              .replace("Position: ", "Position: 99999999999999999999"))
    for i, text in enumerate(some(texts(vectors("signature"), "signature"), 6)):
        write("packet", "armour-%02d" % i, text)
    for i, text in enumerate(some(texts(vectors("enrol"), "officer_key"), 2)):
        write("packet", "key-%02d" % i, text + " a comment")


def values():
    for i, case in enumerate(vectors("canonical")):
        text = case["given"].get("json")
        if isinstance(text, str) and len(text) < 2000 and i % 3 == 0:
            write("json", "vector-%02d" % i, text)
    write("json", "deep", "[" * 64 + "]" * 64)
    write("json", "too-deep", "[" * 65 + "]" * 65)
    write("json", "doubled-key", '{"a":1,"a":2}')
    write("json", "escapes", '"\\u0000\\ud800\\udc00\\uD800 \\/\\b\\f\\n\\r\\t"')
    write("json", "floats", "[1.0,1e400,-0,-0.0,1E-2,9007199254740993]")
    write("json", "big-ints", "[9223372036854775807,9223372036854775808,-9223372036854775809]")
    write("json", "not-utf8", b'"\xff\xfe\xed\xa0\x80"')
    write("json", "string-with-brackets", '{"[{\\"":"]}\\\\"}')
    write("json", "trailing", "{} {}")
    write("json", "two-objects", '[{"a":1,"ab":[{"b":"]"}],"c":"\\""},{"a":12,"ab":[{"b":"]]"}],"d":{}}]')
    write("json", "two-equal", '[{"a":{"x":"y"}},{"a":{"x":"y"}}]')
    write("json", "bom", b"\xef\xbb\xbf{}")


def groups():
    n = 0
    for line in some(list(texts(vectors("request"), "json")), 6):
        try:
            request = json.loads(line)
        except ValueError:
            continue
        for scope in request.get("scopes", []):
            for packet in scope.get("packets", []):
                write("group", "request-%02d" % n, json.dumps(packet["rows"], ensure_ascii=False))
                n += 1
    for case in vectors("answer") + vectors("snapshot"):
        lines = case["given"].get("further_lines") or case["given"].get("lines") or []
        for line in lines:
            try:
                rows = json.loads(line).get("rows")
            except (ValueError, AttributeError, TypeError):
                continue
            if rows and n < 24:
                write("group", "lines-%02d" % n, json.dumps(rows, ensure_ascii=False))
                n += 1
    ugly = {
        "no-kind": '{"ids":["a"],"fields":[],"values":[]}',
        "ids-and-keys": '{"kind":"visit","ids":["a"],"keys":["abcd"],"fields":[],"values":[]}',
        "short-column": '{"kind":"visit","ids":["a","b"],"fields":["x"],"values":[["1"]]}',
        "two-columns-one-name": '{"kind":"visit","ids":["a"],"fields":["x","x"],"values":[[1],[2]]}',
        "field-id": '{"kind":"visit","ids":["a"],"fields":["id"],"values":[["b"]]}',
        "field-scope": '{"kind":"visit","ids":["a"],"fields":["scope"],"values":[["330107"]]}',
        "float": '{"kind":"visit","ids":["a"],"fields":["x"],"values":[[1.5]]}',
        "null": '{"kind":"visit","ids":["a"],"fields":["town"],"values":[[null]]}',
        "gone": '{"kind":"visit","gone":["abcd","=x1"]}',
        "gone-empty": '{"kind":"visit","gone":[]}',
        "gone-and-fields": '{"kind":"visit","gone":["abcd"],"fields":["a"],"values":[[1]]}',
        "bad-key": '{"kind":"visit","keys":["abc","ABCD","=","=A"],"fields":[],"values":[]}',
        "whole-then-change": '{"kind":"visit","ids":["a","b"],"fields":["x","y"],'
                             '"values":[["1",null],[{"k":[1]},2]]}',
        "no-array": '"rows"',
        "nested": '[[{"kind":"visit","gone":["abcd"]}]]',
    }
    for name, text in ugly.items():
        write("group", name, text)


def requests():
    for i, case in enumerate(vectors("request")):
        given = case["given"]
        if isinstance(given.get("json"), str):
            write("request", "json-%02d" % i, given["json"])
        if isinstance(given.get("body_base64"), str):
            write("request", "body-%02d" % i, base64.b64decode(given["body_base64"]))
    head = '{"format":1,"nonce":"AAAAAAAAAAAAAAAAAAAAAA==","enrolment":"e1","time":1,'
    write("request", "no-scopes", head + '"scopes":[]}')
    write("request", "keys-negative", head + '"keys":-5,"scopes":[]}')
    write("request", "scope-twice", head + '"scopes":[{"scope":"330106"},{"scope":"330106"}]}')
    write("request", "target-alone", head + '"scopes":[{"scope":"330106","target":"' + "0" * 40 + '"}]}')
    write("request", "after-odd", head + '"scopes":[{"scope":"330106","target":"' + "0" * 40
          + '","after":["visit"]}]}')
    write("request", "commit-with-nul", head
          + '"scopes":[{"scope":"330106","packets":[{"commit":"a\\u0000b","rows":[]}]}]}')
    write("request", "rows-no-array", head
          + '"scopes":[{"scope":"330106","packets":[{"commit":"a","rows":{}}]}]}')
    write("request", "packets-many", head + '"scopes":[{"scope":"330106","packets":['
          + ",".join(['{"commit":"a","rows":[]}'] * 300) + "]}]}")


def heads():
    ugly = {
        "plain": "GET /v1/snapshot/330106 1.1\nHost: h\n",
        "post": "POST /v1/sync 1.1\nHost: h\nContent-Length: 12\nHufu-Terminal: t1\n",
        "query": "GET /v1/x?a=b&c=%20 1.1\nHost: h\n",
        "dots": "GET /a/../b/./c 1.1\nHost: h\n",
        "dots-coded": "GET /a/%2e%2e/%2E/b 1.1\nHost: h\n",
        "slash-coded": "GET /a%2fb%5c%00 1.1\nHost: h\n",
        "empty-segment": "GET //a//b/ 1.1\nHost: h\n",
        "half-escape": "GET /a%2 1.1\nHost: h\n",
        "not-utf8": b"GET /a%ff%fe\xff 1.1\nHost: h\n",
        "two-lengths": "POST / 1.1\nHost: h\nContent-Length: 1\nContent-Length: 1\n",
        "plus-length": "POST / 1.1\nHost: h\nContent-Length: +3\n",
        "huge-length": "POST / 1.1\nHost: h\nContent-Length: 99999999999999999999\n",
        "length-list": "POST / 1.1\nHost: h\nContent-Length: 3, 3\n",
        "chunked": "POST / 1.1\nHost: h\nTransfer-Encoding: chunked\n",
        "both": "POST / 1.1\nHost: h\nTransfer-Encoding: chunked\nContent-Length: 3\n",
        "no-host": "GET / 1.1\n",
        "two-hosts": "GET / 1.1\nHost: a\nHost: b\n",
        "old": "GET / 1.0\n",
        "version-2": "GET / 2.0\nHost: h\n",
        "method": "TRACE / 1.1\nHost: h\n",
        "expect": "POST / 1.1\nHost: h\nContent-Length: 3\nExpect: 100-continue\n",
        "expect-other": "POST / 1.1\nHost: h\nContent-Length: 3\nExpect: tea\n",
        "name-with-space": "GET / 1.1\nHost: h\nX Y: 1\n",
        "folded": "GET / 1.1\nHost: h\nX: 1\n 2: 3\n",
        "control": "GET / 1.1\nHost: h\nX: \x01\x7f\n",
        "upgrade": "GET / 1.1\nHost: h\nUpgrade: websocket\nConnection: upgrade\n",
        "many": "GET / 1.1\nHost: h\n" + "".join("A%d: 1\n" % i for i in range(70)),
        "long": "GET /" + "a" * 3000 + " 1.1\nHost: h\n",
        "absolute": "GET http://h/a 1.1\nHost: h\n",
        "star": "OPTIONS * 1.1\nHost: h\n",
        "range": 'GET / 1.1\nHost: h\nRange: bytes=10-\nIf-Range: "e"\n',
        "range-end": "GET / 1.1\nHost: h\nRange: bytes=-5\n",
        "range-odd": "GET / 1.1\nHost: h\nRange: bytes=5-4,9223372036854775807-\n",
        "none-match": 'GET / 1.1\nHost: h\nIf-None-Match: W/"a", "e" ,*\n',
        "nothing": "",
    }
    for name, text in ugly.items():
        write("gate", name, text)


def lines():
    n = 0
    for case in vectors("answer") + vectors("snapshot"):
        body = case["given"].get("body_base64")
        if isinstance(body, str) and n < 12:
            write("lines", "body-%02d" % n, b"\x11" + base64.b64decode(body))
            n += 1
    write("lines", "text", b"\x03one\ntwo\n\nthree\n")
    write("lines", "no-end", b"\x03one\ntwo")
    write("lines", "nul", b"\x01a\0b\n\0\n")
    write("lines", "empty-lines", b"\x01\n\n\n")
    write("lines", "at-the-limit", b"\xff" + b"a" * 4096 + b"\n")
    write("lines", "over-the-limit", b"\xff" + b"a" * 4097 + b"\n")
    write("lines", "ratio", b"\x40" + b"\n" * 16000)


def csvs():
    ugly = {
        "plain": "\0a,b,c\n1,2,3\n",
        "crlf": "\0a,b\r\n1,2\r\n",
        "bom": b"\0\xef\xbb\xbfa,b\n",
        "quotes": '\0"a ""b""","c\nd","e,f"\n',
        "open-quote": '\0"a,b\nc',
        "quote-inside": '\0a"b,c\n1,2\n',
        "after-quote": '\0"a"b,c\n1,2\n',
        "latin1": b"\x01caf\xe9,na\xefve\n",
        "not-utf8": b"\x00caf\xe9\n1\n",
        "nul": b"\0a\0b,c\n",
        "empty-lines": "\0\n\n\r\na\n\n",
        "lone-cr": "\0a\rb,c\r\n",
        "formulas": "\0=1+1,+1,-1,@x,\t,＝1,'=1,''=1,-1.5\n",
        "wide": "\0" + "," * 255 + "\n" + "," * 256 + "\n",
        "no-end": "\0a,b",
        "one-quote": '\0"',
        "nothing": "\0",
    }
    for name, text in ugly.items():
        write("csv", name, text)


def kinds():
    for path in sorted(glob.glob(os.path.join(ROOT, "schema/kinds/*.json"))):
        name = os.path.basename(path)[:-5]
        if name in ("subject", "visit", "subject_private", "conflict", "rating"):
            with open(path) as f:
                write("kind", name, f.read())
    label = '"label":{"zh":"物","en":"thing"}'
    head = '"kind":"thing",' + label + ',"scope":"county","class":"L2","writers":["inspector"]'
    field = '{"name":"%s","type":"%s",' + label + "%s}"
    types = "text int bool date time money coordinate set json".split()
    fields = ",".join(field % ("f_" + t, t, "") for t in types)
    record = '{"id":"t1","scope":"330106","town":"001",%s}'
    write("kind", "all-types", "[{%s,\"fields\":[%s]},%s,%s]" % (
        head, fields,
        record % '"f_text":"x","f_int":1,"f_bool":true,"f_date":"2026-11-22","f_set":["b","a","a"],"f_json":{"a":[1]}',
        record % '"f_text":1,"f_int":"x","f_bool":0,"f_date":"2026-02-30","f_set":"a","f_json":1,"other":null'))
    ugly = {
        "no-fields": "{%s,\"fields\":[]}" % head,
        "field-twice": "{%s,\"fields\":[%s,%s]}" % (head, field % ("a", "text", ""), field % ("a", "int", "")),
        "reserved": "{%s,\"fields\":[%s]}" % (head, field % ("hufu_a", "text", "")),
        "keyword": "{%s,\"fields\":[%s]}" % (head, field % ("select", "text", "")),
        "injection": "{%s,\"fields\":[%s]}" % (head, field % ("a) DROP", "text", "")),
        "unknown-type": "{%s,\"fields\":[%s]}" % (head, field % ("a", "matrix", "")),
        "unknown-rule": "{%s,\"fields\":[%s]}" % (head, field % ("a", "text", ',"rule":"psychic"')),
        "safe-without-value": "{%s,\"fields\":[%s]}" % (head, field % ("a", "text", ',"rule":"safe"')),
        "values": "[{%s,\"fields\":[%s]},%s]" % (
            head, field % ("a", "text", ',"values":["x","y"],"max":3,"required":true'), record % '"a":"z"'),
        "index-of-nothing": "{%s,\"indexes\":[[\"b\"]],\"fields\":[%s]}" % (head, field % ("a", "text", "")),
        "sealed-record": '[{%s,"sealed":true,"fields":[%s]},%s]' % (
            head, field % ("a", "text", ""),
            record % ('"alg":"xchacha20poly1305","box":"%s","key":"%s","nonce":"%s"' % (
                base64.b64encode(b"x" * 40).decode(), "a" * 20, base64.b64encode(b"n" * 24).decode()))),
        "no-object": "[1,2]",
    }
    for name, text in ugly.items():
        write("kind", name, text)


def papers():
    for i, paper in enumerate(PAPERS):
        write("paper", "paper-%02d" % i, paper)
    write("paper", "nothing", "{}")
    write("paper", "empty-committed", '{"algorithm":"hufu-draw-1","format":1,"committed":{}}')


PAPERS = []

if __name__ == "__main__":
    commits()
    values()
    groups()
    requests()
    heads()
    lines()
    csvs()
    kinds()
    papers()
