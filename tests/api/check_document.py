#!/usr/bin/env python3
"""check_document.py - is a document OpenAPI 3.1, and does it say what ours has to?

usage: check_document.py FILE|-

The rules are those of the specification (OpenAPI 3.1.0, section 4), written down
here a second time: which members an object may and must have, what may stand
where, that every $ref leads somewhere, that templates and path parameters agree,
that schemas are JSON Schema 2020-12. Beyond it, of every operation: a unique id,
a summary, its x-hufu, a schema for each reply with a body, a problem for what
goes wrong, an example for each JSON body of a request, which fits its schema, a
Link where there are pages and a 304 where there is an ETag. Ends with `N passed, N failed`.
"""
import json
import os
import re
import sys

import jsonschema

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from contract import METHODS, Contract, formats  # noqa: E402

# object: (members it must have, members it may have)
SHAPES = {
    "document": ({"openapi", "info"}, {"jsonSchemaDialect", "servers", "paths", "webhooks",
                                       "components", "security", "tags", "externalDocs"}),
    "info": ({"title", "version"}, {"summary", "description", "termsOfService", "contact", "license"}),
    "server": ({"url"}, {"description", "variables"}),
    "tag": ({"name"}, {"description", "externalDocs"}),
    "item": (set(), {"summary", "description", "servers", "parameters", *METHODS}),
    "operation": (set(), {"tags", "summary", "description", "externalDocs", "operationId", "parameters",
                          "requestBody", "responses", "callbacks", "deprecated", "security", "servers"}),
    "parameter": ({"name", "in"}, {"description", "required", "deprecated", "allowEmptyValue", "style",
                                   "explode", "allowReserved", "schema", "example", "examples", "content"}),
    "body": ({"content"}, {"description", "required"}),
    "media": (set(), {"schema", "example", "examples", "encoding"}),
    "response": ({"description"}, {"headers", "content", "links"}),
    "header": (set(), {"description", "required", "deprecated", "style", "explode", "schema", "example",
                       "examples", "content"}),
    "example": (set(), {"summary", "description", "value", "externalValue"}),
    "components": (set(), {"schemas", "responses", "parameters", "examples", "requestBodies", "headers",
                           "securitySchemes", "links", "callbacks", "pathItems"}),
    "scheme": ({"type"}, {"description", "name", "in", "scheme", "bearerFormat", "flows", "openIdConnectUrl"}),
}
STYLES = {"path": {"matrix", "label", "simple"}, "query": {"form", "spaceDelimited", "pipeDelimited", "deepObject"},
          "header": {"simple"}, "cookie": {"form"}}
SCHEME_NEEDS = {"apiKey": {"name", "in"}, "http": {"scheme"}, "mutualTLS": set(), "oauth2": {"flows"},
                "openIdConnect": {"openIdConnectUrl"}}
NAME = re.compile(r"[a-zA-Z0-9._-]+")


# Operations without If-Match, Idempotency-Key or pages, and what they have in their place.
OTHERWISE = {
    "beginSession": "the password", "endSession": "the session", "setMyPassword": "the old password",
    "revokeToken": "twice is once", "importRecords": "the same rows change nothing",
    "sync": "packets by content", "bringBundle": "packets by content", "enroll": "a code that is used once",
    "beginEvidenceUpload": "tus", "sendEvidence": "the offset of tus", "dropEvidenceUpload": "twice is once",
    "joinEnrolment": "twice is once", "leaveEnrolment": "who has no part is told so",
    "bringRescue": "the same file gets its receipt again", "listChanges": "positions"}


class Check:
    def __init__(self, document):
        self.document, self.wrong, self.held = document, [], 0
        self.ids = {}

    def hold(self, ok, where, what):
        self.held += 1
        if not ok:
            self.wrong.append(f"{where}: {what}")
        return ok

    def shape(self, kind, value, where):
        if not self.hold(isinstance(value, dict), where, f"is no object ({kind})"):
            return False
        must, may = SHAPES[kind]
        for name in must - set(value):
            self.hold(False, where, f"{kind} without {name}")
        for name in set(value) - must - may:
            self.hold(name.startswith("x-"), where, f"{kind} does not have a member {name}")
        return True

    def ref(self, value, where):
        """What a $ref leads to, or the value itself; None where it leads nowhere."""
        seen = 0
        while isinstance(value, dict) and "$ref" in value:
            to = value["$ref"]
            seen += 1
            if not self.hold(seen < 20 and set(value) <= {"$ref", "summary", "description"}, where,
                             "a $ref beside other members, or in a circle"):
                return None
            value = self.point(to, where)
        return value

    def point(self, to, where):
        at = self.document
        if not self.hold(isinstance(to, str) and to.startswith("#/"), where, f"$ref {to} leads out of the document"):
            return None
        for word in to[2:].split("/"):
            word = word.replace("~1", "/").replace("~0", "~")
            if not self.hold(isinstance(at, dict) and word in at, where, f"$ref {to} leads nowhere"):
                return None
            at = at[word]
        return at

    # -- schemas --

    def schema(self, value, where):
        try:
            jsonschema.Draft202012Validator.check_schema(value)
            self.held += 1
        except jsonschema.SchemaError as e:
            self.hold(False, where, f"is no JSON Schema: {e.message[:200]}")
            return
        self.refs_within(value, where)

    def refs_within(self, value, where):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                self.point(value["$ref"], where)
            for name, one in value.items():
                if name not in ("example", "examples", "const", "enum", "default"):
                    self.refs_within(one, f"{where}/{name}")
        elif isinstance(value, list):
            for i, one in enumerate(value):
                self.refs_within(one, f"{where}/{i}")

    def fits(self, schema, value, where):
        v = jsonschema.Draft202012Validator(schema, format_checker=formats,
                                            resolver=jsonschema.RefResolver("", self.document))
        try:
            for e in v.iter_errors(value):
                self.hold(False, where, f"the example does not fit: {e.message[:200]}")
        except (jsonschema.exceptions.UnknownType, jsonschema.RefResolutionError) as e:
            self.hold(False, where, f"the example cannot be judged: {str(e)[:200]}")
        self.held += 1

    # -- parts --

    def examples_of(self, media, where):
        """The values of a media type's examples, its schema's included."""
        self.hold(not ("example" in media and "examples" in media), where, "example and examples exclude each other")
        out = [media["example"]] if "example" in media else []
        for name, one in media.get("examples", {}).items():
            one = self.ref(one, where)
            if one is not None and self.shape("example", one, f"{where}/examples/{name}"):
                self.hold(("value" in one) != ("externalValue" in one), where, f"example {name} needs one value")
                out += [one["value"]] if "value" in one else []
        return out

    def content(self, content, where, needs_schema, needs_example=False):
        if not self.hold(isinstance(content, dict), where, "content is no object"):
            return
        for kind, media in content.items():
            at = f"{where}/{kind}"
            self.hold(re.fullmatch(r"[\w.+-]+/[\w.+*-]+(;.*)?|\*/\*", kind), at, "is no media type")
            if not self.shape("media", media, at):
                continue
            self.hold(not needs_schema or "schema" in media, at, "has no schema")
            if "schema" in media:
                self.schema(media["schema"], at)
            values = self.examples_of(media, at)
            if "json" in kind:
                schema = media.get("schema", {})
                target = self.point(schema["$ref"], at) if "$ref" in schema else schema
                values += (target or {}).get("examples", [])
                if needs_example:
                    self.hold(values, at, "has no example")
                for value in values:
                    self.fits(schema, value, at)

    def parameter(self, p, where):
        p = self.ref(p, where)
        if p is None or not self.shape("parameter", p, where):
            return None
        place = p.get("in")
        if not self.hold(place in STYLES, where, f"a parameter in {place}"):
            return None
        where = f"{where} {p.get('name')}"
        self.hold(place != "path" or p.get("required") is True, where, "a path's parameter is required")
        self.hold(("schema" in p) != ("content" in p), where, "needs either schema or content")
        self.hold("style" not in p or p["style"] in STYLES[place], where, f"style {p.get('style')} in {place}")
        self.hold(place == "query" or "allowEmptyValue" not in p, where, "allowEmptyValue is for a query")
        self.hold(place != "header" or p["name"].lower() not in ("accept", "content-type", "authorization"),
                  where, "a header that no parameter may be")
        if "schema" in p:
            self.schema(p["schema"], where)
        for value in self.examples_of(p, where):
            self.fits(p.get("schema", {}), value, where)
        return place, p["name"]

    def parameters(self, items, where):
        found = [self.parameter(p, where) for p in items]
        found = [p for p in found if p]
        self.hold(len(found) == len(set(found)), where, "has a parameter twice")
        return set(found)

    def response(self, r, where):
        r = self.ref(r, where)
        if r is None or not self.shape("response", r, where):
            return
        for name, header in r.get("headers", {}).items():
            header = self.ref(header, f"{where}/headers/{name}")
            if header is not None and self.shape("header", header, f"{where}/headers/{name}"):
                self.hold("schema" in header or "content" in header, f"{where}/headers/{name}", "has no schema")
                self.schema(header.get("schema", {}), f"{where}/headers/{name}")
        self.content(r.get("content", {}), f"{where}/content", True)

    def security(self, items, where):
        known = self.document.get("components", {}).get("securitySchemes", {})
        for one in items:
            for name in one:
                self.hold(name in known, where, f"security names {name}, which is no scheme")

    def operation(self, path, method, op, inherited):
        where = f"{method.upper()} {path}"
        if not self.shape("operation", op, where):
            return
        own = self.parameters(op.get("parameters", []), where)
        named = {n for place, n in own | inherited if place == "path"}
        wanted = set(re.findall(r"\{(\w+)\}", path))
        self.hold(named == wanted, where, f"path parameters {sorted(named)} for the template's {sorted(wanted)}")
        i = op.get("operationId")
        self.hold(isinstance(i, str) and i not in self.ids, where, f"operationId {i} is missing or used twice")
        self.ids[i] = where
        self.hold(op.get("summary"), where, "has no summary")
        self.hold(set(op.get("tags", [])) <= {t["name"] for t in self.document.get("tags", [])}, where,
                  "a tag that is not declared")
        self.security(op.get("security", []), where)
        x = op.get("x-hufu", {})
        for name in ("handler", "roles", "scope", "limit"):
            self.hold(name in x, where, f"x-hufu has no {name}")
        is_raw = bool(x.get("with", {}).get("raw"))
        if "requestBody" in op:
            body = self.ref(op["requestBody"], where)
            self.hold(method in ("post", "put", "patch"), where, "a body that this method does not take")
            if body is not None and self.shape("body", body, where):
                self.content(body.get("content"), f"{where} body", True, not is_raw)
        self.replies(op.get("responses"), where, is_raw)
        self.conditions(op, where, method, own | inherited)

    def conditions(self, op, where, method, parameters):
        """A list has pages, and a Link to the next; what has an etag has a 304; a change says what it saw, or
        which deed it is."""
        replies = {c: self.ref(r, where) or {} for c, r in op.get("responses", {}).items()}
        headers = replies.get("200", {}).get("headers", {})
        if ("query", "cursor") in parameters:
            self.hold("Link" in headers, where, "is a list whose next page has no Link")
        name = op.get("operationId", "")
        if method == "get" and name.startswith("list") and name not in OTHERWISE:
            for word in ("cursor", "limit", "fields"):
                self.hold(("query", word) in parameters, where, f"is a list without {word}")
        if method != "get" and name not in OTHERWISE:
            self.hold(parameters & {("header", "If-Match"), ("header", "Idempotency-Key")}, where,
                      "changes something with neither If-Match nor Idempotency-Key")
        if method == "get" and "ETag" in headers:
            self.hold("304" in replies, where, "gives an ETag, and no 304")

    def replies(self, replies, where, is_raw):
        if not self.hold(isinstance(replies, dict) and replies, where, "has no responses"):
            return
        for code, r in replies.items():
            self.hold(code == "default" or re.fullmatch(r"[1-5]([0-9]{2}|XX)", code), where, f"no status: {code}")
            self.response(r, f"{where} {code}")
            full = self.ref(r, where) or {}
            if code[0] == "2" and code not in ("204", "202"):
                self.hold(full.get("content"), f"{where} {code}", "a success without a schema")
        self.hold(any(c[0] in "23" for c in replies), where, "declares no success")
        if where != "GET /healthz":
            problem = self.ref(replies.get("default", {}), where) or {}
            self.hold("application/problem+json" in problem.get("content", {}), where, "declares no problem")

    def components(self, parts):
        self.shape("components", parts, "components")
        for group, members in parts.items():
            for name in members if not group.startswith("x-") else ():
                self.hold(NAME.fullmatch(name), f"components/{group}", f"the name {name}")
        for name, schema in parts.get("schemas", {}).items():
            self.schema(schema, f"components/schemas/{name}")
        for name, s in parts.get("securitySchemes", {}).items():
            if self.shape("scheme", s, f"components/securitySchemes/{name}"):
                self.hold(s["type"] in SCHEME_NEEDS and SCHEME_NEEDS[s["type"]] <= set(s),
                          f"components/securitySchemes/{name}", "lacks what its type needs")
        for name, p in parts.get("parameters", {}).items():
            self.parameter(p, f"components/parameters/{name}")
        for name, r in parts.get("responses", {}).items():
            self.response(r, f"components/responses/{name}")

    def all(self):
        d = self.document
        if not self.shape("document", d, "the document"):
            return self
        self.hold(re.fullmatch(r"3\.1\.[0-9]+", str(d.get("openapi"))), "openapi", "is not 3.1")
        self.hold("paths" in d or "webhooks" in d or "components" in d, "the document", "says nothing")
        self.shape("info", d.get("info"), "info")
        for s in d.get("servers", []):
            self.shape("server", s, "servers")
        for t in d.get("tags", []):
            self.shape("tag", t, "tags")
        names = [t.get("name") for t in d.get("tags", [])]
        self.hold(len(names) == len(set(names)), "tags", "a tag twice")
        self.security(d.get("security", []), "security")
        self.components(d.get("components", {}))
        shapes = {}
        for path, item in d.get("paths", {}).items():
            self.hold(path.startswith("/"), path, "does not begin with a slash")
            same = re.sub(r"\{\w+\}", "{}", path)
            self.hold(shapes.setdefault(same, path) == path, path, f"is the same as {shapes[same]}")
            if not self.shape("item", item, path):
                continue
            inherited = self.parameters(item.get("parameters", []), path)
            for method in METHODS:
                if method in item:
                    self.operation(path, method, item[method], inherited)
        return self


def unique(pairs):
    """A member that stands twice is read differently by different readers."""
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError(f"a member stands twice among {[k for k, _ in pairs]}")
    return out


def main(args):
    if len(args) != 1:
        sys.exit(__doc__.split("\n\n")[1])
    with (sys.stdin if args[0] == "-" else open(args[0], encoding="utf-8")) as f:
        document = json.load(f, object_pairs_hook=unique)
    check = Check(document).all()
    for text in check.wrong[:40]:
        print("not so:", text)
    if len(check.wrong) > 40:
        print(f"and {len(check.wrong) - 40} more")
    print(f"{len(Contract(document).operations)} operations")
    print(f"{check.held - len(check.wrong)} passed, {len(check.wrong)} failed")
    return 1 if check.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
