#!/usr/bin/env python3
"""administrator.py - who has an account, and who asks. For an administrator or an
auditor; others are told so.

usage: HUFU_URL=https://... HUFU_TOKEN=... administrator.py
"""
from ask import ask, pages

for account in pages("/v1/accounts"):
    print(account["account"], ",".join(account["roles"]), ",".join(account["scopes"]))
me = ask("GET", "/v1/me")
print(me["account"], "asks by", me["by"])
