#!/usr/bin/env bash
# A sync as a file: out on a stick, back on a stick; by a colleague's tablet; and nothing else than what was asked is taken.
. "$(dirname "$0")/lib.sh"
district
server_start
tablet a o1
tablet b o2
bundle() { hufu bundle "$2" "${@:3}" --replica "$T/$1.db"; }
office() { hufud bundle apply "$T/$1" --answer "$T/$2"; }
cut() { head -c "$3" "$T/$1" >"$T/$2"; }
# flip FILE COPY WHERE: a copy with one bit turned, WHERE bytes before the end
flip() { python3 -c '
import sys
b = bytearray(open(sys.argv[1], "rb").read()); b[-int(sys.argv[3])] ^= 4
open(sys.argv[2], "wb").write(b)' "$T/$1" "$T/$2" "$3"; }
state() { hufud show assignment a1 --scope $S --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["record"]["state"])'; }
server_stop

# --- no network at all: what the inspector did goes out as a file ---
on a "UPDATE assignment SET state='accepted' WHERE id='a1'"
fails 1 "cannot reach" sync a
on a "UPDATE assignment SET accept_note='by bus' WHERE id='a1'"
holds "the bundle is written" bundle a create "$T/a1.bundle"
is "it has both packets" 1 "$(grep -c '2 packets' "$T/out")"
fails 1 "already a file" bundle a create "$T/a1.bundle"
is "only its owner may read it" 600 "$(stat -c %a "$T/a1.bundle")"
fails 1 "no bundle" office pin a1.answer
cut a1.bundle cut.bundle 500
fails 1 "cut or altered" office cut.bundle cut.answer
flip a1.bundle bad.bundle 9
fails 1 "cut or altered" office bad.bundle bad.answer
sed 's/{"format":1,"hufu"/{"format":2,"hufu"/' "$T/a1.bundle" >"$T/later.bundle"
fails 1 "later version" office later.bundle later.answer
is "nothing of these was taken in" issued "$(state)"
is "and none was answered" "" "$(cd "$T" && echo $(ls | grep answer))"
fails 2 "answer" hufud bundle apply "$T/a1.bundle"
holds "the office takes it in" office a1.bundle a1.answer
is "with two packets" 1 "$(grep -c '2 packets up' "$T/out")"
is "it stands on the main line" accepted "$(state)"
is "signed by the officer" o1 "$(hufud blame assignment a1 --scope $S --json | python3 -c '
import json, sys
print([f["author"] for f in json.load(sys.stdin)["fields"] if f["field"] == "state"][0])')"
HEAD=$(server_root)
fails 1 "already a file" office a1.bundle a1.answer
holds "the same bundle again" office a1.bundle a1b.answer
is "changes nothing" "$HEAD" "$(server_root)"
is "names of what is in the file cannot be read" 0 "$(grep -c 'by bus\|assignment' "$T/a1.bundle" "$T/a1.answer" | grep -vc ':0')"

# --- the tablet goes on meanwhile; the answer finds it edited ---
on a "UPDATE subject SET phone='0571-1' WHERE id='s2'" 2>/dev/null || true
on a "UPDATE assignment SET accept_note='on foot' WHERE id='a1'"
cut a1.answer cut.answer 300
fails 1 "cut or altered" bundle a apply "$T/cut.answer"
flip a1.answer bad.answer 30
fails 1 "cut or altered" bundle a apply "$T/bad.answer"
sed "s/\"sha256\":\"[0-9a-f]*\"/\"sha256\":\"$(python3 -c '
import hashlib, sys
print(hashlib.sha256(open(sys.argv[1], "rb").read().split(b"\n", 2)[2]).hexdigest())' "$T/bad.answer")\"/" "$T/bad.answer" >"$T/worse.answer"
fails 1 "does not open" bundle a apply "$T/worse.answer"
fails 1 "no answer for this terminal" bundle b apply "$T/a1.answer"
fails 1 "is a request" bundle a apply "$T/a1.bundle"
holds "the tablet applies the answer" bundle a apply "$T/a1.answer"
is "equal to the server" "$HEAD" "$(root_of a)"
is "what was edited meanwhile is still there" "on foot" "$(on a "SELECT accept_note FROM assignment WHERE id='a1'")"
holds "the same answer twice" bundle a apply "$T/a1.answer"
is "changes nothing, and says so" 1 "$(grep -c 'applied before' "$T/out")"
holds "nor does the second answer to the same request" bundle a apply "$T/a1b.answer"
holds "the file is whole" hufu verify --replica "$T/a.db"

# --- a sync by network between request and answer ---
holds "another bundle" bundle a create "$T/a2.bundle"
server_start
holds "then there is a network after all" sync a
ROOT=$(root_of a)
holds "the bundle arrives all the same" office a2.bundle a2.answer
is "and changes nothing" "$ROOT" "$(server_root)"
fails 1 "older than what the replica has" bundle a apply "$T/a2.answer"
is "the tablet stays as it is" "$ROOT" "$(root_of a)"
holds "and syncs as ever" sync a
is "the note came once" "on foot" "$(hufud show assignment a1 --scope $S --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["record"]["accept_note"])')"

# --- no way to the office for A: a colleague's tablet carries it ---
on a "UPDATE assignment SET state='in_progress' WHERE id='a1'"
bundle a create "$T/a3.bundle" >/dev/null
fails 1 "nothing of other tablets" bundle a carry "$T/a3.bundle"
cut a3.bundle cut3.bundle 400
fails 1 "cut or altered" bundle b carry "$T/cut3.bundle"
flip a3.bundle bad3.bundle 20
fails 1 "cut or altered" bundle b carry "$T/bad3.bundle"
holds "B takes it along" bundle b carry "$T/a3.bundle"
holds "once" bundle b carry "$T/a3.bundle"
is "it waits on B" 1 "$(bundle b list | grep -c ^waiting)"
fails 1 "no answer here" bundle b answers "$T/early.answer"
is "nothing of it can be read on B" "accepted" "$(on b "SELECT state FROM assignment WHERE id='a1'" | sed s/issued/accepted/)"
holds "B syncs" sync b
is "and hands it over" 1 "$(grep -c '1 request of other tablets handed over' "$T/out")"
is "it stands on the main line" in_progress "$(state)"
is "in the name of A's officer" o1 "$(hufud blame assignment a1 --scope $S --json | python3 -c '
import json, sys
print([f["author"] for f in json.load(sys.stdin)["fields"] if f["field"] == "state"][0])')"
is "B has the answer" 1 "$(bundle b list | grep -c ^answered)"
holds "B syncs again, and hands nothing over twice" sync b
is "not twice" 0 "$(grep -c 'handed over' "$T/out" || true)"
holds "B writes it" bundle b answers "$T/a3.answer"
holds "on B it is only kept" bundle b apply "$T/a3.answer"
holds "A takes it" bundle a apply "$T/a3.answer"
is "what A sent is acknowledged" merged "$(hufu log --json --replica "$T/a.db" | python3 -c '
import json, sys
print(json.loads(sys.stdin.readline())[0]["receipt"]["state"])')"

# --- what B carries is A's alone: a request that somebody made up is refused ---
python3 - "$T/a3.bundle" "$T/forged.bundle" "$(hufu info --json --replica "$T/b.db" | json terminal)" <<'PY'
import json, sys
top, head, box = open(sys.argv[1], "rb").read().split(b"\n", 2)
head = json.loads(head)
head["terminal"] = "someoneelse"; head["digest"] = "0" * 64
open(sys.argv[2], "wb").write(top + b"\n" + json.dumps(head).encode() + b"\n" + box)
PY
fails 1 "not enrolled here" office forged.bundle forged.answer
holds "B takes it for a request" bundle b carry "$T/forged.bundle"
holds "its own sync does not suffer" sync b
is "and the server's word is shown" 1 "$(bundle b list | grep -c '^refused.*not enrolled')"

# --- B without a network either: both in one file, both answers in one ---
on a "UPDATE assignment SET accept_note='third' WHERE id='a1'"
bundle a create "$T/a4.bundle" >/dev/null
bundle b carry "$T/a4.bundle" >/dev/null
holds "B's own bundle takes A's along" bundle b create "$T/b4.bundle"
is "as it says" 1 "$(grep -c '1 request of other tablets' "$T/out")"
holds "the office answers both" office b4.bundle b4.answer
is "two of them" 2 "$(grep -c '^terminal' "$T/out")"
holds "B applies its own and keeps A's" bundle b apply "$T/b4.answer"
is "one kept" 1 "$(grep -c '1 answer for other tablets kept' "$T/out")"
holds "A takes its own out of the same file" bundle a apply "$T/b4.answer"
is "A equals the server" "$(server_root)" "$(root_of a)"
is "and B" "$(server_root)" "$(root_of b)"

# --- a revoked terminal: what it signed is kept aside, and it is told ---
on a "UPDATE assignment SET accept_note='too late' WHERE id='a1'"
bundle a create "$T/a5.bundle" >/dev/null
ENROLMENT=$(hufu info --json --replica "$T/a.db" | json enrolment)
hufud terminal revoke "$ENROLMENT" --reason lost --scope $S >/dev/null
holds "the office takes it in" office a5.bundle a5.answer
is "and says that it is revoked" 1 "$(grep -c 'revoked' "$T/out")"
fails 1 "revoked" bundle a apply "$T/a5.answer"
is "nothing of it was merged" third "$(hufud show assignment a1 --scope $S --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["record"]["accept_note"])')"
holds "the data folder is whole" hufud check
passed
