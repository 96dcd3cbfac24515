#!/usr/bin/env python3
"""administrator.py - who has an account, and who asks.

usage: HUFU_URL=https://... HUFU_TOKEN=... administrator.py
"""
import json
import os
import urllib.request


def ask(path):
    request = urllib.request.Request(os.environ["HUFU_URL"] + path,
                                     headers={"Authorization": "Bearer " + os.environ["HUFU_TOKEN"]})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)


for account in ask("/v1/accounts")["items"]:
    print(account["account"], ",".join(account["roles"]), ",".join(account["scopes"]))
me = ask("/v1/me")
print(me["account"], "asks by", me["by"])
