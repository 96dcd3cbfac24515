#!/usr/bin/env python3
"""tablet.py - an app of one's own around a replica, in plain Python.

    python3 tablet.py FILE PIN URL CODE     enrol and clone into a new FILE
    python3 tablet.py FILE PIN              edit, commit, sync, and tell

It edits by Python's own sqlite3 and by calls of the library (hufu.py), which
come to the same.
"""

import sqlite3
import sys
from contextlib import closing

from hufu import MAIN, Hufu, HufuError


def clone_new(h, file, pin, url, code):
    h.create(file)
    h.enroll(url, code, pin)
    h.clone()
    for s in h.scopes():
        print(f"cloned {s['scope']}: {s['records']} records")


def edit_by_sql(file):
    """What any program with any SQLite may do."""
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE visit SET summary='written by Python' WHERE id=(SELECT max(id) FROM visit)")


def edit_by_calls(h):
    """The same by the library: find a subject, record a visit to it."""
    found = h.find("road 5", kind="subject", most=1)[0]
    subject = h.record("subject", found["id"])
    visit = h.put("visit", subject=subject["id"], town=subject["town"], state="open", summary="begun")
    h.put("visit", visit, summary="a visit from Python")
    print("visit to", subject["name"])
    h.edit("UPDATE subject SET name='a slip of the finger' WHERE id='s4'")
    print("took back", h.undo("subject", "s4"))
    return visit


def show_changes(h):
    print(len(h.status()), "records changed")
    for d in h.diff():
        if not d["new"]:
            print(f"{d['kind']} {d['field']}: {d['before']!r} -> {d['after']!r}")


def commit_and_sync(h, visit):
    done = h.commit("two edits from Python")
    print(f"signed {done['records']} records in {done['packets']} packets")
    told = []
    h.on_progress(lambda what, done, total: told.append(what) and None)
    report = h.sync()
    print(f"sent {report['records_sent']}, received {report['records_received']}, "
          f"{report['conflicts']} conflicts, the halves {'match' if report['equal'] else 'differ'}")
    print("progress was told:", ", ".join(sorted(set(told))))
    print("on the main line:", h.record("visit", visit, MAIN)["summary"])


def show_rest(h):
    for c in h.conflicts():
        print(f"{c['what']}: {c['record_kind']} {c['field_group']}, "
              f"mine {c['terminal_value']}, theirs {c['server_value']}")
    for p in h.log():
        print(f"packet {p['sequence']}: {p['message']}, {p['state']}")
    h.verify()
    print("verified; root", h.info()["scopes"][1]["root"])


def main(argv):
    if len(argv) not in (3, 5):
        print("usage: tablet.py FILE PIN [URL CODE]", file=sys.stderr)
        return 2
    with Hufu() as h:
        print("libhufu", h.version())
        if len(argv) == 5:
            clone_new(h, *argv[1:])
            return 0
        h.open(argv[1])
        h.unlock(argv[2])
        edit_by_sql(argv[1])
        visit = edit_by_calls(h)
        show_changes(h)
        commit_and_sync(h, visit)
        show_rest(h)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv))
    except HufuError as e:
        sys.exit(f"tablet.py: {e} ({e.code})")
