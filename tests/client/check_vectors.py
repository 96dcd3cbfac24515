"""check_vectors.py - hold the modules of this client against fixtures/vectors.

usage: check_vectors.py [FOLDER]     Ends with `N passed, N failed`.
What a server alone does (reading a request, making a main commit) has no code here; such
cases are counted as left out.
"""
import base64
import json
import os
import sys

import commits
import ed25519
import jcs
import keys
import records
import sealed
import tree
import wire

HERE = os.path.dirname(os.path.abspath(__file__))
LEFT_OUT = {("draw", None), ("uscc", None), ("main", "make"), ("request", "read"), ("ids", "subject"),
            ("answer", "make"), ("receipt", "line"),
            ("snapshot", "blocks")}  # this client asks for format 1


def unb64(text):
    return base64.b64decode(text)


def signer(seed):
    """sign(bytes) by ssh-keygen with the seed."""
    def sign(message):
        path = os.path.join(os.environ.get("TMPDIR", "/tmp"), "hufu-vector-%d.key" % os.getpid())
        keys.write_private(path, seed)
        try:
            return keys.ssh_sign(path, message)
        finally:
            os.unlink(path)
    return sign


def canonical(kind, given):
    if kind == "record":
        value = records.make(given["id"], given["scope"], given["town"], given["fields"], given["sets"])
        return {"canonical": jcs.write(value).decode(), "version": records.version(value)}
    text = unb64(given["json_base64"]) if "json_base64" in given else given["json" if kind == "write" else "text"]
    body = jcs.write(jcs.parse(text))
    if kind == "read":
        if body != text.encode():
            raise jcs.Refused("not canonical")
        return {"value_is_canonical": True}
    return {"canonical": body.decode(), "canonical_hex": body.hex()}


def ids(kind, given):
    if kind == "object":
        body = unb64(given["bytes_base64"]) if "bytes_base64" in given else given["bytes"].encode()
        return {"oid": tree.oid(given["type"], body)}
    if kind == "import":
        return {"id": records.imported_id(given["source"], given["kind"], given["keys"])}
    if kind == "kind_file":
        return {"id": records.kind_file_id(given["kind"])}
    if kind == "conflict":
        return {"id": records.conflict_id(given["kind"], given["id"], given["group"], given["packet"])}
    index = wire.Index(given["ids"])
    found = [index.find(index.shortest(i)) for i in given["ids"]]
    return {"shortest_keys": [index.shortest(i) for i in found]}


def trees(kind, given):
    if kind == "node":
        entries = {name: (mode == "40000", oid) for mode, name, oid in given["entries"]}
        if len(entries) != len(given["entries"]):
            raise jcs.Refused("a name twice")
        body = tree.node(entries)
        return {"bytes_hex": body.hex(), "oid": tree.oid("tree", body)}
    if kind == "packet":
        return {"root": tree.packet_root(given["records"], given.get("marked", False))}
    return {"root": tree.main_root(given["records"])}


def signature(kind, given):
    if kind == "verify":
        keys.ssh_verify(bytes.fromhex(given["public_hex"]), given["message"].encode(), given["armour"])
        return {"is_valid": True}
    seed = bytes.fromhex(given["seed_hex"])
    public = ed25519.public(seed)
    if kind == "sshsig":
        message = unb64(given["message_base64"])
        armour = signer(seed)(message)
        keys.ssh_verify(public, message, armour)
        return {"public_hex": public.hex(), "public_text": keys.public_text(public), "armour": armour}
    message = bytes.fromhex(given["message_hex"])
    made = ed25519.sign(seed, message)
    return {"public_hex": public.hex(), "signature_hex": made.hex(), "verifies": ed25519.verify(public, message, made)}


def packet(kind, given):
    if kind == "read":
        return {"oid": commits.oid(given["commit"])} if commits.packet_read(
            given["commit"], bytes.fromhex(given["public_hex"])) else None
    rows = {records.path_of(k, r["id"]): records.make(r["id"], r["scope"], r["town"], records.fields_of(r))
            for k, r in given["records"]}
    c = dict(given["commit"])
    parent = c.pop("parent", None)
    names = {"format": "Format", "scope": "Scope", "journal": "Journal", "sequence": "Sequence", "base": "Base",
             "supersedes": "Supersedes", "operation": "Operation", "wall": "Wall", "monotonic": "Monotonic",
             "boot": "Boot", "anchor": "Anchor", "terminal": "Terminal"}
    made = {names[n]: v for n, v in c.items() if n in names}
    made.setdefault("Format", 1)
    made.update(tree=records.packet_root(rows, made["Format"], made["Sequence"]), parents=[parent] if parent else [], seconds=c["seconds"],
                who=commits.person(c["author"], c["terminal"]), message=c["message"])
    made["Content-SHA256"] = records.content(rows)
    text = commits.packet_make(made, signer(bytes.fromhex(given["seed_hex"])))
    return {"tree": made["tree"], "content_sha256": made["Content-SHA256"], "commit": text, "oid": commits.oid(text)}


def main(_, given):
    commits.main_read(given["commit"], bytes.fromhex(given["public_hex"]))
    return {"oid": commits.oid(given["commit"])}


def seal(kind, given):
    if kind == "construction":
        key, nonce, aad, plain = (bytes.fromhex(given[n + "_hex"]) for n in ("key", "nonce", "aad", "plain"))
        return {"box_hex": sealed.encrypt(key, nonce, aad, plain).hex()}
    key = bytes.fromhex(given["key_hex"])
    if kind == "open":
        plain = sealed.unseal(given["kind"], jcs.parse(given["record"]), key)
        return {"inner": jcs.write(records.fields_of(plain)).decode()}
    made = sealed.seal(given["kind"], records.make(given["id"], given["scope"], given["town"], given["fields"]),
                       given["key_id"], key)
    return {"record": jcs.write(made).decode(), "version": records.version(made), "box": made["box"], "nonce": made["nonce"]}


def request(kind, given):
    if kind == "verify":
        body = unb64(given["body_base64"]) if "body_base64" in given else None
        wire.request_verify(given["method"], given["path"], given["headers"], body,
                            bytes.fromhex(given["public_hex"]), given.get("server_time"))
        return {"is_signed": True}
    seed = bytes.fromhex(given["seed_hex"])
    if kind == "bare":
        return {"headers": wire.bare_headers(given["method"], given["path"], given["terminal"], seed, given["time"])}
    return {"headers": wire.request_headers(given["method"], given["path"], given["terminal"], seed,
                                            unb64(given["body_base64"]))}


def answer(_, given):
    read = wire.Answer(unb64(given["body_base64"]), given["request_json"].encode(), bytes.fromhex(given["public_hex"]))
    return {"lines": len(read.lines)}


def snapshot(_, given):
    read = wire.Snapshot(unb64(given["body_base64"]), bytes.fromhex(given["public_hex"]))
    return {"etag": '"%s"' % read.head, "root": read.root,
            "versions": [[p, records.version(r)] for p, r in read.records.items()]}


def enrol(kind, given):
    if kind == "answer":
        return {"server_public_hex": wire.enrol_answer(given["json"])["server_public"].hex()}
    return {"request": wire.enrol_request(given["code"], given["terminal"], bytes.fromhex(given["officer_seed_hex"]),
                                          bytes.fromhex(given["terminal_seed_hex"]))}


FORMATS = {"canonical": canonical, "ids": ids, "tree": trees, "signature": signature, "packet": packet,
           "main": main, "sealed": seal, "request": request, "answer": answer, "snapshot": snapshot, "enrol": enrol}


def judge(do, case):
    """None where the case holds, or what is wrong."""
    want = case["want"]
    try:
        got = do(case["kind"], case["given"])
    except ValueError as e:
        return None if want.get("refused") else "refused: %s" % e
    if want.get("refused"):
        return "not refused"
    both = [name for name in want if name in got]
    wrong = [name for name in both if want[name] != got[name]]
    return None if both and not wrong else "another %s" % (wrong or "answer")


def run(folder):
    passed = failed = left_out = 0
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            file = json.load(f)
        for case in file["cases"]:
            if {(file["format"], None), (file["format"], case["kind"])} & LEFT_OUT:
                left_out += 1
                continue
            why = judge(FORMATS[file["format"]], case)
            passed, failed = passed + (why is None), failed + (why is not None)
            if why:
                print("FAILED %s: %s: %s" % (name, case["name"], why))
    print("%d passed, %d failed, %d are a server's or of no client" % (passed, failed, left_out))
    return failed


if __name__ == "__main__":
    sys.exit(1 if run(sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "../../fixtures/vectors")) else 0)
