"""tree.py - object ids and trees (protocol, the words at its head and sections 2 and 4)."""
import hashlib
import re

LEAF_MAX = 32
NAME = re.compile(r"[a-z0-9_]{1,32}")


def oid(kind, body):
    """The id of a Git object: `blob`, `tree` or `commit`."""
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(body)) + body).hexdigest()


def node(entries, marked=False):
    """The bytes of a tree; entries are {name: (is a tree, oid)}; marked: its files have the mode 100755."""
    def order(name):  # Git compares a directory as if its name ended in a slash
        return name + "/" if entries[name][0] else name
    for name in entries:
        if not NAME.fullmatch(name):
            raise ValueError("'%s' cannot be a name in a tree" % name)
    file_mode = b"100755" if marked else b"100644"
    return b"".join(b"%s %s\0%s" % (b"40000" if entries[name][0] else file_mode, name.encode(),
                                    bytes.fromhex(entries[name][1])) for name in sorted(entries, key=order))


def _tree(entries, marked=False):
    return True, oid("tree", node(entries, marked))


def _kind(ids, depth):
    """The tree of one town and kind; ids are [(SHA-256 of the id, id, version)]."""
    if len(ids) <= LEAF_MAX:
        return _tree({id_: (False, version) for _, id_, version in ids})
    parts = {}
    for entry in ids:
        parts.setdefault(entry[0][depth], []).append(entry)
    return _tree({digit: _kind(part, depth + 1) for digit, part in parts.items()})


def packet_root(records, marked=False):
    """records: [(kind, id, version)]; marked: of a packet with an even Sequence, from format 2 on."""
    kinds = {}
    for kind, id_, version in records:
        kinds.setdefault(kind, {})[id_] = (False, version)
    return _tree({kind: _tree(ids, marked) for kind, ids in kinds.items()})[1]


def main_root(records):
    """records: [(town, kind, id, version)]."""
    towns = {}
    for town, kind, id_, version in records:
        hashed = hashlib.sha256(id_.encode()).hexdigest()
        towns.setdefault(town, {}).setdefault(kind, []).append((hashed, id_, version))
    return _tree({town: _tree({kind: _kind(ids, 0) for kind, ids in kinds.items()})
                  for town, kinds in towns.items()})[1]
