#!/usr/bin/env python3
"""tour.py - every kind of records made, read, listed, changed and told of over the
API once, each as the document says, and the audit log has all of it: every change,
and every read of class L3 or L4.

usage: tour.py HUFUD

Ends with `N passed, N failed`.
"""
import collections
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from contract import Contract  # noqa: E402
from may import May  # noqa: E402
from server import ACCOUNTS, KINDS, ROOT, S1, Judge, judged  # noqa: E402

# What a kind asks for beyond the types of its fields.
BODIES = {
    "amendment": {"visit": "k16", "changes": {"summary": "x"}, "reason": "slip"},
    "answer": {"author": "gu", "visit": "w16"},
    "exemption": {"subject": "s16", "reason": "first"},
    "subject_private": {"id": "s16", "phone": "10012345678"},
}
# Whoever answers is an officer of the visit's team.
MAKERS = {"answer": "gu"}
IDS = {"subject": "s16", "officer": "o16", "agency": "ag1", "assignment": "a16", "visit": "v16"}


def value_of(field):
    codes = [c["code"] for c in field.get("codes", {}).get("list", [])]
    kind = field["type"]
    if kind == "set":
        return [codes[0] if codes else IDS.get(field.get("refers"), "o16")]
    if codes or "values" in field:
        return (codes or field["values"])[0]
    least = field.get("least")
    return {"ref": IDS.get(field.get("refers"), "s16"), "date": "2026-09-01", "time": "2026-09-01T08:30:00Z",
            "bool": True, "json": {}}.get(kind, (least if isinstance(least, int) else 1)
                                          if kind in ("int", "money", "coordinate") else "一"[:field.get("max", 9)])


class Tour(Judge):
    def __init__(self, server):
        super().__init__(server)
        self.contract = Contract(json.loads(server.ask("GET", "/v1/openapi.json", "admin")[2]))
        self.may = May(self.contract.document, ROOT, KINDS)
        self.done = collections.Counter()  # (account, operation) of what the log has to tell

    def ask(self, op, path, body=None, who="admin", **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = next(iter(op.body()[0]))
        status, got, raw = self.server.ask(op.method.upper(), path, who, headers, data)
        value = json.loads(raw) if "json" in got.get("Content-Type", "") and raw else None
        if status < 300 and self.may.is_told(op):
            self.done[who, op.id] += 1
        return status, value

    def op(self, handler, kind):
        return next((o for o in self.contract.operations
                     if o.x["handler"] == handler and o.x.get("kind") == kind), None)

    def kind(self, name, kind):
        scope = "catalog" if kind.get("scope") == "catalog" else S1
        make, change = self.op("record_create", name), self.op("record_change", name)
        get, history, blame, many = (self.op("record_" + h, name) for h in ("get", "history", "blame", "list"))
        i, etag = None, None
        if make:
            body = {f["name"]: value_of(f) for f in kind["fields"] if f.get("required")}
            body.update(BODIES.get(name, {}))
            who = self.maker(make, kind, body)
            status, value = self.ask(make, f"{make.path}?scope={scope}", body, who, Idempotency_Key=f"tour-{name}-1")
            self.hold(status == 201, f"{make.id} {body} as {who}", (status, value))
            if status == 201:
                i, etag = value["id"], value["etag"]
        status, value = self.ask(many, f"{many.path}?scope={scope}&limit=5", who=self.reader(kind))
        self.hold(status == 200, many.id, (status, value))
        i = i or next((r["id"] for r in (value or {}).get("items", [])), None)
        if not i:
            return
        status, value = self.ask(get, get.path.replace("{id}", i) + f"?scope={scope}", who=self.reader(kind))
        if self.hold(status == 200, f"{get.id} {i}", (status, value)):
            etag = value["etag"]
        status, value = self.ask(history, history.path.replace("{id}", i) + f"?scope={scope}", who=self.reader(kind))
        self.hold(status == 200 and value["items"], f"{history.id} {i}", (status, value))
        status, value = self.ask(blame, blame.path.replace("{id}", i) + f"?scope={scope}", who=self.reader(kind))
        self.hold(status == 200 and value["fields"], f"{blame.id} {i}", (status, value))
        if change:
            self.change(change, MAKERS.get(name, "admin"), kind, scope, i, etag)

    def reader(self, kind):
        return "admin"

    def maker(self, op, kind, body):
        return MAKERS.get(kind["kind"]) or "admin" if "administrator" in kind["writers"] else \
            {"coordinator": "chen", "analyst": "ma", "auditor": "song", "inspector": "gu"}[kind["writers"][0]]

    def change(self, op, who, kind, scope, i, etag):
        said, roles = None, set(ACCOUNTS[who][0].split(","))
        for field in kind["fields"]:
            if field["type"] != "text" or "fsm" in field or "values" in field or "codes" in field or \
                    field.get("rule") == "once" or \
                    not roles & set(field.get("writers", kind["writers"])):
                continue
            status, value = self.ask(op, op.path.replace("{id}", i) + f"?scope={scope}", {field["name"]: "二"}, who,
                                     If_Match=f'"{etag}"')
            said = status, value
            if status == 200:
                break
        # A kind whose texts are all written once has nothing to change.
        self.hold(said is None or said[0] == 200, f"{op.id} {i} is done for one of its texts", said)


    def audit(self):
        """Each of them left its entry; a list that tells of subjects has more of them."""
        told, cursor = collections.Counter(), ""
        while cursor is not None:
            _, _, raw = self.server.ask("GET", f"/v1/audit?limit=1000{cursor}", "song")
            page = json.loads(raw)
            told.update((e["who"], e["operation"]) for e in page["items"] if e["via"] == "api" and e["outcome"] == "ok")
            cursor = "&cursor=" + page["next"] if "next" in page else None
        for what, n in self.done.items():
            self.hold(told[what] >= n, f"{what[1]} by {what[0]} is in the audit log {n} times", told[what])
        self.hold(len(self.done) > 45, "most of it leaves an entry", len(self.done))

    def everything(self):
        self.hold(self.server.ask("GET", "/healthz")[0] == 200, "getHealth", "?")
        for name, kind in self.may.kinds.items():
            self.kind(name, kind)
        self.audit()


if __name__ == "__main__":
    sys.exit(judged(Tour, sys.argv[1]))
