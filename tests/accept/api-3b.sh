#!/bin/bash
# Search by fragments of name, code and address, also in Chinese; who sees what;
# an index that is damaged, gone or behind.
. tests/accept/lib.sh
district
cat >"$T/agencies.csv" <<'E'
id,name,uscc
ag1,杭州市西湖区市场监督管理局,
ag2,杭州市西湖区应急管理局,
E
cat >"$T/officers.csv" <<'E'
id,name,agency,certificate,state
o7,李湖生,ag1,ZF-330106-7,active
o8,王湖生,ag2,,active
E
cat >"$T/cn.csv" <<'E'
id,name,address,town,state
c1,杭州西湖食品有限公司,文三路887号401室,001,in_business
c2,西湖龙井茶行,曙光路526号,002,in_business
c3,Café Ｗest-Lake,西湖街道1号,002,in_business
c4,湖滨银泰,文三路1号,001,in_business
E
cat >"$T/other.csv" <<'E'
id,name,town,state
x1,滨江西湖店,001,in_business
E
hufud import agency "$T/agencies.csv" >/dev/null
hufud import officer "$T/officers.csv" --scope $S >/dev/null
hufud import subject "$T/cn.csv" --scope $S --source hand >/dev/null
hufud import subject "$T/other.csv" --scope 330108 >/dev/null
echo correct-horse-1 >"$T/pw"
while read -r name role scope agency; do
	hufud account add "$name" --role "$role" --scope "$scope" ${agency:+--agency "$agency"} \
		--password-file "$T/pw" >/dev/null 2>"$T/out"
done <<'E'
chen coordinator 330106
lou coordinator 330108
ji coordinator 330106 ag1
wang auditor *
E
server_start --limit-factor 0

# get PATH NAME=VALUE...: as $WHO, into $T/body
WHO=chen:correct-horse-1
get() {
	local path=$1 args=(); shift
	for a; do args+=(--data-urlencode "$a"); done
	curl -s -G -u "$WHO" "${args[@]}" "$URL$path" >"$T/body"
}
body() { json "$1" <"$T/body"; }
hits() { python3 -c '
import json, sys
r = json.load(sys.stdin)
print(" ".join(i["record"]["id"] + ":" + i["match"] for i in r["items"]) if "items" in r else r["detail"])'; }
# finds "what" "ids with their rank" NAME=VALUE...
finds() { get /v1/search "${@:3}"; is "$1" "$2" "$(hits <"$T/body")"; }
# refuses "what" STATUS NAME=VALUE...
refuses() { get /v1/search "${@:3}"; is "$1" "$2" "$(body status)"; }

finds "two Chinese characters" "c2:beginning ag1:name ag2:name c1:name c3:other" q=西湖
finds "one Chinese character" "c4:beginning ag1:name ag2:name o7:name o8:name c1:name c2:name c3:other" q=湖
finds "four of them" "c2:name" q=龙井茶行
finds "Latin, any case and width" "c3:beginning" "q=ＣAFÉ west"
finds "a fragment across a mark" "c3:name" q=westlake
finds "an address" "c1:other c4:other" q=文三路
finds "two words in two fields" "c1:other" "q=文三路 食品"
finds "a code as it is" "o7:whole" q=ZF-330106-7
finds "a fragment of a code" "o7:other" q=0106-7
finds "an id" "c4:whole" q=c4
finds "only some kinds" "ag1:name ag2:name" q=西湖 kinds=agency,form
finds "nothing of other scopes" "" q=滨江
finds "one scope" "c1:name" q=食品 scope=$S
is "what a hit shows" "杭州西湖食品有限公司 in_business" "$(body items.0.record.name) $(body items.0.record.state)"
is "and that the index was complete" True "$(body complete)"

all=$(next=; while :; do
	get /v1/search q=湖 limit=3 ${next:+"cursor=$next"}
	hits <"$T/body"
	next=$(body next 2>/dev/null) || break
done | tr '\n' ' ')
is "pages have everything once" \
	"c4:beginning ag1:name ag2:name o7:name o8:name c1:name c2:name c3:other " "$all"

WHO=lou:correct-horse-1
finds "another county sees its own and the catalog" "ag1:name ag2:name x1:name" q=西湖
refuses "a scope of others" 403 q=西湖 scope=$S
WHO=ji:correct-horse-1
finds "who acts for an agency sees its officers" "o7:name" q=湖生
get /v1/exports/officer format=jsonl
is "and exports no other" "0 1" "$(grep -c '"o8"' "$T/body") $(grep -c '"o7"' "$T/body")"
is "nor by the command" "0 1" "$(hufud export officer --format jsonl --scope $S --as ji | tee "$T/out" | grep -c '"o8"') $(grep -c '"o7"' "$T/out")"
WHO=wang:correct-horse-1
finds "an auditor of all" "c2:beginning ag1:name ag2:name c1:name x1:name c3:other" q=西湖
WHO=chen:correct-horse-1
refuses "a kind that there is not" 400 q=x kinds=nothing
refuses "a kind that is not searched" 400 q=x kinds=visit
refuses "marks alone" 400 "q=（）"
refuses "no word at all" 400
refuses "a cursor of something else" 400 q=湖 cursor=c1.c4
is "nobody is asked who he is" 401 "$(curl -s -o /dev/null -w '%{http_code}' "$URL/v1/search?q=x")"

# What is written meanwhile is found at once.
hufud set subject c2 name=九曲红梅茶行 --scope $S >/dev/null
finds "the old name is gone" "" q=龙井
finds "the new one is there" "c2:beginning" q=九曲
hufud set subject c2 town=005 --scope $S >/dev/null
finds "moved to another town" "c2:beginning" q=九曲红梅
is "with its town" 005 "$(body items.0.record.town)"
hufud set subject c2 state=void reason="entered twice" --scope $S >/dev/null
finds "void" "c2:beginning" q=九曲
is "and says so" void "$(body items.0.record.state)"

# An index that is damaged, gone or foreign; while the server runs, too.
rm -f "$HUFU_DATA"/search.db*
finds "removed under the server" "c1:other c4:other" q=文三路
server_stop
dd if=/dev/zero of="$HUFU_DATA/search.db" bs=4096 seek=1 count=20 conv=notrunc status=none
server_start --limit-factor 0
finds "damaged on the disk" "c1:name" q=食品
server_stop
hufud set subject c4 address=莫干山路9号 --scope $S >/dev/null
rm -f "$HUFU_DATA"/search.db*
echo "no database" >"$HUFU_DATA/search.db"

cli() { is "$1" "$2" "$(hufud search "${@:3}" --json | hits)"; }
cli "no index, from the command line" "c4:other" 莫干山
cli "several words" "c1:other" 文三路 食品
cli "another scope" "ag1:name ag2:name x1:name" 西湖 --scope 330108
holds "it tells what it found" grep -q "^other *subject *c1 *$S" <(hufud search 文三路)
holds "how far the index is" grep -q "^$S *subject *13 records" <(hufud search --about)
is "made anew" "21 records" "$(hufud search --rebuild)"
fails 1 "administrators of all" hufud search --rebuild --as chen
fails 1 "a letter or a digit" hufud search --json --scope $S "（）"
fails 1 "no kind 'nothing'" hufud search x --kinds nothing
fails 1 "declares no field" hufud search x --kinds visit
fails 2 "what shall be found" hufud search
fails 2 "limit is 1 to" hufud search x --limit 0
passed
