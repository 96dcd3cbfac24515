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


def total(_, base, terminal, server):
    values = [0 if v is None else v for v in (base, terminal, server)]
    if any(not isinstance(v, int) or isinstance(v, bool) or abs(v) >= 2 ** 53 for v in values):
        return CONFLICT
    found = values[2] + values[1] - values[0]
    return found if abs(found) < 2 ** 53 else CONFLICT


def cut(text):
    return [] if text is None else text.split("\n")


def matched(base, side):
    """{line of the base: line of the side}, or None where there are too many."""
    pairs, first = {}, 0
    while first < min(len(base), len(side)) and base[first] == side[first]:
        pairs[first] = first
        first += 1
    last = 0
    while last < min(len(base), len(side)) - first and base[-1 - last] == side[-1 - last]:
        last += 1
        pairs[len(base) - last] = len(side) - last
    n, m = len(base) - first - last, len(side) - first - last
    if max(n, m) > 1000:
        return None
    longest = [[0] * (m + 1) for _ in range(n + 1)]
    for i in reversed(range(n)):
        for j in reversed(range(m)):
            equal = base[first + i] == side[first + j]
            longest[i][j] = longest[i + 1][j + 1] + 1 if equal else max(longest[i + 1][j], longest[i][j + 1])
    i = j = 0
    while i < n and j < m:
        if base[first + i] == side[first + j]:
            pairs[first + i] = first + j
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def joined(base, terminal, server):
    base, terminal, server = cut(base), cut(terminal), cut(server)
    to_terminal, to_server = matched(base, terminal), matched(base, server)
    if to_terminal is None or to_server is None:
        return CONFLICT
    ends = [(i, to_terminal[i], to_server[i]) for i in range(len(base)) if i in to_terminal and i in to_server]
    out, at = [], (0, 0, 0)
    for end in [*ends, (len(base), len(terminal), len(server))]:
        was, one, other = base[at[0]:end[0]], terminal[at[1]:end[1]], server[at[2]:end[2]]
        if was not in (one, other) and one != other:
            return CONFLICT
        out += other if one == was else one
        out += base[end[0]:end[0] + 1]
        at = tuple(n + 1 for n in end)
    return "\n".join(out)


def lines(field, base, terminal, server):
    if any(v is not None and not isinstance(v, str) for v in (base, terminal, server)):
        return CONFLICT
    found = joined(base, terminal, server)
    if found is CONFLICT or len(found) > field.get("max", 4000):
        return CONFLICT
    return found if all(joined(base, side, found) == found for side in (terminal, server)) else CONFLICT


RULES = {
    "text": lines,
    "sum": total,
    "calc": lambda field, base, terminal, server: server,
    "server": lambda field, base, terminal, server: server,
    "lww": lambda field, base, terminal, server: terminal,
    "max": larger(max),
    "min": larger(min),
    "set": union,
    "gset": lambda field, base, terminal, server: union(field, base, terminal, server, True),
}


class Merge:
    """The three sides, and after it .record, .conflicts and .merged."""

    def __init__(self, definition, base, terminal, server, by=None):
        self.kind, self.by = Kind(definition), by
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
        elif terminal == base or (terminal == server and not self._counts(fields)):
            self.out.update(server)
        elif self._is_strangers(fields):
            self._apart(group, fields)
        elif server == base:
            self.out.update(terminal)
        else:
            self._apart(group, fields)

    def _counts(self, fields):
        name = fields[0]
        return len(fields) == 1 and self.kind.rule(name) == "sum" and self.server.get(name) != self.base.get(name)

    def _is_strangers(self, fields):
        """A field with an owner, and the author of the terminal's side is not the one."""
        if len(fields) > 1 or self.kind.rule(fields[0]) != "own" or self.by is None:
            return False
        owner = self.kind.fields[fields[0]]["own"]
        owners = {side[owner] for side in (self.base, self.server) if owner in side}
        return bool(owners) and not owners & set(self.by)

    def _apart(self, group, fields):
        """Both moved, and moved apart: the rule decides."""
        name, server = fields[0], pick(self.server, fields)
        field, rule = self.kind.fields.get(name, {}), self.kind.rule(name)
        if len(fields) > 1 or rule not in (*RULES, "once", "safe", "fsm", "own", "ref"):
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


def merge(definition, base, terminal, server, by=None):
    """The Merge, or a word that says why there is none. by: the names of the terminal's author."""
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
    return Merge(definition, base, terminal, server, by)

