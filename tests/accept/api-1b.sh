#!/usr/bin/env bash
# A kind that an administrator loads never breaks the API: its words are texts, and names that are taken are refused.
. "$(dirname "$0")/lib.sh"
district
printf '%s\n' "a password of adm" >"$T/pw"
hufud account add adm --role administrator,inspector --scope '*' --password-file "$T/pw" >/dev/null
WHO="adm:a password of adm"
J="Content-Type: application/json"
# kind NAME LABEL: a kind file with one field
kind() { python3 -c '
import json, sys
print(json.dumps({"kind": sys.argv[1], "label": {"zh": "甲", "en": sys.argv[2]}, "scope": "county", "class": "L2", "writers": ["inspector"],
	"fields": [{"name": "depth", "type": "int", "label": {"zh": "深度" * 80, "en": sys.argv[2]}}]}))' "$@"; }
load() { # load NAME: over HTTP, and by the command from a file
	kind "$1" "${2:-plain}" >"$T/$1.json"
	post() { api POST /v1/kinds -H "$J" -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" --data-binary "@$T/$1.json"; }
	post "$1"
}
server_start --limit-factor 0

# whatever a label holds is a text of the document
load well 'well "type A", \ {kind} {"x-hufu":1}' >/dev/null
is "a label may hold anything" 200 "$(cat "$T/status")"
answers 200 '"account":"adm"' GET /v1/me
is "and stands in the document as it is" 'well "type A", \ {kind} {"x-hufu":1} (深度深度深度' "$(api GET /v1/openapi.json | python3 -c '
import json, sys
d = json.load(sys.stdin)
assert any("well \"type A\", \\ {kind} {\"x-hufu\":1}" in o["summary"] for o in d["paths"]["/v1/wells"].values() if isinstance(o, dict)), d["paths"]["/v1/wells"]
print(d["components"]["schemas"]["WellNew"]["properties"]["depth"]["description"][:len(sys.argv[1])])' 'well "type A", \ {kind} {"x-hufu":1} (深度深度深度')"
answers 200 'well &quot;type A&quot;' GET /v1/docs

# names of operations, schemas, paths and tables that are there
before=$(hufud kind list | wc -l)
for name in document health me audit_head terminal_code draw_report \
	problem history town change scope event deadline export agencie visit_new \
	account token audit session log packet journal meta idempotency held contact main_commit log_record; do
	load "$name" >"$T/said"
	is "$name is refused over HTTP" 400 "$(cat "$T/status")"
	holds "with a sentence" grep -q "no kind can be named '$name'" "$T/said"
	fails 1 "no kind can be named '$name'" hufud kind load "$T/$name.json"
done
is "none of them is there" "$before" "$(hufud kind list | wc -l)"
# a good one after them, in the same folder and the same process
mkdir "$T/many"
cp "$T/me.json" "$T/token.json" "$T/many"
kind zone zone >"$T/many/zone.json"
fails 1 "no kind can be named 'me'" hufud kind load "$T/many"
answers 200 '"items":\[\]' GET "/v1/zones?scope=$S"
answers 200 '"account":"adm"' GET /v1/me
holds "the folder is whole" hufud check
server_stop
server_start --limit-factor 0
answers 200 '"items":\[\]' GET "/v1/wells?scope=$S"
server_stop

# a folder is not made with such kinds either
cp -r schema "$T/schema"
cp "$T/document.json" "$T/schema/kinds"
fails 1 "getDocument" hufud init --data "$T/other" --schema "$T/schema"
holds "nothing of it" test ! -e "$T/other"
passed
