#!/usr/bin/env python3
"""Verify published papers of draws (algorithm hufu-draw-1, formats 1 and 2).

usage: verify_draw.py FILE...

Needs nothing but Python's standard library and the file. For each it prints
`draw ID verified: N of M subjects`, or the first difference; then it exits with 1.
A paper that was committed but not drawn yet is checked against its commitment.
A member that no paper has is refused. What a paper alone cannot prove: a seed and its
revealed_at before the result is there, and why a draw is void; in format 1 also id,
name, reason, replaces and the hour of committed_at, which format 2 commits.

ticket(id) = SHA-256(seed US id), US the byte 0x1F: in each stratum the n
smallest are drawn, the others are the reserve, in the same order. Officers are
ordered for a subject by SHA-256(seed US "m" US subject US officer).
"""
import datetime
import hashlib
import json
import re
import sys

US = b"\x1f"
BYTES_MAX = 1 << 30
NUMBER_MAX = 2**53 - 1
TIME_END = 32503680000000  # the year 3000
LOAD_LIMIT = "ceil(subjects*officers_per_subject/candidates)+1"


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


# -- the members of a paper: what no list names is refused -------------------

def is_text(value):
    return isinstance(value, str)


def is_id(value):
    return is_text(value) and re.fullmatch("[a-z0-9]{1,32}", value) is not None


def is_date(value):
    if not is_text(value) or not re.fullmatch("[12][0-9]{3}-[0-9]{2}-[0-9]{2}", value):
        return False
    try:
        return datetime.date.fromisoformat(value).year >= 1900
    except ValueError:
        return False


def is_hash(value):
    return is_text(value) and re.fullmatch("[0-9a-f]{64}", value) is not None


def is_seed(value):
    return (is_text(value) and 0 < len(value.encode("utf-8")) <= 1000
            and not any(c < " " or c == "\x7f" for c in value))


def is_number(value):
    return type(value) is int and 0 <= value <= NUMBER_MAX


def is_time(value):
    return is_number(value) and value < TIME_END


def list_of(fits):
    return lambda value: isinstance(value, list) and all(map(fits, value))


# name: its form, or the members of an object ({...}) or of each in a list
# ([{...}]). "?" after a name: it may be missing.
RULES = {"day": is_date, "due?": is_date, "exclusions_hash": is_hash,
         "industry?": is_text, "item?": is_text, "load_limit": is_text,
         "town?": is_text}
STRATUM = {"members_hash": is_hash, "n": is_number, "name": is_text,
           "size": is_number}
OFFICER = {"certificate?": is_text, "certificate_from?": is_text,
           "certificate_to?": is_text, "excluded?": is_text, "id": is_id,
           "state?": is_text}
EXCLUSION = {"id": is_id, "reason": is_text}
COMMITTED = {"algorithm": is_text, "frame_hash": is_hash, "frame_size": is_number,
             "officers_per_subject": is_number, "pool_hash": is_hash,
             "rules": RULES, "scope": is_text, "seed_source": is_text,
             "strata": [STRATUM]}
ANNOUNCED = {"committed_at": is_time, "id": is_id, "name?": is_text,
             "reason?": is_text, "replaces?": is_id}
PAPER = {"commitment": is_hash, "excluded": [EXCLUSION], "format": is_number,
         "frame": list_of(is_id), "membership": list_of(is_number),
         "pairs?": list_of(list_of(is_id)), "pool": [OFFICER],
         "reserve?": list_of(list_of(is_id)), "result?": list_of(is_id),
         "result_hash?": is_hash, "revealed_at?": is_time, "seed?": is_seed,
         "state": is_text}
FORMATS = {
    1: {**PAPER, **ANNOUNCED, "algorithm": is_text, "committed": COMMITTED},
    2: {**PAPER, "void_reason?": is_text,
        "committed": {**COMMITTED, **ANNOUNCED, "format": is_number}},
}


def check_object(value, members, where):
    if not isinstance(value, dict):
        raise Difference(f"{where!r} is no object")
    known = 0
    for key, form in members.items():
        name = key.rstrip("?")
        if name not in value:
            if key == name:
                raise Difference(f"{name!r} of {where!r} is missing")
            continue
        known += 1
        inner = value[name]
        if isinstance(form, dict):
            check_object(inner, form, name)
        elif isinstance(form, list):
            if not isinstance(inner, list):
                raise Difference(f"{name!r} is no list")
            for one in inner:
                check_object(one, form[0], name)
        elif not form(inner):
            raise Difference(f"{name!r} is not of its form")
    if known != len(value):
        raise Difference(f"{where!r} has a member that no draw has")


def no_number(text):
    raise ValueError(f"the number {text}")


def members_once(members):
    if len(dict(members)) != len(members):
        raise ValueError("a member stands twice")
    return dict(members)


def text_check(value):
    """Texts are UTF-8 without NUL."""
    if isinstance(value, dict):
        for key, inner in value.items():
            text_check(key)
            text_check(inner)
    elif isinstance(value, list):
        for inner in value:
            text_check(inner)
    elif isinstance(value, str) and b"\0" in value.encode("utf-8"):
        raise ValueError("NUL in a text")


def read(path):
    with open(path, "rb") as f:
        data = f.read(BYTES_MAX + 1)
    if len(data) > BYTES_MAX:
        raise ValueError("it is too large")
    paper = json.loads(data.decode("utf-8"), parse_constant=no_number,
                       parse_float=no_number, object_pairs_hook=members_once)
    text_check(paper)
    fmt = paper.get("format")
    if type(fmt) is not int or fmt not in FORMATS:
        raise ValueError("neither format 1 nor 2")
    return paper


def announced(paper):
    return paper if paper["format"] == 1 else paper["committed"]


def check_state(paper):
    state, has_seed = paper["state"], "seed" in paper
    outcome = sum(k in paper for k in ("pairs", "reserve", "result", "result_hash"))
    if has_seed != ("revealed_at" in paper):
        raise Difference("a seed and revealed_at come together")
    if outcome not in (0, 4) or (outcome and not has_seed):
        raise Difference("the paper has a part of a result")
    fitting = (("drawn", "verified") if outcome
               else ("revealed",) if has_seed else ("committed",))
    if state not in fitting + ("void",):
        raise Difference(f"the state {state!r} is not that of the members")
    if state != "void" and "void_reason" in paper:
        raise Difference("it has a void_reason and is not void")
    at, day = announced(paper)["committed_at"], paper["committed"]["rules"]["day"]
    found = datetime.date(1970, 1, 1) + datetime.timedelta(days=at // 86400000)
    if found.isoformat() != day:
        raise Difference(f"committed_at is on {found}, the rules are of {day}")
    if paper.get("revealed_at", at) < at:
        raise Difference("revealed_at is before committed_at")


# -- what was committed ---------------------------------------------------------

def check_words(paper):
    committed = paper["committed"]
    same("algorithm", committed["algorithm"], "hufu-draw-1")
    if paper["format"] == 1:
        same("algorithm", paper["algorithm"], "hufu-draw-1")
    else:
        same("format", committed["format"], paper["format"])
    same("load_limit", committed["rules"]["load_limit"], LOAD_LIMIT)
    if not 1 <= committed["officers_per_subject"] <= 10:
        raise Difference("a subject is checked by 1 to 10 officers")


def check_order(what, ids):
    for i in range(1, len(ids)):
        if ids[i - 1] >= ids[i]:
            raise Difference(f"{what} {i + 1}: {ids[i]!r} is not after the one before")


def check_committed(paper):
    committed = paper["committed"]
    rules, frame = committed["rules"], paper["frame"]
    check_words(paper)
    same("commitment", paper["commitment"], sha256(canonical(committed)))
    check_order("frame line", frame)
    same("frame_hash", committed["frame_hash"], sha256(lines(frame)))
    same("frame_size", committed["frame_size"], len(frame))
    if len(paper["membership"]) != len(frame) or not 1 <= len(committed["strata"]) <= 100:
        raise Difference("strata and membership do not fit the frame")
    members = [[] for _ in committed["strata"]]
    for subject, place in zip(frame, paper["membership"]):
        if place >= len(members):
            raise Difference(f"{subject!r} is in no stratum")
        members[place].append(subject)
    for stratum, ids in zip(committed["strata"], members):
        name = f"stratum {stratum['name']!r} "
        if stratum["n"] > len(ids):
            raise Difference(name + "has not its quota")
        same(name + "size", stratum["size"], len(ids))
        same(name + "members_hash", stratum["members_hash"],
             sha256(lines(ids)))
    check_order("officer", [o["id"] for o in paper["pool"]])
    same("pool_hash", committed["pool_hash"], sha256(canonical(paper["pool"])))
    same("exclusions_hash", rules["exclusions_hash"],
         sha256(canonical(paper["excluded"])))
    return members


# -- what the seed makes of it ----------------------------------------------------

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
    if len(paper["frame"]) > 1 << 24 or len(paper["pool"]) > 10000:
        raise Difference("a draw has at most 2^24 subjects and 10000 officers")
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
    paper = read(path)
    try:
        check_object(paper, FORMATS[paper["format"]], "paper")
        members = check_committed(paper)
        check_state(paper)
        if "result" in paper:
            check_drawn(paper, members)
    except Difference as difference:
        raise Difference(f"{path}: {difference}") from None
    name, subjects = f"draw {announced(paper)['id']}", len(paper["frame"])
    is_void = paper["state"] == "void"
    if "result" in paper:
        return (f"{name} verified: {len(paper['result'])} of {subjects} subjects"
                + (", void" if is_void else ""))
    return (f"{name} is as committed: {subjects} subjects, "
            + ("void" if is_void else "not drawn yet"))


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
        except (OSError, KeyError, TypeError, ValueError, AttributeError,
                RecursionError) as e:
            print(f"{path} is no paper of hufu-draw-1: {e}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
