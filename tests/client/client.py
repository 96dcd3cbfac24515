#!/usr/bin/env python3
"""client.py - a terminal in plain Python, written from docs/protocol.md alone.

It is a test of the document: it shares no line with the C code, and needs Python's
standard library and ssh-keygen. usage: client.py FOLDER COMMAND …, see --help.
"""
import argparse
import http.client
import json
import subprocess
import sys
import urllib.parse
import zlib

import commits
import ed25519
import keys
import records
import wire
from jcs import Refused, parse
from replica import Replica, clocks

REQUEST_MAX = 3 << 20  # of 4 MiB inflated, section 10
ROUNDS_MAX = 8


def call(url, method, path, headers, body=None):
    """(status, headers, body) of a request."""
    at = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if at.scheme == "https" else http.client.HTTPConnection
    connection = kind(at.netloc, timeout=60)
    try:
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()
    finally:
        connection.close()


def refuse(what, status, body):
    raise Refused("%s: status %d, %s" % (what, status, body[:300].decode("utf-8", "replace")))


def enroll(replica, url, code):
    """Section 12."""
    replica.new_keys()
    state = replica.state
    ask = wire.enrol_request(code, state["terminal"], replica.seed("officer"), replica.seed("terminal"))
    body = wire.dumps(ask)
    status, _, body = call(url, "POST", "/v1/enroll", wire.digest_headers(body), body)
    if status != 200:
        refuse("the server does not enrol", status, body)
    answer = wire.enrol_answer(body)
    state.update(url=url, enrolment=answer["enrolment"], officer=answer["officer"], epoch=answer["epoch"],
                 server_key=answer["server_key"], home=answer["scopes"][0])
    for scope in {*answer["scopes"], "catalog"}:
        replica.scope(scope)


def snapshot(replica, scope):
    """Section 11."""
    path = "/v1/snapshot/" + scope
    headers = wire.bare_headers("GET", path, replica.state["terminal"], replica.seed("terminal"), clocks()[0])
    status, headers, body = call(replica.state["url"], "GET", path, headers)
    if status != 200:
        refuse("no snapshot of '%s'" % scope, status, body)
    read = wire.Snapshot(body, replica.server_public())
    if headers["ETag"] != '"%s"' % read.head or read.scope != scope or read.epoch != replica.state["epoch"]:
        raise Refused("the snapshot is another's than its headers say")
    return read


def clone(replica, by_sync):
    """Fetch what the terminal may hold: snapshots, then a sync; or by syncs alone."""
    for name in replica.state["scopes"]:
        scope = replica.scope(name)
        if scope.s["head"] is None and not by_sync:
            read = snapshot(replica, name)
            scope.s.update(head=read.head, root=read.root, position=read.position, records=read.records)
    replica.forget_kinds()
    return sync(replica)


def post(replica, request):
    """One exchange of section 10: the verified answer."""
    state = replica.state
    body = zlib.compress(request)
    headers = wire.request_headers("POST", "/v1/sync", state["terminal"], replica.seed("terminal"), body)
    status, got, reply = call(state["url"], "POST", "/v1/sync", headers, body)
    if got["Content-Type"] != "application/x-hufu-sync":
        refuse("the server refused the sync", status, reply)
    answer = wire.Answer(reply, request, replica.server_public())
    if answer.first["epoch"] != state["epoch"]:
        raise Refused("the server has another epoch: it was restored from a backup")
    _, monotonic, boot = clocks()
    state["anchor"] = {"time": answer.first["time"], "monotonic": monotonic, "boot": boot}
    return answer


def build(replica):
    """The JSON of a sync with as many packets as fit."""
    size, parts = 0, []
    for name in replica.state["scopes"]:
        scope = replica.scope(name)
        part = {"scope": name}
        if scope.s["head"]:
            part["head"] = scope.s["head"]
        packets = []
        for packet in scope.s["packets"]:
            made = scope.on_wire(packet)
            size += len(wire.dumps(made))
            if packets and size > REQUEST_MAX:
                break
            packets.append(made)
        if packets:
            part["packets"] = packets
        if scope.wanted():
            part["wanted"] = scope.wanted()[:1000]
        parts.append(part)
    return wire.sync_request(replica.state["enrolment"], clocks()[0], replica.state["serial"], parts)


def pages(replica, answer, scope):
    """All groups of a scope: those of the answer and of the further pages up to the same head."""
    groups, more = list(answer.rows.get(scope, [])), answer.more.get(scope)
    part = answer.scopes[scope]
    while more:
        ask = {"scope": scope, "target": part["head"], "after": more}
        if replica.scope(scope).s["head"]:
            ask["head"] = replica.scope(scope).s["head"]
        page = post(replica, wire.sync_request(replica.state["enrolment"], clocks()[0],
                                               replica.state["serial"], [ask]))
        if any(page.scopes[scope].get(n) != part[n] for n in ("head", "root", "position")):
            raise Refused("a further page of '%s' is of another main commit" % scope)
        groups += page.rows.get(scope, [])
        replica.state["pages"] = replica.state.get("pages", 0) + 1
        more = page.more.get(scope)
    return groups


def round_trip(replica):
    """One request and all that follows from it; the errors of scopes."""
    request = build(replica)
    answer = post(replica, request)
    receipts = {s: p["receipts"] for s, p in answer.scopes.items() if "receipts" in p}
    if receipts:
        replica.state["last"] = {"request": request.decode(), "receipts": receipts}
    replica.take_keys(answer.keys)
    errors = {}
    for name, part in answer.scopes.items():
        scope = replica.scope(name)
        if "error" in part:
            errors[name] = part["error"]
        else:
            scope.apply(part, pages(replica, answer, name))
            scope.s["merged"] = answer.merged.get(name, [])
        scope.receipts(part)
    replica.forget_kinds()
    replica.save()
    return errors


def follow(replica, errors):
    """Counties come and go as the enrolment says (section 12); has one come? Errors that are dealt with are taken out."""
    state = replica.state
    for name in [n for n, e in errors.items() if e == "scope" and n != state["home"]]:
        s = replica.scope(name).s
        if not s["packets"] and not s["edits"]:
            del state["scopes"][name], errors[name]
    enrolment = replica.scope(state["home"]).s["records"].get("enrolment/" + state["enrolment"], {"scopes": []})
    came = [n for n in enrolment["scopes"] if n not in state["scopes"]]
    for name in came:
        replica.scope(name)
        state["serial"] = 0
    replica.save()
    return bool(came)


def sync(replica, message="edits", lose=False):
    """Commit and sync until nothing is left to send, or nothing moves any more."""
    before = None
    for _ in range(ROUNDS_MAX):
        scopes = [replica.scope(name) for name in replica.state["scopes"]]
        for scope in scopes:
            scope.commit(message)
        replica.save()
        if lose:  # the request arrives, the answer does not
            post(replica, build(replica))
            return {}
        errors = round_trip(replica)
        if follow(replica, errors):
            continue
        now = [(p["oid"], p["whole"]) for s in scopes for p in s.s["packets"]] + [len(s.s["edits"]) for s in scopes]
        if errors or not any(now) or now == before:
            return errors
        before = now
    raise Refused("the server does not take in what is sent again and again")


def resend(replica):
    """The last request that had packets once more: its receipts must be the same (section 10)."""
    last = replica.state["last"]
    answer = post(replica, last["request"].encode())
    now = {s: p["receipts"] for s, p in answer.scopes.items() if "receipts" in p}
    if now != last["receipts"]:
        raise Refused("other receipts: %s, not %s" % (now, last["receipts"]))
    return sum(map(len, now.values()))


def fresh(replica, name):
    """A scope as another clone would have it now: a snapshot, and the rows since its main commit."""
    read = snapshot(replica, name)
    other = Replica(replica.folder)
    scope = other.scope(name)
    scope.s.update(head=read.head, root=read.root, position=read.position, records=read.records, packets=[], edits={})
    answer = post(other, wire.sync_request(other.state["enrolment"], clocks()[0], other.state["serial"],
                                           [{"scope": name, "head": read.head}]))
    scope.apply(answer.scopes[name], pages(other, answer, name))
    return scope, read


def verify(replica):
    """What is held, against a main commit that the server signed and the rows since it."""
    found = []
    for name in replica.state["scopes"]:
        scope = replica.scope(name)
        other, read = fresh(replica, name)
        if scope.root() != other.root() or scope.s["head"] != other.s["head"] or scope.s["records"] != other.s["records"]:
            raise Refused("'%s' is not what the server has at position %d" % (name, other.s["position"]))
        found.append("%s equal at position %d, signed main commit at position %d, root %s" % (
            name, other.s["position"], read.position, scope.root()))
    return found


def git(mirror, *words):
    return subprocess.run(["git", "-C", mirror, *words], check=True, capture_output=True).stdout


def audit(replica, mirror):
    """Verify every commit of a Git mirror with the keys of the records that are held."""
    signers = {"server": replica.server_public()}
    for scope in replica.state["scopes"]:
        for path, record in replica.scope(scope).s["records"].items():
            if path.startswith("enrolment/"):
                signers[record["terminal"]] = keys.public_bytes(record["officer_key"])
    mains = packets = 0
    for oid in git(mirror, "rev-list", "--all").decode().split():
        text = git(mirror, "cat-file", "commit", oid).decode()
        if "\nauthor hufu <hufu@server> " in text:
            commits.main_read(text, signers["server"])
            mains += 1
        else:
            terminal = text.split("\nauthor ")[1].split("> ")[0].partition("@")[2]
            packet = commits.packet_read(text, signers[terminal])
            files = git(mirror, "ls-tree", "-r", "--format=%(objectname) %(path)", oid).decode().split()
            rows = {p: parse(git(mirror, "cat-file", "blob", b)) for b, p in zip(files[::2], files[1::2])}
            if records.content(rows) != packet["Content-SHA256"] or records.packet_root(
                    rows, int(packet["Format"]), packet["Sequence"]) != packet["tree"]:
                raise Refused("the records of packet %s are not those that it signs" % oid)
            packets += 1
        if commits.oid(text) != oid:
            raise Refused("commit %s has another id" % oid)
    return "%d main commits, %d packets verified" % (mains, packets)


def batch(replica, name, lines):
    """Edits of one scope: kind, id and field=value, with tabs between them."""
    for line in lines:
        kind, id_, *words = line.rstrip("\n").split("\t")
        edit(replica, name, kind, id_, words)


def edit(replica, name, kind, id_, words):
    """One edit as the command line says it; `town=` is no field of the kind."""
    values = dict(value_of(replica, kind, word) for word in words)
    town = values.pop("town", None)
    replica.scope(name).edit(kind, id_, values, town)


def value_of(replica, kind, word):
    """field=value as the kind's definition reads it; an empty value removes the field."""
    name, _, text = word.partition("=")
    types = {f["name"]: f["type"] for f in replica.kinds()[kind]["fields"]}
    if text == "":
        return name, None
    if types.get(name) in ("int", "time", "money", "coordinate"):
        return name, int(text)
    if types.get(name) == "bool":
        return name, text == "true"
    if types.get(name) == "set":
        return name, text.split(";")
    return name, parse(text) if types.get(name) == "json" else text


def report(replica, errors):
    for name in replica.state["scopes"]:
        s = replica.scope(name).s
        print("%s %s at position %s, %d records, root %s, %d packets and %d edits here" % (
            name, errors.get(name, "equal"), s["position"], len(s["records"]), s["root"], len(s["packets"]),
            len(s["edits"])))


def of_scope(replica, o):
    """The commands that look at records or change them."""
    scope = replica.scope(o.scope)
    if o.command == "set":
        edit(replica, o.scope, o.kind, o.id, o.fields)
    elif o.command == "batch":
        batch(replica, o.scope, sys.stdin)
    elif o.command == "get":
        print(json.dumps(scope.live(records.path_of(o.kind, o.id)), ensure_ascii=False, sort_keys=True))
    elif o.command == "root":
        print(scope.root())
    elif o.command == "conflicts":
        for path, r in sorted(scope.s["records"].items()):
            if path.startswith("conflict/"):
                print(r["state"], r["record_kind"], r["record_id"], r["field_group"], r["id"],
                      json.dumps([r.get(n) for n in ("base_value", "terminal_value", "server_value")]))


def run(o):
    replica = Replica(o.folder)
    errors = {}
    if o.command == "enroll":
        enroll(replica, o.url, o.code)
    elif o.command in ("clone", "sync"):
        errors = clone(replica, o.by_sync) if o.command == "clone" else sync(replica, o.message, o.lose)
        report(replica, errors)
    elif o.command == "commit":
        for name in replica.state["scopes"]:
            replica.scope(name).commit(o.message)
    elif o.command == "resend":
        print("%d receipts, the same" % resend(replica))
    elif o.command == "receipts":
        for receipt in replica.state["receipts"].values():
            print(json.dumps(receipt))
    elif o.command == "verify":
        print("\n".join(verify(replica)))
    elif o.command == "audit":
        print(audit(replica, o.mirror))
    else:
        of_scope(replica, o)
    replica.save()
    return 1 if errors else 0


def arguments():
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument("folder")
    commands = a.add_subparsers(dest="command", required=True)
    for name, words in (("enroll", "url code"), ("clone", ""), ("sync", ""), ("commit", ""), ("resend", ""),
                        ("receipts", ""), ("verify", ""), ("audit", "mirror"), ("root", "scope"),
                        ("conflicts", "scope"), ("batch", "scope"), ("get", "scope kind id"),
                        ("set", "scope kind id")):
        c = commands.add_parser(name)
        for word in words.split():
            c.add_argument(word)
        if name in ("sync", "commit"):
            c.add_argument("-m", "--message", default="edits")
        if name == "set":
            c.add_argument("fields", nargs="*", metavar="field=value")
        if name == "sync":
            c.add_argument("--lose", action="store_true", help="throw the answer away")
        if name == "clone":
            c.add_argument("--by-sync", action="store_true", help="without snapshots")
    return a.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(run(arguments()))
    except (Refused, OSError) as e:
        print("client: %s" % e, file=sys.stderr)
        sys.exit(1)
