#!/usr/bin/env bash
# What is asked for costs what is found: lists with filters and changes of rare kinds look at 20,000 rows a page.
. "$(dirname "$0")/lib.sh"
echo password-x >"$T/password"
hufud init >/dev/null
hufud account add chen --role coordinator --scope $S --password-file "$T/password" >/dev/null
# 45,000 subjects; the phone of the last one, and of one in the middle, is the one looked for
python3 - >"$T/s.csv" <<'P'
print("id,name,phone,uscc,state")
for i in range(45000):
    print(f"s{i:05},firm {i},{'057110001' if i in (25000, 44999) else '0571'},,{'revoked' if i % 1000 == 7 else 'in_business'}")
P
hufud import subject "$T/s.csv" --scope $S >/dev/null
printf 'id,name,state\no1,One,active\n' >"$T/o.csv"
hufud import officer "$T/o.csv" --scope $S >/dev/null
server_start --limit-factor 0
WHO=chen:password-x
# pages PATH: one line for each page, how many items it has
pages() {
	local cursor=
	for _ in $(seq 60); do
		api GET "$1$cursor" >/dev/null
		jq -r '"\(.items | length):\([.items[].id] | join(","))"' "$T/body"
		cursor=$(jq -r 'if .next then "&cursor=" + .next else "" end' "$T/body")
		[ -n "$cursor" ] || return 0
	done
	echo "no end"
}
is "a filter without an index looks at 20,000 subjects a page, and loses none" "0: 1:s25000 1:s44999" \
	"$(pages "/v1/subjects?scope=$S&phone=057110001" | paste -sd' ')"
is "a full page ends sooner, and the next goes on behind it" "1:s25000 1:s44999" \
	"$(pages "/v1/subjects?scope=$S&phone=057110001&limit=1" | grep -v '^0:' | paste -sd' ')"
is "one with an index finds its 45 at once" "45" "$(pages "/v1/subjects?scope=$S&state=revoked" | cut -d: -f1 | paste -sd' ')"
is "and page by page" "20 20 5" "$(pages "/v1/subjects?scope=$S&state=revoked&limit=20" | cut -d: -f1 | paste -sd' ')"
is "together with another filter too" "1:s00007" "$(pages "/v1/subjects?scope=$S&state=revoked&name=firm%207" | paste -sd' ')"
is "what most of them have is a page like any other" "100 s00000" \
	"$(api GET "/v1/subjects?scope=$S&state=in_business" | jq -r '"\(.items | length) \(.items[0].id)"')"
is "nothing is nothing at once" "0:" "$(pages "/v1/subjects?scope=$S&state=suspended")"
is "and page by page nobody is left out" 45000 \
	"$(pages "/v1/subjects?scope=$S&limit=1000&state=in_business,revoked" | cut -d: -f1 | awk '{n += $1} END {print n}')"

# -- the log
SINCE=0 LINE=
for _ in $(seq 9); do
	api GET "/v1/changes?scope=$S&kinds=officer&since=$SINCE" >/dev/null
	LINE="$LINE $(jq -r '"\(.items | length):\(.more)"' "$T/body")"
	SINCE=$(jq .since "$T/body")
	[ "$(jq .more "$T/body")" = true ] || break
done
is "changes of a rare kind: 20,000 entries a page, and the one at the end" " 0:true 0:true 1:false" "$LINE"
passed
