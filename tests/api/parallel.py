#!/usr/bin/env python3
"""parallel.py - what many ask for at the same moment happens once, or one after the
other.

usage: parallel.py HUFUD

Eight at a time: one Idempotency-Key makes one record and one account; of changes with
one etag one is done; changes of different fields, each with
the etag that it read, all arrive; records of eight accounts are all there. Then
`hufud check` and `hufud audit verify` hold. Ends with `N passed, N failed`.
"""
import concurrent.futures
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import S1, Judge, judged  # noqa: E402

AT_ONCE = 8


class Crowd(Judge):
    def __init__(self, server):
        super().__init__(server)
        self.session = server.session()

    def ask(self, method, path, body, who="chen", **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        headers["Content-Type"] = "application/merge-patch+json" if method == "PATCH" else "application/json"
        if who == "session":
            who, headers = None, {**headers, **self.session}
        status, _, raw = self.server.ask(method, path, who, headers, json.dumps(body).encode())
        return status, json.loads(raw) if raw else None

    def read(self, path, who="admin"):
        return json.loads(self.server.ask("GET", path, who)[2])

    def all(self, deed):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(deed, range(AT_ONCE)))

    def one_key(self, what, path, body, who, count):
        before = count()
        said = self.all(lambda n: self.ask("POST", path, body, who, Idempotency_Key=f"crowd-{what}"))
        self.hold({s for s, _ in said} == {201} and len({json.dumps(v, sort_keys=True) for _, v in said}) == 1,
                  f"one key, asked {AT_ONCE} times at once, makes one {what} and says so each time", said)
        self.hold(count() == before + 1, f"and there is one {what} more", (before, count()))

    def other_bodies(self):
        """One key for as many different requests: one is taken."""
        said = self.all(lambda n: self.ask("POST", f"/v1/subjects?scope={S1}", {"name": f"crowd {n}"}, Idempotency_Key="crowd-other"))
        self.hold(sorted(s for s, _ in said) == [201] + [422] * (AT_ONCE - 1), "one key for eight requests is the first one's", said)

    def one_etag(self):
        etag = self.read(f"/v1/subjects/s16?scope={S1}")["etag"]
        said = self.all(lambda n: self.ask("PATCH", f"/v1/subjects/s16?scope={S1}", {"name": f"changed by {n}"}, If_Match=f'"{etag}"'))
        self.hold(sorted(s for s, _ in said) == [200] + [412] * (AT_ONCE - 1), "of changes of one version one is done", said)
        won = [v["name"] for s, v in said if s == 200]
        self.hold([self.read(f"/v1/subjects/s16?scope={S1}")["name"]] == won, "and that one stands", won)

    def until_done(self, n):
        """As a program does it: read, change, and again after a 412."""
        fields = ["name", "address", "phone", "reason"]
        for _ in range(200):
            record = self.read(f"/v1/subjects/s26?scope={S1}")
            status, _ = self.ask("PATCH", f"/v1/subjects/s26?scope={S1}", {fields[n % 4]: f"said by {n}"}, If_Match=f'"{record["etag"]}"')
            if status != 412:
                return status
        return "never"

    def many(self):
        said = self.all(lambda n: self.ask("POST", f"/v1/subjects?scope={S1}", {"id": f"many{n}", "name": f"{n}"},
                                           ["chen", "wei", "admin"][n % 3], Idempotency_Key=f"crowd-many-{n}"))
        self.hold([s for s, _ in said] == [201] * AT_ONCE, "records of many are all made", said)
        found = [i["id"] for i in self.read(f"/v1/subjects?scope={S1}&limit=1000")["items"] if i["id"].startswith("many")]
        self.hold(found == [f"many{n}" for n in range(AT_ONCE)], "and are all there", found)

    def everything(self):
        def records():
            return len(self.read(f"/v1/subjects?scope={S1}&limit=1000")["items"])

        def accounts():
            return len(self.read("/v1/accounts?limit=1000")["items"])
        self.one_key("record", f"/v1/subjects?scope={S1}", {"name": "one"}, "chen", records)
        self.one_key("account", "/v1/accounts", {"account": "crowd", "roles": ["analyst"], "scopes": [S1]}, "session", accounts)
        self.other_bodies()
        self.one_etag()
        said = self.all(self.until_done)
        self.hold(said == [200] * AT_ONCE, "who reads again after a 412 is done at last", said)
        self.many()


if __name__ == "__main__":
    sys.exit(judged(Crowd, sys.argv[1]))
