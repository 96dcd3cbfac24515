"""check_merge.py - hold section 8, as merge.py reads it, against fixtures/merge.

usage: check_merge.py      Ends with `N passed, N failed`.
"""
import json
import os
import sys

from merge import merge

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


def load(*names):
    path = os.path.join(TOP, *names)
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def judge(folder):
    """What is wrong with a case, or None."""
    case, want, conflicts = (load(folder, n + ".json") for n in ("case", "want", "conflicts"))
    base, terminal, server = (load(folder, n + ".json") for n in ("base", "terminal", "server"))
    kind = case["kind"]
    definition = load("fixtures/merge", kind + ".json") or load("schema/kinds", kind + ".json")
    got = merge(definition, base, terminal, server, case.get("by"))
    if isinstance(got, str) or case.get("refused"):
        refused = "id_taken" if case.get("refused") == "conflict" else case.get("refused")
        return None if got == refused else "%s, not %s" % (got, case.get("refused"))
    rules = [c.pop("rule") for c in got.conflicts]
    if got.record != want:
        return "%s stands" % got.record
    if sorted(got.conflicts, key=str) != sorted(conflicts, key=str):
        return "the conflicts are %s" % got.conflicts
    if "rules" in case and sorted(rules) != sorted(case["rules"]):
        return "the rules are %s" % rules
    return None if got.merged == case["merged"] else "merged is %s" % got.merged


def run():
    passed = failed = 0
    folder = os.path.join(TOP, "fixtures/merge")
    for name in sorted(os.listdir(folder)):
        if not os.path.exists(os.path.join(folder, name, "case.json")):
            continue
        why = judge(os.path.join("fixtures/merge", name))
        passed, failed = passed + (why is None), failed + (why is not None)
        if why:
            print("FAILED %s: %s" % (name, why))
    print("%d passed, %d failed" % (passed, failed))
    return failed


if __name__ == "__main__":
    sys.exit(1 if run() else 0)
