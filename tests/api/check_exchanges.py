#!/usr/bin/env python3
"""check_exchanges.py - hold every exchange of a test run against the document
that the server served then, and ask that every operation was reached.

usage: check_exchanges.py FILE [--some]

FILE is what `hufud serve --log-exchanges FILE` wrote, FILE.<hash>.json beside it
are the documents. Of each exchange: the status is declared, and so are media
type, headers and schema of the reply; a refusal is a problem (RFC 9457) with a
sentence; what succeeded had the parameters and the body that are declared. An
operation that no exchange reached fails the run (not with --some): reached is
one that was done: what was only ever refused may refuse everything. A kind that a test loaded has
the paths of every other kind, so only those of the shipped kinds are asked for.
Ends with `N passed, N failed`.
"""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from contract import Contract  # noqa: E402
from may import kinds_of  # noqa: E402

SHOWN = 40
SHIPPED = kinds_of(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def exchanges(path):
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield number, json.loads(line), None
            except ValueError as e:
                yield number, None, str(e)


def check(path, some=False):
    """(sentences of what is wrong, exchanges seen, operations, those that were done)."""
    contracts, wrong, seen = {}, [], 0
    declared, done = {}, set()
    for number, e, broken in exchanges(path):
        seen += 1
        if broken:
            wrong.append(f"line {number} is no JSON: {broken}")
            continue
        name = e["document"]
        if name not in contracts:
            with open(f"{path}.{name}.json", encoding="utf-8") as f:
                contracts[name] = Contract(json.load(f))
            for op in contracts[name].operations:
                if op.x.get("kind", "kind") in SHIPPED:
                    declared[op.id] = op
        op, errors = contracts[name].wrong(e)
        status = e["reply"]["status"]
        for text in errors:
            wrong.append(f"{e['method']} {e['path']} {status} ({op.id if op else 'no operation'}, "
                         f"request {e['id']}): {text}")
        if op and status < 400:
            done.add(op.id)
    if not seen:
        wrong.append("there is no exchange: nothing was tested")
    missing = [] if some else sorted(set(declared) - done)
    wrong += [f"no test has done {i}: {declared[i].method.upper()} {declared[i].path}" for i in missing]
    return wrong, seen, len(declared), len(done)


def main(args):
    some = "--some" in args
    args = [a for a in args if a != "--some"]
    if len(args) != 1 or args[0].startswith("-"):
        sys.exit(__doc__.split("\n\n")[1])
    wrong, seen, operations, done = check(args[0], some)
    for text in wrong[:SHOWN]:
        print("not so:", text)
    if len(wrong) > SHOWN:
        print(f"and {len(wrong) - SHOWN} more")
    print(f"{seen} exchanges, {done} of {operations} operations were done at least once")
    print(f"{max(0, seen + (0 if some else operations) - len(wrong))} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
