"""ask.py - what the Python examples share: one request, with what a reply needs next.

HUFU_URL (https://...) and HUFU_TOKEN stand in the environment.
"""
import json
import os
import sys
import urllib.error
import urllib.request
import uuid


def ask(method, path, body=None, etag=None):
    """The reply. `etag`: of the record as it was seen; somebody faster makes it a 412."""
    headers = {"Authorization": "Bearer " + os.environ["HUFU_TOKEN"]}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if method == "POST":
        headers["Idempotency-Key"] = str(uuid.uuid4())
    if etag:
        headers["If-Match"] = f'"{etag}"'
    request = urllib.request.Request(os.environ["HUFU_URL"] + path, method=method, headers=headers,
                                     data=None if body is None else json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=600) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as e:
        problem = json.load(e)
        sys.exit(f"{e.code}: {problem['detail']} (request {problem['request']})")
