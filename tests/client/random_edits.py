#!/usr/bin/env python3
"""random_edits.py - two terminals edit the same records; section 8 foretells what the server makes of it.

usage: random_edits.py ONE OTHER SCOPE KIND SEED ROUNDS
Both folders are replicas of client.py. Each round both edit some records of the kind, in one packet or
two; one of them syncs, then the other: its records, conflicts and quarantine must be what merge.py says.
Prints the sums.
"""
import random
import sys

import client
import merge
import records
from jcs import Refused
from replica import Replica

TEXTS = ["甲", "b", "c \"quoted\" \\ 😀"]
RECORDS = 8


def value(random_, field):
    """A value of the field's type, or None."""
    if random_.random() < 0.2:
        return None
    kind = field["type"]
    if kind == "set":
        return random_.sample(["a", "b", "c", "d"], random_.randint(0, 3))
    if kind in ("int", "time"):
        return random_.randint(1, 5)
    if field.get("rule") == "text":
        return "\n".join(random_.choice("abc") for _ in range(random_.randint(0, 4)))
    if field["name"] == "holder":  # the owner of another field
        return random_.choice(["o1", "o2"])
    return "2026-0%d-01" % random_.randint(1, 3) if kind == "date" else random_.choice(TEXTS)


def edit(random_, replica, scope, kind):
    """Change some fields of some records, and sign it."""
    definition = replica.kinds()[kind]
    for i in random_.sample(range(RECORDS), random_.randint(2, RECORDS)):
        fields = [f for f in definition["fields"] if f.get("rule") != "calc"]  # the server's alone
        some = random_.sample(fields, random_.randint(1, 4))
        town = random_.choice([None, None, "00%d" % random_.randint(0, 2)])
        replica.scope(scope).edit(kind, "r%d" % i, {f["name"]: value(random_, f) for f in some}, town)
    replica.scope(scope).commit("some edits")


def takes_back(definition, before, after):
    """Whether the author takes back what only grows (`max`) or is set once, and was there to see."""
    for name, rule in ((f["name"], f.get("rule")) for f in definition["fields"]):
        was, now = before.get(name), after.get(name)
        if was is not None and (rule == "once" and now != was or rule == "max" and (now is None or now < was)):
            return True
    return False


class Foretold:
    """What section 8 says of packets of one journal upon a main line."""

    def __init__(self, definition, main, journal, author):
        self.definition, self.journal = definition, journal  # oids of the packets so far
        self.by = [author]
        self.rows = dict(main)
        self.merged, self.held = set(), []
        self.questions = {}

    def take(self, packet):
        for path, record in sorted(packet["records"].items()):
            if path in dict(self.held):
                self.held.append([path, "after_quarantine"])
            elif takes_back(self.definition, packet["old"][path], record):
                self.held.append([path, "field"])
            else:
                said = merge.merge(self.definition, packet["old"][path], record, self.rows[path], self.by)
                if said.merged:
                    self.merged.add(path)
                self.rows[path] = said.record
                for conflict in said.conflicts:
                    self._ask(path, conflict, packet["oid"])
        self.journal.add(packet["oid"])

    def _ask(self, path, conflict, packet):
        """Open a question, or extend the open one that a packet of the journal began."""
        kind, id_ = records.split(path)
        for key, c in self.rows.items():
            same = (c.get("record_kind"), c.get("record_id"), c.get("field_group")) == (kind, id_, conflict["group"])
            if same and c["state"] == "open" and c["packets"] and self._began(key, c):
                break
        else:
            key = records.path_of("conflict", records.conflict_id(kind, id_, conflict["group"], packet))
            c = {"record_kind": kind, "record_id": id_, "field_group": conflict["group"], "state": "open",
                 "packets": [], "rule": conflict["rule"], "base_value": conflict["base"],
                 "standing_value": None}
        if conflict["server"] != c["standing_value"]:
            c = dict(c, server_value=conflict["server"])
        self.rows[key] = self.questions[key] = dict(
            c, packets=sorted([*c["packets"], packet]), terminal_value=conflict["terminal"],
            standing_value=conflict["standing"])

    def _began(self, key, conflict):
        kind, id_, group = (conflict[n] for n in ("record_kind", "record_id", "field_group"))
        return any(key == records.path_of("conflict", records.conflict_id(kind, id_, group, p))
                   for p in conflict["packets"] if p in self.journal)


def compare(said, after, receipts):
    """Refuse what is otherwise than section 8 says."""
    held = [q for r in receipts for q in r.get("quarantined", [])]
    if sorted(held) != sorted(said.held):
        raise Refused("in quarantine are %s, section 8 says %s" % (held, said.held))
    for path, record in said.rows.items():
        there = after.get(path, {})
        if path in said.questions:
            there = {name: there.get(name, {} if name[-6:] == "_value" else None) for name in record}
        if there != record:
            raise Refused("%s is\n%s, section 8 says\n%s" % (path, there, record))


def round_(random_, one, other, scope, kind):
    """One round; (records merged, conflicts opened or extended, records in quarantine)."""
    first, second = random_.sample([one, other], 2)
    for replica in (first, second):
        client.sync(replica)
    journal = set(second.state["receipts"])
    edit(random_, first, scope, kind)
    for _ in range(random_.randint(1, 2)):
        edit(random_, second, scope, kind)
    client.sync(first)
    said = Foretold(second.kinds()[kind], first.scope(scope).s["records"], journal,
                    second.state["officer"])
    packets = list(second.scope(scope).s["packets"])
    for packet in packets:
        said.take(packet)
    client.sync(second)
    compare(said, second.scope(scope).s["records"], [second.state["receipts"][p["oid"]] for p in packets])
    # A row bears the mark of the merge that made it: of the other's packet, where nothing came of the own one.
    known = {path for path, _ in said.held} | set(first.scope(scope).s["merged"])
    merged = set(second.scope(scope).s["merged"])
    if merged - known != said.merged - known:
        raise Refused("merged are %s, section 8 says %s" % (sorted(merged), sorted(said.merged)))
    return len(said.merged), len(said.questions), len(said.held)


def main(one, other, scope, kind, seed, rounds):
    random_ = random.Random(int(seed))
    one, other = Replica(one), Replica(other)
    for i in range(RECORDS):
        one.scope(scope).edit(kind, "r%d" % i, {}, "001")
    client.sync(one)
    sums = [round_(random_, one, other, scope, kind) for _ in range(int(rounds))]
    for replica in (one, other):
        client.sync(replica)
        replica.save()
    print("%d merged, %d conflicts, %d in quarantine, as foretold" % tuple(map(sum, zip(*sums))))


if __name__ == "__main__":
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Refused as e:
        sys.exit("random_edits: seed %s: %s" % (sys.argv[5], e))
