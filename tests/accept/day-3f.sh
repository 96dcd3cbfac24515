#!/usr/bin/env bash
# What goes into a grade and a period is held against sense: schemes, scores of others, and how often an item may be checked.
. "$(dirname "$0")/lib.sh"
hufud init >/dev/null
{ echo id,name,state,uscc; echo s1,subject 1,in_business,91330106MA20003340; } >"$T/subjects.csv"
hufud import subject "$T/subjects.csv" --scope $S >/dev/null
hufud account add ana --role analyst --scope $S --password-file <(echo secret12345) >/dev/null
one() { sqlite3 "$HUFU_DATA/hufu.db" "$1"; }

# -- a scheme says what it does, and no more
scheme() { python3 -c '
import json, sys
d = json.load(open("schema/schemes/default.json")); d.update(code="mine", version=1); s = d["definition"]
exec(sys.argv[1]); json.dump(d, open(sys.argv[2], "w"))' "$1" "$T/scheme.json"; }
refused() { scheme "$1"; fails 1 "$2" hufud rate --scheme-file "$T/scheme.json"; fails 1 "$2" hufud rate --scheme-file "$T/scheme.json" --dry-run --scope $S --as ana; }
refused 's["grades"][1]["grade"] = "A"' "grades 1 and 2 are both called 'A'"
refused 's["horizon_days"] = 100' "decay goes on to day 1825 and 'horizon_days' is 100: what is older never counts"
refused 's["bonus"] = 5' "'bonus' of the definition is not known"
refused 's["deductions"]["hihg"] = 5' "'hihg' of the deductions is not known"
refused 's["grades"][0]["min"] = 100' "integer from 0 to 99"
is "none is on record" 0 "$(one "SELECT count(*) FROM scheme")"
scheme 'pass'
holds "the county's analyst tries one" hufud rate --scheme-file "$T/scheme.json" --dry-run --scope $S --as ana
is "which leaves nothing" 0 "$(one "SELECT count(*) FROM scheme")"
fails 1 "rights in scope catalog\|catalog" hufud rate --scheme-file "$T/scheme.json" --as ana

# -- a score of another body
score() { { echo uscc,scheme,score,grade,valid_from; echo "91330106MA20003340,531X,$1,C,$2"; } >"$T/score.csv"; hufud import external_rating "$T/score.csv" --scope $S --source province --as ana; }
fails 3 "'score' is more than 1000000\|'score'" score 10000000000000 2026-03-31
fails 3 "'valid_from'" score 700 2096-03-31
is "neither came in" 0 "$(one "SELECT count(*) FROM external_rating")"
holds "a score of a day that was comes in" score 700 2026-03-31

# -- how often an item is checked in a year
{ head -1 <<'HEADER'
department,no,item,sub_item,legal_basis,authority,subject_type,ratio,frequency,method,officer_requirement,remark
HEADER
  echo '市场监督管理,1,scales,,,,,,对一个单位强制检定计量器具使用单位的检查，同一年度内不超过2次,,,'
  echo '市场监督管理,2,packages,,,,,,对同一用能产品生产单位，每年度抽查不超过2次,,,'
  echo '市场监督管理,3,permits,,,,,,在许可有效期内对同一个单位的检查不超过2次。,,,'; } >"$T/items.csv"
hufud import item "$T/items.csv" >"$T/out"
is "a ceiling for a calendar year is read" "packages 2|permits -|scales 2" "$(one "SELECT name || ' ' || coalesce(frequency_max, '-') FROM item ORDER BY name" | paste -sd'|')"
passed
