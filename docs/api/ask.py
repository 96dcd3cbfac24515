"""ask.py - what the Python examples share: one request, with what a reply needs next,
and all pages of a list.

HUFU_URL (https://...) and HUFU_TOKEN stand in the environment. The Idempotency-Key of
what is being made is noted in the file HUFU_WORK (./hufu-work.json) until there is a
reply: who starts again after a cut line asks with the same key, and nothing is made
twice.
"""
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

WORK = os.environ.get("HUFU_WORK", "hufu-work.json")


def keys():
    if not os.path.exists(WORK):
        return {}
    with open(WORK, encoding="utf-8") as kept:
        return json.load(kept)


def note(known):
    """Whole or not at all, and before the request is sent."""
    if not known:
        if os.path.exists(WORK):
            os.remove(WORK)
        return
    with open(WORK + ".new", "w", encoding="utf-8") as out:
        json.dump(known, out)
        out.flush()
        os.fsync(out.fileno())
    os.replace(WORK + ".new", WORK)


def ask(method, path, body=None, etag=None):
    """The reply. `etag`: of the record as it was seen; somebody faster makes it a 412."""
    headers = {"Authorization": "Bearer " + os.environ["HUFU_TOKEN"]}
    data = None if body is None else json.dumps(body, sort_keys=True).encode()
    work = hashlib.sha256(f"{method} {path} ".encode() + (data or b"")).hexdigest()
    if data is not None:
        headers["Content-Type"] = "application/json"
    if method == "POST":
        note({**keys(), work: keys().get(work) or str(uuid.uuid4())})
        headers["Idempotency-Key"] = keys()[work]
    if etag:
        headers["If-Match"] = f'"{etag}"'
    request = urllib.request.Request(os.environ["HUFU_URL"] + path, method=method, headers=headers, data=data)
    try:
        with urllib.request.urlopen(request, timeout=600) as reply:
            told, refused = json.load(reply), None
            if reply.status == 202:
                told = job(told["id"], int(reply.headers["Retry-After"]))
    except urllib.error.HTTPError as e:
        told, refused = json.load(e), e.code
    except OSError as e:
        sys.exit(f"no reply ({e}): start again, nothing is made twice")
    if method == "POST" and (not refused or refused < 429):
        note({k: v for k, v in keys().items() if k != work})
    if refused:
        sys.exit(f"{refused}: {told['detail']} (request {told['request']})")
    return told


def job(name, again_s):
    """What takes minutes is a job: its result, once it is there."""
    while True:
        now = ask("GET", "/v1/jobs/" + name)
        if now["state"] == "done":
            return now["result"]
        if now["state"] != "running":
            sys.exit(f"{now['operation']} {now['state']}: {now.get('problem', {}).get('detail', 'start again')}")
        time.sleep(again_s)


def pages(path):
    """Every item of a list, page by page; a page may be empty and not be the last."""
    cursor = ""
    while cursor is not None:
        page = ask("GET", path + cursor)
        yield from page["items"]
        cursor = f"{'&' if '?' in path else '?'}cursor={page['next']}" if "next" in page else None
