#!/usr/bin/env python3
"""log.py - who did or read what: the entries of the audit log, a line each. For
auditors and administrators, of their own scopes; ABOUT is a record's id.

usage: HUFU_URL=https://... HUFU_TOKEN=... log.py SCOPE [ABOUT]
"""
import sys
from urllib.parse import urlencode

from ask import pages

asked = dict(zip(("scope", "about"), sys.argv[1:]))
for entry in pages("/v1/audit?" + urlencode(asked)):
    print(entry["at"], entry["who"], entry["operation"], entry.get("kind", "-"), entry.get("id", "-"), entry["outcome"])
