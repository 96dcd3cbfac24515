#!/usr/bin/env python3
"""Verify published papers of draws (algorithm hufu-draw-1).

usage: verify_draw.py FILE...

Needs nothing but Python's standard library and the file. For each it prints
`draw ID verified: N of M subjects`, or the first difference; then it exits with 1.
A paper that was committed but not drawn yet is checked against its commitment.

ticket(id) = SHA-256(seed US id), US the byte 0x1F: in each stratum the n
smallest are drawn, the others are the reserve, in the same order. Officers are
ordered for a subject by SHA-256(seed US "m" US subject US officer).
"""
import hashlib
import json
import sys

US = b"\x1f"


class Difference(Exception):
    pass


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def canonical(value):
    """RFC 8785 for what papers hold: ASCII keys, texts, integers."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False,
                      separators=(",", ":")).encode("utf-8")


def lines(ids):
    return "".join(i + "\n" for i in ids).encode("utf-8")


def same(what, said, found):
    if said != found:
        raise Difference(f"{what}: the paper says {said!r}, "
                         f"its content gives {found!r}")


def same_list(what, said, found):
    for i in range(max(len(said), len(found))):
        a = said[i] if i < len(said) else None
        b = found[i] if i < len(found) else None
        if a == b:
            continue
        if isinstance(a, list) and isinstance(b, list):
            same_list(f"{what} {i + 1}", a, b)
        raise Difference(f"{what} {i + 1}: the paper says {a!r}, "
                         f"the seed gives {b!r}")


def check_committed(paper):
    committed = paper["committed"]
    rules, frame = committed["rules"], paper["frame"]
    same("format", paper.get("format"), 1)
    same("algorithm", committed["algorithm"], "hufu-draw-1")
    same("commitment", paper["commitment"], sha256(canonical(committed)))
    for i in range(1, len(frame)):
        if frame[i - 1] >= frame[i]:
            raise Difference(f"frame line {i + 1}: {frame[i]!r} is not after "
                             "the line before")
    same("frame_hash", committed["frame_hash"], sha256(lines(frame)))
    same("frame_size", committed["frame_size"], len(frame))
    if len(paper["membership"]) != len(frame):
        raise Difference("the membership does not fit the frame")
    members = [[] for _ in committed["strata"]]
    for subject, place in zip(frame, paper["membership"]):
        if not 0 <= place < len(members):
            raise Difference(f"{subject!r} is in no stratum")
        members[place].append(subject)
    for stratum, ids in zip(committed["strata"], members):
        name = f"stratum {stratum['name']!r} "
        same(name + "size", stratum["size"], len(ids))
        same(name + "members_hash", stratum["members_hash"],
             sha256(lines(ids)))
        if not 0 <= stratum["n"] <= len(ids):
            raise Difference(name + "has not its quota")
    same("pool_hash", committed["pool_hash"], sha256(canonical(paper["pool"])))
    same("exclusions_hash", rules["exclusions_hash"],
         sha256(canonical(paper["excluded"])))
    return members


def is_candidate(officer, day):
    if "excluded" in officer or officer.get("state", "active") != "active":
        return False
    if "certificate" not in officer and "certificate_to" not in officer:
        return False
    return (officer.get("certificate_from", day) <= day
            <= officer.get("certificate_to", day))


def match(paper, seed, subjects):
    committed = paper["committed"]
    wanted = committed["officers_per_subject"]
    pool = [o["id"] for o in paper["pool"]
            if is_candidate(o, committed["rules"]["day"])]
    if len(pool) < wanted:
        raise Difference(f"{len(pool)} officers may be drawn, {wanted} are "
                         "needed for each subject")
    load = dict.fromkeys(pool, 0)
    limit = -(-len(subjects) * wanted // len(pool)) + 1
    pairs = []
    for subject in subjects:
        start = seed + US + b"m" + US + subject.encode() + US
        order = sorted(pool, key=lambda o: hashlib.sha256(
            start + o.encode()).digest())
        ceiling = limit
        while sum(load[o] < ceiling for o in pool) < wanted:
            ceiling += 1
        chosen = [o for o in order if load[o] < ceiling][:wanted]
        for officer in chosen:
            load[officer] += 1
        pairs.append([subject] + chosen)
    return pairs


def check_drawn(paper, members):
    seed = paper["seed"].encode("utf-8")

    def ticket(subject):
        return hashlib.sha256(seed + US + subject.encode()).digest()

    drawn, reserve = [], []
    for stratum, ids in zip(paper["committed"]["strata"], members):
        order = sorted(ids, key=ticket)
        drawn += order[:stratum["n"]]
        reserve.append(order[stratum["n"]:])
    drawn.sort(key=ticket)
    found = {"result": drawn, "reserve": reserve,
             "pairs": match(paper, seed, drawn)}
    for what in ("result", "reserve", "pairs"):
        same_list(what, paper[what], found[what])
    same("result_hash", paper["result_hash"], sha256(canonical(found)))


def verify(path):
    """Answers what to print; raises Difference."""
    with open(path, encoding="utf-8") as f:
        paper = json.load(f)
    name = f"draw {paper.get('id', '?')}"
    try:
        members = check_committed(paper)
        if "result" not in paper:
            return (f"{name} is as committed: {len(paper['frame'])} subjects, "
                    "not drawn yet")
        check_drawn(paper, members)
    except Difference as difference:
        raise Difference(f"{name}: {difference}") from None
    return (f"{name} verified: {len(paper['result'])} of "
            f"{len(paper['frame'])} subjects")


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    failed = False
    for path in sys.argv[1:]:
        try:
            print(verify(path))
        except Difference as difference:
            print(difference)
            failed = True
        except (KeyError, TypeError, ValueError, AttributeError) as e:
            print(f"{path} is no paper of hufu-draw-1: {e!r}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
