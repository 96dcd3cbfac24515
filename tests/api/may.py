"""may.py - who may do and see what, read a second time from schema/kinds and the
x-hufu of the document, so that it is no copy of what the server does.
"""
import json
import os


class Account:
    def __init__(self, name, roles, scopes, agencies):
        self.name, self.roles = name, set(roles.split(","))
        self.scopes = scopes.split(",")
        self.agencies = agencies.split(",") if agencies else None

    def take(self, told):
        """As the API tells of an account that was changed."""
        self.roles, self.scopes = set(told["roles"]), told["scopes"]
        self.agencies = told.get("agencies")

    def in_scope(self, scope):
        return any(s in ("*", scope) or (scope != "catalog" and scope.startswith(s)) for s in self.scopes)


def kinds_of(root):
    out = {}
    folder = os.path.join(root, "schema", "kinds")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".json"):
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                kind = json.load(f)
            kind["by_name"] = {field["name"]: field for field in kind["fields"]}
            out[kind["kind"]] = kind
    return out


class May:
    def __init__(self, document, root, more=()):
        """`more`: kinds that were loaded beside those of the folder."""
        self.document, self.kinds = document, kinds_of(root)
        for kind in more:
            self.kinds[kind["kind"]] = {**kind, "by_name": {f["name"]: f for f in kind["fields"]}}

    def readers(self, kind):
        if kind.get("sealed"):
            return set(kind["readers"])
        return set(self.document["x-hufu"]["classes"][kind["class"]])

    def is_told(self, op):
        """Does the audit log tell of it? Of each change; of what is read of class
        L3 and L4, and of what says so itself."""
        kind = self.kind_of(op)
        return op.method != "get" or op.x.get("with", {}).get("logged", False) or \
            bool(kind and kind["class"] in ("L3", "L4"))

    def kind_of(self, op):
        return self.kinds.get(op.x.get("kind") or op.x.get("with", {}).get("kind"))

    def roles(self, op):
        """The roles that may ask for it at all; "public" for everybody."""
        said, kind = op.x["roles"], self.kind_of(op)
        if said == "readers":
            return self.readers(self.kinds.get(op.x.get("with", {}).get("readers"), kind))
        if said == "writers":
            return set(kind["writers"]) - {"server", "import"}
        return set(said)

    def ask(self, account, op):
        roles = self.roles(op)
        return "public" in roles or bool(account and account.roles & roles)

    def writers(self, kind, field):
        return set(kind["by_name"][field].get("writers", kind["writers"]))

    def wrong(self, account, op, reply, before, sent):
        """What a success shows that the account had no right to: reply is the JSON
        body, before the record as it was known, sent the body of the request."""
        who = account.name if account else "nobody"
        if not self.ask(account, op):
            return [f"{op.id} was done for {who}, who is no {sorted(self.roles(op))}"]
        kind, out = self.kind_of(op), []
        if kind is None or not isinstance(reply, dict):
            return []
        is_list = op.x["handler"] == "record_list"
        for record in reply["items"] if is_list else [reply] if "scope" in reply and "etag" in reply else []:
            out += self.seen(account, who, kind, record, op.method != "get")
        if op.x["handler"] in ("record_create", "record_change") and isinstance(sent, dict):
            for name, value in sent.items():
                is_new = name in kind["by_name"] and value != (before or {}).get(name)
                if is_new and not account.roles & self.writers(kind, name):
                    out.append(f"{who} wrote {kind['kind']}.{name}, which is for {self.writers(kind, name)}")
        return out

    def seen(self, account, who, kind, record, is_change):
        out, scope = [], record["scope"]
        is_reference = scope == "catalog" and not is_change
        if not is_reference and not (account and account.in_scope(scope)):
            out.append(f"a record of scope {scope} for {who}")
        if account and account.agencies and "agency" in kind["by_name"] and \
                record.get("agency", account.agencies[0]) not in account.agencies:
            out.append(f"a record of agency {record['agency']} for {who}")
        return out
