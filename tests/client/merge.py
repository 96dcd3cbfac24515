"""merge.py - what stands when two sides changed one record (protocol, section 8).

A terminal never merges: this is here to hold the section against fixtures/merge, and
against what a server did. Values that are absent are None.
"""
CONFLICT = object()  # what a rule says where a person decides and the server's value stands


class Kind:
    """A kind's definition as section 8 needs it; None is a kind that nobody knows."""

    def __init__(self, definition):
        self.fields = {f["name"]: f for f in (definition or {}).get("fields", [])}
        self.table, self.state = {}, None
        for name, field in self.fields.items():
            if field.get("rule") == "fsm":
                self.table, self.state = field.get("fsm", {}), name

    def rule(self, name):
        field = self.fields.get(name, {})
        return field.get("rule", "set" if field.get("type") == "set" else "threeway")

    def groups(self, *sides):
        """{group: [its fields]} of all fields that a side has or the kind declares."""
        found = {}
        for name in sorted({n for side in sides for n in side} | set(self.fields)):
            group = self.fields.get(name, {}).get("group", name)
            found.setdefault(group, []).append(name)
        return found


def pick(side, names):
    return {n: side[n] for n in names if n in side}


def same_type(*values):
    return len({type(v) for v in values}) == 1 and isinstance(values[0], (int, str))


def larger(choose):
    def decide(_, base, terminal, server):
        if terminal is None or server is None:
            return server if terminal is None else terminal
        return choose(terminal, server) if same_type(terminal, server) else CONFLICT
    return decide


def elements(value):
    """The members of a set, or None where the value is none."""
    value = [] if value is None else value
    return set(value) if isinstance(value, list) and all(isinstance(v, str) for v in value) else None


def union(field, base, terminal, server, keep_all=False):
    base, terminal, server = elements(base), elements(terminal), elements(server)
    if None in (base, terminal, server):
        return CONFLICT
    found = terminal | server
    if not keep_all:
        found -= (base - terminal) | (base - server)
    return sorted(found)


def alone(field):
    return {c["code"] for c in field.get("codes", {}).get("list", []) if c.get("alone")}


RULES = {
    "server": lambda field, base, terminal, server: server,
    "lww": lambda field, base, terminal, server: terminal,
    "max": larger(max),
    "min": larger(min),
    "set": union,
    "gset": lambda field, base, terminal, server: union(field, base, terminal, server, True),
}


class Merge:
    """The three sides, and after it .record, .conflicts and .merged."""

    def __init__(self, definition, base, terminal, server):
        self.kind = Kind(definition)
        names = ("id", "scope")
        self.base, self.terminal, self.server = (
            {n: v for n, v in side.items() if n not in names} for side in (base, terminal, server))
        self.out, self.conflicts, self.flags = {}, [], set()
        self.frozen_side, self.closed = self._frozen()
        for group, fields in self.kind.groups(self.base, self.terminal, self.server).items():
            self._group(group, fields)
        self._unseen()
        if self.flags:
            self.out["flags"] = sorted(self.flags | set(self.out.get("flags", [])))
        self.record = {**{n: server[n] for n in names}, **self.out}
        self.merged = self.record not in (terminal, server)

    def _state(self, side):
        return side.get(self.kind.state)

    def _frozen(self):
        """(the side that froze the record, the fields that are closed by it)."""
        entries = self.kind.table.get("frozen", [])
        entries = [e for e in ([entries] if isinstance(entries, dict) else entries) if "at" in e]
        if any(self._state(self.base) in e["at"] for e in entries):
            return None, set()
        for name, side in (("server", self.server), ("terminal", self.terminal)):
            closed = set()
            for entry in entries:
                if self._state(side) in entry["at"]:
                    closed |= set(entry.get("closed", set(self.kind.fields) - set(entry.get("open", []))))
            if closed:
                return name, closed
        return None, set()

    def _conflict(self, group, fields, standing, rule):
        sides = {n: pick(getattr(self, n), fields) for n in ("base", "terminal", "server")}
        self.conflicts.append({"group": group, **sides, "standing": standing, "rule": rule})

    def _group(self, group, fields):
        base, terminal, server = (pick(s, fields) for s in (self.base, self.terminal, self.server))
        if self.closed & set(fields):
            stands, other = (server, terminal) if self.frozen_side == "server" else (terminal, server)
            self.out.update(stands)
            if other not in (base, stands):
                self._conflict(group, fields, stands, "frozen")
        elif terminal in (base, server):
            self.out.update(server)
        elif server == base:
            self.out.update(terminal)
        else:
            self._apart(group, fields)

    def _apart(self, group, fields):
        """Both moved, and moved apart: the rule decides."""
        name, server = fields[0], pick(self.server, fields)
        field, rule = self.kind.fields.get(name, {}), self.kind.rule(name)
        if len(fields) > 1 or rule not in (*RULES, "once", "safe", "fsm"):
            rule = "threeway"
        if rule == "fsm":
            self._states(group, fields)
            return
        value, standing = CONFLICT, server
        if rule in RULES:
            value = RULES[rule](field, *(side.get(name) for side in (self.base, self.terminal, self.server)))
        if value is not CONFLICT:
            standing = {} if value is None else {name: value}
        if rule == "safe":
            standing = {name: field["safe"]}
        if rule == "set" and value is not CONFLICT and alone(field) & set(value) and len(value) > 1:
            standing, value = {name: [v for v in value if v not in alone(field)]}, CONFLICT
        self.out.update(standing)
        if value is CONFLICT:
            self._conflict(group, fields, standing, rule)

    def _states(self, group, fields):
        one, other = self._state(self.terminal), self._state(self.server)
        for cell in self.kind.table.get("merge", []):
            if (one in cell["one"] and other in cell["other"]) or (other in cell["one"] and one in cell["other"]):
                break
        else:
            cell = {"conflict": True, "stands": other}
        standing = {self.kind.state: cell["stands"]} if cell["stands"] is not None else {}
        self.out.update(standing)
        if "flag" in cell:
            self.flags.add(cell["flag"])
        if cell.get("conflict"):
            self._conflict(group, fields, standing, cell.get("flag", "fsm"))

    def _unseen(self):
        for entry in self.kind.table.get("unseen", []):
            for first, other in ((self.terminal, self.server), (self.server, self.terminal)):
                moved = self._state(first) != self._state(self.base) and self._state(first) in entry["at"]
                changed = [f for f in entry["fields"]
                           if other.get(f) != self.base.get(f) and other.get(f) != first.get(f)]
                if moved and changed and self._state(self.out) in entry["at"]:
                    self.flags.add(entry["flag"])


def merge(definition, base, terminal, server):
    """The Merge, or a word that says why there is none."""
    sides = [side for side in (base, terminal, server) if side is not None]
    if terminal is None or len({(side["id"], side["scope"]) for side in sides}) != 1:
        return "invalid"
    if base is not None and server is None:
        return "not_found"
    if base is None and server is None:
        base = server = {"id": terminal["id"], "scope": terminal["scope"]}
    elif base is None:
        if terminal != server:
            return "id_taken"
        base = server
    return Merge(definition, base, terminal, server)

