#!/usr/bin/env python3
"""analyst.py - write all subjects of a scope to a file, a line of JSON each, page by
page; started again after a failure it goes on where it ended.

usage: HUFU_URL=https://... HUFU_TOKEN=... analyst.py SCOPE FILE
"""
import json
import os
import sys
import urllib.parse
import urllib.request

scope, path = sys.argv[1:3]
state = path + ".cursor"


def page(cursor):
    query = {"scope": scope, "limit": 5, "fields": "name,uscc,state"}
    if cursor:
        query["cursor"] = cursor
    request = urllib.request.Request(f"{os.environ['HUFU_URL']}/v1/subjects?{urllib.parse.urlencode(query)}",
                                     headers={"Authorization": "Bearer " + os.environ["HUFU_TOKEN"]})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)


cursor = open(state).read() if os.path.exists(state) else ""
with open(path, "a" if cursor else "w", encoding="utf-8") as out:
    while True:
        got = page(cursor)
        for record in got["items"]:
            print(json.dumps(record, ensure_ascii=False), file=out)
        out.flush()
        cursor = got.get("next")
        if not cursor:
            break
        with open(state, "w") as kept:
            kept.write(cursor)
if os.path.exists(state):
    os.remove(state)
