#!/usr/bin/env python3
"""situations.py - tests/situations.txt has all 30, and what it names is there.

usage: situations.py      Prints `situations: N of 30`, and on --gaps those that are missing.
"""
import os
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
ALL = 30


def wrong(place, what):
    """Why nothing there holds it, or None."""
    if place == "gap":
        return None if what else "says not what is missing"
    if place == "fixtures/merge":
        there = os.path.exists(os.path.join(TOP, place, what, "case.json"))
        return None if there else "there is no such folder"
    folder = "tests/unit" if place.endswith(".c") else "tests/accept"
    path = os.path.join(TOP, folder, place)
    if not os.path.exists(path):
        return "there is no %s/%s" % (folder, place)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if place.endswith(".c"):
        # Defined, and listed to be run.
        used = len(re.findall(r"\b%s\b" % re.escape(what), text))
        return None if used >= 2 else "'%s' is no test of it" % what
    return None if what in text else "'%s' does not stand in it" % what


def run(gaps):
    seen, failed, held = [], 0, 0
    with open(os.path.join(TOP, "tests/situations.txt"), encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    for line in lines:
        fields = [f.strip() for f in line.split("|")]
        why = "has no four fields" if len(fields) != 4 else wrong(fields[2], fields[3])
        seen.append(fields[0])
        if why:
            failed += 1
            print("situations.txt: %s: %s" % (fields[0], why), file=sys.stderr)
        elif fields[2] != "gap":
            held += 1
        elif gaps:
            print("%s %s: %s" % (fields[0], fields[1], fields[3]))
    if seen != ["%02d" % n for n in range(1, ALL + 1)]:
        failed += 1
        print("situations.txt: the numbers are not 01 to %d" % ALL, file=sys.stderr)
    print("situations: %d of %d" % (held, ALL))
    return failed


if __name__ == "__main__":
    sys.exit(1 if run("--gaps" in sys.argv) else 0)
