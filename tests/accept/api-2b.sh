#!/usr/bin/env bash
# What somebody enters over HTTP is held to the rules of `hufud set`: the same is refused, the same is flagged.
. "$(dirname "$0")/lib.sh"
district
hufud import division fixtures/zhejiang/divisions.csv >/dev/null
printf '%s\n' "a password of chen" >"$T/pw"
hufud account add chen --role coordinator --scope $S --password-file "$T/pw" >/dev/null
WHO="chen:a password of chen"
server_start --limit-factor 0
post() { # post STATUS "text" BODY [KIND]
	answers "$1" "$2" POST "/v1/${4:-subjects}?scope=$S" -H "Content-Type: application/json" \
		-H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" -d "$3"
}
patch() { # patch STATUS "text" BODY [ID]
	answers "$1" "$2" PATCH "/v1/subjects/${4:-s1}?scope=$S" -H "Content-Type: application/merge-patch+json" -H "If-Match: *" -d "$3"
}
# both VALUE NAME "sentence": refused by the command, when made and when changed
both() {
	fails 1 "$3" hufud set subject y1 --new name=x "$2=$1" --scope $S --as chen
	post 400 "$3" "$(python3 -c 'import json, sys; print(json.dumps({"name": "x", sys.argv[1]: sys.argv[2]}))' "$2" "$1")"
	patch 400 "$3" "$(python3 -c 'import json, sys; print(json.dumps({sys.argv[1]: sys.argv[2]}))' "$2" "$1")"
}
both 999 town "there is no town '999'"
both 9133 uscc "has 4 characters, not 18"
both "９１３３" uscc "credit code"
both 91330106MA2XJ0I0X1 uscc "credit code"
both ZZZZZ industry "no code of GB/T 4754"
both $'a\x1b[31m' name "control character"
both $'a\xc2\x9b31m' name "control character" # one character that begins a sequence, too
both $'a\xe2\x80\xaetxt' name "turns the direction"
post 400 '"pointer":"/tags/1","detail":"holds a control character' '{"name":"x","tags":["a","b\u001b]0;x\u0007"]}'
patch 400 '"pointer":"/tags/0"' '{"tags":["\u007f"]}'
patch 200 '"name":"a\\tb"' '{"name":"a\tb"}' s3 # a tab is none, nor is a line's end
fails 1 "field 'tags' holds a control character" hufud set subject y1 --new name=x tags=$'a;b\x1b' --scope $S --as chen
fails 1 "field 'name' is missing" hufud set subject y1 --new name= --scope $S --as chen
post 409 "field 'name' is missing" '{"name":""}'
post 409 "field 'name' is missing" '{"name":" \t"}'
patch 409 "field 'name' is missing" '{"name":""}'
post 400 "there is no town '777'" '{"name":"x","town":"777","state":"active"}' officers
post 400 "no code of GB/T 4754" '{"id":"taken","name":"x","industry":"ZZZZZ"}'
is "nothing of it stands" 9 "$(hufud export subjects --scope $S | tail -n +2 | wc -l)"

# what is odd goes in and is flagged, as by the command; the flag goes with its cause
bad=91330106MA2XJ0B0X0
fails 0 "flagged uscc_check" hufud set subject y2 --new name=x uscc=$bad --scope $S --as chen
post 201 '"uscc_check"' '{"id":"y3","name":"  x ","uscc":"'${bad,,}'"}'
is "in capitals, without white space" "x $bad" "$(jq -r '.name + " " + .uscc' "$T/body")"
flags() { hufud show subject "$1" --json | jq -c '.record.flags'; }
is "and both that share it" "$(flags y2)" "$(flags y3)"
patch 200 '"registration_no":"330106000012345"' '{"uscc":"330106000012345"}' y3
is "a registration number in its place is no code, and has no flag" "null null" "$(jq -r '"\(.uscc) \(.flags)"' "$T/body")"
patch 200 '"phone":"1"' '{"phone":" 1 "}' s2
patch 200 '"id":"s2"' '{"phone":""}' s2
is "an empty text is none" null "$(jq .phone "$T/body")"
holds "the folder is whole" hufud check
passed
