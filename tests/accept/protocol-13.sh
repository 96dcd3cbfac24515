#!/usr/bin/env bash
# A second terminal, written in Python from docs/protocol.md alone, and hufu edit the same district: the halves match.
. "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
py() { python3 tests/client/client.py "$T/$1" "${@:2}"; }
# python_tablet NAME OFFICER [OPTION]: enrol and clone a terminal of the second kind
python_tablet() {
	py "$1" enroll "$URL" "$(hufud terminal code --officer "$2" --scope $S 2>/dev/null)"
	py "$1" clone "${@:3}" >/dev/null
}
field() { py "$1" get $S "$2" "$3" | json "$4"; }
# newest NAME MEMBER: of the newest receipt that a terminal has
newest() { py "$1" receipts | tail -n 1 | python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin).get(sys.argv[1])))' "$2"; }
entries() { hufud check --json --scope $S | json scopes.0.entries; }
# match WHAT: the server, hufu's tablet and the Python one have one root
match() {
	py wu sync >/dev/null; sync li >/dev/null; py wu sync >/dev/null
	is "$1: hufu has the server's root" "$(server_root)" "$(root_of li)"
	is "$1: the Python terminal has it too" "$(server_root)" "$(py wu root $S)"
	is "$1: and the catalog's" "$(server_root catalog)" "$(py wu root catalog)"
}

holds "its modules keep to the vectors of every format" python3 tests/client/check_vectors.py

# a district of 240 subjects in four towns: the leaves of each town split
hufud init >/dev/null
hufud account add zhao --role coordinator --scope $S --password-file <(echo secret12345) >/dev/null
{ echo id,name,state; for i in 1 2 3; do echo "o$i,officer $i,active"; done; } >"$T/officers.csv"
{ echo id,name,address,town,state
  for i in $(seq 240); do echo "s$i,第 $i 家饭店,\"road $i, \"\"the corner\"\"\",00$((i % 4)),in_business"; done; } >"$T/subjects.csv"
{ echo "id,subject,officers,due,state"; echo "a1,s1,o1;o2,2026-12-31,issued"; } >"$T/assignments.csv"
for kind in officer subject assignment; do hufud import $kind "$T/${kind}s.csv" --scope $S >/dev/null; done
server_start
tablet li o1
python_tablet wu o2
match "after the clone"
holds "a signed main commit, and the rows since it, give what is held" py wu verify
holds "another clones without a snapshot" python_tablet xu o3 --by-sync
is "and has the same" "$(server_root)" "$(py xu root $S)"

# each makes records, moves one to another town, and has the other's
for i in $(seq 70); do echo "INSERT INTO visit(id,subject,town,state) VALUES('l$i','s$i','00$((i % 4))','open');"; done >"$T/sql"
on li "$(cat "$T/sql")"
for i in $(seq 40); do
	printf 'visit\tw%s\tsubject=s%s\ttown=00%s\tstate=open\tsummary=第 %s 次 "ok" \\ 😀\n' "$i" $((i + 70)) $((i % 2)) "$i"
done | py wu batch $S
py wu set $S visit w1 town=003 summary=moved
match "110 visits from both"
is "hufu reads what Python wrote" '第 2 次 "ok" \ 😀|000' "$(on li "SELECT summary || '|' || town FROM visit WHERE id='w2'")"
is "edits of one record before a sync are one" 'moved|003' "$(on li "SELECT summary || '|' || town FROM visit WHERE id='w1'")"
is "Python reads what hufu wrote" "s70" "$(field wu visit l70 subject)"
py wu set $S visit w2 town=002; py wu sync -m "one moves to another town" >/dev/null
match "a move between towns"

# different fields of one record merge; a set is merged by its elements
on li "UPDATE visit SET summary='kitchen clean', proof='[\"p1\",\"p3\"]' WHERE id='w3'"
py wu set $S visit w3 "reason=yearly check" "proof=p2;p1"
sync li >/dev/null
py wu sync >/dev/null
is "the receipt says what was merged" '["visit/w3"]' "$(newest wu merged)"
match "different fields"
is "both fields stand" "kitchen clean|yearly check" "$(field wu visit w3 summary)|$(field wu visit w3 reason)"
is "all elements stand" '["p1", "p2", "p3"]' "$(field wu visit w3 proof)"

# the same field apart is a conflict, in the same words on both; a later packet extends it, a decision ends it
on li "UPDATE visit SET summary='dirty' WHERE id='w4'"
py wu set $S visit w4 summary=tidy
py wu commit -m "in the morning"
py wu set $S visit w4 "summary=tidy, I looked twice"
sync li >/dev/null
py wu sync -m "in the evening" >/dev/null
id=$(newest wu conflicts | tr -d '[]"')
match "a conflict"
is "its id follows from the first packet" "$id" "$(PYTHONPATH=tests/client python3 -c '
import json, records, sys
print(records.conflict_id("visit", "w4", "summary", [json.loads(l)["packet"] for l in sys.stdin][-2]))' < <(py wu receipts))"
is "it has what both began from and both wrote" "open|第 4 次 \"ok\" \\ 😀|tidy, I looked twice|dirty" \
	"$(field wu conflict "$id" state)|$(field wu conflict "$id" base_value.summary)|$(field wu conflict "$id" terminal_value.summary)|$(field wu conflict "$id" server_value.summary)"
is "one question is open" 1 "$(py wu conflicts $S | grep -c ^open)"
hufud conflicts decide "$id" terminal --reason "I asked both" --scope $S --as zhao >/dev/null
match "a decision"
is "it stands on both" "tidy, I looked twice|tidy, I looked twice" "$(field wu visit w4 summary)|$(on li "SELECT summary FROM visit WHERE id='w4'")"

# what may not be merged is quarantined record by record, and the rest is merged
py wu set $S subject s5 "registration_no=mine" # not an inspector's
py wu set $S assignment a1 due=2027-01-01 # a field of the office
py wu set $S visit w5 summary=fine
py wu commit -m "three records, two of them not mine to write"
py wu set $S subject s5 "name=mine too"
py wu sync -m "and on top of it" >/dev/null
is "each with its code" '[["assignment/a1", "field"], ["subject/s5", "role"]]' "$(py wu receipts | tail -n 2 | head -n 1 | python3 -c '
import json, sys
print(json.dumps(json.load(sys.stdin)["quarantined"]))')"
is "and what rests on it" '[["subject/s5", "after_quarantine"]]' "$(newest wu quarantined)"
match "quarantine"
is "the main line stands again" 'road 5, "the corner"|2026-12-31' "$(field wu subject s5 address)|$(field wu assignment a1 due)"
is "the rest is merged" fine "$(on li "SELECT summary FROM visit WHERE id='w5'")"
is "the office sees them" "a1 s5 s5" "$(hufud quarantine list --scope $S --json | python3 -c '
import json, sys
print(*sorted(q["id"] for q in json.load(sys.stdin)["quarantine"]))')"

# an answer is lost, and a request comes twice: the same receipts, nothing twice
py wu set $S visit w6 summary=once
py wu sync --lose >/dev/null
before=$(entries)
py wu set $S visit w6 "summary=once more"
py wu sync >/dev/null
is "the packet of the lost answer is not merged again" $((before + 1)) "$(entries)"
is "the last request once more" "2 receipts, the same" "$(py wu resend)"
is "nothing was written twice" $((before + 1)) "$(entries)"
match "a lost answer"

# more than a packet holds: 1,000 records and the rest in the next
for i in $(seq 1100); do
	printf 'visit\tm%s\tsubject=s%s\ttown=00%s\tstate=open\n' "$i" $((i % 240 + 1)) $((i % 3))
done | py wu batch $S
before=$(py wu receipts | wc -l)
py wu sync >/dev/null
is "1,100 records are two packets" $((before + 2)) "$(py wu receipts | wc -l)"
match "1,100 records"
is "hufu has them" 1100 "$(on li "SELECT count(*) FROM visit WHERE id LIKE 'm%'")"

# every signature of the mirror, hufu's and the office's too, by the keys of the records that the terminal holds
hufud mirror >/dev/null
is "git's tree is the root" "$(git -C "$T/data/mirror.git" rev-parse "$S^{tree}")" "$(py wu root $S)"
holds "all packets and main commits verify" py wu audit "$T/data/mirror.git"
is "none was left out" "$(git -C "$T/data/mirror.git" rev-list --all | wc -l)" "$(awk '{ print $1 + $4 }' "$T/out")"

# a damaged row is found by the root
cp -r "$T/xu" "$T/yu"
py yu sync >/dev/null
sed -i 's/第 7 家饭店/第 7 家酒店/' "$T/yu/state.json"
fails 1 "give root" py yu sync
fails 1 "is not what the server has" py yu verify
holds "what is stored fits together" hufud check
passed
