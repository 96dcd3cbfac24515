"""wire.py - rows, requests, answers, snapshots and enrolment (protocol, sections 9 to 12)."""
import base64
import bisect
import hashlib
import json
import os
import zlib

import commits
import ed25519
import keys
import records
from jcs import Refused, parse
from records import EPOCH, ID, NAME, OID, SCOPE, TOWN

TIME_SKEW_MAX = 10 * 60 * 1000
STATES = ("merged", "fork", "need_whole", "unverifiable", "waiting")
FORM_TEXT = "this has format '%s', this program reads 1"


def sha256(b):
    return hashlib.sha256(b).digest()


def dumps(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def b64(b):
    return base64.b64encode(b).decode()


# -- section 9: rows

def key_of(id_):
    return hashlib.sha256(id_.encode()).hexdigest()


class Index:
    """The keys of the records of one kind and scope in one main state."""

    def __init__(self, ids):
        self.entries = sorted((key_of(i), i) for i in ids)

    def shortest(self, id_):
        """The shortest key of an id; `=id` of one that is not there."""
        whole = key_of(id_)
        at = bisect.bisect_left(self.entries, (whole, id_))
        if self.entries[at:at + 1] != [(whole, id_)]:
            return "=" + id_
        beside = [key for key, _ in self.entries[max(at - 1, 0):at] + self.entries[at + 1:at + 2]]
        return whole[:max([4] + [len(os.path.commonprefix([whole, other])) + 1 for other in beside])]

    def find(self, key):
        """The id of a key."""
        if key.startswith("="):
            return key[1:]
        at = bisect.bisect_left(self.entries, (key, ""))
        found = [i for k, i in self.entries[at:at + 2] if k.startswith(key)]
        if len(key) < 4 or len(found) != 1:
            raise Refused("the key '%s' stands for %d records" % (key, len(found)))
        return found[0]


def _columns(kind, names, ids, fields, rows):
    return {"kind": kind, names: ids, "fields": fields, "values": [[row.get(f) for row in rows] for f in fields]}


def groups(changed, base_of, index_of):
    """The groups that say {path: record}.

    base_of(path) is the record that a change is relative to, None for a whole record.
    index_of(kind) is the Index of the main state that the keys are of, None for whole ids.
    """
    whole, parts = {}, {}
    for path in sorted(changed):
        kind, id_ = records.split(path)
        base = base_of(path)
        if base is None:
            whole.setdefault(kind, []).append((id_, changed[path]))
            continue
        names = {n for n in {*base, *changed[path]} if base.get(n) != changed[path].get(n)}
        parts.setdefault((kind, tuple(sorted(names))), []).append((id_, changed[path]))
    made = []
    for kind, rows in whole.items():
        fields = sorted({n for _, r in rows for n in r if n not in ("id", "scope")})
        made.append(_columns(kind, "ids", [i for i, _ in rows], fields, [r for _, r in rows]))
    for (kind, names), rows in parts.items():
        index = index_of(kind)
        ids = [index.shortest(i) if index else "=" + i for i, _ in rows]
        made.append(_columns(kind, "keys", ids, list(names), [r for _, r in rows]))
    return made


def _rows(group, names):
    ids, fields, values = group[names], group["fields"], group["values"]
    if len(fields) != len(values) or any(len(column) != len(ids) for column in values):
        raise Refused("a column has not one entry a record")
    for i, id_ in enumerate(ids):
        yield id_, {f: column[i] for f, column in zip(fields, values)}


def read_group(group, scope, main, index_of):
    """[(path, record or None for one that is gone)] of a group.

    main is {path: record}, the state that changes are relative to.
    """
    kind = group.get("kind")
    if not isinstance(kind, str) or not NAME.fullmatch(kind):
        raise Refused("'%s' is no kind" % kind)
    if "gone" in group:
        return [(records.path_of(kind, index_of(kind).find(key)), None) for key in group["gone"]]
    if "ids" in group:
        return [(records.path_of(kind, id_), records.make(id_, scope, row.pop("town", ""), row))
                for id_, row in _rows(group, "ids")]
    read = []
    for key, row in _rows(group, "keys"):
        id_ = index_of(kind).find(key)
        before = main.get(records.path_of(kind, id_))
        if before is None:
            raise Refused("a change of '%s/%s', which is not here" % (kind, id_))
        after = {name: value for name, value in {**before, **row}.items() if value is not None}
        if not TOWN.fullmatch(after.get("town", "")):
            raise Refused("'%s/%s' has no town" % (kind, id_))
        read.append((records.path_of(kind, id_), after))
    return read


# -- section 10: requests

def _signed_request(method, path, digest):
    return b"hufu-request-1\n%s\n%s\n%s" % (method.encode(), path.encode(), digest)


def digest_headers(body):
    return {"Content-Length": str(len(body)), "Content-Digest": "sha-256=:%s:" % b64(sha256(body))}


def request_headers(method, path, terminal, seed, body):
    """The headers of a request that has a body."""
    signature = ed25519.sign(seed, _signed_request(method, path, sha256(body)))
    return {**digest_headers(body), "Hufu-Terminal": terminal, "Hufu-Signature": b64(signature)}


def bare_headers(method, path, terminal, seed, time):
    """The headers of a request without a body."""
    digest = sha256(str(time).encode())
    return {"Hufu-Terminal": terminal, "Hufu-Time": str(time),
            "Hufu-Signature": b64(ed25519.sign(seed, _signed_request(method, path, digest)))}


def request_verify(method, path, headers, body, key, now=None):
    """Refuse a request that the terminal's key did not sign."""
    if body is None:
        if abs(int(headers["Hufu-Time"]) - now) > TIME_SKEW_MAX:
            raise Refused("the clocks are more than 10 minutes apart")
        digest = sha256(headers["Hufu-Time"].encode())
    else:
        digest = sha256(body)
        if headers["Content-Digest"] != "sha-256=:%s:" % b64(digest):
            raise Refused("the digest is another body's")
    if not ed25519.verify(key, _signed_request(method, path, digest), base64.b64decode(headers["Hufu-Signature"])):
        raise Refused("the request is not signed by this terminal")


def sync_request(enrolment, time, serial, scopes):
    """The JSON of a sync. serial is that of the newest key event held, 0 where there is none yet."""
    return dumps({"format": 1, "nonce": b64(os.urandom(16)), "enrolment": enrolment, "time": time, "keys": serial,
                  "scopes": scopes})


# -- section 10: answers

def _lines(body):
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(body) + stream.flush()
    except zlib.error as e:
        raise Refused("this is no zlib stream: %s" % e) from None
    if not stream.eof or stream.unused_data or not text.endswith(b"\n"):
        raise Refused("the stream is cut, or something follows it")
    return text[:-1].split(b"\n")


def signed_answer(request_json, line):
    return b"hufu-answer-1\n" + sha256(request_json) + sha256(line)


def _check_receipt(receipt):
    if receipt.get("state") not in STATES or not OID.fullmatch(receipt.get("packet", "")):
        raise Refused("a receipt has the state '%s'" % receipt.get("state"))
    if receipt["state"] == "merged":
        if not OID.fullmatch(receipt.get("main", "")) or "position" not in receipt or "time" not in receipt:
            raise Refused("the receipt of a packet that was merged names no main commit")
        lists = [receipt[name] for name in ("merged", "conflicts", "quarantined") if name in receipt]
        if not all(lists):
            raise Refused("an empty list in a receipt")
        for path in receipt.get("merged", []) + [p for p, _ in receipt.get("quarantined", [])]:
            records.split(path)


class Answer:
    """An answer that was verified: .first is line 1, .scopes its {scope: part}.

    .rows, .merged and .more are {scope: …}, .keys the key events, .lines the texts.
    """

    def __init__(self, body, request_json, key):
        lines = _lines(body)
        self.lines = [line.decode() for line in lines]
        self.first = parse(lines[0])
        if self.first.get("format") != 1:
            raise Refused(FORM_TEXT % self.first.get("format"))
        signature = parse(lines[1]).get("signature", "") if len(lines) > 1 else ""
        if not ed25519.verify(key, signed_answer(request_json, lines[0]), base64.b64decode(signature)):
            raise Refused("the answer is not signed by the server, or is not the answer to this request")
        self.scopes = {part["scope"]: part for part in self.first["scopes"]}
        for part in self.scopes.values():
            for receipt in part.get("receipts", []):
                _check_receipt(receipt)
        self.keys, self.rows, self.merged, self.more = [], {}, {}, {}
        if parse(lines[-1]) != {"end": 1}:
            raise Refused("the answer was cut")
        for line in lines[2:-1]:
            self._line(parse(line))

    def _line(self, line):
        if "keys" in line:
            self.keys += line["keys"]
        elif "rows" in line:
            self.rows.setdefault(line["scope"], []).extend(line["rows"])
        elif "merged" in line:
            self.merged.setdefault(line["scope"], []).extend(line["merged"])
        elif "more" in line:
            self.more[line["scope"]] = line["more"]


# -- section 11: the snapshot

class Snapshot:
    """A snapshot that was verified: .head, .root, .position, .epoch and .records {path: record}."""

    def __init__(self, body, key):
        first, *lines = [parse(line) for line in _lines(body)]
        if first.get("format") != 1:
            raise Refused(FORM_TEXT % first.get("format"))
        if not lines or lines[-1] != {"end": 1}:
            raise Refused("the snapshot was cut")
        self.scope, self.epoch, self.head = first["scope"], first["epoch"], first["head"]
        self.root, self.position = first["root"], first["position"]
        self.commit = commits.main_read(first["commit"], key)
        same = (self.commit["tree"] == self.root and commits.oid(first["commit"]) == self.head
                and self.commit["Position"] == self.position and self.commit["Epoch"] == self.epoch
                and self.commit["Scope"] == self.scope)
        if not same or not SCOPE.fullmatch(self.scope) or not EPOCH.fullmatch(self.epoch):
            raise Refused("the first line of the snapshot is not its main commit's")
        self.records = {}
        for line in lines[:-1]:
            for group in line.get("rows", []):
                self._add(group)
        if len(self.records) != first["records"] or records.main_root(self.records) != self.root:
            raise Refused("the records of the snapshot are not those that its main commit signs")

    def _add(self, group):
        rows = read_group(group, self.scope, {}, None) if "ids" in group else []
        for path, record in rows:
            last = next(reversed(self.records), "")
            if records.split(path) <= (records.split(last) if last else ("", "")):
                raise Refused("the records of the snapshot are out of order")
            self.records[path] = record


# -- section 12: enrolment

def enrol_request(code, terminal, officer_seed, terminal_seed):
    message = b"hufu-enroll-1\n%s\n%s" % (code.encode(), terminal.encode())
    return {"format": 1, "code": code, "terminal": terminal,
            "officer_key": keys.public_text(ed25519.public(officer_seed)),
            "terminal_key": b64(ed25519.public(terminal_seed)),
            "officer_proof": b64(ed25519.sign(officer_seed, message)),
            "terminal_proof": b64(ed25519.sign(terminal_seed, message))}


def enrol_answer(body):
    """The answer, with the server's key as bytes in `server_public`."""
    answer = parse(body)
    if answer.get("format") != 1:
        raise Refused(FORM_TEXT % answer.get("format"))
    for name in ("enrolment", "officer", "name", "scopes", "server_key", "epoch", "time"):
        if name not in answer:
            raise Refused("the answer to an enrolment has no '%s'" % name)
    if not ID.fullmatch(answer["enrolment"]) or not EPOCH.fullmatch(answer["epoch"]):
        raise Refused("the answer to an enrolment has not its form")
    return dict(answer, server_public=keys.public_bytes(answer["server_key"]))
