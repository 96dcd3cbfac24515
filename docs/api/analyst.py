#!/usr/bin/env python3
"""analyst.py - write all subjects of a scope to a file, a line of JSON each, page by
page. Started again after a failure it goes on where it ended: a page and the place
behind it are noted together, so that none is lost or there twice.

usage: HUFU_URL=https://... HUFU_TOKEN=... analyst.py SCOPE FILE
"""
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

LIMIT = 1000
TRIES = 10
scope, path = sys.argv[1:3]
state = path + ".cursor"


def page(cursor):
    query = {"scope": scope, "limit": LIMIT, "fields": "name,uscc,state"}
    if cursor:
        query["cursor"] = cursor
    request = urllib.request.Request(f"{os.environ['HUFU_URL']}/v1/subjects?{urllib.parse.urlencode(query)}",
                                     headers={"Authorization": "Bearer " + os.environ["HUFU_TOKEN"]})
    for left in reversed(range(TRIES)):
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as refused:
            if refused.code not in (429, 503) or not left:
                sys.exit(f"{refused.code}: {json.load(refused)['detail']}")
            time.sleep(int(refused.headers.get("Retry-After", "1")))


def note(cursor, size):
    """What counts: the cursor, and how much of the file was written up to it."""
    with open(state + ".new", "w") as out:
        json.dump({"cursor": cursor, "bytes": size}, out)
        out.flush()
        os.fsync(out.fileno())
    os.replace(state + ".new", state)


cursor, size = None, 0
if os.path.exists(state):
    with open(state) as kept:
        noted = json.load(kept)
    cursor, size = noted["cursor"], noted["bytes"]
with open(path, "r+b" if cursor else "wb") as out:
    out.truncate(size)  # a page that was not noted is asked for again
    out.seek(size)
    while True:
        got = page(cursor)
        for record in got["items"]:
            out.write((json.dumps(record, ensure_ascii=False) + "\n").encode())
        out.flush()
        os.fsync(out.fileno())
        cursor = got.get("next")
        if not cursor:
            break
        note(cursor, out.tell())
if os.path.exists(state):
    os.remove(state)
