#!/usr/bin/env bash
# The audit log: who did what is in it, and whoever alters it is found out.
. "$(dirname "$0")/lib.sh"
district
# entries by operation, outcome, kind and id
entries() { hufud audit list --format json "$@" | python3 -c '
import json, sys
for e in map(json.loads, sys.stdin):
    print(e["operation"], e["outcome"], e.get("kind", "-") + "/" + e.get("id", "-"))'; }

is "what made the folder is in it" "account add ok account/admin
init ok -/-
import ok officer/-
import ok subject/-
import ok assignment/a1" "$(entries | grep -v "^audit list")"

# the office's writes, one entry each, with who and how
hufud set subject s1 address=elsewhere >/dev/null
is "a change is one entry" "set ok subject/s1" "$(entries --operation set)"
is "by whom, and how" "admin cli $S set fields; changed" "$(hufud audit list --operation set --format json | python3 -c '
import json, sys
e = json.loads(sys.stdin.readline()); print(e["who"], e["via"], e["scope"], e["detail"])')"
hufud set subject s1 address=elsewhere >/dev/null
is "what changes nothing is none" "set ok subject/s1" "$(entries --operation set)"
is "an import counts" "records=9 new=9" "$(hufud audit list --operation import | grep -o "records=9 .*")"
hufud account add li --role analyst --scope 330108 >/dev/null
fails 1 "no rights" hufud set subject s1 address=mine --scope $S --as li
is "what was refused is an entry" "set refused -/-" "$(entries --operation set --who li)"
fails 1 "was not changed" hufud set subject s1 state=nonsense --scope $S
is "a refused record too, once" "set refused subject/s1" "$(entries --operation set | tail -n 1)"

# reads of credit and of personal data
hufud rate --scope $S >/dev/null
is "ratings are one entry" "rate ok rating/-" "$(entries --operation rate --scope $S)"
hufud rating s1 >/dev/null
hufud export ratings --out "$T/r.csv" >/dev/null
is "who read credit" "read ok rating/s1" "$(entries --operation read | head -n 1)"
is "who took it out" "export ok rating/-" "$(entries --operation export)"
hufud show subject s1 >/dev/null
is "a subject is no secret" 0 "$(entries --operation read | grep -c "subject/" || true)"
hufud set subject_private s1 --new phone=13800000000 --scope $S >/dev/null
hufud show subject_private s1 >/dev/null
is "personal data is" "read ok subject_private/s1" "$(entries --operation read | tail -n 1)"
hufud key destroy s1 --reason asked >/dev/null
is "a destroyed key" "key destroy ok subject/s1" "$(entries --operation key)"
fails 1 "only an administrator" hufud key destroy s2 --reason x --scope 330108 --as li

# tablets: enrolment and revocation, and that a revoked one still comes; no packets
server_start --limit-factor 0
tablet a o1
on a "INSERT INTO visit(id,subject,summary) VALUES('v1','s2','clean')"
sync a >/dev/null
is "a packet is its own record" 0 "$(entries | grep -c "visit/" || true)"
hufud terminal revoke "$(hufud terminal list --scope $S --json | json terminals.0.terminal)" --reason lost --scope $S >/dev/null
fails 1 "revoked" hufu sync --replica "$T/a.db"
fails 1 "revoked" hufu sync --replica "$T/a.db"
is "code, enrolment, revocation, and one refused sync an hour" "terminal code ok
enrol ok
revoke ok
sync refused" "$(entries | grep -E "^(terminal|enrol|revoke|sync)" | awk '{ $NF = ""; print }' | sed 's/ *$//')"
is "the terminal's entries came by sync" "enrol sync" "$(hufud audit list --format json --operation enrol | python3 -c '
import json, sys
e = json.loads(sys.stdin.readline()); print(e["operation"], e["via"])')"
server_stop

# the API: what changes something, what reads class L3 and L4, what was refused
echo "correct horse" >"$T/pw"
for a in chen:coordinator zhou:administrator gu:analyst; do
	hufud account add "${a%%:*}" --role "${a##*:}" --scope $S --password-file "$T/pw" >/dev/null
done
hufud set subject_private s4 --new phone=13800000000 --scope $S >/dev/null
hufud set external_rating x1 --new subject=s4 scheme=theirs valid_from=2026-01-01 grade=A --scope $S >/dev/null
# a conflict speaks of another record: two who saw the same change it apart
for r in external_rating:x1:grade:B:C subject:s4:name:east:west; do
	IFS=: read -r kind id field one other <<<"$r"
	hufud show "$kind" "$id" --scope $S --json >"$T/seen.json"
	hufud set "$kind" "$id" "$field=$one" --scope $S >/dev/null
	hufud set "$kind" "$id" "$field=$other" --base "$T/seen.json" --scope $S >/dev/null
done
question() { sqlite3 "$HUFU_DATA/hufu.db" "SELECT id FROM conflict WHERE record_kind = '$1'"; }
l1=$(question external_rating) l2=$(question subject)
server_start --limit-factor 0
WHO="chen:correct horse"
last() { sqlite3 -separator ' ' "$HUFU_DATA/hufu.db" "SELECT who, via, operation, outcome, ifnull(scope,'-'),
	ifnull(kind,'-') || '/' || ifnull(id,'-'), ifnull(request_id,'-') FROM audit ORDER BY seq DESC LIMIT 1"; }
seq() { sqlite3 "$HUFU_DATA/hufu.db" "SELECT max(seq) FROM audit"; }
# leaves ENTRY METHOD PATH [curl arguments]: with the request id, which a problem tells too
leaves() {
	local want=$1 got; shift
	curl -s -o "$T/body" -u "$WHO" -X "$1" "$URL$2" "${@:3}"
	got=$(last)
	id=$(json request <"$T/body" 2>/dev/null || echo "$got" | grep -o "[0-9a-f]\{20\}$")
	is "$1 $2 leaves" "$want ${id:-no id}" "$got"
}
# silent METHOD PATH: leaves none
silent() {
	local before; before=$(seq)
	api "$@" >/dev/null
	is "$* is no secret" "$before" "$(seq)"
}
leaves "chen api listRatings ok $S rating/-" GET "/v1/ratings?scope=$S"
rating=$(json items.0.id <"$T/body")
leaves "chen api getRating ok $S rating/$rating" GET "/v1/ratings/$rating"
leaves "chen api getRatingHistory ok $S rating/$rating" GET "/v1/ratings/$rating/history"
leaves "chen api getExternalRating ok $S external_rating/x1" GET /v1/external-ratings/x1
leaves "chen api getSubjectPrivate ok $S subject_private/s4" GET /v1/private-subjects/s4
leaves "chen api getSubjectPrivate ok $S subject_private/s4" GET "/v1/private-subjects/s4?fields=note"
leaves "chen api getSubjectPrivate refused - subject_private/s0" GET /v1/private-subjects/s0
leaves "chen api getConflict ok $S conflict/$l1" GET "/v1/conflicts/$l1"
silent GET "/v1/conflicts/$l2"
silent GET /v1/subjects/s4
silent GET "/v1/subjects?scope=$S"
leaves "nobody api getSubjectPrivate refused - account/-" GET "/v1/private-subjects/s4" -u nobody:x
leaves "chen api getSubjectPrivate ok $S subject_private/s4" GET /v1/private-subjects/s4 -I
WHO="gu:correct horse"
leaves "gu api getSubjectPrivate refused $S subject_private/s4" GET /v1/private-subjects/s4
leaves "gu api createSubject refused $S subject/-" POST "/v1/subjects?scope=$S" -H 'Content-Type: application/json' -H 'Idempotency-Key: key-000001' -d '{"name":"x"}'
WHO="chen:correct horse"
leaves "chen api createSubject refused 330108 subject/-" POST "/v1/subjects?scope=330108" -H 'Content-Type: application/json' -H 'Idempotency-Key: key-000002' -d '{"name":"x"}'
before=$(seq)
api POST "/v1/subjects?scope=$S" -H 'Content-Type: application/json' -H 'Idempotency-Key: key-000003' -d '{"id":"s77","name":"new"}' >/dev/null
is "what is made is one entry" "201 $((before + 1))" "$(cat "$T/status") $(seq)"
server_stop

# the chain, its head, and stock ssh-keygen
holds "the log is whole" hufud audit verify
holds "the check looks at it too" sh -c "hufud check | grep -q '^audit .* entries, head'"
hufud audit head --out "$T/head.json"
python3 - "$T" <<'PY'
import json, sys
t = sys.argv[1]
h = json.load(open(t + "/head.json"))
open(t + "/head.sig", "w").write(h.pop("signature"))
open(t + "/head.msg", "w").write(json.dumps(h, sort_keys=True, separators=(",", ":")))
open(t + "/signers", "w").write("server " + h["server_key"] + "\n")
PY
holds "stock ssh-keygen believes the head" sh -c "ssh-keygen -Y verify -f '$T/signers' -I server -n git -s '$T/head.sig' <'$T/head.msg'"
holds "the log holds what the head says" hufud audit verify --head "$T/head.json"
sed 's/"seq":[0-9]*/"seq":1/' "$T/head.json" >"$T/forged.json"
fails 1 "not signed by this server" hufud audit verify --head "$T/forged.json"
fails 1 "no head" hufud audit verify --head "$T/signers"

# python recomputes the chain without our code
is "anybody can recompute it" whole "$(python3 - "$T/data/hufu.db" <<'PY'
import hashlib, json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
names = "seq at_ms who via operation scope kind id outcome request_id detail".split()
epoch, = db.execute("SELECT value FROM meta WHERE name = 'audit_epoch'").fetchone()
h = hashlib.sha256(b"hufu audit 1" + epoch.encode()).digest()
for n, row in enumerate(db.execute("SELECT %s, hash FROM audit ORDER BY seq" % ", ".join(names)), 1):
    e = {k: v for k, v in zip(names, row) if v is not None}
    text = json.dumps(e, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    h = hashlib.sha256(h + text.encode()).digest()
    assert e["seq"] == n and h == row[-1], e
print("whole")
PY
)"

# whoever writes the database can do what they like, but not unseen
db() { cp "$T/kept.db" "$T/data/hufu.db"; rm -f "$T/data/hufu.db-wal" "$T/data/hufu.db-shm"; sqlite3 "$T/data/hufu.db" "$1"; }
sqlite3 "$T/data/hufu.db" "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
cp "$T/data/hufu.db" "$T/kept.db"
last=$(sqlite3 "$T/kept.db" "SELECT max(seq) FROM audit")
db "UPDATE audit SET who = 'nobody' WHERE seq = 4"
fails 1 "entry 4: it was altered" hufud audit verify
fails 1 "entry 4: it was altered" hufud check
for column in at_ms via operation scope kind id outcome request_id detail hash; do
	db "UPDATE audit SET $column = CASE typeof($column) WHEN 'integer' THEN $column + 1 WHEN 'blob' THEN zeroblob(32) WHEN 'null' THEN 'x' ELSE $column || 'x' END WHERE seq = 5" 2>/dev/null ||
		db "UPDATE audit SET $column = (SELECT a.$column FROM audit AS a WHERE a.$column <> audit.$column LIMIT 1) WHERE seq = 5"
	fails 1 "entry 5: it was altered" hufud audit verify
done
db "DELETE FROM audit WHERE seq = 6"
fails 1 "entry 6: it is missing" hufud audit verify
db "UPDATE audit SET seq = -1 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = -1"
fails 1 "entry 3: it was moved: it stands at 4" hufud audit verify
is "as JSON" "False 3" "$(hufud audit verify --json 2>/dev/null | python3 -c 'import json, sys; r = json.load(sys.stdin); print(r["sound"], r["entry"])')"
db "DELETE FROM audit WHERE seq > $((last - 2))"
fails 1 "entry $((last - 1)): it is missing: the log was cut off, hufu.db names entry $last" hufud audit verify
fails 1 "entry $((last - 1)): it is missing: the log was cut off" hufud audit verify --head "$T/head.json"
db "DELETE FROM audit"
fails 1 "entry 1: it is missing: the log was cut off" hufud audit verify
fails 1 "entry 1: it is missing" hufud check
hufud set subject s1 address=later >/dev/null
fails 1 "entry 2: it is missing: the log was cut off" hufud audit verify # what comes after does not cover it up
db "DELETE FROM audit; UPDATE meta SET value = '0 0 ' || value WHERE name = 'audit_end'"
fails 1 "'audit_end' in 'meta' was altered" hufud audit verify
db "DELETE FROM audit; DELETE FROM meta WHERE name = 'audit_end'"
holds "who rewrites both is found" hufud audit verify
fails 1 "entry 1: it is missing: the log was cut off" hufud audit verify --head "$T/head.json" # by the head alone
db "SELECT 1" >/dev/null
holds "untouched again" hufud audit verify --head "$T/head.json"

# who may look
hufud account add zhao --role auditor --scope 330108 >/dev/null
hufud account add qian --role auditor --scope "*" >/dev/null
fails 1 "only an auditor" hufud audit list --as li
is "an auditor sees the own scopes" 330108 "$(hufud audit list --format json --as zhao | python3 -c '
import json, sys
print(*sorted({json.loads(l).get("scope", "-") for l in sys.stdin}))')"
is "who may not look leaves an entry" "audit refused -/-" "$(entries --who li --as qian | tail -n 1)"
is "who looks does too" "audit list ok -/-" "$(entries --who zhao --as qian | tail -n 1)"
is "csv has a header" "seq,at,who,via,operation,scope,kind,id,outcome,request_id,detail,hash" "$(hufud audit list --format csv | head -n 1 | tr -d '\r')"
is "days are filters" 0 "$(hufud audit list --to 2020-01-01 | wc -l)"
fails 2 "no date" hufud audit list --from yesterday
fails 2 "no format" hufud audit list --format xml
passed
