#!/usr/bin/env python3
"""stateful.py - walk through the API at random, as its document declares it, and
find nothing.

usage: stateful.py HUFUD [--walks N] [--steps N] [--minutes N] [--seed N|random]

Each walk starts the real server on a fresh district, with accounts of every role,
of two scopes, one bound to an agency, and nobody. Each step asks for one
operation: as it is declared, nearly so, or with what an enemy sends. Kept is what
records there are and with which etags, so that walks get deep. After every step:

- no 5xx; the reply is what the document says (contract.py);
- what was done, or seen, was the account's to do or see (may.py);
- what was refused, and what only reads, moved no main line;
- the same Idempotency-Key gives the same reply and makes nothing;
- a changed record takes no second change with the old etag;
- HEAD is GET without its body, If-None-Match of what stands gives 304;
- what was changed, and what was read of class L3 or L4, left an entry in the audit log;

and after every walk `hufud check` and `hufud audit verify` hold. The walks are the
same ones every time unless --seed or --minutes says otherwise; --minutes goes on
with one seed after the other. A run in which little was done fails: walks that are always
refused find nothing. Ends with `N passed, N failed`.
"""
import argparse
import collections
import json
import os
import random
import sys
import time
import urllib.parse

import hypothesis
import hypothesis.internal.conjecture.engine
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import words  # noqa: E402
from contract import Contract  # noqa: E402
from may import Account, May  # noqa: E402
from server import ACCOUNTS, KINDS, ROOT, S1, S2, Failed, Server  # noqa: E402

# A walk of many steps draws more than the 8 KiB that Hypothesis allows by itself;
# and its first examples are as short as can be, whatever is asked for.
hypothesis.internal.conjecture.engine.BUFFER_SIZE = 1 << 18
SHORT_WALKS = 11

KNOWN_MAX = 40
# What a run has to have done at least, of its long walks: a change in each, and so
# many operations in all.
CHANGES_A_WALK, DONE_LEAST = 1, 30
figures = collections.Counter()
answered = collections.defaultdict(collections.Counter)


class Ask:
    """One request that is being made up."""

    def __init__(self, op, who):
        self.op, self.who, self.token = op, who, None
        self.path, self.query, self.headers, self.body, self.sent = {}, [], {}, None, None

    def target(self):
        path = self.op.path
        for name, value in self.path.items():
            path = path.replace("{" + name + "}", urllib.parse.quote(value, safe="", errors="surrogateescape"))
        query = "&".join(f"{urllib.parse.quote(k)}={urllib.parse.quote(v, safe=',', errors='surrogatepass')}"
                         for k, v in self.query)
        return path + ("?" + query if query else "")


class Walk(RuleBasedStateMachine):
    server = contract = may = None

    def __init__(self):
        super().__init__()
        self.trail = collections.deque(maxlen=12)
        self.server.start()
        self.accounts = {n: Account(n, *ACCOUNTS[n]) for n in self.server.tokens}
        self.known = collections.defaultdict(dict)  # kind -> (scope, id) -> record
        self.keyed = []  # (Ask, status, body)
        self.stale = []  # (Ask)
        for scope in (S1, S2):
            for i in range(1, 9):
                self.learn("subject", scope, f"s{i}{scope[-1]}")
            for i in (1, 2, 3):
                self.learn("officer", scope, f"o{i}{scope[-1]}")
                self.learn("assignment", scope, f"a{i}{scope[-1]}")
                self.learn("visit", scope, f"v{i}{scope[-1]}")
        self.learn("agency", "catalog", "ag1")
        self.positions = self.where()

    def learn(self, kind, scope, i):
        path = next(o.path for o in self.contract.operations
                    if o.x["handler"] == "record_get" and o.x.get("kind") == kind)
        status, _, body = self.server.ask("GET", path.replace("{id}", i) + f"?scope={scope}", "admin")
        if status != 200:
            raise Failed(f"the district lacks {kind} {i}: {status} {body[:300]}")
        self.keep(kind, json.loads(body))

    def teardown(self):
        self.server.stop()
        figures["walks"] += 1

    # -- what is known --

    def keep(self, kind, record):
        known = self.known[kind]
        known[record["scope"], record["id"]] = record
        while len(known) > KNOWN_MAX:
            known.pop(next(iter(known)))

    def ids(self, kind, scope=None):
        return [i for s, i in self.known[kind] if scope in (None, s) or s == "catalog"]

    def where(self):
        status, _, body = self.server.ask("GET", "/v1/scopes", "ma")
        if status != 200:
            self.fail(f"GET /v1/scopes answers {status} {body[:300]}")
        return {s["scope"]: s["position"] for s in json.loads(body)["items"]}

    def entries(self):
        """How many entries the audit log has."""
        status, _, body = self.server.ask("GET", "/v1/audit/head", "song")
        if status != 200:
            self.fail(f"GET /v1/audit/head answers {status} {body[:300]}")
        return json.loads(body)["seq"]

    def fail(self, what):
        raise Failed(what + "\nafter:\n  " + "\n  ".join(self.trail))

    # -- making one up --

    def account(self, data, op):
        able = [n for n, a in self.accounts.items() if self.may.ask(a, op)]
        n = data.draw(st.integers(0, 9), label="who")
        if able and n < 7:
            return data.draw(st.sampled_from(able))
        return None if n == 7 else data.draw(st.sampled_from(sorted(self.accounts)))

    def made_up(self, data, op, mode):
        ask = Ask(op, self.account(data, op))
        kind = self.may.kind_of(op)
        account = self.accounts.get(ask.who)
        record = None
        if kind and self.known[kind["kind"]] and data.draw(st.integers(0, 9)) < 9:
            choices = sorted(self.known[kind["kind"]])
            if account and data.draw(st.integers(0, 9)) < 8:
                choices = [c for c in choices if account.in_scope(c[0])] or choices
            record = self.known[kind["kind"]][data.draw(st.sampled_from(choices))]
        scope = record["scope"] if record else "catalog" if kind and kind.get("scope") == "catalog" else \
            data.draw(st.sampled_from([S1, S1, S2, "catalog", "330199"]))
        for name in op.names:
            ask.path[name] = self.path_value(data, op, name, record, mode)
        for (place, name), p in op.parameters.items():
            if place == "query":
                self.query_put(data, ask, name, p, scope, mode)
            elif place == "header":
                self.header_put(data, ask, name, record, mode)
        if mode == 2 and not data.draw(st.integers(0, 5)):
            ask.query.append((data.draw(st.sampled_from(["x", "scope", "limit", "as-of", "fields", ""])),
                              data.draw(words.TEXTS)))
        self.body_put(data, ask, kind, record, scope, mode)
        return ask

    def path_value(self, data, op, name, record, mode):
        if mode == 2 and not data.draw(st.integers(0, 2)):
            return data.draw(st.one_of(words.BAD_IDS, words.TEXTS.filter(bool)))
        if name == "id" and record:
            return record["id"]
        if name == "account":
            return data.draw(st.sampled_from([*self.accounts, "nobody"]))
        if name == "scope":
            return data.draw(st.sampled_from([S1, S2, "catalog", "999999"]))
        return data.draw(words.IDS)

    def query_put(self, data, ask, name, p, scope, mode):
        if name == "scope":
            if data.draw(st.integers(0, 9)) < 7:
                ask.query.append((name, scope))
        elif p.get("required") or data.draw(st.integers(0, 7 + len(ask.op.parameters) // 2)) == 0:
            value = data.draw(words.TEXTS if mode == 2 else words.of_schema(self.contract, p["schema"]))
            if isinstance(value, list):
                value = ",".join(map(str, value))
            ask.query.append((name, json.dumps(value) if isinstance(value, bool) else str(value)))

    def header_put(self, data, ask, name, record, mode):
        n = data.draw(st.integers(0, 9))
        if name == "If-Match":
            if n < 8:
                ask.headers[name] = '"%s"' % (record or {}).get("etag", "0" * 40)
            elif n == 8:
                ask.headers[name] = data.draw(st.sampled_from(['"stale"', "*", "x", '"', 'W/"a"', ",", '"a", "b"']))
        elif name == "Idempotency-Key":
            if n < 9:
                ask.headers[name] = "key-%016x" % data.draw(st.integers(0, 2**64 - 1))
            elif n == 9 and mode == 2:
                ask.headers[name] = data.draw(st.sampled_from(["short", "y" * 65, "a b c d e f", "虎" * 8, '"' * 9]))

    def body_put(self, data, ask, kind, record, scope, mode):
        content, _ = ask.op.body()
        if not content:
            return
        media, schema = next(iter(content.items()))
        ask.headers["Content-Type"] = media
        handler = ask.op.x["handler"]
        roles = self.accounts[ask.who].roles if ask.who else set()
        if mode == 2 and data.draw(st.booleans()):
            ask.body = data.draw(words.HOSTILE)
            if data.draw(st.integers(0, 5)) == 0:
                ask.headers["Content-Type"] = data.draw(st.sampled_from(["text/plain", "application/xml", "application/json",
                                                                         "application/json; charset=gbk", ""]))
            return
        if handler in ("record_create", "record_change"):
            value = data.draw(words.record(kind, lambda k: self.ids(k, scope), handler == "record_change", roles))
            if handler == "record_create":
                if data.draw(st.booleans()):
                    value["scope"] = scope
                if data.draw(st.integers(0, 3)):
                    value["id"] = data.draw(words.IDS)
                if "companion" in kind and self.ids(kind["companion"], scope):
                    value["id"] = data.draw(st.sampled_from(self.ids(kind["companion"], scope)))
        else:
            value = data.draw(words.of_schema(self.contract, schema))
        if mode == 1:
            value = data.draw(words.spoiled(value))
        ask.sent = value
        ask.body = json.dumps(value, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "surrogatepass")

    # -- asking --

    def send(self, ask, method=None):
        method = method or ask.op.method.upper()
        target = ask.target()
        self.trail.append(f"{method} {target[:200]} as {ask.who} {ask.headers} {(ask.body or b'')[:300]!r}")
        try:
            headers = {k: v for k, v in ask.headers.items() if v}
            status, headers, body = self.server.ask(method, target, ask.who, headers, ask.body, ask.token)
        except OSError as e:
            self.fail(f"the server does not answer ({e}): {self.server.said()}")
        self.trail[-1] += f" -> {status}"
        figures["steps"] += 1
        e, value = self.exchange(ask, method, target, status, headers, body)
        answered[(self.contract.match(method, e["path"])[0] or ask.op).id][status] += 1
        op, errors = self.contract.wrong(e)
        if errors:
            self.fail(f"{method} {target[:300]} as {ask.who} answers {status}, which is wrong: {errors[:5]} {body[:600]!r}")
        return op, status, headers, value

    def exchange(self, ask, method, target, status, headers, body):
        path, _, query = target.partition("?")
        kind = headers.get("Content-Type", "")
        reply = {"status": status, "headers": headers, "type": kind, "bytes": len(body)}
        value = None
        if kind.startswith("text/event-stream"):
            reply["is_stream"] = True
        if method == "HEAD":
            reply["is_file"] = int(headers.get("Content-Length", 0)) > 0
        elif "json" in kind and body:
            try:
                value = reply["body"] = json.loads(body)
            except ValueError:
                reply["is_no_json"] = True
        request = {"headers": ask.headers, "bytes": len(ask.body or b""), "type": ask.headers.get("Content-Type", "")}
        if ask.sent is not None:
            request["body"] = ask.sent
        path = urllib.parse.unquote(path, errors="replace")
        return {"method": method, "path": path, "query": query, "id": "", "request": request, "reply": reply}, value

    def judge(self, ask, answer):
        op, status, _, value = answer
        is_change = op is not None and op.method != "get"
        is_done = status < 300
        if is_done and op:
            kind, account = self.may.kind_of(op), self.accounts.get(ask.who)
            before = self.known[kind["kind"]].get((value.get("scope"), value.get("id"))) \
                if kind and isinstance(value, dict) else None
            errors = self.may.wrong(account, op, value, before, ask.sent)
            if errors:
                self.fail("; ".join(errors))
            self.learn_from(op, kind, value, is_change)
        now = self.where()
        if now != self.positions and not (is_done and is_change):
            self.fail(f"{ask.op.id} answered {status} and the main lines moved from {self.positions} to {now}")
        self.positions = now

    def learn_from(self, op, kind, value, is_change):
        if kind and isinstance(value, dict) and "etag" in value and len(value) > 4:
            self.keep(kind["kind"], value)
        if op.x["handler"] == "account_edit" and isinstance(value, dict) and value.get("account") in self.accounts:
            self.accounts[value["account"]].take(value)

    def do(self, ask):
        before = self.entries()
        answer = self.send(ask)
        self.judge(ask, answer)
        op, status, _, value = answer
        if op and status < 300 and self.may.is_told(op) and self.entries() == before:
            self.fail(f"{op.id} answered {status} and left no entry in the audit log")
        if op and op.method != "get" and status < 300:
            figures["changes"] += 1
            if "Idempotency-Key" in ask.headers and ask.who:
                self.keyed.append((ask, status, value))
            if "If-Match" in ask.headers and ask.headers["If-Match"] not in ("*",) and \
                    isinstance(value, dict) and value.get("etag") and value["etag"] not in ask.headers["If-Match"]:
                self.stale.append(ask)
        return answer

    def some(self, data, *handlers):
        return data.draw(st.sampled_from([o for o in self.contract.operations if o.x["handler"] in handlers]), label="op")

    def mode(self, data):
        return data.draw(st.sampled_from([0, 0, 0, 0, 0, 1, 2, 2]), label="mode")

    # -- the steps --

    @rule(data=st.data())
    def anything(self, data):
        op = data.draw(st.sampled_from(self.contract.operations), label="op")
        self.do(self.made_up(data, op, self.mode(data)))

    @rule(data=st.data())
    def other_deeds(self, data):
        ops = [o for o in self.contract.operations
               if not o.x["handler"].startswith("record_") and not o.is_raw]
        self.do(self.made_up(data, data.draw(st.sampled_from(ops), label="op"), self.mode(data)))

    @rule(data=st.data())
    def create(self, data):
        self.do(self.made_up(data, self.some(data, "record_create"), self.mode(data)))

    @rule(data=st.data())
    def create_work(self, data):
        ops = [o for o in self.contract.operations if o.x["handler"] == "record_create" and
               o.x.get("kind") in ("assignment", "visit", "violation", "rectification", "subject", "officer", "recusal")]
        self.do(self.made_up(data, data.draw(st.sampled_from(ops), label="op"), 0))

    @rule(data=st.data())
    def empty_list(self, data):
        """What a program sends that computed no roles, no scopes, no officers."""
        ops = [o for o in self.contract.operations if words.lists_of(self.contract, o)]
        op = data.draw(st.sampled_from(ops), label="op")
        ask = self.made_up(data, op, 0)
        if isinstance(ask.sent, dict):
            ask.sent = {**ask.sent, data.draw(st.sampled_from(words.lists_of(self.contract, op))): []}
            ask.body = json.dumps(ask.sent).encode()
        self.do(ask)

    def op_of_known(self, data, *handlers):
        ops = [o for o in self.contract.operations if o.x["handler"] in handlers and
               (self.may.kind_of(o) or {}).get("kind") in [k for k in self.known if self.known[k]]] or \
            [o for o in self.contract.operations if o.x["handler"] in handlers]
        return data.draw(st.sampled_from(ops), label="op")

    @rule(data=st.data())
    def change(self, data):
        self.do(self.made_up(data, self.op_of_known(data, "record_change"), self.mode(data)))

    @rule(data=st.data())
    def move(self, data):
        self.do(self.made_up(data, self.op_of_known(data, "record_move"), data.draw(st.sampled_from([0, 0, 0, 1]))))

    @rule(data=st.data())
    def read(self, data):
        self.do(self.made_up(data, self.op_of_known(data, "record_get", "record_history", "record_blame", "record_list"), self.mode(data)))

    @rule(data=st.data())
    def read_again(self, data):
        """HEAD and If-None-Match."""
        op = data.draw(st.sampled_from([o for o in self.contract.operations
                                        if o.method == "get"]), label="op")
        ask = self.made_up(data, op, 0)
        _, status, headers, _ = self.do(ask)
        _, head, same, _ = self.send(ask, "HEAD")
        if head != status or same.get("ETag") != headers.get("ETag"):
            self.fail(f"HEAD {ask.target()} answers {head} {same.get('ETag')}, GET {status} {headers.get('ETag')}")
        if status == 200 and headers.get("ETag"):
            ask.headers["If-None-Match"] = headers["ETag"]
            _, status, _, _ = self.send(ask)
            if status != 304:
                self.fail(f"GET {ask.target()} with its own ETag answers {status}")

    @rule(data=st.data())
    def page_through(self, data):
        op = self.op_of_known(data, "record_list")
        ask = Ask(op, data.draw(st.sampled_from(sorted(self.accounts))))
        ask.query = [("limit", str(data.draw(st.integers(1, 3)))), ("scope", data.draw(st.sampled_from([S1, S2])))]
        if self.may.kind_of(op).get("scope") == "catalog":
            ask.query[1] = ("scope", "catalog")
        seen, cursor = [], None
        for _ in range(30):
            ask.query = ask.query[:2] + ([("cursor", cursor)] if cursor else [])
            answer = self.send(ask)
            self.judge(ask, answer)
            if answer[1] != 200:
                return
            seen += [r["id"] for r in answer[3]["items"]]
            cursor = answer[3].get("next")
            if not cursor:
                break
        if seen != sorted(set(seen)):
            self.fail(f"{op.id}, page by page, gives {seen}")
        whole = self.send_whole(ask)
        if not cursor and whole != seen:
            self.fail(f"{op.id}, page by page, gives {seen}, and at once {whole}")

    def send_whole(self, ask):
        ask.query = [("limit", "1000"), ask.query[1]]
        return [r["id"] for r in self.send(ask)[3]["items"]]

    @precondition(lambda self: self.keyed)
    @rule(data=st.data())
    def say_it_twice(self, data):
        ask, status, value = data.draw(st.sampled_from(self.keyed[-8:]))
        _, again, _, same = answer = self.send(ask)
        if not self.may.ask(self.accounts.get(ask.who), ask.op) or again in (401, 403):
            return
        now = self.where()
        if now != self.positions:
            self.fail(f"the same Idempotency-Key again moved the main lines: {ask.target()}")
        if again != status or same != value:
            self.fail(f"the same Idempotency-Key gives {again} {same}, and before {status} {value}")
        self.judge(ask, answer)

    @precondition(lambda self: self.keyed)
    @rule(data=st.data())
    def say_other_things_with_its_key(self, data):
        ask, _, _ = data.draw(st.sampled_from(self.keyed[-8:]))
        other = self.made_up(data, ask.op, 0)
        other.who = ask.who
        if other.body == ask.body and other.target() == ask.target():
            return
        other.headers["Idempotency-Key"] = ask.headers["Idempotency-Key"]
        _, status, _, value = self.send(other)
        if status < 300 and other.sent != ask.sent:
            self.fail(f"a used Idempotency-Key was taken for {other.sent} after {ask.sent}: {status} {value}")
        self.positions = self.where()

    @precondition(lambda self: self.stale)
    @rule(data=st.data())
    def change_what_moved_on(self, data):
        ask = data.draw(st.sampled_from(self.stale[-8:]))
        answer = self.send(ask)
        if answer[1] < 300 and answer[3]["etag"] not in ask.headers["If-Match"]:
            # It may stand there as it stood then, if it was changed back.
            self.fail(f"an old etag was taken: {ask.target()} {ask.headers}")
        self.positions = self.where()


def walk(args, number):
    """One run of some walks: True when it found nothing."""
    settings = hypothesis.settings(
        max_examples=SHORT_WALKS + args.walks, stateful_step_count=args.steps, derandomize=number is None, deadline=None, database=None,
        suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate],
        verbosity=hypothesis.Verbosity.quiet, report_multiple_bugs=False)
    machine = Walk if number is None else hypothesis.seed(number)(Walk)
    try:
        run_state_machine_as_test(machine, settings=settings)
        return True
    except Exception:  # Hypothesis wraps what it cannot repeat
        if not Failed.first:
            raise
        print(f"not so: {Failed.first}")
        print(f"again with: --seed {number}" if number is not None else "again with the same arguments")
        return False


def main():
    p = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1][7:])
    p.add_argument("hufud")
    p.add_argument("--walks", type=int, default=8)
    p.add_argument("--steps", type=int, default=60)
    p.add_argument("--minutes", type=float, default=0)
    p.add_argument("--seed", default=None)
    args = p.parse_args()
    number = random.randrange(10**9) if args.seed == "random" else int(args.seed) if args.seed else None
    if args.minutes and number is None:
        number = 1
    Walk.server = server = Server(args.hufud)
    failed, runs, until = 0, 0, time.monotonic() + args.minutes * 60
    try:
        server.start()
        Walk.contract = Contract(json.loads(server.ask("GET", "/v1/openapi.json")[2]))
        server.stop()
        Walk.may = May(Walk.contract.document, ROOT, KINDS)
        while runs == 0 or (time.monotonic() < until and not failed):
            failed += not walk(args, number)
            runs += 1
            number = None if number is None else number + 1
    finally:
        server.close()
    done = [op for op in answered if any(s < 400 for s in answered[op])]
    if not failed and (figures["changes"] < CHANGES_A_WALK * args.walks or len(done) < DONE_LEAST):
        print(f"not so: these walks do something: {figures['changes']} changes, {len(done)} operations; nearly all was refused")
        failed += 1
    if os.environ.get("FIGURES"):
        for op in sorted(answered):
            print(op, dict(answered[op]))
    print(f"{figures['walks']} walks, {figures['steps']} requests, {figures['changes']} changes, "
          f"{len(answered)} operations asked for, {len(done)} of them done")
    print(f"{runs - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
