#!/usr/bin/env bash
# What the audit log and the memory of keys hold, and what they never hold.
. "$(dirname "$0")/lib.sh"
district
printf '%s\n' "a password of adm" >"$T/pw"
hufud account add adm --role administrator --scope '*' --password-file "$T/pw" >/dev/null
hufud account add ins --role inspector --scope $S --password-file "$T/pw" >/dev/null
server_start --limit-factor 0
WHO="adm:a password of adm"
J="Content-Type: application/json"
told() { hufud audit list --who "${1:-adm}" --format json | tail -n 1 | json "${2:-detail}"; }
db() { sqlite3 -readonly "$T/data/hufu.db" "$1"; }
nowhere() { # nowhere "what" TEXT: in no file of the server's database
	is "$1" 0 "$(cat "$T/data"/hufu.db* | grep -c -a -F -e "$2" || true)"
}

# personal data is sealed, and a key remembers none of it
answers 201 13912345678 POST "/v1/private-subjects?scope=$S" -H "$J" -H "Idempotency-Key: first-time" \
	-d '{"id":"s1","phone":"13912345678","id_number":"330106199001011234"}'
nowhere "no phone in the database" 13912345678
nowhere "no number of an identity card" 330106199001011234
answers 201 13912345678 POST "/v1/private-subjects?scope=$S" -H "$J" -H "Idempotency-Key: first-time" \
	-d '{"phone":"13912345678","id":"s1","id_number":"330106199001011234"}'
is "the same members in another order are the same request, and who reads again is told of" yes "$(told | grep -q 'asked again' && echo yes)"
hufud key destroy s1 --scope $S --reason "asked for" >/dev/null
answers 201 '"shredded":true' POST "/v1/private-subjects?scope=$S" -H "$J" -H "Idempotency-Key: first-time" \
	-d '{"id":"s1","phone":"13912345678","id_number":"330106199001011234"}'

# nor of passwords
answers 201 liu POST /v1/accounts -H "$J" -H "Idempotency-Key: account-liu" \
	-d '{"account":"liu","roles":["analyst"],"scopes":["'$S'"],"password":"SuperSecret99x"}'
nowhere "no password in the database" SuperSecret99x
is "no hash of it that can be tried" 0 "$(python3 - "$T/data/hufu.db" <<'P'
import hashlib, itertools, json, sqlite3, sys
row = sqlite3.connect(sys.argv[1]).execute("SELECT request FROM idempotency WHERE key='account-liu'").fetchone()[0]
body = {"account": "liu", "roles": ["analyst"], "scopes": ["330106"], "password": "SuperSecret99x"}
args = {"Idempotency-Key": "account-liu"}
dump = lambda o, s: json.dumps(o, separators=(",", ":"), sort_keys=s)
texts = ["createAccount\n%s\n%s" % (dump(args, s), dump(body, s)) for s in (False, True)]
texts.append(dump({"operation": "createAccount", "arguments": args, "body": body}, True))
print(sum(hashlib.sha256(t.encode()).digest() == row for t in texts))
P
)"

# a slip of the pen is not written down for ever
answers 400 "no JSON" POST "/v1/private-subjects?scope=$S" -H "$J" -H "Idempotency-Key: a-slip-of-1" -d '{"id":"s2","id_number" "330106199001011235"}'
answers 400 "no JSON" POST /v1/accounts -H "$J" -H "Idempotency-Key: a-slip-of-2" -d '{"account":"q1","password" "SuperSecret98x"}'
answers 400 "not known here" POST "/v1/private-subjects?scope=$S" -H "$J" -H "Idempotency-Key: a-slip-of-3" -d '{"id":"s2","330106199001011236":1}'
is "the refusal is told of" "refused invalid_request" "$(told adm outcome) $(told | sed 's/.*: //')"
nowhere "no number of a slip" 330106199001011235
nowhere "no number of another slip" 330106199001011236
nowhere "no password of a slip" SuperSecret98x

# who has seen whom
answers 201 s3 POST "/v1/private-subjects?scope=$S" -H "$J" -H "Idempotency-Key: second-one" -d '{"id":"s3","phone":"1"}'
WHO="ins:a password of adm" answers 200 s3 GET "/v1/private-subjects?scope=$S&limit=500"
is "a list says how many, from whom to whom" yes "$(told ins | grep -q 'records=2 ids=s1..s3 .*"limit":500' && echo yes)"

# an export says how many, and which bytes they were
WHO="ins:a password of adm" api GET "/v1/exports/subject_private?scope=$S&format=csv&private=true" >"$T/private.csv"
is "rows and hash of what went out" yes "$(told ins | grep -q "rows=2 sha256=$(sha256sum <"$T/private.csv" | cut -c1-64)" && echo yes)"
is "which kind, and that it was in plain" yes "$(told ins | grep -q "subject_private format=csv private rows=2" && echo yes)"
is "the entry names the kind, for who looks for it" subject_private "$(hufud audit list --who ins --format json | python3 -c '
import json, sys
print([e["kind"] for e in map(json.loads, sys.stdin) if e["operation"] == "exportRecords"][-1])')"

# more rows than end before a proxy gives up are refused as a whole (a cell may have several lines)
python3 -c 'print("id,name"); [print("q%d,\"two\nlines\"" % i) for i in range(50001)]' >"$T/more.csv"
answers 413 "has 50001 rows, more than 50000: send it in parts" POST "/v1/imports/subject?scope=$S" -H "Content-Type: text/csv" --data-binary @"$T/more.csv"
is "nothing of it was written" 0 "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT count(*) FROM subject WHERE id LIKE 'q%'")"

# an import over HTTP is told of with its counts, a main commit at a time
before=$(hufud audit list --who adm --format json | wc -l)
python3 -c 'print("id,name,town"); [print("n%d,name %d,001" % (i, i)) for i in range(2500)]' >"$T/many.csv"
answers 200 '"new":2500' POST "/v1/imports/subject?scope=$S" -H "Content-Type: text/csv" --data-binary @"$T/many.csv"
is "an entry for each main commit, and one for the operation" 3 "$(($(hufud audit list --who adm --format json | wc -l) - before))"
is "with counts" 1 "$(hufud audit list --who adm | grep -c 'records=2000 new=2000')"
holds "the chain" hufud audit verify
holds "everything fits together" hufud check
passed
