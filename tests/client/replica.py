"""replica.py - what this client keeps: main rows, edits, packets (protocol, sections 6, 8, 10).

One folder: state.json, and the officer's key as a file for ssh-keygen. A record has up to
three forms here: on the main line (`records`), in packets without a receipt (`packets`), and
edited since (`edits`). What a user sees is the last of these. Nothing is ever merged here.
"""
import json
import os
import time

import commits
import ed25519
import keys
import records
import sealed
import wire
from jcs import Refused, write

RECORDS_MAX = 1000
BYTES_MAX = 1 << 20
BOOT = "/proc/sys/kernel/random/boot_id"


def clocks():
    """(wall ms, ms since boot, boot id)."""
    with open(BOOT, encoding="ascii") as f:
        boot = f.read().strip().replace("-", "")
    return time.time_ns() // 10**6, time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 10**6, boot


class Scope:
    """One scope of a replica; `s` is its part of the state, plain JSON."""

    def __init__(self, replica, name):
        self.replica, self.name = replica, name
        self.s = replica.state["scopes"].setdefault(name, {
            "head": None, "root": None, "position": 0, "records": {}, "edits": {}, "packets": [],
            "journal": None, "sequence": 0, "tip": None, "supersedes": None})

    def root(self):
        """The root of the rows, computed (section 4)."""
        return records.main_root(self.s["records"])

    def index(self, kind):
        prefix = kind + "/"
        return wire.Index(p[len(prefix):] for p in self.s["records"] if p.startswith(prefix))

    def stored(self, path):
        """The record as the newest packet or the main line has it, in the form of the wire."""
        for packet in reversed(self.s["packets"]):
            if path in packet["records"]:
                return packet["records"][path]
        return self.s["records"].get(path)

    def live(self, path):
        """The record as a user sees it, or None."""
        if path in self.s["edits"]:
            return self.s["edits"][path]["new"]
        record = self.stored(path)
        kind = records.split(path)[0]
        if record and self.replica.kinds().get(kind, {}).get("sealed"):
            key = self.replica.state["keys"].get(record["key"])
            return sealed.unseal(kind, record, bytes.fromhex(key["secret"])) if key else None
        return record

    def edit(self, kind, id_, fields, town=None):
        """Change a record or make a new one; a value None removes a field."""
        path = records.path_of(kind, id_)
        before = self.live(path) or {}
        if not before and self.stored(path):
            raise Refused("the key of '%s' is not here" % path)
        sets = [f["name"] for f in self.replica.kinds()[kind]["fields"] if f["type"] == "set"]
        new = records.make(id_, self.name, town or before.get("town", "000"),
                           {**records.fields_of(before), **fields}, sets)
        edit = self.s["edits"].setdefault(path, {"base": self.s["head"], "at": self.s["position"],
                                                 "old": self.stored(path)})
        edit["new"] = new

    def _wire_form(self, path, edit):
        """The record as it is signed; None where its key is not here yet (section 10, wanted)."""
        kind, id_ = records.split(path)
        definition = self.replica.kinds().get(kind, {})
        if not definition.get("sealed"):
            return edit["new"]
        subject = edit["new"].get(definition.get("companion_key", ""), id_)
        found = self.replica.key_of(self.name, subject, (edit["old"] or {}).get("key"))
        return sealed.seal(kind, edit["new"], *found) if found else None

    def wanted(self):
        """Subjects whose key an edit waits for."""
        waiting = [(p, e) for p, e in self.s["edits"].items() if self._wire_form(p, e) is None]
        kinds = self.replica.kinds()
        return sorted({e["new"].get(kinds[records.split(p)[0]].get("companion_key", ""), records.split(p)[1])
                       for p, e in waiting})

    def commit(self, message):
        """Sign what was edited: a packet for each base, the oldest first (section 6)."""
        ready = {}
        for path, edit in sorted(self.s["edits"].items()):
            form = self._wire_form(path, edit)
            if form is not None:
                ready.setdefault((edit["at"], edit["base"] or ""), {})[path] = (form, edit["old"])
        for (_, base), entries in sorted(ready.items()):
            for part in _parts({p: e for p, e in entries.items() if e[0] != e[1]}):
                self._sign(message, base or None, {p: e[0] for p, e in part.items()},
                           {p: e[1] for p, e in part.items()})
            for path in entries:
                del self.s["edits"][path]

    def _sign(self, message, base, rows, old):
        s, state = self.s, self.replica.state
        wall, monotonic, boot = clocks()
        anchor = state["anchor"]
        now = 0
        if anchor:
            now = anchor["time"] + (monotonic - anchor["monotonic"] if anchor["boot"] == boot else 0)
        s["journal"] = s["journal"] or os.urandom(10).hex()
        s["seconds"] = max(now // 1000, s.get("seconds", 0))
        s["sequence"] += 1
        commit = {"tree": records.packet_root(rows, commits.PACKET_FORMAT, s["sequence"]), "parents": [s["tip"]] if s["tip"] else [],
                  "who": commits.person(state["officer"], state["terminal"]), "seconds": s["seconds"],
                  "message": message, "Scope": self.name, "Journal": s["journal"], "Sequence": s["sequence"],
                  "Base": base, "Supersedes": s["supersedes"], "Terminal": state["terminal"], "Wall": wall,
                  "Monotonic": monotonic, "Boot": boot, "Anchor": anchor["time"] if anchor else 0,
                  "Content-SHA256": records.content(rows)}
        text = commits.packet_make({k: v for k, v in commit.items() if v is not None}, self.replica.ssh_sign)
        s["tip"], s["supersedes"] = commits.oid(text), None
        s["packets"].append({"oid": s["tip"], "commit": text, "records": rows, "old": old, "base": base,
                             "message": message, "whole": False})

    def on_wire(self, packet):
        """A packet as a request carries it; keys are prefixes only where the base is the head."""
        base_of = (lambda path: None) if packet["whole"] else packet["old"].get
        at_head = packet["base"] == self.s["head"]
        rows = wire.groups(packet["records"], base_of, self.index if at_head else lambda kind: None)
        return {"commit": packet["commit"], "rows": rows}

    def new_journal(self, superseded):
        """After a fork: what has no receipt is signed again in a journal of its own (section 10)."""
        s = self.s
        packets, s["packets"] = s["packets"], []
        s.update(journal=None, sequence=0, tip=None, supersedes=superseded)
        for packet in packets:
            self._sign(packet["message"], packet["base"], packet["records"], packet["old"])
            s["packets"][-1]["whole"] = packet["whole"]

    def apply(self, part, groups):
        """Take an answer's rows in; the root must come out as signed (section 10). Then .receipts()."""
        s = self.s
        indexes = {}

        def index_of(kind):
            if kind not in indexes:
                indexes[kind] = self.index(kind)
            return indexes[kind]
        changed = {}
        for group in groups:
            changed.update(wire.read_group(group, self.name, s["records"], index_of))
        receipts = {r["packet"]: r for r in part.get("receipts", [])}
        newest = {}
        for packet in s["packets"]:
            receipt = receipts.get(packet["oid"], {})
            if receipt.get("state") == "merged":
                away = [path for path, _ in receipt.get("quarantined", [])]
                newest.update({p: None if p in away else r for p, r in packet["records"].items()})
        after = dict(s["records"])
        after.update({p: r for p, r in newest.items() if r is not None and p not in changed})
        for path, record in changed.items():
            if record is None:
                after.pop(path, None)
            else:
                after[path] = record
        root = records.main_root(after)
        if root != part.get("root", s["root"]):
            raise Refused("the rows of '%s' give root %s, the server signed %s" % (self.name, root, part.get("root")))
        s.update(records=after, root=root, head=part.get("head", s["head"]), position=part.get("position", s["position"]))

    def receipts(self, part):
        """Forget the packets that the server took in, and do what it asks for with the others."""
        receipts = {r["packet"]: r for r in part.get("receipts", [])}
        known = self.replica.state["receipts"]
        forked = None
        for packet in list(self.s["packets"]):
            receipt = receipts.get(packet["oid"])
            state = receipt and receipt["state"]
            if state == "merged":
                if known.setdefault(packet["oid"], receipt) != receipt:
                    raise Refused("the server gave two receipts for one packet")
                self.s["packets"].remove(packet)
            elif state == "need_whole":
                packet["whole"] = True
            elif state in ("fork", "unverifiable"):
                forked = forked or packet["oid"]
        if forked:
            self.new_journal(forked)


def _parts(entries):
    """{path: (record, old)} cut to what a packet may hold."""
    part, size = {}, 0
    for path, entry in entries.items():
        length = len(write(entry[0]))
        if part and (len(part) == RECORDS_MAX or size + length > BYTES_MAX):
            yield part
            part, size = {}, 0
        part[path], size = entry, size + length
    if part:
        yield part


class Replica:
    """The folder. Use .scope(name), then .save()."""

    def __init__(self, folder):
        self.folder = folder
        self.file = os.path.join(folder, "state.json")
        self.state = {"scopes": {}, "keys": {}, "serial": 0, "receipts": {}, "anchor": None}
        if os.path.exists(self.file):
            with open(self.file, encoding="utf-8") as f:
                self.state = json.load(f)
        self._kinds = None

    def save(self):
        temporary = self.file + ".new"
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as f:
            json.dump(self.state, f, ensure_ascii=False)
            f.flush()
            os.fsync(f.fileno())
        os.rename(temporary, self.file)

    def new_keys(self):
        """Seeds of officer and terminal, and the terminal's id, all made here."""
        os.makedirs(self.folder, exist_ok=True)
        for name in ("officer_seed", "terminal_seed"):
            self.state[name] = os.urandom(32).hex()
        self.state["terminal"] = os.urandom(10).hex()

    def seed(self, whose):
        return bytes.fromhex(self.state[whose + "_seed"])

    def officer_public(self):
        return ed25519.public(self.seed("officer"))

    def server_public(self):
        return keys.public_bytes(self.state["server_key"])

    def ssh_sign(self, message):
        path = os.path.join(self.folder, "officer.key")
        if not os.path.exists(path):
            keys.write_private(path, self.seed("officer"))
        return keys.ssh_sign(path, message)

    def scope(self, name):
        return Scope(self, name)

    def kinds(self):
        """{kind: definition} of the catalog that is held."""
        if self._kinds is None:
            rows = self.scope("catalog").s["records"]
            self._kinds = {r["name"]: r["definition"] for p, r in rows.items() if p.startswith("kind/")}
        return self._kinds

    def forget_kinds(self):
        self._kinds = None

    def key_of(self, scope, subject, key_id):
        """(key id, key) for a record of the subject: the one it had, or the newest."""
        held = [(k["serial"], i, k["secret"]) for i, k in self.state["keys"].items()
                if k["scope"] == scope and k["subject"] == subject and (key_id is None or i == key_id)]
        return (max(held)[1], bytes.fromhex(max(held)[2])) if held else None

    def take_keys(self, events):
        """Key events of an answer: [serial, key id, scope, subject, key or null]."""
        for serial, key_id, scope, subject, secret in events:
            self.state["serial"] = max(serial, self.state["serial"])
            if secret is None:
                self.state["keys"].pop(key_id, None)
            else:
                self.state["keys"][key_id] = {"serial": serial, "scope": scope, "subject": subject,
                                              "secret": wire.base64.b64decode(secret).hex()}
