#!/usr/bin/env python3
"""decide.py - the open conflicts of a scope, each with what both sides say; with a
conflict's id and a side, decide it.

usage: HUFU_URL=https://... HUFU_TOKEN=... decide.py SCOPE [CONFLICT terminal|server REASON]
"""
import sys

from ask import ask, pages

scope = sys.argv[1]
if len(sys.argv) == 2:
    for c in pages(f"/v1/conflicts?scope={scope}&state=open"):
        print(c["id"], c["record_kind"], c["record_id"], "terminal", c["terminal_value"], "server", c["server_value"])
else:
    name, side, reason = sys.argv[2:5]
    seen = ask("GET", f"/v1/conflicts/{name}?scope={scope}")
    made = ask("POST", f"/v1/conflicts/{name}/decide?scope={scope}", {"decision": side, "reason": reason}, seen["etag"])
    print(made["state"], made["decision"], "by", made["decided_by"])
