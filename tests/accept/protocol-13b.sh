#!/usr/bin/env bash
# What a terminal written from docs/protocol.md meets on a bad day: forks, keys, pages, new kinds, a server that says no.
. "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
py() { python3 tests/client/client.py "$T/$1" "${@:2}"; }
hostile() { python3 tests/client/hostile.py "$T/$1" $S "$2"; }
enrolled() { py "$1" enroll "$URL" "$(hufud terminal code --officer "$2" --scope $S 2>/dev/null)"; }
field() { py "$1" get $S "$2" "$3" | json "$4"; }
newest() { py "$1" receipts | tail -n 1 | json "$2"; }
same() { is "$1" "$(server_root) $(server_root catalog)" "$(py "${2:-wu}" root $S) $(py "${2:-wu}" root catalog)"; }

district
server_start
fails 1 "the code is wrong" py wu enroll "$URL" nocode
enrolled wu o2
py wu clone >/dev/null
tablet li o1
for i in 1 2; do py wu set $S visit h$i subject=s$i state=open town=001; done
py wu sync >/dev/null
same "a district of nine subjects"

# packets that are not as they should be: none is lost, and none stops the ones after it
is "changes that do not give the signed tree are asked for whole" "need_whole, then merged" "$(hostile wu need_whole)"
is "a packet waits for the one before it" "waiting, then merged merged" "$(hostile wu waiting)"
is "whole records that do not give it are kept aside, and said again" "unverifiable, then merged" "$(hostile wu unverifiable)"
same "after all that"
is "the last word stands" "second sent" "$(field wu visit h1 summary) $(field wu visit h2 summary)"
cp -r "$T/wu" "$T/copy"
is "a signature by nobody is not believed" unverifiable "$(hostile copy other_key)"
is "who signs for another is not merged" "merged, [['visit/h2', 'author']]" "$(hostile wu other_author)"
is "and wrote nothing" sent "$(hufud show visit h2 --scope $S --json | json record.summary)"
is "a body that was changed on the way" "400 application/problem+json bad_request" "$(hostile wu other_body)"
is "a signature that is another's" "403 application/problem+json denied" "$(hostile wu other_signature)"
is "a terminal that nobody knows" "403 application/problem+json denied" "$(hostile wu other_terminal)"
is "a format of years to come" "400 application/problem+json invalid" "$(hostile wu other_format)"
is "a scope of others has an error, the own goes on" "scope equal" "$(hostile wu other_scope)"
is "commits that the server never had" "unknown_head unknown_target" "$(hostile wu other_head)"

# a folder is restored from a copy, and both go on: a fork, and a new journal that says so
cp -r "$T/wu" "$T/old"
py wu set $S visit h1 "summary=by the tablet"; py wu sync >/dev/null
py old set $S visit h1 "reason=by its copy"; py old sync -m "after the restore" >/dev/null
py wu sync >/dev/null
same "both have what both wrote"; same "the copy too" old
is "it is merged" "by the tablet, by its copy" "$(field old visit h1 summary), $(field old visit h1 reason)"
hufud mirror >/dev/null
is "the first packet of the new journal names the forked one" 1 "$(git -C "$T/data/mirror.git" log --all --format=%B \
	--grep "after the restore" | grep -c '^Supersedes: [0-9a-f]\{40\}$')"
holds "the mirror verifies" py wu audit "$T/data/mirror.git"

# personal data: sealed here, opened there; a key that is wanted, and one that is destroyed
py wu set $S subject_private s4 phone=13800000000 "note=ask for 王"
py wu sync >/dev/null
sync li >/dev/null
is "hufu opens what Python sealed" "13800000000 ask for 王" "$(on li "SELECT phone || ' ' || note FROM subject_private WHERE id='s4'")"
on li "UPDATE subject_private SET phone='13800000001' WHERE id='s4'; INSERT INTO subject_private(id,phone) VALUES('s5','139')"
py wu set $S subject_private s4 phone=13800000002
sync li >/dev/null; py wu sync >/dev/null
is "Python opens what hufu sealed" 139 "$(field wu subject_private s5 phone)"
is "a conflict of personal data is sealed too" "13800000002 13800000001" "$(py wu get $S conflict_private "$(newest wu conflicts.0)" | python3 -c '
import json, sys
c = json.load(sys.stdin); print(c["terminal_value"]["phone"], c["server_value"]["phone"])')"
same "sealed records are in the root"
hufud key destroy s4 --scope $S --reason asked >/dev/null
py wu sync >/dev/null
is "nobody opens it any more" null "$(py wu get $S subject_private s4)"
is "others stay" 139 "$(field wu subject_private s5 phone)"
same "and the root stands"
holds "as with everybody" py wu verify

# a field and a kind that came after the client was written
hufud kind show visit | python3 -c '
import json, sys
k = json.load(sys.stdin)
k["fields"].append({"name": "weather", "type": "text", "label": {"zh": "天气", "en": "weather"}})
json.dump(k, sys.stdout)' >"$T/visit.json"
sed -e 's/"kind": *"recusal"/"kind": "umbrella"/' schema/kinds/recusal.json | python3 -c '
import json, sys
k = json.load(sys.stdin)
json.dump({"kind": "umbrella", "label": k["label"], "scope": "county", "class": "L2", "writers": ["inspector"],
	"fields": [{"name": "colours", "type": "set", "label": k["label"]}]}, sys.stdout)' >"$T/umbrella.json"
hufud kind load "$T/visit.json" >/dev/null; hufud kind load "$T/umbrella.json" >/dev/null
py wu sync >/dev/null
py wu set $S visit h2 weather=rain; py wu set $S umbrella u1 "colours=red;blue;red"
py wu sync >/dev/null; sync li >/dev/null
is "both are used at once" 'rain ["blue","red"]' "$(on li "SELECT weather || ' ' || (SELECT colours FROM umbrella) FROM visit WHERE id='h2'")"
same "a new kind"

# more than 4 MiB of rows come in pages up to one head, while others write
python3 - >"$T/many.csv" <<'P'
print("id,name,address,town,state")
for i in range(1500):
    print("p%d,subject %d,%s,00%d,in_business" % (i, i, "".join(chr(0x4e00 + (i * 7 + j * j) % 20000) for j in range(1000)), i % 5))
P
hufud import subject "$T/many.csv" --scope $S >/dev/null
py wu sync >/dev/null
same "over four megabytes"
is "there were further pages" yes "$(json pages <"$T/wu/state.json" | sed 's/^[1-9].*/yes/')"
enrolled xu o3
py xu clone --by-sync >/dev/null
same "a clone by pages alone" xu

# revoked: what it still sends is kept apart, and it gets nothing more
py wu set $S visit h2 "summary=too late"
hufud terminal revoke "$(json terminal <"$T/wu/state.json")" --reason lost --scope $S >/dev/null
fails 1 "$S revoked" py wu sync
is "its packet is kept" '[["visit/h2", "revoked"]]' "$(newest wu quarantined)"
is "and not merged" sent "$(hufud show visit h2 --scope $S --json | json record.summary)"
fails 1 "status 403" py wu verify
holds "what is stored fits together" hufud check
passed
