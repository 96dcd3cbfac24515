"""server.py - the real server on a folder of its own, and clients who talk to it.

A district of two scopes with an account for each role, made once and copied for
each run. Exchanges are logged by the server and, as the client saw them, judged
by contract.py at once.
"""
import http.client
import json
import os
import shutil
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
S1, S2 = "330106", "330108"
PASSWORD = "correct horse battery"  # of admin: some operations are for a person
# account: (roles, scopes, agencies)
ACCOUNTS = {
    "admin": ("administrator,coordinator,analyst", "*", None),
    "chen": ("coordinator", S1, None),
    "wei": ("coordinator", f"{S1},{S2}", None),
    "bao": ("coordinator", S1, "ag1"),
    "lin": ("analyst", S1, None),
    "ma": ("analyst", "*", None),
    "song": ("auditor", "*", None),
    "fang": ("auditor", S2, None),
    "he": ("administrator", S2, None),
    "gu": ("inspector", S1, None),
}
# Kinds that somebody loaded, with labels and names as nobody should choose them.
KINDS = [
    {"kind": kind, "label": {"zh": "水井", "en": label}, "scope": "county", "class": "L2",
     "writers": ["coordinator", "inspector"],
     "fields": [{"name": "depth", "type": "int", "label": {"zh": "深度", "en": 'depth "in" {label}\\'}},
                {"name": "name", "type": "text", "label": {"zh": "名称", "en": "</script><b>name"}}]}
    for kind, label in [("well", 'well "type A" {kind} \\'), ("s", "{resource}"), ("data", "}}, {"), ("x_1__y", "x")]]
# Each would take the place of an operation, a table or a word of SQL.
REFUSED_KINDS = ["document", "health", "me", "account", "audit_head", "log", "token", "packet", "select", "main_x"]


class Failed(AssertionError):
    """What should not be; the first one is kept, because a second try of the same
    walk meets other ids and times, and may end otherwise."""

    first = None

    def __init__(self, what):
        super().__init__(what)
        Failed.first = Failed.first or self


class Server:
    def __init__(self, hufud, factor="0"):
        self.hufud = os.path.abspath(hufud)
        self.folder = tempfile.mkdtemp(prefix="hufu-api-")
        self.template = os.path.join(self.folder, "template")
        self.data = os.path.join(self.folder, "data")
        self.log = os.path.join(self.folder, "serve.log")
        self.factor = factor
        self.tokens, self.process, self.port = {}, None, 0
        self.make()

    def run(self, *args, data=None, check=True, text=None):
        env = {**os.environ, "HUFU_DATA": data or self.template, "HUFU_ACCOUNT": "admin"}
        done = subprocess.run([self.hufud, *args], env=env, cwd=ROOT, input=text, capture_output=True, text=True)
        if check and done.returncode:
            raise Failed(f"hufud {' '.join(args)} ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done

    def make(self):
        self.run("init")
        for scope in (S1, S2):
            self.csv("officer", scope, "id,name,state", [f"o{i}{scope[-1]},officer {i},active" for i in (1, 2, 3)])
            # The account 'gu' is the officer of that name.
            self.csv("officer", scope, "id,name,state", ["gu,officer gu,active"] if scope == S1 else [])
            self.csv("subject", scope, "id,name,address,town,state",
                     [f"s{i}{scope[-1]},企业 {i},road {i},00{i % 2 + 1},in_business" for i in range(1, 9)])
            n = scope[-1]
            self.csv("assignment", scope, "id,subject,officers,due,state",
                     [f"a{i}{n},s{i}{n},o1{n};o2{n},2099-12-31,issued" for i in range(1, 4)])
            self.csv("visit", scope, "id,subject,summary", [f"v{i}{n},s{i}{n},seen" for i in range(1, 4)])
            self.csv("visit", scope, "id,subject,officers,visited_on,state", [f"w1{n},s7{n},{'gu' if n == '6' else 'o1' + n};o2{n},2026-01-03,open"])
            self.csv("visit", scope, "id,subject,visited_on,state", [f"k1{n},s8{n},2026-01-02,recorded"])
        self.csv("agency", "catalog", "id,name", ["ag1,first", "ag2,second"])
        self.load_kinds()
        for name, (roles, scopes, agencies) in list(ACCOUNTS.items()):
            if name != "admin":
                more = ["--agency", agencies] if agencies else []
                done = self.run("account", "add", name, "--role", roles, "--scope", scopes, *more, check=False)
                if done.returncode:  # no account of that role can be had
                    continue
            made = json.loads(self.run("token", "make", name, "--label", "test", "--json").stdout)
            self.tokens[name] = made["token"]
        path = os.path.join(self.folder, "password")
        with open(path, "w", encoding="utf-8") as f:
            f.write(PASSWORD + "\n")
        self.run("account", "set-password", "admin", "--password-file", path)

    def load_kinds(self):
        path = os.path.join(self.folder, "kind.json")
        for kind in [*KINDS, *({**KINDS[0], "kind": name} for name in REFUSED_KINDS)]:
            with open(path, "w", encoding="utf-8") as f:
                json.dump(kind, f)
            code = self.run("kind", "load", path, check=kind["kind"] not in REFUSED_KINDS).returncode
            if kind["kind"] in REFUSED_KINDS and code != 1:
                raise Failed(f"a kind '{kind['kind']}' is taken: hufud kind load ends with {code}")

    def csv(self, kind, scope, head, rows):
        path = os.path.join(self.folder, "rows.csv")
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join([head, *rows]) + "\n")
        self.run("import", kind, path, "--scope", scope)

    def start(self):
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self.template, self.data)
        env = {**os.environ}
        out = open(self.log, "a", encoding="utf-8")
        self.process = subprocess.Popen(
            [self.hufud, "serve", "--data", self.data, "--listen", "127.0.0.1:0", "--limit-factor", self.factor],
            env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=out, text=True)
        out.close()
        line = self.process.stdout.readline()
        if " on port " not in line:
            raise Failed(f"the server does not start: {self.said()}")
        self.port = int(line.split(" on port ")[1])

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()[-3000:]

    def stop(self, check=True):
        """End it, and hold what is left behind against itself."""
        if not self.process:
            return
        alive = self.process.poll() is None
        self.process.terminate()
        code = self.process.wait(60)
        self.process.stdout.close()
        self.process = None
        try:
            if check:
                if not alive or code:
                    raise Failed(f"the server ended with {code}: {self.said()}")
                self.run("check", data=self.data)
                self.run("audit", "verify", data=self.data)
        finally:
            shutil.rmtree(self.data, ignore_errors=True)

    def close(self):
        self.stop(check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, method, target, who=None, headers=None, body=None, token=None):
        """(status, headers, bytes)."""
        headers = dict(headers or {})
        if token or who:
            headers["Authorization"] = "Bearer " + (token or self.tokens[who])
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            c.putrequest(method, target, skip_accept_encoding=True)
            if body is not None or method in ("POST", "PUT", "PATCH"):
                headers["Content-Length"] = str(len(body or b""))
            for name, value in headers.items():
                c.putheader(name, value if isinstance(value, bytes) else value.encode("utf-8"))
            c.endheaders(body)
            reply = c.getresponse()
            if reply.getheader("Content-Type", "").startswith("text/event-stream"):
                return reply.status, dict(reply.getheaders()), b""  # it has no end
            return reply.status, dict(reply.getheaders()), reply.read()
        finally:
            c.close()

    def session(self):
        """The headers of a browser in which admin has logged in."""
        body = json.dumps({"account": "admin", "password": PASSWORD}).encode()
        status, headers, raw = self.ask("POST", "/v1/session", None, {"Content-Type": "application/json"}, body)
        if status != 201:
            raise Failed(f"admin does not get in: {status} {raw[:300]}")
        return {"Cookie": headers["Set-Cookie"].split(";")[0], "Origin": f"http://127.0.0.1:{self.port}"}

    def wait(self):
        for _ in range(100):
            try:
                return self.ask("GET", "/healthz")
            except OSError:
                time.sleep(0.05)
        raise Failed("the server does not answer")


class Judge:
    """Something that is asked of a server once, check by check."""

    def __init__(self, server):
        self.server, self.passed, self.failed = server, 0, 0

    def hold(self, ok, what, found):
        self.passed += bool(ok)
        self.failed += not ok
        if not ok:
            print(f"not so: {what}: {found}")
        return ok


def judged(judge, hufud):
    """everything() of a judge with a server of its own; the exit code."""
    server = Server(hufud)
    try:
        server.start()
        it = judge(server)
        it.everything()
        server.stop()
    except Failed as e:
        print(f"not so: {e}")
        return 1
    finally:
        server.close()
    print(f"{it.passed} passed, {it.failed} failed")
    return 1 if it.failed else 0
