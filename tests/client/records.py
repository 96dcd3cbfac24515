"""records.py - names, records and their hashes (protocol, sections 1, 2, 6 and 7)."""
import hashlib
import re

import jcs
import tree
from jcs import Refused

SCOPE = re.compile(r"[0-9]{6}|catalog")
TOWN = re.compile(r"[0-9]{3}")
NAME = re.compile(r"(?!hufu_|old_|main_)[a-z][a-z0-9_]{0,30}")
ID = re.compile(r"[a-z0-9]{1,32}")
OID = re.compile(r"[0-9a-f]{40}")
HEX64 = re.compile(r"[0-9a-f]{64}")
JOURNAL = re.compile(r"[0-9a-f]{20}|office")
EPOCH = re.compile(r"[0-9a-f]{16}")
CONTENT_START = bytes(32)


def path_of(kind, id_):
    return "%s/%s" % (kind, id_)


def split(path):
    """(kind, id) of a path."""
    kind, slash, id_ = path.partition("/")
    if not slash or not NAME.fullmatch(kind) or not ID.fullmatch(id_):
        raise Refused("'%s' is no path of a record" % path)
    return kind, id_


def make(id_, scope, town, fields, sets=()):
    """A record's object; `sets` names the fields whose type is set."""
    if not ID.fullmatch(id_) or not SCOPE.fullmatch(scope) or not TOWN.fullmatch(town):
        raise Refused("'%s' of '%s', '%s' is no record" % (id_, scope, town))
    record = {"id": id_, "scope": scope, "town": town}
    for name, value in fields.items():
        if not NAME.fullmatch(name) or name in record:
            raise Refused("'%s' is no name of a field" % name)
        if value is not None:
            record[name] = sorted(set(value)) if name in sets else value
    return record


def fields_of(record):
    return {name: value for name, value in record.items() if name not in ("id", "scope", "town")}


def version(record):
    return tree.oid("blob", jcs.write(record))


def _entry(path, record):
    body = jcs.write(record)
    return b"%s\0%d\0%s" % (path.encode(), len(body), body)


def content(records):
    """Content-SHA256 of a packet (section 6); records are {path: record}."""
    return hashlib.sha256(b"".join(_entry(p, records[p]) for p in sorted(records))).hexdigest()


def content_next(before, entries):
    """Content-SHA256 of a main commit (section 7); entries are [(path, record)] by position."""
    return hashlib.sha256(before + b"".join(_entry(p, r) for p, r in entries)).hexdigest()


def packet_root(records, packet_format, sequence):
    return tree.packet_root(((*split(path), version(record)) for path, record in records.items()),
                            packet_format >= 2 and sequence % 2 == 0)


def main_root(records):
    return tree.main_root((record["town"], *split(path), version(record)) for path, record in records.items())


def imported_id(source, kind, keys):
    return hashlib.sha256("\x1f".join([source, kind, *keys]).encode()).hexdigest()[:20]


def kind_file_id(kind):
    return hashlib.sha256(kind.encode()).hexdigest()[:32]


def conflict_id(kind, id_, group, packet):
    return hashlib.sha256("\x1f".join([kind, id_, group, packet]).encode()).hexdigest()[:32]
