#!/usr/bin/env python3
"""rights.py - who may do what: every operation by every role, from its own
county, from another, from the province and from all scopes, against a server.

usage: rights.py [--bin DIR] [--check FILE | --write FILE] [--verbose]

What is expected is computed here, from what the document says of each operation
(x-hufu: roles, scope, with) and from the kind files (class, readers, writers),
without the server's code. What the server does is held against it: 401, 403 and
404 where the rights are missing, with the log where it was and an entry in the
audit log where one is due; anything else where they are there. Prints the matrix;
--check compares it with FILE, --write writes it. Ends with `N passed, N failed`.
"""
import argparse
import base64
import datetime
import http.client
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse
import uuid

TODAY = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROLES = ["inspector", "coordinator", "analyst", "auditor", "administrator"]
HERE, THERE = "330106", "330108"
PASSWORD = "correct horse battery"
METHODS = ("get", "put", "post", "patch", "delete")
# The rights were there: what comes behind them may still refuse.
BEHIND = {200, 201, 202, 204, 206, 304, 400, 409, 412, 415, 422, 428}
UNTOUCHED = ("log", "packet", "main_commit", "account", "token", "enrolment_code")


class World:
    """A data folder with two counties that have a record of most kinds each."""

    def __init__(self, folder, binaries):
        self.t, self.bin = folder, binaries
        self.data = os.path.join(folder, "data")
        self.env = dict(os.environ, HUFU_DATA=self.data, HUFU_ACCOUNT="admin",
                        PATH=binaries + ":" + os.environ["PATH"])
        self.server = None
        pin = os.path.join(folder, "pin")
        with open(pin, "w") as f:
            f.write("246810\n")
        self.env["HUFU_PIN_FILE"] = pin
        with open(os.path.join(folder, "pw"), "w") as f:
            f.write(PASSWORD + "\n")

    def run(self, *words, ok=(0,)):
        r = subprocess.run(words, cwd=ROOT, env=self.env, capture_output=True, text=True)
        if r.returncode not in ok:
            sys.exit(f"{' '.join(words)}: {r.returncode}\n{r.stdout}{r.stderr}")
        return r.stdout

    def hufud(self, *words, **kw):
        return self.run("hufud", *words, **kw)

    def csv(self, kind, scope, text):
        path = os.path.join(self.t, f"{kind}-{scope}.csv")
        with open(path, "w") as f:
            f.write(text)
        self.hufud("import", kind, path, "--scope", scope)

    def found(self):
        self.hufud("init")
        self.hufud("set", "agency", "ag1", "name=one", "--new", "--scope", "catalog")
        self.hufud("set", "agency", "ag2", "name=two", "--new", "--scope", "catalog")
        self.hufud("form", "load", "fixtures/forms/food-service.json")
        self.hufud("set", "item", "it1", "code=it1", "name=thing", "--new", "--scope", "catalog")
        for s in (HERE, THERE):
            self.hufud("set", "division", "d" + s, f"code={s}000000", f"name=county {s}", "--new", "--scope", "catalog")
        self.hufud("set", "ratio_rule", "rr", "code=rr", "version=1", "ratios=A=5%", "--new", "--scope", "catalog")
        self.hufud("set", "calendar", "d20261001", "day=2026-10-01", "working=false", "--new",
                   "--scope", "catalog")
        for s in (HERE, THERE):
            n = s[-2:]
            self.csv("officer", s, "id,name,agency,state,certificate,certificate_to,certificate_from,certificate_state\n" + "".join(
                f"o{n}{i},officer {i},{a},active,c{n}{i},2099-12-31,2020-01-01,valid\n" for i, a in enumerate(["ag1", "ag2", ""], 1)))
            self.csv("subject", s, "id,name,address,town,state\n" + "".join(
                f"s{n}{i},subject {i},road {i},001,in_business\n" for i in range(1, 7)))
            self.csv("assignment", s, "id,subject,officers,due,state\n" + "".join(
                f"a{n}{i},s{n}{i},o{n}1;o{n}3,2099-12-31,issued\n" for i in (1, 2)))
            self.csv("subject_private", s, f"id,phone\ns{n}1,13800000000\n")
            new = lambda kind, i, *f: self.hufud("set", kind, f"{i}{n}", *f, "--new", "--scope", s)
            new("visit", "v", f"subject=s{n}1", "summary=all", "visited_on=2026-01-02")
            new("evidence", "i", f"visit=v{n}", f"sha256={'ab' * 32}", "size=3")
            new("violation", "w", f"subject=s{n}1", "found_on=2026-01-02", "severity=low", "description=dust")
            new("rectification", "r", f"subject=s{n}1", f"visit=v{n}", "content=clean", "state=issued")
            new("exemption", "e", f"subject=s{n}2", "reason=new", "valid_to=2030-01-01")
            new("external_rating", "x", f"subject=s{n}1", "scheme=theirs", "valid_from=2026-01-01", "grade=A")
            new("recusal", "q", f"officer=o{n}1", f"subject=s{n}3", "reason=kin", "state=asked")
            # one that counted is void: an alarm comes of it
            new("violation", "z", f"subject=s{n}2", "found_on=2026-01-02", "severity=low", "state=open")
            self.hufud("set", "violation", "z" + n, "state=void", "reason=slip", "--scope", s)
            # an answer is its author's to write: the account of an officer
            self.hufud("account", "add", f"o{n}1", "--role", "inspector", "--scope", s,
                       "--password-file", os.path.join(self.t, "pw"))
            new("answer", "n", f"visit=v{n}", "point=p", "value=pass", f"author=o{n}1", "--as", f"o{n}1")
            # what was signed, or recorded before, is amended
            self.csv("visit", s, f"id,subject,visited_on,state\nk{n},s{n}4,2026-01-05,recorded\n")
            new("amendment", "m", f"visit=k{n}", 'changes={"summary":"dust"}', "reason=slip")
            new("observation", "b", "record_kind=subject", f"record_id=s{n}1", 'found={"address":"elsewhere"}',
                "state=new")
            self.hufud("rate", "--scope", s)
            self.hufud("draw", "commit", "--scope", s, "--count", "1", "--name", "all", "--due", "2098-12-31",
                       "--seed-source", "lottery", "--seed-at", "2098-01-01")

    def serve(self):
        self.server = subprocess.Popen(["hufud", "serve", "--listen", "127.0.0.1:0", "--limit-factor", "0"],
                                       env=self.env, cwd=ROOT, stdout=subprocess.PIPE, text=True,
                                       stderr=open(os.path.join(self.t, "serve.log"), "w"))
        self.port = int(re.search(r"port (\d+)", self.server.stdout.readline())[1])

    def conflicts(self):
        """Two tablets of each county edit the same."""
        for s in (HERE, THERE):
            n = s[-2:]
            tablets = [os.path.join(self.t, f"{s}{i}.db") for i in (1, 2)]
            for i, db in enumerate(tablets, 1):
                code = self.hufud("terminal", "code", "--officer", f"o{n}{i}", "--scope", s).strip()
                self.run("hufu", "enroll", f"http://127.0.0.1:{self.port}", "--code", code, "--replica", db)
                self.run("hufu", "clone", "--replica", db)
            for i, db in enumerate(tablets, 1):
                self.run("sqlite3", db, f"UPDATE visit SET summary='by {i}' WHERE id='v{n}';"
                         f"UPDATE subject_private SET phone='1390000000{i}' WHERE id='s{n}1'")
                self.run("hufu", "sync", "--replica", db)
            # what became of a record in quarantine
            self.hufud("set", "visit", "j" + n, f"subject=s{n}6", "--new", "--scope", s)
            self.run("sqlite3", tablets[0], f"INSERT INTO visit(id,subject,town,officers) VALUES('j{n}','s{n}6','001','[\"o{n}1\"]')")
            self.run("hufu", "sync", "--replica", tablets[0])
            entry = json.loads(self.hufud("quarantine", "list", "--scope", s, "--json"))["quarantine"][0]
            self.hufud("quarantine", "reject", entry["packet"], f"visit/j{n}", "--reason", "two of one id")

    def changed(self):
        db = sqlite3.connect(f"file:{self.data}/hufu.db?mode=ro", uri=True)
        try:
            there = {r[0] for r in db.execute("SELECT name FROM sqlite_master")}
            return tuple(db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in UNTOUCHED if t in there)
        finally:
            db.close()

    def entries(self, request):
        """How many entries of the audit log name this request; others come by the clock."""
        db = sqlite3.connect(f"file:{self.data}/hufu.db?mode=ro", uri=True)
        try:
            return db.execute("SELECT count(*) FROM audit WHERE request_id = ?", (request,)).fetchone()[0]
        finally:
            db.close()

    def stop(self):
        if self.server:
            self.server.send_signal(signal.SIGTERM)
            self.server.wait()


class Actor:
    """Somebody who asks, and what they may."""

    def __init__(self, name, role=None, scopes="", agency="", column=None, headers=None, token=False):
        self.name, self.role, self.scopes, self.agency = name, role, scopes, agency
        self.column, self.headers, self.is_token = column, headers or {}, token

    def covers(self, scope):
        return any(p == "*" or (p and scope.startswith(p)) for p in self.scopes.split(","))


def call(port, method, path, headers=None, body=None):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    c.request(method, path, body, headers or {})
    r = c.getresponse()
    if "event-stream" in (r.getheader("Content-Type") or ""):
        c.close()
        return r.status, r.headers, b""
    data = r.read()
    c.close()
    return r.status, r.headers, data


def parsed(data):
    try:
        return json.loads(data)
    except ValueError:
        return None


class Operation:
    def __init__(self, document, path, method, item, op):
        self.path, self.method, self.op = path, method.upper(), op
        self.id, self.x = op["operationId"], op["x-hufu"]
        self.with_ = self.x.get("with") or {}
        self.kind = self.x.get("kind") or self.with_.get("kind")
        self.is_raw = bool(self.with_.get("raw"))
        self.parameters = [document.resolve(p) for p in item.get("parameters", []) + op.get("parameters", [])]

    def has(self, name):
        return any(p["name"] == name for p in self.parameters)


class Document:
    def __init__(self, text, kinds):
        self.d, self.kinds = text, kinds
        self.operations = [Operation(self, p, m, i, i[m]) for p, i in text["paths"].items()
                           for m in METHODS if m in i]

    def resolve(self, part):
        while "$ref" in part:
            at = self.d
            for word in part["$ref"][2:].split("/"):
                at = at[word]
            part = at
        return part

    # -- the one table --

    def roles(self, op):
        """Who may at all: of the operation itself, or of its kind's file."""
        said = op.x["roles"]
        if isinstance(said, list):
            return set(said)
        kind = self.kinds[op.with_.get("readers", op.kind)]
        if said == "writers":
            return set(kind["writers"]) & set(ROLES)
        if kind.get("sealed"):
            return set(kind["readers"])
        return set(self.d["x-hufu"]["classes"][kind["class"]])

    def in_catalog(self, op):
        return bool(op.kind) and self.kinds[op.kind]["scope"] == "catalog"

    def expected(self, op, actor, agency=None):
        """401, 403, 404, or None: the rights are there."""
        roles = self.roles(op)
        if actor.is_token and op.with_.get("person"):
            return 403
        if "public" not in roles and actor.role not in roles:
            return 403 if actor.role else 401
        if actor.is_token and op.id == "revokeToken":
            return 403  # it is another one
        rule = op.x["scope"]
        if rule == "all":
            return None if actor.scopes == "*" and not actor.agency else 403
        if rule == "within" and not op.has("scope") and "{account}" not in op.path:
            return None if not actor.agency else 403
        if rule == "within" or op.x["handler"] in ("account_create", "account_edit"):
            # Nobody gives more than they have, nor sees it: the account is one of HERE.
            return None if actor.covers(HERE) and not actor.agency else 403
        if rule == "none":
            return 403 if op.has("scope") and not actor.covers(HERE) else None
        if self.in_catalog(op):
            return None if op.method == "GET" or actor.covers("catalog") else 403
        if not actor.covers(HERE):
            return 404 if rule == "record" else 403
        return 404 if rule == "record" and agency and actor.agency and agency != actor.agency else None

    def leaves_entry(self, op, actor):
        kind = self.kinds.get(op.kind) if op.kind else None
        is_due = kind and (kind["class"] in ("L3", "L4"))
        return bool(actor.role) and (op.method != "GET" or is_due or bool(op.with_.get("logged")))


class Walk:
    def __init__(self, world, document, verbose):
        self.w, self.d, self.verbose = world, document, verbose
        self.wrong, self.passed, self.reached = [], 0, {}
        self.actors, self.records = [], {}

    def say(self, text):
        self.wrong.append(text)
        print("not so:", text)

    def holds(self, what, ok):
        if ok:
            self.passed += 1
        else:
            self.say(what)

    def ask(self, actor, method, path, headers=None, body=None):
        h = dict(actor.headers)
        h.update(headers or {})
        return call(self.w.port, method, path, h, body)

    # -- who --

    def account(self, name, role, scopes, agency=""):
        body = {"account": name, "roles": [role], "scopes": [scopes], "password": PASSWORD}
        if agency:
            body["agencies"] = [agency]
        s, _, data = self.ask(self.root, "POST", "/v1/accounts",
                              {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())},
                              json.dumps(body))
        if s != 201:
            sys.exit(f"account {name}: {s} {data}")
        return self.session(name)

    def session(self, name, password=PASSWORD):
        s, h, data = call(self.w.port, "POST", "/v1/session", {"Content-Type": "application/json"},
                          json.dumps({"account": name, "password": password}))
        if s != 201:
            sys.exit(f"session of {name}: {s} {data}")
        return {"Cookie": h["Set-Cookie"].split(";")[0], "Origin": f"http://127.0.0.1:{self.w.port}"}

    def people(self):
        basic = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
        self.root = Actor("admin", "administrator", "*", headers={"Authorization": "Basic " + basic})
        self.actors.append(Actor("nobody", column="public"))
        for role in ROLES:
            for word, scopes in (("own", HERE), ("other", THERE), ("province", "33"), ("all", "*")):
                name = role[:5] + word
                self.actors.append(Actor(name, role, scopes, column=(role, word),
                                         headers=self.account(name, role, scopes)))
        for role in ("inspector", "coordinator", "administrator"):
            name = role[:5] + "bound"
            self.actors.append(Actor(name, role, HERE, "ag2", headers=self.account(name, role, HERE, "ag2")))
        self.actors.append(Actor("boundall", "auditor", "*", "ag2",
                                 headers=self.account("boundall", "auditor", "*", "ag2")))
        narrow = (("one role of an account of all scopes", "coord", "coordinator", "330108", ""),
                  ("another county", "admin", "administrator", THERE, ""),
                  ("the county", "admin", "administrator", HERE, ""),
                  ("one agency", "admin", "administrator", HERE, "ag2"),
                  ("all that the account has", "admin", "administrator", "*", ""))
        for i, (_, of, role, scopes, agency) in enumerate(narrow):
            account = of + "all"
            body = {"account": account, "label": f"n{i}", "roles": [role], "scopes": [scopes]}
            if agency:
                body["agencies"] = [agency]
            s, _, data = self.ask(self.root, "POST", "/v1/tokens", {
                "Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}, json.dumps(body))
            if s != 201:
                sys.exit(f"token {i}: {s} {data}")
            self.actors.append(Actor(f"token{i}", role, scopes, agency, token=True, headers={
                "Authorization": "Bearer " + json.loads(data)["token"]}))

    # -- what --

    def plural(self, kind):
        for op in self.d.operations:
            if op.x.get("handler") == "record_list" and op.kind == kind:
                return op.path
        return None

    def look_around(self):
        """A record of each kind, here and there."""
        for kind in self.d.kinds:
            path = self.plural(kind)
            for scope in (HERE, THERE):
                at = "catalog" if self.d.kinds[kind]["scope"] == "catalog" else scope
                s, _, data = self.ask(self.root, "GET", f"{path}?scope={at}&limit=1000")
                items = (parsed(data) or {}).get("items") or []
                # a tablet is of its officer's agency, which it does not say itself
                for r in items if kind == "enrolment" else []:
                    r["agency"] = {"1": "ag1", "2": "ag2"}.get(r["officer"][-1])
                # one of the agency that bound accounts do not have
                items.sort(key=lambda r: (r.get("agency") != "ag1", r["id"]))
                self.records[kind, scope] = items[0] if items else None
                if s != 200 and path:
                    self.say(f"{path}: {s} for an administrator of all scopes")

    def minimal(self, kind):
        """A record of the kind that its file allows."""
        out = {}
        for f in self.d.kinds[kind]["fields"]:
            if not f.get("required") and f["name"] != "state":
                continue
            if f["type"] == "ref":
                there = self.records.get((f["refers"], HERE))
                out[f["name"]] = there["id"] if there else "nothing"
            elif f.get("values"):
                starts = (f.get("fsm") or {}).get("starts")
                out[f["name"]] = starts[0]["at"][0] if starts else f["values"][0]
            else:
                out[f["name"]] = {"text": "330106000000" if f["name"] == "code" else "word", "int": 1, "bool": True,
                                  "date": "2026-10-02", "time": "2026-10-02T00:00:00Z", "money": 1,
                                  "coordinate": 1, "set": ["a"], "json": []}[f["type"]]
        if kind == "subject_private":
            out = {"id": self.records["subject", HERE]["id"], "phone": "13800000000"}
        return out

    def instance(self, schema):
        """The least that a schema asks for."""
        schema = self.d.resolve(schema)
        if "example" in schema:
            return schema["example"]
        if "const" in schema or "enum" in schema:
            return schema.get("const", (schema.get("enum") or [None])[0])
        kind = schema.get("type", "object")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object":
            return {n: self.instance(schema.get("properties", {}).get(n, {"type": "string"}))
                    for n in schema.get("required", [])}
        if kind == "array":
            return [self.instance(schema["items"])] * schema.get("minItems", 0)
        if kind == "string":
            return {"date": "2026-10-02", "date-time": "2026-10-02T00:00:00Z"}.get(schema.get("format"), "word")
        return {"integer": schema.get("minimum", 1), "number": 1, "boolean": True}.get(kind)

    def request(self, op):
        """Path, headers and body of a request that is valid apart from rights."""
        kind, headers, body = op.kind, {}, None
        there = self.records.get((kind, HERE)) if kind else None
        record = there["id"] if there else "nothing"
        path = op.path.replace("{id}", record)
        path = path.replace("{packet}", "0" * 40).replace("{account}", "auditown").replace("{token}", "nothing").replace("{scope}", HERE)
        path = re.sub(r"\{(\w+)\}", "nothing", path)
        query = []
        for p in op.parameters:
            if p["in"] == "query" and p.get("required") and p["name"] != "scope":
                schema = self.d.resolve(p.get("schema", {}))
                value = p.get("example", schema.get("example"))
                query.append(p["name"] + "=" + urllib.parse.quote(str(value if value is not None else "subject")))
        if op.has("scope") and op.x["scope"] in ("asked", "none", "within"):
            query.append("scope=" + ("catalog" if self.d.in_catalog(op) else HERE))
        if op.has("If-Match"):
            at = "catalog" if self.d.in_catalog(op) else HERE
            _, _, data = self.ask(self.root, "GET", f"{self.plural(kind)}/{record}?scope={at}")
            headers["If-Match"] = '"%s"' % (parsed(data) or {}).get("etag", "0" * 40)
        if op.has("Idempotency-Key"):
            headers["Idempotency-Key"] = str(uuid.uuid4())
        asked = self.d.resolve(op.op.get("requestBody", {}))
        for media, said in asked.get("content", {}).items():
            headers["Content-Type"] = media
            example = said.get("example")
            if example is None and said.get("examples"):
                example = next(iter(said["examples"].values()))["value"]
            if op.x["handler"] == "record_create":
                example = self.minimal(kind)
            if op.x["handler"] == "record_change":
                example = {"town": there.get("town", "000")} if there else {}
            if op.id == "createAccount":
                example = dict(example, account="n" + uuid.uuid4().hex[:12], scopes=[HERE], roles=["administrator"])
            if op.id == "changeAccount":
                example = {"state": "active"}
            if op.id == "setMyPassword":
                example = {"old_password": PASSWORD, "password": PASSWORD}
            if op.id == "createToken":
                example = {"label": uuid.uuid4().hex}
            body = json.dumps(example if example is not None else self.instance(said.get("schema", {})))
            break
        return path + ("?" + "&".join(query) if query else ""), headers, body

    # -- one of the matrix --

    def one(self, op, actor):
        there = self.records.get((op.kind, HERE)) if op.kind else None
        want = self.d.expected(op, actor, (there or {}).get("agency"))
        if op.x["scope"] == "record" and not there and (not want or want == 404):
            return
        path, headers, body = self.request(op)
        before = self.w.changed()
        status, reply, data = self.ask(actor, op.method, path, headers, body)
        after = self.w.changed()
        text = f"{op.id} by {actor.name}: {op.method} {path} answers {status}"
        detail = (parsed(data) or {}).get("detail", "") if status >= 400 else ""
        if want is None:
            self.reached.setdefault(op.id, set()).add(status)
            is_gone = status == 404 and "in your scopes" in detail
            is_second = status == 403 and "for a second person to say" in detail
            self.holds(f"{text} ({detail}), though the rights are there",
                       (status in BEHIND or status == 404 or is_second) and not is_gone)
            return
        self.holds(f"{text} ({detail}), not {want}", status == want)
        self.holds(f"{text}, and something changed: {before} {after}", before == after)
        # who looks where he may not is told of, whatever it was
        due = 1 if self.d.leaves_entry(op, actor) or (status == 403 and actor.role) else 0
        left = self.w.entries(reply["Request-Id"])
        self.holds(f"{text}, and left {left} entries, not {due}", left == due)

    def matrix(self):
        last = []
        for op in self.d.operations:
            if op.is_raw or op.id in ("beginSession",):
                continue
            if op.id in ("endSession", "setMyPassword"):
                last.append(op)
                continue
            for actor in self.actors:
                if self.verbose:
                    print(op.id, actor.name, file=sys.stderr)
                self.one(op, actor)
        for op in last:
            for actor in self.actors:
                if actor.column != "public" and not actor.is_token:
                    actor.headers = self.session(actor.name)
                self.one(op, actor)

    # -- what the table cannot say --

    def same_words(self):
        """A record of another county and one that is nowhere."""
        other = next(a for a in self.actors if a.column == ("coordinator", "other"))
        for op in self.d.operations:
            there = self.records.get((op.kind, HERE)) if op.kind else None
            if op.x["scope"] != "record" or not there or self.d.in_catalog(op) or other.role not in self.d.roles(op):
                continue
            path, headers, body = self.request(op)
            answers, times = [], []
            for i in (there["id"], "n" + "0" * (len(there["id"]) - 1)):
                for scope in ("", f"?scope={HERE}"):
                    start = time.monotonic()
                    s, _, data = self.ask(other, op.method, path.replace(there["id"], i) + scope, headers, body)
                    times.append(time.monotonic() - start)
                    answer = parsed(data) or {}
                    answer.pop("instance", None)
                    answer.pop("request", None)
                    answers.append((s, json.dumps(answer, sort_keys=True).replace(i, "ID")))
            self.holds(f"{op.id}: what is of another county is told from what is nowhere: {set(answers)}",
                       len(set(answers)) == 1)

    def agencies(self):
        """What is of another agency is not there, in whatever way it is asked for."""
        bound = next(a for a in self.actors if a.name == "coordbound")
        n = HERE[-2:]
        one, two, three = f"o{n}1", f"o{n}2", f"o{n}3"
        nowhere = self.ask(bound, "GET", "/v1/officers/nowhere")
        words = lambda d, i: re.sub(r'"(instance|request)":"[^"]*",?', "", d.decode()).replace(i, "ID")
        for path in ("", "?fields=name", f"?as-of={TODAY}", "/history", "/blame", f"?scope={HERE}", "?fields=unit"):
            s, _, data = self.ask(bound, "GET", f"/v1/officers/{one}{path}")
            self.holds(f"an officer of another agency, asked for with '{path}': {s} {data}", s == 404)
            self.holds(f"is told from none: {data} {nowhere[2]}", words(data, one) == words(nowhere[2], "nowhere"))
        s, _, _ = self.ask(bound, "HEAD", f"/v1/officers/{one}")
        self.holds("by HEAD", s == 404)
        s, h, _ = self.ask(bound, "PATCH", f"/v1/officers/{one}", {
            "If-Match": '"0000"', "Content-Type": "application/merge-patch+json"}, "{}")
        self.holds(f"by its etag: {s}", s == 404)
        for i in (two, three):
            s, _, data = self.ask(bound, "GET", f"/v1/officers/{i}")
            self.holds(f"an officer of one's own agency or of none: {s}", s == 200)
        for path in ("", "&limit=1", f"&as-of={TODAY}", "&fields=name", "&agency=ag1"):
            cursor, seen = "", []
            while True:
                _, _, data = self.ask(bound, "GET", f"/v1/officers?scope={HERE}{path}{cursor}")
                page = parsed(data)
                seen += [r["id"] for r in page["items"]]
                if "next" not in page:
                    break
                cursor = "&cursor=" + page["next"]
            self.holds(f"a list with '{path}' has {seen}", one not in seen and (two in seen) == ("agency" not in path))
        s, _, data = self.ask(bound, "POST", f"/v1/officers?scope={HERE}", {
            "Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())},
            json.dumps({"name": "theirs", "agency": "ag1"}))
        self.holds(f"an officer made for another agency: {s}", s == 403)
        etag = parsed(self.ask(bound, "GET", f"/v1/officers/{two}")[2])["etag"]
        s, _, data = self.ask(bound, "PATCH", f"/v1/officers/{two}", {
            "If-Match": f'"{etag}"', "Content-Type": "application/merge-patch+json"}, json.dumps({"agency": "ag1"}))
        self.holds(f"an officer given away: {s}", s == 403)
        for officers, want in (([one, two], 409), ([two, three], 201)):
            s, _, data = self.ask(bound, "POST", f"/v1/assignments?scope={HERE}", {
                "Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())},
                json.dumps({"subject": f"s{n}5", "officers": officers, "state": "issued"}))
            self.holds(f"an assignment of {officers}: {s} {data}", s == want)

    def scopes_kept(self):
        """Whoever has one county gets that one, with whatever cursor or day."""
        for word in ("own", "other"):
            actor = next(a for a in self.actors if a.column == ("coordinator", word))
            foreign = THERE if word == "own" else HERE
            for op in self.d.operations:
                if op.x["handler"] != "record_list" or self.d.in_catalog(op):
                    continue
                far = self.records.get((op.kind, foreign))
                if actor.role not in self.d.roles(op) or not far:
                    continue
                for query in ("", f"cursor=c1.{far['id'][:-1]}", f"as-of={TODAY}"):
                    s, _, data = self.ask(actor, "GET", f"{op.path}?{query}")
                    page = parsed(data) or {}
                    self.holds(f"{op.id} with '{query}' by {actor.name} has {page.get('scope')}: {s}",
                               s in (200, 400) and all(r["scope"] == actor.scopes for r in page.get("items", [])))

    def credentials(self):
        """Nothing else lets anybody in."""
        me = lambda h: call(self.w.port, "GET", "/v1/me", h)[0]
        for h in ({"Authorization": "Bearer hufu_" + "A" * 43}, {"Authorization": "Bearer x"},
                  {"Cookie": "__Host-hufu=" + "A" * 43}, {"Authorization": "Basic " + base64.b64encode(b"admin:x").decode()},
                  {"Authorization": "Basic !"}, {"Authorization": "Digest a"}, {}):
            self.holds(f"{h} is somebody", me(h) == 401)
        far = dict(self.actors[1].headers, Origin="https://elsewhere.example")
        s, _, _ = call(self.w.port, "POST", "/v1/tokens", dict(far, **{
            "Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}), '{"label":"x"}')
        self.holds(f"a session from another page: {s}", s == 403)

    # -- the table for people --

    def table(self):
        lines = ["# Who may do what", "",
                 "Written by `tests/api/rights.py --write docs/api/rights.md`, which asks a server all of it. Rows are the",
                 "operations of [schema/api.json](../../schema/api.json), columns the roles of an account. A letter says for",
                 "which accounts the rights are there when something of one county is asked for:", "",
                 "- `o` an account of that county, `p` one of the province (`33`), `a` one of all scopes (`*`);",
                 "- `f` an account of another county: where an operation has no scope, and where it reads the catalog;",
                 "- `-` nobody. Refused is 401 without an account, 403 for the role, 404 for a record of another county (as",
                 "  if it were not there), 403 for a scope that was named.", "",
                 "A role in an account's scope may still be refused by the state of a record, by the field (docs/data-model.md),",
                 "or because a second person has to say it. A token has what its account has, or less, and what is marked `*`",
                 "no token may. Accounts that act for some agencies: docs/operations.md, \"Accounts\".", "",
                 "| operation | class | " + " | ".join(["public"] + ROLES) + " |",
                 "|---|---|" + "---|" * (1 + len(ROLES))]
        for op in self.d.operations:
            cells = []
            nobody = next(a for a in self.actors if a.column == "public")
            cells.append("yes" if not self.d.expected(op, nobody) else "-")
            for role in ROLES:
                letters = ""
                for word, letter in (("own", "o"), ("other", "f"), ("province", "p"), ("all", "a")):
                    actor = next(a for a in self.actors if a.column == (role, word))
                    letters += letter if not self.d.expected(op, actor) else ""
                cells.append(letters or "-")
            if op.is_raw:
                cells = ["signed" if op.x["handler"] in ("sync", "bundle", "rescue", "enroll", "snapshot") else
                         "auditor, administrator: a" if op.x["handler"].startswith("mirror") else "yes"] + [""] * len(ROLES)
            kind = self.d.kinds.get(op.kind) if op.kind else None
            mark = "\\*" if op.with_.get("person") else ""
            lines.append(f"| `{op.id}`{mark} | {kind['class'] if kind else ''} | " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--bin", default=os.path.join(ROOT, os.environ.get("OUT", "build")))
    p.add_argument("--check")
    p.add_argument("--write")
    p.add_argument("--verbose", action="store_true")
    a = p.parse_args()
    kinds = {}
    for name in sorted(os.listdir(os.path.join(ROOT, "schema/kinds"))):
        with open(os.path.join(ROOT, "schema/kinds", name), encoding="utf-8") as f:
            k = json.load(f)
            kinds[k["kind"]] = k
    with tempfile.TemporaryDirectory(prefix="hufu-rights-") as t:
        world = World(t, os.path.abspath(a.bin))
        try:
            world.found()
            world.hufud("account", "set-password", "admin", "--password-file", os.path.join(t, "pw"))
            world.serve()
            world.conflicts()
            _, _, data = call(world.port, "GET", "/v1/openapi.json")
            walk = Walk(world, Document(json.loads(data), kinds), a.verbose)
            walk.people()
            walk.look_around()
            walk.agencies()
            walk.same_words()
            walk.scopes_kept()
            walk.credentials()
            walk.matrix()
        finally:
            world.stop()
        world.hufud("audit", "verify")
    table = walk.table()
    if a.write:
        with open(a.write, "w", encoding="utf-8") as f:
            f.write(table)
    elif a.check:
        with open(a.check, encoding="utf-8") as f:
            walk.holds(f"{a.check} is not what the server does: run rights.py --write {a.check}", f.read() == table)
    else:
        print(table)
    for kind in sorted(k for k in kinds if not walk.records.get((k, HERE))):
        print("without a record:", kind)
    hollow = [i for i, s in walk.reached.items() if not any(x < 400 for x in s)]
    if a.verbose and hollow:
        print("nobody got a success of:", " ".join(f"{i}{sorted(walk.reached[i])}" for i in hollow))
    print(f"{walk.passed} passed, {len(walk.wrong)} failed")
    return 1 if walk.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
