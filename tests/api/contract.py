"""contract.py - the document of the operations, read without the server's code:
which operation a request is, and whether an exchange keeps to it.

Schemas are judged by python3-jsonschema (JSON Schema 2020-12, the dialect of
OpenAPI 3.1), dates by Python's own calendar.
"""
import datetime
import re
import urllib.parse

import jsonschema

HIDDEN = "***"  # in a log, where a secret stood
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# Refusals of the server before it knows of an operation (http/gate.c), and
# those that any operation may meet.
ANYWHERE = {405, 408, 411, 413, 414, 417, 431, 503, 505}
# What speaks for itself ("raw") does not tell all of its own yet.
RAW = ANYWHERE | {400, 401, 403, 404, 409, 412, 415, 416, 422, 429}

# What HTTP itself and every reply of this server have (http/reply.c); a header
# beside these is told in the document, or it is not sent.
GENERAL = {"date", "content-length", "content-type", "content-encoding", "vary", "cache-control",
           "x-content-type-options", "connection", "request-id", "transfer-encoding", "accept-ranges",
           "content-range"}

formats = jsonschema.FormatChecker(formats=())


@formats.checks("date", raises=ValueError)
def _date(value):
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValueError(value)
        datetime.date.fromisoformat(value)
    return True


@formats.checks("date-time", raises=ValueError)
def _date_time(value):
    """RFC 3339, section 5.6."""
    if isinstance(value, str):
        m = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})"
                         r"(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})", value)
        if not m or int(m[2]) > 23 or int(m[3]) > 59 or int(m[4]) > 60:
            raise ValueError(value)
        datetime.date.fromisoformat(m[1])
    return True


class Operation:
    def __init__(self, contract, path, method, item, op):
        self.contract, self.path, self.method, self.op = contract, path, method, op
        self.id = op["operationId"]
        self.x = op.get("x-hufu", {})
        self.parameters = {}
        for p in item.get("parameters", []) + op.get("parameters", []):
            p = contract.resolve(p)
            self.parameters[p["in"], p["name"]] = p
        parts = re.split(r"\{(\w+)\}", path)
        self.names = parts[1::2]
        self.pattern = re.compile("([^/]+)".join(map(re.escape, parts[::2])))
        self.literal = len(path) - sum(len(n) + 2 for n in self.names)

    @property
    def is_raw(self):
        return bool(self.x.get("with", {}).get("raw"))

    def body(self):
        """{media type: schema} of the request's body, and whether it has to be there."""
        body = self.contract.resolve(self.op.get("requestBody", {}))
        return ({t: m.get("schema", {}) for t, m in body.get("content", {}).items()},
                body.get("required", False))

    def reply(self, status):
        replies = self.op["responses"]
        found = replies.get(str(status), replies.get("default"))
        return self.contract.resolve(found) if found is not None else None


class Contract:
    def __init__(self, document):
        self.document = document
        self.operations = [Operation(self, path, method, item, item[method])
                           for path, item in document["paths"].items()
                           for method in METHODS if method in item]
        self.by_id = {op.id: op for op in self.operations}
        self.resolver = jsonschema.RefResolver("", document)
        self.validators = {}

    def resolve(self, part):
        while "$ref" in part:
            at = self.document
            for word in part["$ref"][2:].split("/"):
                at = at[word.replace("~1", "/").replace("~0", "~")]
            part = at
        return part

    def match(self, method, path):
        """The operation and its path's arguments, or (None, {})."""
        method = "get" if method == "HEAD" else method.lower()
        best, found = None, {}
        for op in self.operations:
            m = op.method == method and op.pattern.fullmatch(path)
            if m and (best is None or op.literal > best.literal):
                best, found = op, dict(zip(op.names, m.groups()))
        return best, found

    def errors(self, schema, value):
        """What of value does not fit, as sentences; hidden values fit."""
        key = id(schema)
        if key not in self.validators:
            self.validators[key] = (schema, jsonschema.Draft202012Validator(
                schema, resolver=self.resolver, format_checker=formats))
        out = []
        for e in self.validators[key][1].iter_errors(value):
            if e.instance != HIDDEN:
                at = "/".join(map(str, e.absolute_path))
                out.append(f"/{at}: {e.message[:300]}")
        return out

    def value_of(self, schema, text):
        """The value that the text of a parameter stands for."""
        types = self.resolve(schema).get("type", "string")
        types = [types] if isinstance(types, str) else types
        if "array" in types:
            return text.split(",") if text else []
        if "integer" in types and re.fullmatch(r"-?[0-9]+", text):
            return int(text)
        if "boolean" in types and text in ("true", "false"):
            return text == "true"
        return text

    # -- one exchange, as `hufud serve --log-exchanges` writes it --

    def wrong(self, e):
        """(operation or None, [what does not keep to the document])."""
        op, args = self.match(e["method"], e["path"])
        status = e["reply"]["status"]
        if op is None:
            out = [] if status >= 400 else [f"{status} for what no operation is declared for"]
            return None, out + self._problem(e)
        out = self._reply(op, e)
        if 200 <= status < 300:
            out += self._request(op, args, e)
        return op, out

    def _reply(self, op, e):
        reply, status = e["reply"], e["reply"]["status"]
        headers = {k.lower(): v for k, v in reply["headers"].items()}
        if status >= 500 and status != 503 and str(status) not in op.op["responses"]:
            return [f"the server failed: {status} {reply.get('body')}"]
        kind = reply.get("type", "").split(";")[0].strip().lower()
        if status >= 400 and self._is_problem(op, status, kind):
            declared = op.op["responses"].get(str(status))
            told = declared is not None or status in (RAW if op.is_raw else ANYWHERE)
            problem = self.resolve(declared or self.document["components"]["responses"]["problem"])
            return ([] if told else [f"status {status} is none of those that are told"]) \
                + self.undeclared(op, [problem], headers) + self._problem(e)
        declared = op.reply(status) if str(status) in op.op["responses"] else None
        if declared is None:
            return [f"status {status} is not declared"]
        # A 304 has the headers of the 200 that it spares (RFC 9110, 15.4.5).
        out = self.undeclared(op, [declared] + ([op.reply(200)] if status == 304 else []), headers)
        for name, header in declared.get("headers", {}).items():
            header = self.resolve(header)
            value = headers.get(name.lower())
            if value is None and header.get("required"):
                out.append(f"status {status} without the header {name}")
            elif value is not None and value != HIDDEN:
                out += [f"header {name}{x}" for x in
                        self.errors(header.get("schema", {}), self.value_of(header.get("schema", {}), value))]
        return out + self._content(declared, e) + (self._history(op, e) if status == 200 else [])

    @staticmethod
    def undeclared(op, replies, headers):
        told = {name.lower() for reply in replies for name in reply.get("headers", {})}
        told |= {name.lower() for name in op.x.get("with", {}).get("headers", {})}
        return [f"the header {name} is sent, and not declared" for name in sorted(set(headers) - told - GENERAL)]

    def _content(self, declared, e):
        reply, content = e["reply"], declared.get("content", {})
        kind = reply.get("type", "").split(";")[0].strip().lower()
        has_body = reply["bytes"] > 0 or reply.get("is_file") or reply.get("is_stream")
        if reply["status"] == 304 or not content:
            return [] if reply["status"] == 304 or not has_body else ["a body where none is declared"]
        if not has_body:
            return ["the declared body is missing"]
        if kind not in content:
            return [f"the body is {kind or 'of no type'}, which is not declared"]
        schema = content[kind].get("schema", {})
        if reply.get("is_no_json"):
            return ["the body is no JSON"]
        if "body" in reply:
            return ["body" + x for x in self.errors(schema, reply["body"])]
        return []

    def _is_problem(self, op, status, kind):
        """Or a refusal in words of its own, which is told as any other reply is."""
        own = op.op["responses"].get(str(status))
        content = self.resolve(own).get("content", {}) if own else {}
        if kind in content and kind != "application/problem+json":
            return False
        return not content or "application/problem+json" in content

    def _history(self, op, e):
        """Values of a history are what the record has: its own schema judges them."""
        m = re.fullmatch(r"get(\w+)(?:History|Blame)", op.id)
        fields = self.document["components"]["schemas"][m[1]]["properties"] if m else {}
        body = e["reply"].get("body", {})
        told = [f"{f['field']} value{x}" for f in body.get("fields", []) if m
                and f["field"] in fields and f["value"] is not None for x in self.errors(fields[f["field"]], f["value"])]
        return told + [f"{c['field']} {side}{x}"
                for item in body.get("items", []) if m
                for c in item.get("changes", []) for side in ("before", "after")
                if c.get("field") in fields and c.get(side) is not None
                for x in self.errors(fields[c["field"]], c[side])]

    def _problem(self, e):
        reply = e["reply"]
        if reply["status"] < 400:
            return []
        if reply.get("type", "").split(";")[0] != "application/problem+json":
            return [f"a refusal that is {reply.get('type')}, no problem"]
        if "body" not in reply:  # a client does not see it after a HEAD
            return [] if e["method"] == "HEAD" and reply.get("is_file") else ["a problem without a body"]
        schema = self.document["components"]["schemas"]["Problem"]
        out = ["problem" + x for x in self.errors(schema, reply["body"])]
        type_ = str(reply["body"].get("type", "")).removeprefix("/problems/")
        known = self.document.get("x-hufu", {}).get("problems", {}).get(type_)
        if known and (known["status"], known["title"]) != (reply["status"], reply["body"].get("title")):
            out.append(f"{type_} as {reply['status']} {reply['body'].get('title')!r}, not {known['status']} {known['title']!r}")
        if reply["body"].get("status") != reply["status"]:
            out.append("the problem names another status")
        if not reply["body"].get("detail"):
            out.append("the problem says nothing (detail)")
        return out

    def _request(self, op, args, e):
        """What succeeded has to have been what the document allows."""
        out, request = [], e["request"]
        headers = {k.lower(): v for k, v in request["headers"].items()}
        asked = urllib.parse.parse_qsl(e["query"], keep_blank_values=True)
        given = {("query", k): v for k, v in asked}
        given.update({("path", k): v for k, v in args.items()})
        for where, name in op.parameters:
            if where == "header" and name.lower() in headers:
                given[where, name] = headers[name.lower()]
        if len(asked) != len(dict(asked)):
            out.append("a parameter stood there twice, and was taken")
        for (where, name), text in given.items():
            p = op.parameters.get((where, name))
            if p is None:
                out.append(f"the parameter {name} is not declared, and was taken")
            elif text != HIDDEN:
                out += [f"parameter {name}{x}, and was taken" for x in
                        self.errors(p.get("schema", {}), self.value_of(p.get("schema", {}), text))]
        for (where, name), p in op.parameters.items():
            if p.get("required") and (where, name) not in given and where != "cookie":
                out.append(f"the parameter {name} is missing, and it was done")
        content, required = op.body()
        if op.is_raw:
            return out
        kind = request.get("type", "").split(";")[0].strip().lower()
        if request["bytes"] == 0:
            return out + (["the body is missing, and it was done"] if required else [])
        if kind not in content:
            return out + [f"a body of the type {kind or '-'} is not declared, and was taken"]
        if "body" in request:
            out += [f"request{x}, and was taken" for x in self.errors(content[kind], request["body"])]
        return out
