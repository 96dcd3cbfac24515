#!/usr/bin/env bash
# The examples of docs/api run as they stand, and do what they say.
. "$(dirname "$0")/lib.sh"
district
token() { hufud token make "$1" --label example --json | json token; }
for a in "chen coordinator" "ma analyst" "he inspector"; do
	hufud account add ${a% *} --role ${a#* } --scope $S >/dev/null
done
hufud account add song --role auditor --scope '*' >/dev/null
server_start --limit-factor 0
export HUFU_URL=$URL
E=$ROOT/docs/api
export HUFU_WORK=$T/work
is "a coordinator makes, changes and cancels an assignment" "cancelled due 2099-12-30" \
	"$(HUFU_TOKEN=$(token chen) bash "$E/coordinator.sh" $S s2 o1 o2 2099-12-01 2099-12-30 | cut -d' ' -f2-)"
is "an inspector sees what is due" "a1 s1 issued due 2099-12-31" "$(HUFU_TOKEN=$(token he) bash "$E/inspector.sh" $S o1 2099-12-31)"
is "and what is due later is not there" "" "$(HUFU_TOKEN=$(hufud token make he --label two --json | json token) bash "$E/inspector.sh" $S o1 2099-12-30)"
HUFU_TOKEN=$(token song) bash "$E/auditor.sh" $S s1 >"$T/history"
is "an auditor sees who imported a subject" 1 "$(grep -c ' admin: .*name' "$T/history")"
holds "and the head of the log" grep -q '"head"\|"hash"' "$T/history"
export HUFU_TOKEN=$(token ma)
python3 "$E/analyst.py" $S "$T/subjects.jsonl"
is "an analyst has every subject once" "s1 s2 s3 s4 s5 s6 s7 s8 s9" "$(jq -r .id "$T/subjects.jsonl" | tr '\n' ' ' | sed 's/ $//')"
sed 's/^LIMIT = 1000$/LIMIT = 4/' "$E/analyst.py" >"$T/analyst.py"
python3 "$T/analyst.py" $S "$T/paged"
holds "over pages the same" cmp "$T/paged" "$T/subjects.jsonl"
head -n 7 "$T/subjects.jsonl" >"$T/half" # killed behind a page that was not noted
jq -n --arg cursor "$(curl -s -H "Authorization: Bearer $HUFU_TOKEN" "$URL/v1/subjects?scope=$S&limit=5" | jq -r .next)" \
	--argjson bytes "$(head -n 5 "$T/half" | wc -c)" '{cursor: $cursor, bytes: $bytes}' >"$T/half.cursor"
python3 "$E/analyst.py" $S "$T/half"
holds "and goes on where it ended" cmp "$T/half" "$T/subjects.jsonl"
python3 - "$T/turned" <<'PY' &
import http.server, sys
asked = []
class Busy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        self.send_response(200 if len(asked) > 1 else 429)
        if len(asked) == 1:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(b'{"items": [{"id": "s1"}]}' if len(asked) > 1 else b'{"detail": "too many"}')
    def log_message(self, *rest): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Busy)
print(server.server_port, file=open(sys.argv[1], "w"), flush=True)
server.handle_request(); server.handle_request()
PY
for i in $(seq 50); do [ -s "$T/turned" ] && break; sleep 0.1; done
HUFU_URL=http://127.0.0.1:$(cat "$T/turned") python3 "$E/analyst.py" $S "$T/busy"
is "and comes back when it is told to" '{"id": "s1"}' "$(cat "$T/busy")"
HUFU_TOKEN=$(token admin) python3 "$E/administrator.py" >"$T/accounts"
is "an administrator sees the accounts" 1 "$(grep -c "^chen coordinator $S$" "$T/accounts")"
is "and who asks" "admin asks by token" "$(tail -n 1 "$T/accounts")"

export PYTHONDONTWRITEBYTECODE=1
new() { hufud set "$1" "$2" "${@:3}" --new --scope $S >/dev/null; }
export HUFU_TOKEN=$(hufud token make chen --label more --json | json token)
hufud form load fixtures/forms/fire-safety.json >/dev/null
new visit v1 subject=s1 officers='o1;o2' state=open form="$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT id FROM form")"
bash "$E/verdict.sh" $S v1 >"$T/verdict"
is "a visit without answers is not complete" "v1 incomplete" "$(head -n 1 "$T/verdict")"
is "and every point is open" "$(jq .points\|length fixtures/forms/fire-safety.json)" "$(grep -c '^open ' "$T/verdict")"

tablet a o1
on a "UPDATE visit SET summary='clean' WHERE id='v1'"
hufud set visit v1 summary=dirty --scope $S >/dev/null
sync a >/dev/null || true
is "two words about one visit are a conflict" 1 "$(python3 "$E/decide.py" $S | grep -c " visit v1 terminal .*clean.* server .*dirty")"
is "which a coordinator decides" "decided terminal by chen" "$(python3 "$E/decide.py" $S "$(python3 "$E/decide.py" $S | cut -d' ' -f1)" terminal 'seen on the spot')"
is "and what was decided stands" clean "$(sqlite3 "$HUFU_DATA/hufu.db" "SELECT summary FROM visit WHERE id='v1'")"
is "and no other is open" "" "$(python3 "$E/decide.py" $S)"

{ echo id,certificate; for i in 1 2 3; do echo "o$i,ZJ-$i"; done; } >"$T/certificates.csv"
hufud import officer "$T/certificates.csv" --scope $S >/dev/null
read -r draw state commitment < <(python3 "$E/draw.py" commit $S 3 2027-03-31 lottery "${ANNOUNCED[5]}")
is "a draw is committed" "committed 64" "$state ${#commitment}"
is "and run when its seed is there" "3 assigned the log says the same: True" "$(echo $(python3 "$E/draw.py" run $S "$draw" 07-11-19 "$T/paper.json"))"
is "anybody verifies the paper" 1 "$(python3 docs/verify_draw.py "$T/paper.json" | grep -c "^draw $draw verified: 3 of 9 subjects")"
is "that has this commitment" "$commitment" "$(jq -r '.commitment' "$T/paper.json")"
fails 1 "409: .*request [0-9a-z]\{20\}" python3 "$E/draw.py" run $S "$draw" 1-2-3 "$T/paper.json"

new violation y1 subject=s3 severity=high found_on=2026-01-10 state=open
HUFU_TOKEN=$(hufud token make ma --label ratings --json | json token) python3 "$E/ratings.py" $S 2026-07-31 s3 >"$T/ratings"
is "all are rated, and one is worse" "would write 9 of 9 by default 1;wrote 9 of 9 by default 1;s3 960 A;9 computed again, 0 differ" \
	"$(grep -v '^  ' "$T/ratings" | paste -sd';')"
is "no key is left where all was answered" "" "$(ls "$T" | grep -x work || true)"
fails 1 "403: account 'chen' may not: this is for" python3 "$E/administrator.py"
fails 1 "account 'chen' may not: this is for" bash "$E/auditor.sh" $S s1
is "because of what was found" 1 "$(grep -c '^  .*y1' "$T/ratings")"

echo "long enough a word" >"$T/pw"
hufud account set-password chen --password-file "$T/pw" >/dev/null
is "a token has what it was given, until it is revoked" "chen by token in $S;night export revoked" \
	"$(HUFU_LOGIN="chen:long enough a word" bash "$E/tokens.sh" "night export" $S "$(date -u -d "30 days" +%FT00:00:00Z)" | paste -sd';')"
is "every example is shown" "" "$(ls docs/api | grep -vE '^(README|rights)\.md$|^__' | while read -r f; do grep -q "\`$f" docs/api/README.md || echo "$f"; done)"

# -- a line that is cut: the same key, one assignment
made() { sqlite3 "$HUFU_DATA/hufu.db" "SELECT count(*) FROM assignment WHERE subject = 's7'"; }
export HUFU_TOKEN=$(hufud token make chen --label cut --json | json token)
mkdir "$T/bin"
printf '#!/bin/sh\n/usr/bin/curl "$@" >/dev/null\nexit 56\n' >"$T/bin/curl" # done there, and the reply is lost
chmod +x "$T/bin/curl"
is "a coordinator whose line is cut" 56 "$(PATH="$T/bin:$PATH" bash "$E/coordinator.sh" $S s7 o1 o2 2099-12-01 2099-12-30 >/dev/null 2>&1; echo $?)"
is "it was made, and nobody heard of it" 1 "$(made)"
holds "so it is run again" bash "$E/coordinator.sh" $S s7 o1 o2 2099-12-01 2099-12-30
is "and there is still one" 1 "$(made)"
holds "run again as new work it makes another" bash "$E/coordinator.sh" $S s7 o1 o2 2099-12-01 2099-12-30
is "which is the second" 2 "$(made)"

# -- orders, a listener that is stopped and comes back, and a citizen
printf 'id,subject,visited_on,state\nve,s4,2026-01-05,recorded\n' >"$T/ve.csv"
hufud import visit "$T/ve.csv" --scope $S >/dev/null
new rectification r9 visit=ve subject=s4 content='clean the filter' state=issued term_days=5
python3 "$E/listen.py" $S "$T/last" 2 >"$T/heard" &
LISTENER=$!
for i in $(seq 100); do [ -s "$T/last" ] && break; sleep 0.1; done
is "an order is served and proved" "r9 served,r9 proof_in" "$(bash "$E/orders.sh" $S r9 2026-01-12 photo | paste -sd,)"
wait $LISTENER
hufud set subject s4 name=renamed --scope $S --as chen >/dev/null
python3 "$E/listen.py" $S "$T/last" 1 >>"$T/heard"
is "a listener hears each once, whenever it listens" "rectification r9 serve_rectification by chen,rectification r9 prove_rectification by chen,subject s4 set by chen" \
	"$(cut -d' ' -f2- "$T/heard" | paste -sd,)"
is "a citizen verifies the paper" 1 "$(env -u HUFU_TOKEN bash "$E/citizen.sh" "$draw" "$T/public.json" | grep -c "^draw $draw verified: 3 of 9")"

# -- accounts and codes, files, search, recusals, the log
echo "a long password" >"$T/pw"
hufud account set-password admin --password-file "$T/pw" >/dev/null
export HUFU_LOGIN="admin:a long password"
is "an account for a colleague" "liu analyst in $S" "$(bash "$E/accounts.sh" add liu analyst $S "$T/pw")"
fails 1 "account 'liu' exists already" bash "$E/accounts.sh" add liu analyst $S "$T/pw"
is "a refusal leaves no key" "" "$(ls "$T" | grep -x work || true)"
holds "a code lets a tablet in" sh -c "bash '$E/accounts.sh' code $S o2 | grep -qx '[0-9a-z]\{20\}'"
is "and an account is ended" "liu disabled" "$(bash "$E/accounts.sh" disable liu)"
mine() { HUFU_ACCOUNT=$1 hufud token make "$1" --label "$2" --json | json token; } # one's own, as deeds for a second person need
export HUFU_TOKEN=$(mine chen files)
bash "$E/files.sh" export $S subject "$T/out.csv" >"$T/sum"
holds "a file with its checksum" sha256sum -c --quiet "$T/sum"
is "that has every subject" 9 "$(($(wc -l <"$T/out.csv") - 1))"
is "and changes nothing when it comes back" "9 read, 0 new, 0 changed, 9 the same, 0 refused" "$(bash "$E/files.sh" import $S subject "$T/out.csv")"
printf 'id,name,town\ns77,teahouse,001\ns78,inn,zzz\n' >"$T/new.csv"
fails 3 "2 read, 1 new, 0 changed, 0 the same, 1 refused" bash "$E/files.sh" import $S subject "$T/new.csv"
fails 1 "." bash "$E/files.sh" export $S nothing "$T/none.csv"
is "what is refused leaves no file" "" "$(ls "$T" | grep none || true)"
is "it is found by a part of its name" "subject s77 teahouse" "$(bash "$E/search.sh" $S eahou)"
id=$(bash "$E/recusal.sh" ask $S o1 s1 "his brother's shop")
fails 1 "for a second person" bash "$E/recusal.sh" grant $S "$id"
hufud account add zhao --role coordinator --scope $S >/dev/null
is "another grants what one asked" "o1 at s1: granted by zhao" "$(HUFU_TOKEN=$(mine zhao recusals) bash "$E/recusal.sh" grant $S "$id")"
is "the log has both, and the refusal" "chen recusal refused,zhao recusal ok" \
	"$(HUFU_TOKEN=$(mine song log) python3 "$E/log.py" $S "$id" | grep grantRecusal | awk '{ print $2, $4, $6 }' | paste -sd,)"
passed
