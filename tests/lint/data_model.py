#!/usr/bin/env python3
"""data_model.py - the tables of docs/data-model.md, made from schema/kinds.

usage: data_model.py [FILE]           write the tables into the file
       data_model.py --check [FILE]   exit 1 when the file says something else
       data_model.py --print          the tables on stdout

FILE is docs/data-model.md unless one is named. Only what stands between the
lines <!-- kinds:begin --> and <!-- kinds:end --> is touched. Needs nothing but
Python's standard library.
"""
import difflib
import glob
import json
import os
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BEGIN, END = "<!-- kinds:begin -->", "<!-- kinds:end -->"


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def code(words):
    return ", ".join("`%s`" % cell(w) for w in words)


def label(o):
    return "%s, %s" % (o["label"]["zh"], o["label"]["en"])


def rule_of(field):
    """What stands where no rule is written."""
    rule = field.get("rule", "set" if field["type"] == "set" else "threeway")
    if rule == "safe":
        rule += "(%s)" % json.dumps(field.get("safe"), ensure_ascii=False)
    if rule == "own":
        rule += "(`%s`)" % field.get("own")
    if "group" in field:
        rule += ", group `%s`" % field["group"]
    return rule


def notes_of(field):
    notes = []
    if field.get("required"):
        notes.append("required")
    if "refers" in field:
        notes.append("refers to `%s`" % field["refers"])
    if "values" in field:
        notes.append(code(field["values"]))
    if "max" in field:
        notes.append("at most %d" % field["max"])
    if "least" in field:
        notes.append("%d or more" % field["least"])
    if "most" in field:
        notes.append("%d or less" % field["most"])
    if field.get("not_future"):
        notes.append("not in the future")
    if "acting" in field:
        notes.append("whoever makes it %s" % code(field["acting"]))
    if field.get("not_past"):
        notes.append("not in the past")
    if "members_least" in field:
        notes.append("%d members or more" % field["members_least"])
    if "not_before" in field:
        notes.append("not before `%s`" % field["not_before"])
    if "limits_at" in field:
        notes.append("limits hold in " + code(field["limits_at"]))
    if "writers" in field:
        notes.append("written by " + ", ".join(field["writers"]))
    if "shape" in field:
        notes.append("shape `%s`" % field["shape"])
    if "codes" in field:
        notes.append("codes below")
    if "marks" in field:
        marks = field["marks"] if isinstance(field["marks"], list) else [field["marks"]]
        notes += ["flag `%s` where it holds %s" % (m["flag"], code(m["words"])) for m in marks]
    if "told" in field:
        notes.append("alarm `%s` where it changes" % field["told"])
    return "; ".join(notes)


def table(kind):
    lines = ["### `%s` — %s" % (kind["kind"], label(kind)), ""]
    facts = ["scope %s" % kind["scope"], "class %s" % kind["class"],
             "written by " + ", ".join(kind["writers"])]
    if "readers" in kind:
        facts.append("read by " + ", ".join(kind["readers"]))
    if kind.get("sealed"):
        facts.append("**sealed**")
    if "companion" in kind:
        facts.append("companion of `%s`" % kind["companion"])
    if "companion_key" in kind:
        facts.append("sealed by the key of the subject in `%s`" % kind["companion_key"])
    if "keys" in kind:
        facts.append("import keys " + code(kind["keys"]))
    if "owner" in kind:
        facts.append("changed only by its `%s`" % kind["owner"])
    if "within" in kind:
        w = kind["within"]
        facts.append("written at its `%s`" % w["field"] + "".join(
            "; %s %s" % (say, code(w[m])) for m, say in (
                ("at", "which is"), ("not_at", "by an inspector not while that is"), ("same", "same")) if m in w))
    if "team" in kind:
        facts.append("of the inspectors only its `%s` change it" % kind["team"])
    if "unique" in kind:
        facts.append("unique by " + code(kind["unique"]))
    if "apart" in kind:
        facts.append("of one %s no two hold on the same day while `%s`"
                     % (code(kind["apart"]["by"]), kind["apart"]["at"]))
    if "editions" in kind:
        facts.append("an import that changes %s keeps the earlier edition" % code(kind["editions"]))
    if "search" in kind:
        facts.append("searched in " + code(kind["search"]))
    if "indexes" in kind:
        facts.append("indexes " + ", ".join("(%s)" % code(i) for i in kind["indexes"]))
    lines += ["; ".join(facts)[0].upper() + "; ".join(facts)[1:] + ".", "",
              "| field | label | type | rule | notes |", "|---|---|---|---|---|"]
    for field in kind["fields"]:
        lines.append("| `%s` | %s | %s | %s | %s |" % (
            field["name"], cell(label(field)), field["type"], rule_of(field),
            notes_of(field)))
    for field in kind["fields"]:
        if "codes" in field:
            lines += codes(kind, field)
        if field.get("rule") == "fsm":
            lines += states(kind, field)
    return lines + [""]


def words(list_):
    return ", ".join(list_)


def codes(kind, field):
    """The table of codes: what they mean, which stand alone, what they need, when."""
    lines = ["", "Codes of `%s`.`%s`:" % (kind["kind"], field["name"]), "",
             "| code | means | rule |", "|---|---|---|"]
    for c in field["codes"]["list"]:
        rules = ["alone"] if c.get("alone") else []
        rules += ["needs " + code(c["needs"])] if "needs" in c else []
        rules += ["from " + c["from"]] if "from" in c else []
        rules += ["to " + c["to"]] if "to" in c else []
        lines.append("| `%s` | %s, %s | %s |" % (
            c["code"], cell(c.get("zh", "")), cell(c.get("en", "")), "; ".join(rules)))
    return lines


def needs(move):
    """What a move asks for: fields with a value, so many elements, and a second person."""
    out = ", ".join("%s of `%s`" % (n["least"], n["field"]) if isinstance(n, dict)
                    else " or ".join(code([one]) for one in (n if isinstance(n, list) else [n]))
                    for n in move.get("needs", []))
    others = code(move.get("other_than", []))
    if move.get("other_than_maker"):
        others += (", " if others else "") + "who made it"
    return out + (", " if out and others else "") + ("another than " + others if others else "")


def states(kind, field):
    """The table of states: starts and moves, what a merge makes of two, what is frozen."""
    fsm = field["fsm"]
    lines = ["", "Moves of `%s`.`%s`:" % (kind["kind"], field["name"]), "",
             "| from | to | by | needs |", "|---|---|---|---|"]
    for start in fsm["starts"]:
        lines.append("| (new) | %s | %s | |" % (code(start["at"]), words(start["by"])))
    for move in fsm["moves"]:
        lines.append("| %s | `%s` | %s | %s |" % (
            code(move["from"]), move["to"], words(move["by"]), needs(move)))
    if "import_start" in fsm:
        lines += ["", "A row of an import that says no state begins as `%s`." % fsm["import_start"]]
    if fsm.get("merge"):
        lines += ["", "Where both sides moved, whichever came first:", "",
                  "| one | other | stands | a person decides | flag |", "|---|---|---|---|---|"]
    for cell_ in fsm.get("merge", []):
        lines.append("| %s | %s | `%s` | %s | %s |" % (
            code(cell_["one"]), code(cell_["other"]), cell_["stands"],
            "yes" if cell_.get("conflict") else "", code([cell_["flag"]] if "flag" in cell_ else [])))
    for unseen in fsm.get("unseen", []):
        lines += ["", "Moved into %s without having seen a change of %s: flag `%s`." % (
            code(unseen["at"]), code(unseen["fields"]), unseen["flag"])]
    frozen = fsm.get("frozen", [])
    for entry in [frozen] if isinstance(frozen, dict) else frozen:
        when = ("While its `%s` is frozen, or there is none," % entry["with"] if "with" in entry
                else "In %s" % code(entry["at"]))
        says = ("%s %s no longer change" % (when, code(entry["closed"])) if "closed" in entry else
                "%s only %s change" % (when, code(entry.get("open", []))))
        if "except" in entry:
            says += ", except for the role " + words(entry["except"])
        if "instead" in entry:
            says += ": " + entry["instead"]
        lines += ["", says + "."]
    return lines


def tables():
    lines = [""]
    for path in sorted(glob.glob(os.path.join(TOP, "schema", "kinds", "*.json"))):
        with open(path, encoding="utf-8") as file:
            lines += table(json.load(file))
    return "\n".join(lines)


def replaced(text, path):
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        sys.exit("data_model.py: '%s' needs one line %s and one line %s" % (path, BEGIN, END))
    head, rest = text.split(BEGIN)
    return head + BEGIN + "\n" + tables() + END + rest.split(END)[1]


def main(words):
    check = "--check" in words
    if "--help" in words:
        print(__doc__.strip())
        return 0
    if "--print" in words:
        print(tables().strip("\n"))
        return 0
    files = [w for w in words if not w.startswith("--")]
    path = files[0] if files else os.path.join(TOP, "docs", "data-model.md")
    with open(path, encoding="utf-8") as file:
        before = file.read()
    after = replaced(before, path)
    if before == after:
        print("data_model.py: ok")
        return 0
    if not check:
        with open(path, "w", encoding="utf-8") as file:
            file.write(after)
        print("data_model.py: wrote %s" % os.path.relpath(path))
        return 0
    sys.stdout.writelines(difflib.unified_diff(
        before.splitlines(True), after.splitlines(True), "as it stands", "as schema/kinds says"))
    print("data_model.py: '%s' differs from schema/kinds: run python3 tests/lint/data_model.py"
          % os.path.relpath(path))
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
