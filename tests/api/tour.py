#!/usr/bin/env python3
"""tour.py - every kind of records made, read, listed, changed and told of over the
API once, each reply as the document says.

usage: tour.py HUFUD

Ends with `N passed, N failed`.
"""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from contract import Contract  # noqa: E402
from may import kinds_of  # noqa: E402
from server import ROOT, S1, Failed, Server  # noqa: E402

# What a kind asks for beyond the types of its fields.
BODIES = {
    "amendment": {"visit": "k16", "changes": {"summary": "x"}, "reason": "slip"},
    "answer": {"author": "admin"},
    "exemption": {"subject": "s16", "reason": "first"},
    "subject_private": {"id": "s16", "phone": "10012345678"},
}
# What no account of the office makes, and how that is said: whoever answers is an officer.
REFUSED = {"answer": "there is no officer 'admin'"}
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


class Tour:
    def __init__(self, server):
        self.server, self.passed, self.failed = server, 0, 0
        self.contract = Contract(json.loads(server.ask("GET", "/v1/openapi.json", "admin")[2]))

    def ask(self, op, path, body=None, who="admin", **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = next(iter(op.body()[0]))
        status, got, raw = self.server.ask(op.method.upper(), path, who, headers, data)
        value = json.loads(raw) if "json" in got.get("Content-Type", "") and raw else None
        return status, value

    def hold(self, ok, what, found):
        self.passed += bool(ok)
        self.failed += not ok
        if not ok:
            print(f"not so: {what}: {found}")
        return ok

    def op(self, handler, kind):
        return next((o for o in self.contract.operations
                     if o.x["handler"] == handler and o.x.get("kind") == kind), None)

    def kind(self, name, kind):
        scope = "catalog" if kind.get("scope") == "catalog" else S1
        make, change = self.op("record_create", name), self.op("record_change", name)
        get, history, many = (self.op("record_" + h, name) for h in ("get", "history", "list"))
        i, etag = None, None
        if make:
            body = {f["name"]: value_of(f) for f in kind["fields"] if f.get("required")}
            body.update(BODIES.get(name, {}))
            who = self.maker(make, kind, body)
            status, value = self.ask(make, f"{make.path}?scope={scope}", body, who, Idempotency_Key=f"tour-{name}-1")
            refused = status == 409 and REFUSED.get(name, "-") in value["detail"]
            self.hold(refused if name in REFUSED else status == 201, f"{make.id} {body} as {who}", (status, value))
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
        if change:
            self.change(change, name, kind, scope, i, etag)

    def reader(self, kind):
        return "admin"

    def maker(self, op, kind, body):
        return "admin" if "administrator" in kind["writers"] else \
            {"coordinator": "chen", "analyst": "ma", "auditor": "song", "inspector": "gu"}[kind["writers"][0]]

    def change(self, op, name, kind, scope, i, etag):
        said = None
        for field in kind["fields"]:
            if field["type"] != "text" or "fsm" in field or "values" in field or "codes" in field or \
                    field.get("rule") == "once" or "administrator" not in field.get("writers", kind["writers"]):
                continue
            status, value = self.ask(op, op.path.replace("{id}", i) + f"?scope={scope}", {field["name"]: "二"},
                                     If_Match=f'"{etag}"')
            said = status, value
            if status == 200:
                break
        # A kind whose texts are all written once has nothing to change.
        self.hold(said is None or said[0] == 200, f"{op.id} {i} is done for one of its texts", said)


def main():
    server = Server(sys.argv[1])
    try:
        server.start()
        tour = Tour(server)
        tour.hold(server.ask("GET", "/healthz")[0] == 200, "getHealth", "?")
        for name, kind in kinds_of(ROOT).items():
            tour.kind(name, kind)
        server.stop()
    except Failed as e:
        print(f"not so: {e}")
        return 1
    finally:
        server.close()
    print(f"{tour.passed} passed, {tour.failed} failed")
    return 1 if tour.failed else 0


if __name__ == "__main__":
    sys.exit(main())
