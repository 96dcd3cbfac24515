# lib.sh - what the accept scripts share. Each script is a user at a shell: it
# calls the programs, stock sqlite3, git and curl, and compares what they say.
# usage: . tests/accept/lib.sh (from the project's folder)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
ROOT=$PWD
BIN=${OUT:-build}
export PATH="$ROOT/$BIN:$PATH" HUFU_ACCOUNT=admin
for p in hufud hufu; do
	[ -x "$BIN/$p" ] || { echo "$BIN/$p is missing: run make" >&2; exit 1; }
done
T=$(mktemp -d "${TMPDIR:-/tmp}/hufu-accept-XXXXXX")
export HUFU_DATA=$T/data
S=330106
SERVER= PORT=
finish() {
	code=$?
	[ -z "$SERVER" ] || kill "$SERVER" 2>/dev/null || true
	wait 2>/dev/null || true
	if [ $code -ne 0 ] && [ -n "${KEEP:-}" ]; then echo "kept $T" >&2; else rm -rf "$T"; fi
	exit $code
}
trap finish EXIT
# "Today" is one day in a whole script: none begins in the last three minutes of
# a day, of UTC or of the district (16:00 UTC), it waits until that is over.
for midnight in 57600 86400; do
	left=$((midnight - $(date +%s) % 86400))
	if [ $left -gt 0 ] && [ $left -le 180 ]; then sleep $((left + 1)); fi
done
# what every commitment of a draw announces, as options and as members of JSON
ANNOUNCED=(--due "$(date -u -d '30 days' +%F)" --seed-source lottery --seed-at "$(date -u +%F)")
ANNOUNCED_JSON="\"due\":\"${ANNOUNCED[1]}\",\"seed_source\":\"lottery\",\"seed_at\":\"${ANNOUNCED[5]}\""
CHECKS=0
# is "what a user expects" EXPECTED ACTUAL
is() {
	CHECKS=$((CHECKS + 1))
	if [ "$2" != "$3" ]; then
		printf 'not so: %s\n  expected: %s\n  but it is: %s\n' "$1" "$2" "$3" >&2
		exit 1
	fi
}
# holds "what a user expects" COMMAND...
holds() {
	local what=$1; shift
	CHECKS=$((CHECKS + 1))
	"$@" >"$T/out" 2>&1 || { echo "not so: $what" >&2; sed 's/^/  /' "$T/out" >&2; exit 1; }
}
# fails CODE "text in the message" COMMAND...
fails() {
	local code=$1 text=$2 got=0; shift 2
	CHECKS=$((CHECKS + 1))
	"$@" >"$T/out" 2>&1 || got=$?
	if [ "$got" -ne "$code" ] || ! grep -qi -- "$text" "$T/out"; then
		printf 'not so: "%s" exits %s (not %s) and says:\n' "$*" "$got" "$code" >&2
		sed 's/^/  /' "$T/out" >&2
		exit 1
	fi
}
passed() { echo "$CHECKS checks"; }
# skipped REASON: at the end of a script that could not hold all that it is for
skipped() { echo "$1; $CHECKS checks held"; exit 77; }
# JSON member of standard input: json a.b
json() { python3 -c '
import json, sys
v = json.loads(sys.stdin.readline())
for k in sys.argv[1].split("."): v = v[int(k)] if isinstance(v, list) else v[k]
print(v if not isinstance(v, (dict, list)) else json.dumps(v))' "$1"; }
# server_start [OPTION...]
# api METHOD PATH [curl arguments]: as $WHO (name:password), or nobody; the body goes to standard output, the status to $T/status
api() {
	local method=$1 path=$2; shift 2
	curl -s -o "$T/body" -w '%{http_code}' ${WHO:+-u "$WHO"} -X "$method" "$URL$path" "$@" >"$T/status"
	cat "$T/body"
}
# answers STATUS "text in the body" METHOD PATH [curl arguments]
answers() {
	local status=$1 text=$2; shift 2
	CHECKS=$((CHECKS + 1))
	api "$@" >/dev/null
	if [ "$(cat "$T/status")" != "$status" ] || ! grep -q -- "$text" "$T/body"; then
		printf 'not so: "%s" as %s answers %s (not %s) and says:\n' "$*" "${WHO%%:*}" "$(cat "$T/status")" "$status" >&2
		sed 's/^/  /' "$T/body" >&2
		exit 1
	fi
}
server_start() {
	: >"$T/serve.out"
	hufud serve --data "$HUFU_DATA" --listen "127.0.0.1:${PORT:-0}" "$@" >"$T/serve.out" 2>>"$T/serve.log" &
	SERVER=$!
	for _ in $(seq 100); do
		PORT=$(sed -n 's/.*on port \([0-9]*\).*/\1/p' "$T/serve.out")
		[ -z "$PORT" ] || break
		kill -0 "$SERVER" 2>/dev/null || { cat "$T/serve.log" >&2; return 1; }
		sleep 0.1
	done
	URL=http://127.0.0.1:$PORT
}
server_stop() { kill -TERM "$SERVER"; local code=0; wait "$SERVER" || code=$?; SERVER=; return "$code"; }
# A small district: officers o1 o2 o3, subjects s1..s9, one assignment.
district() {
	hufud init >/dev/null
	{ echo id,name,state,certificate,certificate_from,certificate_to,certificate_state
	  for i in 1 2 3; do echo "o$i,officer $i,active,ZJ-$i,2015-01-01,2099-12-31,valid"; done; } >"$T/officers.csv"
	{ echo id,name,address,town,state
	  for i in 1 2 3 4 5 6 7 8 9; do echo "s$i,subject $i,road $i,00$((i % 2 + 1)),in_business"; done; } >"$T/subjects.csv"
	{ echo "id,subject,officers,due,state"; echo "a1,s1,o1;o2,2099-12-31,issued"; } >"$T/assignments.csv"
	hufud import officer "$T/officers.csv" --scope $S >/dev/null
	hufud import subject "$T/subjects.csv" --scope $S >/dev/null
	hufud import assignment "$T/assignments.csv" --scope $S >/dev/null
}
# tablet NAME OFFICER: enrol and clone $T/NAME.db
tablet() {
	local code
	echo 246810 >"$T/pin"
	export HUFU_PIN_FILE=$T/pin
	code=$(hufud terminal code --officer "$2" --scope $S 2>/dev/null)
	hufu enroll "$URL" --code "$code" --replica "$T/$1.db" >/dev/null
	hufu clone --replica "$T/$1.db" >/dev/null
}
# SQL of a tablet: today in the district, and noon of it in milliseconds
TODAY="date('now','+8 hours')" NOON="(unixepoch(date('now','+8 hours'))*1000+14400000)"
# on NAME SQL: what an inspector does with stock sqlite3
# former REPLICA KIND ID: the tablet takes its edit for one that its officer might write when it was
# written, and sends it: the server judges it
former() { on "$1" "INSERT INTO hufu_meta(key,value) VALUES('former $2/$3','1')"; }
on() { sqlite3 "$T/$1.db" "$2" || return 1; }
sync() { hufu sync --replica "$T/$1.db" "${@:2}"; }
root_of() { hufu info --json --replica "$T/$1.db" | python3 -c '
import json, sys
print([s["root"] for s in json.load(sys.stdin)["scopes"] if s["scope"] == sys.argv[1]][0])' "${2:-$S}"; }
server_root() { hufud check --json --scope "${1:-$S}" | json scopes.0.root; }
