#!/usr/bin/env python3
"""test_checks.py - the checks of this folder complain where they have to: each
exchange and each document here is wrong in one way, and a right one is beside it.
Ends with `N passed, N failed`.
"""
import copy
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check_document  # noqa: E402
import check_exchanges  # noqa: E402
from contract import Contract  # noqa: E402

PROBLEM = {"type": "object", "required": ["type", "title", "status"], "properties": {
    "type": {"type": "string", "pattern": "^/problems/[a-z_]+$"}, "title": {"type": "string"},
    "status": {"type": "integer"}, "detail": {"type": "string"}}}
X = {"handler": "h", "roles": ["public"], "scope": "none", "limit": "read"}
DOCUMENT = {
    "openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "tags": [{"name": "things"}],
    "x-hufu": {"problems": {"denied": {"status": 403, "title": "t"}}},
    "paths": {
        "/v1/things": {
            "get": {
                "operationId": "listThings", "summary": "List", "tags": ["things"], "x-hufu": X,
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 9}},
                               {"name": "cursor", "in": "query", "schema": {"type": "string"}},
                               {"name": "fields", "in": "query", "schema": {"type": "string"}}],
                "responses": {
                    "200": {"description": "d", "headers": {"ETag": {"required": True, "schema": {"type": "string"}},
                                                                   "Link": {"schema": {"type": "string"}}},
                            "content": {"application/json": {"schema": {
                                "type": "object", "required": ["items"], "additionalProperties": False,
                                "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}}}}},
                    "304": {"description": "d", "headers": {"ETag": {"schema": {"type": "string"}}}},
                    "403": {"$ref": "#/components/responses/problem"},
                    "default": {"$ref": "#/components/responses/problem"}}},
            "post": {
                "operationId": "createThing", "summary": "Make", "x-hufu": X,
                "parameters": [{"name": "Idempotency-Key", "in": "header", "required": True,
                                "schema": {"type": "string", "minLength": 8}}],
                "requestBody": {"required": True, "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/Thing"}, "example": {"on": "2026-09-01"}}}},
                "responses": {
                    "201": {"description": "d", "content": {"application/json": {
                        "schema": {"$ref": "#/components/schemas/Thing"}}}},
                    "400": {"$ref": "#/components/responses/problem"},
                    "409": {"$ref": "#/components/responses/problem"},
                    "default": {"$ref": "#/components/responses/problem"}}}},
        "/v1/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True,
                            "schema": {"type": "string", "pattern": "^[a-z0-9]{1,32}$"}}],
            "get": {
                "operationId": "getThing", "summary": "Read", "x-hufu": X,
                "responses": {"200": {"description": "d", "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/Thing"}}}},
                    "default": {"$ref": "#/components/responses/problem"}}}}},
    "components": {
        "responses": {"problem": {"description": "d", "content": {"application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"}}}}},
        "schemas": {"Problem": PROBLEM, "Thing": {
            "type": "object", "required": ["on"], "additionalProperties": False,
            "properties": {"on": {"type": "string", "format": "date"}, "at": {"type": "string", "format": "date-time"},
                           "token": {"type": "string", "pattern": "^t"}}}}}}


def exchange(method, path, status, body=None, **more):
    kind = "application/problem+json" if status >= 400 else "application/json"
    tag = {"ETag": '"e"'} if path == "/v1/things" and method != "POST" and status < 400 else {}
    reply = {"status": status, "headers": tag, "bytes": 0 if body is None else 9}
    if body is not None:
        reply.update(type=kind, body=body)
    request = {"headers": {}, "bytes": 0}
    if "sent" in more:
        request.update(type="application/json", bytes=9, body=more.pop("sent"))
    if more.get("headers"):
        request["headers"] = more.pop("headers")
    if "type" in more:
        reply["type"] = more.pop("type")
    if "reply_headers" in more:
        reply["headers"] = more.pop("reply_headers")
    return {"document": "d", "id": "r", "method": method, "path": path, "query": more.get("query", ""),
            "request": request, "reply": reply}


def problem(status, **more):
    return {"type": "/problems/denied" if status == 403 else "/problems/other", "title": "t", "status": status, "detail": "why", **more}


THING = {"on": "2026-09-01"}
KEY = {"Idempotency-Key": "12345678"}
LIST = {"items": [THING]}
RIGHT = [
    exchange("GET", "/v1/things", 200, LIST),
    exchange("HEAD", "/v1/things", 200, LIST),
    exchange("GET", "/v1/things", 200, LIST, query="limit=9"),
    exchange("GET", "/v1/things", 304),
    exchange("GET", "/v1/things", 403, problem(403)),
    exchange("GET", "/v1/none", 404, problem(404)),
    exchange("GET", "/v1/things/a", 200, {**THING, "at": "2026-09-01T08:00:00.000Z"}),
    exchange("GET", "/v1/things/a", 200, {**THING, "token": "***"}),
    exchange("POST", "/v1/things", 201, THING, sent=THING, headers=KEY),
    exchange("POST", "/v1/things", 400, problem(400), sent={"x": 1}),
]
WRONG = [
    ("fails", exchange("GET", "/v1/things", 500, problem(500))),
    ("not declared", exchange("GET", "/v1/things", 202, LIST)),
    ("none of those", exchange("GET", "/v1/things", 418, problem(418))),
    ("none of those", exchange("GET", "/v1/things/a", 403, problem(403))),
    ("'Forbidden', not 403 't'", exchange("GET", "/v1/things", 403, problem(403, title="Forbidden"))),
    ("denied as 409", exchange("POST", "/v1/things", 409, problem(409, type="/problems/denied"), sent=THING, headers=KEY)),
    ("which is not declared", exchange("GET", "/v1/things", 200, LIST, type="text/plain")),
    ("missing", exchange("GET", "/v1/things", 200)),
    ("a body where none", exchange("GET", "/v1/things/a", 200, THING) | {"path": "/v1/none"}),
    ("without the header ETag", exchange("GET", "/v1/things", 200, LIST, reply_headers={})),
    ("etag is sent, and not declared", exchange("GET", "/v1/things/a", 200, THING, reply_headers={"ETag": '"e"'})),
    ("allow is sent, and not declared", exchange("POST", "/v1/things", 405, problem(405), reply_headers={"Allow": "GET"})),
    ("Additional properties", exchange("GET", "/v1/things", 200, {"items": [], "x": 1})),
    ("is a required property", exchange("GET", "/v1/things", 200, {"items": [{}]})),
    ("is not a 'date'", exchange("GET", "/v1/things/a", 200, {"on": "2026-02-30"})),
    ("is not a 'date-time'", exchange("GET", "/v1/things/a", 200, {**THING, "at": "2026-09-01 08:00"})),
    ("no problem", exchange("GET", "/v1/things", 403, problem(403), type="text/html")),
    ("another status", exchange("GET", "/v1/things", 403, problem(404))),
    ("says nothing", exchange("GET", "/v1/things", 403, problem(403, detail=""))),
    ("does not match", exchange("GET", "/v1/none", 404, problem(404, type="about:blank"))),
    ("no operation is declared", exchange("GET", "/v1/none", 200, {})),
    ("is not declared, and was taken", exchange("GET", "/v1/things", 200, LIST, query="x=1")),
    ("greater than the maximum", exchange("GET", "/v1/things", 200, LIST, query="limit=10")),
    ("is not of type 'integer'", exchange("GET", "/v1/things", 200, LIST, query="limit=a")),
    ("stood there twice", exchange("GET", "/v1/things", 200, LIST, query="limit=1&limit=2")),
    ("does not match", exchange("GET", "/v1/things/A", 200, THING)),
    ("Idempotency-Key is missing", exchange("POST", "/v1/things", 201, THING, sent=THING)),
    ("is too short", exchange("POST", "/v1/things", 201, THING, sent=THING, headers={"idempotency-key": "1"})),
    ("body is missing", exchange("POST", "/v1/things", 201, THING, headers=KEY)),
    ("unexpected", exchange("POST", "/v1/things", 201, THING, sent={**THING, "x": 1}, headers=KEY)),
]
# (what is said, a change of the document)
BROKEN = [
    ("is not 3.1", lambda d: d.update(openapi="3.0.3")),
    ("document does not have a member", lambda d: d.update(definitions={})),
    ("info without version", lambda d: d["info"].pop("version")),
    ("operation does not have a member body", lambda d: d["paths"]["/v1/things"]["post"].update(body={})),
    ("used twice", lambda d: d["paths"]["/v1/things"]["post"].update(operationId="listThings")),
    ("has no summary", lambda d: d["paths"]["/v1/things"]["get"].pop("summary")),
    ("x-hufu has no roles", lambda d: d["paths"]["/v1/things"]["get"].update({"x-hufu": {"handler": "h"}})),
    ("has no example", lambda d: d["paths"]["/v1/things"]["post"]["requestBody"]["content"]["application/json"].pop("example")),
    ("the example does not fit", lambda d: d["paths"]["/v1/things"]["post"]["requestBody"]["content"]["application/json"].update(example={"on": "today"})),
    ("leads nowhere", lambda d: d["paths"]["/v1/things"]["get"]["responses"].update({"404": {"$ref": "#/components/responses/no"}})),
    ("leads out of", lambda d: d["components"]["schemas"].update(Other={"$ref": "other.json"})),
    ("is no JSON Schema", lambda d: d["components"]["schemas"]["Thing"].update(type="text")),
    ("without description", lambda d: d["paths"]["/v1/things"]["get"]["responses"]["304"].pop("description")),
    ("has no schema", lambda d: d["paths"]["/v1/things"]["get"]["responses"]["200"]["content"]["application/json"].pop("schema")),
    ("a success without a schema", lambda d: d["paths"]["/v1/things"]["get"]["responses"]["200"].pop("content")),
    ("declares no problem", lambda d: d["paths"]["/v1/things"]["get"]["responses"].pop("default")),
    ("path parameters", lambda d: d["paths"]["/v1/things/{id}"].pop("parameters")),
    ("is required", lambda d: d["paths"]["/v1/things/{id}"]["parameters"][0].pop("required")),
    ("a parameter twice", lambda d: d["paths"]["/v1/things/{id}"]["parameters"].append(d["paths"]["/v1/things/{id}"]["parameters"][0])),
    ("is the same as", lambda d: d["paths"].update({"/v1/things/{x}": {}})),
    ("which is no scheme", lambda d: d.update(security=[{"magic": []}])),
    ("a tag that is not declared", lambda d: d.pop("tags")),
    ("has no Link", lambda d: d["paths"]["/v1/things"]["get"]["responses"]["200"]["headers"].pop("Link")),
    ("is a list without fields", lambda d: d["paths"]["/v1/things"]["get"]["parameters"].pop()),
    ("neither If-Match nor Idempotency-Key", lambda d: d["paths"]["/v1/things"]["post"]["parameters"].pop()),
    ("and no 304", lambda d: d["paths"]["/v1/things"]["get"]["responses"].pop("304")),
    ("no status", lambda d: d["paths"]["/v1/things"]["get"]["responses"].update({"ok": {"description": "d"}})),
]


def of_file(folder, exchanges, some=False, document=DOCUMENT):
    path = os.path.join(folder, "exchanges")
    with open(path, "w", encoding="utf-8") as f:
        f.writelines((e if isinstance(e, str) else json.dumps(e)) + "\n" for e in exchanges)
    with open(path + ".d.json", "w", encoding="utf-8") as f:
        json.dump(document, f)
    return check_exchanges.check(path, some)[0]


def main():
    results, contract = [], Contract(DOCUMENT)

    def say(ok, what, found):
        results.append(bool(ok))
        if not ok:
            print(f"not so: {what}: {found}")

    for e in RIGHT:
        found = contract.wrong(e)[1]
        say(not found, f"{e['method']} {e['path']} {e['reply']['status']} is right", found)
    for words, e in WRONG:
        found = contract.wrong(e)[1]
        ok = found and (words in " ".join(found) or words in ("fails", "a body where none", "unexpected"))
        say(ok, f"it complains of: {words}", found)
    say(not check_document.Check(DOCUMENT).all().wrong, "the document is right", check_document.Check(DOCUMENT).all().wrong)
    for words, change in BROKEN:
        d = copy.deepcopy(DOCUMENT)
        change(d)
        found = check_document.Check(d).all().wrong
        say(any(words in f for f in found), f"it complains of: {words}", found)
    with tempfile.TemporaryDirectory() as folder:
        say(not of_file(folder, RIGHT), "all are reached", "?")
        found = of_file(folder, RIGHT[:3])
        say(any("no test has done createThing" in f for f in found), "one that no test reaches", found)
        refused = [e for e in RIGHT if e["reply"]["status"] != 201]
        say(any("createThing" in f for f in of_file(folder, refused)), "one that was only refused", "?")
        ruled = refused + [exchange("POST", "/v1/things", 409, problem(409), sent=THING, headers=KEY)]
        say(any("createThing" in f for f in of_file(folder, ruled)), "one that its own rules refused is not reached", "?")
        say(not of_file(folder, RIGHT[:1], some=True), "with --some they may be missing", "?")
        for kind, asked in (("subject", True), ("well", False)):
            loaded = copy.deepcopy(DOCUMENT)
            loaded["paths"]["/v1/things"]["post"]["x-hufu"] = dict(X, kind=kind)
            found = of_file(folder, RIGHT[:1], document=loaded)
            say(any("createThing" in f for f in found) == asked, f"an operation of the kind {kind}", found)
        say(of_file(folder, []), "a run without exchanges", "nothing")
        say(of_file(folder, RIGHT + ["{"]), "a line that is cut", "nothing")
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
