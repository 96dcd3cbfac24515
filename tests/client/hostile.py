#!/usr/bin/env python3
"""hostile.py - packets and requests that a good client never sends, and what the server says.

usage: hostile.py FOLDER SCOPE CASE      one line on standard output: the states of the receipts in
order, or the status of a refusal. The folder is a replica of client.py that has the visits `h1` and `h2`.
"""
import base64
import sys
import zlib

import client
import ed25519
import keys
import records
import wire
from jcs import parse
from replica import Replica, clocks


class Case:
    """A replica and what one request of it comes to."""

    def __init__(self, folder, scope):
        self.replica = Replica(folder)
        self.scope = self.replica.scope(scope)

    def packet(self, id_, summary):
        """Sign one change of a visit."""
        self.scope.edit("visit", id_, {"summary": summary})
        self.scope.commit("a change of %s" % id_)
        return self.scope.s["packets"][-1]

    def states(self, *packets):
        """Send these packets alone, as they stand; nothing is applied."""
        part = {"scope": self.scope.name, "packets": [self.scope.on_wire(p) for p in packets]}
        part["head"] = self.scope.s["head"]
        state = self.replica.state
        answer = client.post(self.replica, wire.sync_request(state["enrolment"], clocks()[0], state["serial"], [part]))
        return " ".join(r["state"] for r in answer.scopes[self.scope.name]["receipts"])

    def status(self, change):
        """The status of a sync whose path, headers or body were changed after they were signed."""
        body = zlib.compress(client.build(self.replica))
        state = self.replica.state
        headers = wire.request_headers("POST", "/v1/sync", state["terminal"], self.replica.seed("terminal"), body)
        status, got, reply = client.call(state["url"], "POST", "/v1/sync", *change(headers, body))
        problem = parse(reply)
        return "%d %s %s" % (status, got["Content-Type"].split(";")[0], problem["type"].rsplit("/", 1)[1])


def need_whole(c):
    """Rows that do not give the signed tree: asked for again, whole, and then taken in."""
    packet = c.packet("h1", "told in full")
    path = records.path_of("visit", "h1")
    packet["old"][path] = dict(packet["old"][path], summary="told in full", reason="never there")
    first = c.states(packet)
    client.sync(c.replica)
    return "%s, then %s" % (first, c.replica.state["receipts"][packet["oid"]]["state"])


def waiting(c):
    """The second of two packets comes alone, then both."""
    first, second = c.packet("h1", "first"), c.packet("h1", "second")
    alone = c.states(second)
    both = c.states(first, second)
    client.sync(c.replica)
    return "%s, then %s" % (alone, both)


def unverifiable(c):
    """Whole records that do not give the signed tree: kept aside, and said again in a new journal."""
    packet = c.packet("h2", "signed")
    path = records.path_of("visit", "h2")
    packet["records"][path] = dict(packet["records"][path], summary="sent")
    packet["whole"] = True
    first = c.states(packet)
    client.sync(c.replica)
    again = list(c.replica.state["receipts"])[-1]
    return "%s, then %s" % (first, c.replica.state["receipts"][again]["state"])


def other_key(c):
    """A packet signed by a key that is nobody's."""
    good = c.replica.ssh_sign
    c.replica.ssh_sign = lambda message: _sign_as(b"x" * 32, c, message)
    packet = c.packet("h2", "by nobody")
    c.replica.ssh_sign = good
    return c.states(packet)


def _sign_as(seed, c, message):
    path = c.replica.folder + "/other.key"
    keys.write_private(path, seed)
    return keys.ssh_sign(path, message)


def other_author(c):
    """A packet in the name of another officer, signed by this one."""
    officer, c.replica.state["officer"] = c.replica.state["officer"], "o1"
    packet = c.packet("h2", "by another")
    c.replica.state["officer"] = officer
    client.sync(c.replica)
    receipt = c.replica.state["receipts"][packet["oid"]]
    return "%s, %s" % (receipt["state"], receipt["quarantined"])


def other_body(c):
    def change(headers, body):
        return headers, body[:-1] + bytes([body[-1] ^ 1])
    return c.status(change)


def other_signature(c):
    def change(headers, body):
        signature = ed25519.sign(b"y" * 32, b"hufu")
        return dict(headers, **{"Hufu-Signature": base64.b64encode(signature).decode()}), body
    return c.status(change)


def other_terminal(c):
    def change(headers, body):
        return dict(headers, **{"Hufu-Terminal": "t0"}), body
    return c.status(change)


def other_format(c):
    def change(headers, body):
        other = zlib.compress(zlib.decompress(body).replace(b'"format":1', b'"format":9'))
        return wire.request_headers("POST", "/v1/sync", c.replica.state["terminal"], c.replica.seed("terminal"),
                                    other), other
    return c.status(change)


def other_scope(c):
    """A scope in which the terminal has no part, beside one in which it has."""
    state = c.replica.state
    asked = [{"scope": "990106"}, {"scope": c.scope.name, "head": c.scope.s["head"]}]
    answer = client.post(c.replica, wire.sync_request(state["enrolment"], clocks()[0], state["serial"], asked))
    return " ".join("%s" % answer.scopes[a["scope"]].get("error", "equal") for a in asked)


def other_head(c):
    """A head and a target that the server never had."""
    state = c.replica.state
    said = []
    for part in ({"head": "1" * 40}, {"head": c.scope.s["head"], "target": "2" * 40, "after": ["visit", "h1"]}):
        part["scope"] = c.scope.name
        answer = client.post(c.replica, wire.sync_request(state["enrolment"], clocks()[0], state["serial"], [part]))
        said.append(answer.scopes[c.scope.name].get("error", "none"))
    return " ".join(said)


CASES = {f.__name__: f for f in (need_whole, waiting, unverifiable, other_key, other_author, other_body,
                                 other_signature, other_terminal, other_format, other_scope, other_head)}


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[3] not in CASES:
        sys.exit(__doc__ + "cases: " + " ".join(CASES))
    print(CASES[sys.argv[3]](Case(sys.argv[1], sys.argv[2])))
