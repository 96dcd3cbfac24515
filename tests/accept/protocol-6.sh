#!/usr/bin/env bash
# Versions apart: what earlier ones left works on, a kind is never loaded that would break them, and a later one is told from damage.
. "$(dirname "$0")/lib.sh"

# A folder and a tablet of each earlier version, under today's programs: nothing is asked, nothing is lost.
for past in fixtures/compat/*/; do
	name=$(basename "$past")
	mkdir "$T/$name"
	tar -xJf "$past/states.tar.xz" -C "$T/$name"
	export HUFU_DATA=$T/$name/after HUFU_PIN_FILE=$T/pin
	echo 246810 >"$T/pin"
	cp "$T/$name/edited.db" "$T/$name.db"
	holds "$name: the folder fits together" hufud check
	holds "$name: the tablet's file is sound" hufu verify --replica "$T/$name.db"
	is "$name: the halves match as they did" "$(server_root)" "$(root_of "$name")"
	hufud kind load schema/kinds >"$T/loaded" 2>&1 || { cat "$T/loaded" >&2; exit 1; }
	is "$name: today's kinds are an extension of those of then" "" "$(grep -v ': loaded$\|: unchanged$\|upgrade folder' "$T/loaded" || true)"
	PORT=; server_start
	on "$name" "UPDATE hufu_meta SET value='$URL' WHERE key='url'"
	on "$name" "UPDATE visit SET summary='and today' WHERE id='v1'"
	holds "$name: what was not sent then is sent today" sync "$name"
	is "$name: it arrived" "and today" "$(hufud show visit v1 --scope $S --json | json record.summary)"
	is "$name: with the state of then" in_progress "$(hufud show assignment a1 --scope $S --json | json record.state)"
	is "$name: the halves match" "$(server_root)" "$(root_of "$name")"
	holds "$name: and verify" hufu verify --replica "$T/$name.db"
	holds "$name: the folder is sound" hufud check
	server_stop
done

# A file or a folder of a later version is no damage: it says which side to update, and stays as it is.
on "$name" "UPDATE hufu_meta SET value='9' WHERE key='format'"
before=$(sha256sum <"$T/$name.db")
fails 1 "was written by a later version (format 9, this program knows 1): update this program" hufu status --replica "$T/$name.db"
fails 1 "update this program" hufu sync --replica "$T/$name.db"
is "the file of a later version is not touched" "$before" "$(sha256sum <"$T/$name.db")"
on "$name" "UPDATE hufu_meta SET value='1' WHERE key='format'"
holds "and is there again for the program that knows it" hufu verify --replica "$T/$name.db"

# A kind grows; what would break tablets or records is refused in a sentence, and nothing has changed then.
# changed KIND PYTHON: a kind file of the server with something done to it (o the file, f its fields by name)
changed() {
	hufud kind show "$1" >"$T/kind.json"
	python3 - "$T/kind.json" "$2" <<'PY'
import json, sys
o = json.load(open(sys.argv[1])); f = {x["name"]: x for x in o["fields"]}
exec(sys.argv[2]); json.dump(o, open(sys.argv[1], "w"))
PY
}
root=$(server_root catalog)
refuses() { changed "$1" "$2"; fails 1 "$3" hufud kind load "$T/kind.json"; }
refuses visit 'o["fields"].remove(f["summary"])' "kind 'visit' loses its field 'summary': keep it"
refuses visit 'f["summary"]["name"] = "abstract"' "loses its field 'summary'"
refuses visit 'f["reason"]["type"] = "int"' "field 'reason' changes its type: add another field"
refuses visit 'f["subject"]["refers"] = "officer"' "refers to 'subject'"
refuses violation 'f["severity"]["values"].remove("low")' "loses its value 'low'"
refuses visit 'f["summary"]["rule"] = "lww"' "say \"rule_was\":\"text\" in the field if it is meant"
refuses visit 'o["fields"].append({"name": "noise", "type": "int", "label": {"zh": "噪声", "en": "noise"}, "required": True})' "the new field 'noise' is required"
refuses visit 'o["scope"] = "catalog"' "changes its scope"
is "nothing of it was loaded" "$root" "$(server_root catalog)"
changed visit 'f["summary"].update(rule="lww", rule_was="text"); o["fields"].append({"name": "noise", "type": "int", "label": {"zh": "噪声", "en": "noise"}})'
holds "a rule that is replaced knowingly, and a new field" hufud kind load "$T/kind.json"
server_start
on "$name" "UPDATE hufu_meta SET value='$URL' WHERE key='url'"
holds "they reach a tablet that an earlier version made" sync "$name"
on "$name" "UPDATE visit SET noise=54 WHERE id='v1'"
holds "which writes the new field" sync "$name"
is "and it arrived" 54 "$(hufud show visit v1 --scope $S --json | json record.noise)"
is "the halves match after all of it" "$(server_root)" "$(root_of "$name")"
passed
