#!/usr/bin/env python3
"""ratings.py - rate a scope as of a day: first what would change, then do it; why a
subject is rated so; and all of it computed again from the log.

usage: HUFU_URL=https://... HUFU_TOKEN=... ratings.py SCOPE DAY SUBJECT
"""
import sys

from ask import ask

scope, day, subject = sys.argv[1:4]
for dry in (True, False):
    done = ask("POST", f"/v1/ratings/run?scope={scope}", {"as_of": day, "dry_run": dry})
    print("would write" if dry else "wrote", done["written"], "of", done["subjects"], "by", done["scheme"], done["version"])
told = ask("GET", f"/v1/subjects/{subject}/rating?scope={scope}&as-of={day}&explain=true")
print(subject, told["rating"]["score"], told["rating"]["grade"])
why = told["explanation"]["reasons"]
print("  from", why["start"])
for fact in why["facts"]:
    print(" ", *fact.values())
again = ask("GET", f"/v1/ratings-check?scope={scope}")
print(again["checked"], "computed again,", again["differing"], "differ")
