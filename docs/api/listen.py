#!/usr/bin/env python3
"""listen.py - changes of a scope as they happen, each once, also over restarts: the id
of the last event that was dealt with is kept in a file.

usage: HUFU_URL=https://... HUFU_TOKEN=... listen.py SCOPE FILE [COUNT]
"""
import json
import os
import sys
import time
import urllib.error
import urllib.request

scope, path = sys.argv[1:3]
left = int(sys.argv[3]) if len(sys.argv) > 3 else -1


def events(last):
    """(id, data) of each event; data is None for what only says where it stands."""
    headers = {"Authorization": "Bearer " + os.environ["HUFU_TOKEN"]}
    if last:
        headers["Last-Event-ID"] = last
    request = urllib.request.Request(f"{os.environ['HUFU_URL']}/v1/events?scope={scope}", headers=headers)
    with urllib.request.urlopen(request, timeout=60) as stream:  # a comment comes every 15 seconds
        name = data = None
        for line in stream:
            word, _, value = line.decode().rstrip("\n").partition(": ")
            if word == "id":
                name = value
            elif word == "data":
                data = json.loads(value)
            elif not word and name:
                yield name, data
                name = data = None


def keep(name):
    with open(path + ".new", "w", encoding="utf-8") as out:
        out.write(name)
    os.replace(path + ".new", path)


while left:
    last = open(path, encoding="utf-8").read() if os.path.exists(path) else None
    try:
        for name, change in events(last):
            if change:
                print(change["position"], change["kind"], change["id"], change["operation"], "by", change["author"], flush=True)
                left -= 1
            keep(name)  # after the work, so that a crash does it again rather than never
            if not left:
                break
    except urllib.error.HTTPError as refused:
        problem = json.load(refused)
        if refused.code == 410:
            sys.exit(f"{problem['detail']}; then remove {path}")
        if refused.code not in (429, 503):
            sys.exit(f"{refused.code}: {problem['detail']}")
        time.sleep(int(refused.headers.get("Retry-After", "5")))
    except OSError:
        time.sleep(3)
