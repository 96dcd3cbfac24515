#!/usr/bin/env python3
"""Verify published papers of draws (hufu-draw-1, formats 1 and 2; hufu-draw-2, format 3;
hufu-draw-3, format 4).

usage: verify_draw.py FILE...

Needs nothing but Python's standard library and the file. For each it prints
`draw ID verified: N of M subjects` and which members the commitment does not cover,
or the first difference; then it exits with 1.
A paper that was committed but not drawn yet is checked against its commitment.
A member that no paper has is refused. What a paper alone cannot prove: a seed and its
revealed_at before the result is there, why a draw is void, and the grounds of a
replacement; in format 1 also id, name, reason, replaces and the hour of committed_at.

ticket(id) = SHA-256(seed US id), US the byte 0x1F: in each stratum the n
smallest are drawn, the others are the reserve, in the same order. Officers are
ordered for a subject by SHA-256(seed US "m" US subject US officer).

A draw by grade of formats 3 and 4 draws lots in place of ids: proof(id) = SHA-256(key US id),
lot(id) = the first 32 digits of SHA-256(proof US id). A public paper has no key: then the
draw of lots is repeated, and the officers of the subjects that it names, but not
whose lots they are ("lots without names").
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
ROUNDING = "up, at least 1"
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


def moment(text):
    """A day, or an hour in UTC with its milliseconds, as ms; None if it is neither."""
    try:
        if is_date(text):
            return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days * 86400000
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text, re.ASCII):
            return None
        found = datetime.datetime.fromisoformat(text[:-1]) - datetime.datetime(1970, 1, 1)
    except (TypeError, ValueError):
        return None
    ms = found // datetime.timedelta(milliseconds=1)
    return ms if 0 <= ms < TIME_END else None


def is_moment(value):
    return is_text(value) and moment(value) is not None


def is_hash(value):
    return is_text(value) and re.fullmatch("[0-9a-f]{64}", value) is not None


def is_seed(value):
    return (is_text(value) and 0 < len(value.encode("utf-8")) <= 1000
            and not any(c < " " or c == "\x7f" for c in value))


def is_number(value):
    return type(value) is int and 0 <= value <= NUMBER_MAX


def is_time(value):
    return is_number(value) and value < TIME_END


def is_yes(value):
    return value is True


def list_of(fits):
    return lambda value: isinstance(value, list) and all(map(fits, value))


# name: its form, or the members of an object ({...}) or of each in a list
# ([{...}]). "?" after a name: it may be missing.
RULES = {"day": is_date, "due?": is_date, "exclusions_hash": is_hash,
         "industry?": is_text, "item?": is_text, "load_limit": is_text,
         "town?": is_text}
RULES_3 = {"day": is_date, "due?": is_date, "exclusions_hash": is_hash,
           "flags?": list_of(is_text), "grades?": list_of(is_text), "industry?": is_text,
           "item?": is_text, "load_max?": is_number, "period_days?": is_number,
           "ratio_rule?": is_text, "recusals_hash": is_hash, "rounding?": is_text,
           "scheme?": is_text, "states": list_of(is_text), "tags?": list_of(is_text), "towns?": list_of(is_text),
           "visited_before?": is_date}
RULES_4 = {**{("due" if k == "due?" else k): form for k, form in RULES_3.items()}, "reasons_hash": is_hash}
STRATUM = {"members_hash": is_hash, "n": is_number, "name": is_text,
           "size": is_number}
STRATUM_3 = {**STRATUM, "expected_bp?": is_number, "ratio_bp?": is_number}
OFFICER = {"certificate?": is_text, "certificate_from?": is_text,
           "certificate_to?": is_text, "excluded?": is_text, "id": is_id,
           "state?": is_text}
OFFICER_3 = {**OFFICER, "certificate_state?": is_text, "lead?": is_yes}
EXCLUSION = {"id": is_id, "reason": is_text}
RECUSAL = {"officer": is_id, "reason": is_text, "subject": is_id}
RECUSAL_4 = {"officer": is_id, "subject": is_id}
REASONS = {"officers": [EXCLUSION], "recusals": [RECUSAL], "salt": is_hash}
REPLACEMENT = {"at": is_time, "in": is_id, "officers?": list_of(is_id), "out": is_id,
               "reason": is_text, "subject?": is_id}
COMMITTED = {"algorithm": is_text, "frame_hash": is_hash, "frame_size": is_number,
             "officers_per_subject": is_number, "pool_hash": is_hash,
             "rules": RULES, "scope": is_text, "seed_source": is_text,
             "strata": [STRATUM]}
ANNOUNCED = {"committed_at": is_time, "id": is_id, "name?": is_text,
             "reason?": is_text, "replaces?": is_id}
PAPER = {"commitment": is_hash, "excluded": [EXCLUSION], "format": is_number,
         "frame": list_of(is_id),
         "pairs?": list_of(list_of(is_id)), "pool": [OFFICER],
         "reserve?": list_of(list_of(is_id)), "result?": list_of(is_id),
         "result_hash?": is_hash, "revealed_at?": is_time, "seed?": is_seed,
         "state": is_text}
MEMBERSHIP = list_of(is_number)
FORMATS = {
    1: {**PAPER, **ANNOUNCED, "algorithm": is_text, "committed": COMMITTED,
        "membership": MEMBERSHIP},
    2: {**PAPER, "void_reason?": is_text, "membership": MEMBERSHIP,
        "committed": {**COMMITTED, **ANNOUNCED, "format": is_number}},
}
COMMITTED_3 = {**COMMITTED, **ANNOUNCED, "format": is_number, "key_hash?": is_hash,
               "seed_parts?": [{"hash": is_hash, "name": is_text}], "rules": RULES_3, "strata": [STRATUM_3]}
PAPER_3 = {**PAPER, "void_reason?": is_text, "membership?": MEMBERSHIP, "pool": [OFFICER_3],
           "drawn?": list_of(list_of(is_id)), "key?": is_hash, "lots?": list_of(list_of(is_id)),
           "recusals": [RECUSAL], "replacements?": [REPLACEMENT], "committed": COMMITTED_3}
FORMATS[3] = PAPER_3
FORMATS[4] = {**PAPER_3, "recusals": [RECUSAL_4], "reasons?": REASONS,
              "committed": {**COMMITTED_3, "rules": RULES_4, "seed_at?": is_moment}}


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
        raise ValueError("no format 1 to 4")
    return paper


def announced(paper):
    return paper if paper["format"] == 1 else paper["committed"]


def is_by_grade(paper):
    return "key_hash" in paper["committed"]


def is_public(paper):
    return is_by_grade(paper) and "key" not in paper


def check_together(paper):
    if (is_by_grade(paper) != ("lots" in paper)
            or ("key" in paper and not is_by_grade(paper))
            or ("key" in paper) != ("membership" in paper)):
        raise Difference("key, membership, lots and key_hash do not fit together")


def names_source(committed):
    return bool(committed.get("seed_parts")) or committed["seed_source"] != "given at the reveal"


def check_source(paper):
    """Since format 4 a commitment says where its seed will come from, and when."""
    committed = paper["committed"]
    if not committed.get("seed_parts") and ("seed_at" not in committed or not names_source(committed)):
        raise Difference("the commitment names neither a source of the seed with its day "
                         "nor people who have parts of it")


def check_seed(paper):
    parts = paper["committed"].get("seed_parts", [])
    if not parts or "seed" not in paper:
        return
    texts = paper["seed"].split("|", len(parts) - 1)
    texts += [""] * (len(parts) - len(texts))
    for number, (part, text) in enumerate(zip(parts, texts), 1):
        if sha256(text.encode("utf-8")) != part["hash"]:
            raise Difference(f"part {number} of the seed is not what {part['name']!r} committed")


def check_state(paper):
    check_seed(paper)
    state, has_seed = paper["state"], "seed" in paper
    outcome = sum(k in paper for k in ("pairs", "reserve", "result", "result_hash", "drawn"))
    if has_seed != ("revealed_at" in paper):
        raise Difference("a seed and revealed_at come together")
    parts = 5 if is_by_grade(paper) else 4
    if outcome not in (0, parts) or (outcome and not has_seed):
        raise Difference("the paper has a part of a result")
    if "replacements" in paper and not outcome:
        raise Difference("it has replacements and no result")
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
    if "seed_at" in paper["committed"]:
        text = paper["committed"]["seed_at"]
        if text < day if len(text) == 10 else moment(text) <= at:
            raise Difference("seed_at is before committed_at")
        if paper.get("revealed_at", moment(text)) < moment(text):
            raise Difference("revealed_at is before seed_at")


# -- what was committed ---------------------------------------------------------

def check_words(paper):
    committed, rules = paper["committed"], paper["committed"]["rules"]
    algorithm = ("hufu-draw-1" if paper["format"] < 3
                 else f"hufu-draw-{paper['format'] - 1}")
    same("algorithm", committed["algorithm"], algorithm)
    if paper["format"] == 1:
        same("algorithm", paper["algorithm"], algorithm)
    else:
        same("format", committed["format"], paper["format"])
    if paper["format"] < 3:
        same("load_limit", rules["load_limit"], LOAD_LIMIT)
    same("rounding", rules.get("rounding", ROUNDING), ROUNDING)
    if not 1 <= committed["officers_per_subject"] <= 10:
        raise Difference("a subject is checked by 1 to 10 officers")


def check_order(what, ids):
    for i in range(1, len(ids)):
        if ids[i - 1] >= ids[i]:
            raise Difference(f"{what} {i + 1}: {ids[i]!r} is not after the one before")


def lot_of(key, subject):
    proof = sha256(key.encode() + US + subject.encode())
    return sha256(proof.encode() + US + subject.encode())[:32]


def members_of(paper):
    """The ids of each stratum; lots where a draw by grade has them."""
    committed, frame = paper["committed"], paper["frame"]
    strata = committed["strata"]
    if not 1 <= len(strata) <= 100:
        raise Difference("there are no strata")
    if paper["format"] >= 3 and "lots" not in paper:
        if len(strata) != 1:
            raise Difference("lots do not fit the strata")
        return [frame]
    lots = paper.get("lots")
    if lots is not None and (len(lots) != len(strata) or sum(map(len, lots)) != len(frame)):
        raise Difference("lots do not fit the strata and the frame")
    if "membership" not in paper:
        return lots
    if len(paper["membership"]) != len(frame):
        raise Difference("strata and membership do not fit the frame")
    if lots is not None:
        same("key_hash", committed["key_hash"], sha256(paper["key"].encode()))
    members = [[] for _ in strata]
    for subject, place in zip(frame, paper["membership"]):
        if place >= len(members):
            raise Difference(f"{subject!r} is in no stratum")
        members[place].append(subject if lots is None else lot_of(paper["key"], subject))
    if lots is not None and [sorted(m) for m in members] != lots:
        raise Difference("lots: not those of the frame by this key")
    return lots or members


def check_stratum(paper, stratum, ids):
    name, size = f"stratum {stratum['name']!r} ", len(ids)
    if paper["format"] >= 3:
        check_order(name, ids)
        if ids and not stratum["n"]:
            raise Difference(name + "is exempt")
    ratio = stratum.get("ratio_bp")
    if stratum["n"] > size or (ratio is not None and not 1 <= ratio <= 10000):
        raise Difference(name + "has not its quota")
    if ("expected_bp" in stratum) != (ratio is not None):
        raise Difference(name + "has one of expected_bp and ratio_bp")
    if ratio is not None:
        same(name + "n has not its quota:", stratum["n"], -(-size * ratio // 10000))
        same(name + "expected_bp", stratum["expected_bp"], size * ratio)
    same(name + "size", stratum["size"], size)
    same(name + "members_hash", stratum["members_hash"], sha256(lines(ids)))


def check_recusals(paper):
    recusals = paper.get("recusals", [])
    check_order("recusal", [(r["subject"], r["officer"]) for r in recusals])


def check_committed(paper):
    committed = paper["committed"]
    rules, frame = committed["rules"], paper["frame"]
    check_words(paper)
    same("commitment", paper["commitment"], sha256(canonical(committed)))
    check_order("frame line", frame)
    same("frame_hash", committed["frame_hash"], sha256(lines(frame)))
    same("frame_size", committed["frame_size"], len(frame))
    members = members_of(paper)
    for stratum, ids in zip(committed["strata"], members):
        check_stratum(paper, stratum, ids)
    check_order("officer", [o["id"] for o in paper["pool"]])
    check_recusals(paper)
    same("pool_hash", committed["pool_hash"], sha256(canonical(paper["pool"])))
    same("exclusions_hash", rules["exclusions_hash"],
         sha256(canonical(paper["excluded"])))
    if paper["format"] >= 3:
        same("recusals_hash", rules["recusals_hash"], sha256(canonical(paper["recusals"])))
    if "reasons" in paper:
        same("reasons_hash", rules["reasons_hash"], sha256(canonical(paper["reasons"])))
    return members


# -- what the seed makes of it ----------------------------------------------------

def was_candidate(officer, day):
    """Formats 1 to 3."""
    if "excluded" in officer or officer.get("state", "active") != "active":
        return False
    if officer.get("certificate_state", "valid") != "valid":
        return False
    if "certificate" not in officer and "certificate_to" not in officer:
        return False
    return (officer.get("certificate_from", day) <= day
            <= officer.get("certificate_to", day))


def is_candidate(officer, day, due, numbers):
    """Since format 4: who may check until the assignments are due, with a number of his own."""
    return ("excluded" not in officer and officer.get("state") == "active"
            and officer.get("certificate", "") != "" and officer.get("certificate_state") == "valid"
            and officer.get("certificate_from", "") != "" and officer.get("certificate_to", "") != ""
            and officer["certificate_from"] <= day and officer["certificate_to"] >= max(day, due)
            and numbers.count(officer["certificate"]) == 1)


def candidates(paper):
    committed, rules = paper["committed"], paper["committed"]["rules"]
    if len(paper["frame"]) > 1 << 24 or len(paper["pool"]) > 10000:
        raise Difference("a draw has at most 2^24 subjects and 10000 officers")
    if paper["format"] < 4:
        pool = [o for o in paper["pool"] if was_candidate(o, rules["day"])]
    else:
        numbers = [o["certificate"] for o in paper["pool"] if "certificate" in o]
        pool = [o for o in paper["pool"] if is_candidate(o, rules["day"], rules["due"], numbers)]
    if len(pool) < committed["officers_per_subject"]:
        raise Difference(f"{len(pool)} officers may be drawn, "
                         f"{committed['officers_per_subject']} are needed for each subject")
    return pool


def officer_lot(seed, subject):
    start = seed + US + b"m" + US + subject.encode() + US
    return lambda officer: hashlib.sha256(start + officer.encode()).digest()


def match_1(paper, seed, subjects):
    """Formats 1 and 2: the first by lot whose load is below a limit."""
    wanted = paper["committed"]["officers_per_subject"]
    pool = [o["id"] for o in candidates(paper)]
    load = dict.fromkeys(pool, 0)
    limit = -(-len(subjects) * wanted // len(pool)) + 1
    pairs = []
    for subject in subjects:
        order = sorted(pool, key=officer_lot(seed, subject))
        ceiling = limit
        while sum(load[o] < ceiling for o in pool) < wanted:
            ceiling += 1
        chosen = [o for o in order if load[o] < ceiling][:wanted]
        for officer in chosen:
            load[officer] += 1
        pairs.append([subject] + chosen)
    return pairs


class Match:
    """Formats 3 and 4: fewest loads first, then by lot; a lead comes first."""

    def __init__(self, paper, seed):
        pool = candidates(paper)
        self.seed, self.wanted = seed, paper["committed"]["officers_per_subject"]
        self.leads = {o["id"] for o in pool if "lead" in o}
        self.load = {o["id"]: 0 for o in pool}
        self.recused = {(r["subject"], r["officer"]) for r in paper["recusals"]}

    def next(self, pair, wants_lead):
        lot = officer_lot(self.seed, pair[0])
        free = [o for o in self.load if o not in pair[1:] and (pair[0], o) not in self.recused]
        leads = [o for o in free if o in self.leads]
        free = leads if wants_lead and leads else free
        if not free:
            raise Difference(f"subject {pair[0]!r} has too few officers who may check it")
        fewest = min(self.load[o] for o in free)
        officer = min((o for o in free if self.load[o] == fewest), key=lot)
        self.load[officer] += 1
        return officer

    def subject(self, subject):
        pair = [subject]
        while len(pair) <= self.wanted:
            pair.append(self.next(pair, len(pair) == 1))
        return pair

    def officer(self, pair, gone):
        self.recused.add((pair[0], gone))
        self.load[gone] -= 1
        return self.next(pair, gone in self.leads)


def said_names(paper, drawn):
    result, frame = paper["result"], set(paper["frame"])
    if (len(result) != sum(map(len, drawn)) or len(set(result)) != len(result)
            or not frame.issuperset(result)):
        raise Difference("result: not as many of the frame as were drawn")
    return result


def check_drawn(paper, members):
    seed = paper["seed"].encode("utf-8")

    def ticket(subject):
        return hashlib.sha256(seed + US + subject.encode()).digest()

    drawn, found = [], {"reserve": []}
    for stratum, ids in zip(paper["committed"]["strata"], members):
        order = sorted(ids, key=ticket)
        drawn.append(order[:stratum["n"]])
        found["reserve"].append(order[stratum["n"]:])
    if is_by_grade(paper):
        found["drawn"] = drawn
        if is_public(paper):
            names = said_names(paper, drawn)
        else:
            owner = {lot_of(paper["key"], s): s for s in paper["frame"]}
            names = [owner[lot] for lots in drawn for lot in lots]
    else:
        names = sum(drawn, [])
    found["result"] = sorted(names, key=ticket)
    if paper["format"] < 3:
        found["pairs"] = match_1(paper, seed, found["result"])
    else:
        match = Match(paper, seed)
        found["pairs"] = [match.subject(s) for s in found["result"]]
    for what in ("drawn", "result", "reserve", "pairs"):
        if what in found:
            same_list(what, paper[what], found[what])
    same("result_hash", paper["result_hash"], sha256(canonical(found)))
    if "replacements" in paper:
        check_replacements(paper, match)


def check_replacements(paper, match):
    frame, before = set(paper["frame"]), paper["revealed_at"]
    pairs = {pair[0]: list(pair) for pair in paper["pairs"]}
    seen = set(pairs)
    place = dict(zip(paper["frame"], paper.get("membership", [])))
    owner = {lot_of(paper["key"], s): s for s in paper["frame"]} if "key" in paper else None
    reserves = [iter(r) for r in paper["reserve"]]
    for number, said in enumerate(paper["replacements"], 1):
        wrong = Difference(f"replacement {number} is not what the paper gives")
        out = said["out"]
        found = {"at": said["at"], "out": out, "reason": said["reason"]}
        if not said["reason"] or said["at"] < before:
            raise wrong
        before = said["at"]
        if "subject" in said:
            pair = pairs.get(said["subject"], [])
            if out not in pair[1:]:
                raise wrong
            found["subject"] = said["subject"]
            found["in"] = match.officer(pair, out)
            pair[pair.index(out, 1)] = found["in"]
        else:
            if out not in pairs:
                raise wrong
            if is_public(paper):
                found["in"] = said["in"]
                if said["in"] not in frame or said["in"] in seen:
                    raise wrong
            else:
                found["in"] = next(reserves[place.get(out, 0)], None)
                if owner is not None:
                    found["in"] = owner.get(found["in"])
                if found["in"] is None:
                    raise wrong
            for officer in pairs.pop(out)[1:]:
                match.load[officer] -= 1
            pair = pairs[found["in"]] = match.subject(found["in"])
            found["officers"] = pair[1:]
            seen.add(found["in"])
        if found != said:
            raise wrong


def not_covered(paper):
    """What neither the commitment nor the arithmetic holds."""
    found = [k for k in ("id", "committed_at", "name", "reason", "replaces")
             if paper["format"] == 1 and k in paper]
    if "seed" in paper and "seed_parts" not in paper["committed"]:
        found.append("seed")
    found += [k for k in ("revealed_at", "void_reason") if k in paper]
    if "replacements" in paper:
        found.append("time and reason of replacements")
    if not found:
        return ""
    return f"\n  not covered by the commitment: {', '.join(found)}; compare with what was announced"


def doubts(paper):
    """Without a source and without parts a seed is anybody's choice."""
    if names_source(paper["committed"]):
        return ""
    return "\n  no source of the seed was announced: whoever reveals it can choose it"


def verify(path):
    """Answers what to print; raises Difference."""
    paper = read(path)
    try:
        check_object(paper, FORMATS[paper["format"]], "paper")
        if paper["format"] >= 3:
            check_together(paper)
        if paper["format"] >= 4:
            check_source(paper)
        members = check_committed(paper)
        check_state(paper)
        if "result" in paper:
            check_drawn(paper, members)
    except Difference as difference:
        raise Difference(f"{path}: {difference}") from None
    name, subjects = f"draw {announced(paper)['id']}", len(paper["frame"])
    is_void = paper["state"] == "void"
    if "result" in paper:
        replaced = len(paper.get("replacements", []))
        return (f"{name} verified: {len(paper['result'])} of {subjects} subjects"
                + (f", {replaced} replaced" if replaced else "")
                + (", lots without names" if is_public(paper) else "")
                + (", void" if is_void else "") + not_covered(paper) + doubts(paper))
    return (f"{name} is as committed: {subjects} subjects, "
            + ("void" if is_void else "not drawn yet") + not_covered(paper) + doubts(paper))


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
            print(f"{path} is no paper of a draw: {e}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
