#!/usr/bin/env bash
# All draws of a scope against chance: every figure of the report computed a second time from the papers.
. "$(dirname "$0")/lib.sh"
hufud init >/dev/null
{ echo id,name,state,town,industry
  for i in $(seq 160); do echo "s$i,subject $i,in_business,00$((i * 7 % 4 + 1)),$([ $((i % 3)) -eq 0 ] && echo H62 || echo F52)"; done; } >"$T/subjects.csv"
{ echo id,name,state,certificate,lead,certificate_from,certificate_to,certificate_state
  for i in $(seq 7); do echo "o$i,officer $i,active,ZJ-$i,$([ "$i" -le 2 ] && echo true),2015-01-01,2099-12-31,valid"; done
  echo "o8,officer 8,leave,ZJ-8,,2015-01-01,2099-12-31,valid"; } >"$T/officers.csv"
{ echo id,subject,severity,found_on
  for i in $(seq 40); do for k in 1 2 3; do echo "f${i}x$k,s$i,high,$(date -u +%F)"; done; done; } >"$T/facts.csv"
hufud import subject "$T/subjects.csv" --scope $S >/dev/null
hufud import officer "$T/officers.csv" --scope $S >/dev/null
hufud import violation "$T/facts.csv" --scope $S >/dev/null
hufud rate --scope $S >/dev/null
for a in li wang; do hufud account add $a --role coordinator --scope $S >/dev/null; done
{ echo id,subject,reason,valid_to; echo "e1,s1,white list of 2026-03-01,2099-12-31"; echo "e2,s2,white list of 2026-04-01,2099-12-31"; } >"$T/exemptions.csv"
hufud import exemption "$T/exemptions.csv" --scope $S >/dev/null

is "nothing yet, nothing unlikely" "[] 0" "$(hufud draw report --scope $S --json | python3 -c '
import json, sys
r = json.load(sys.stdin); print(json.dumps(r["unlikely"]), r["draws"]["drawn"])')"

# drawn ACCOUNT SEED commit options...
n=0
drawn() {
	local who=$1 seed=$2 id; shift 2
	hufud draw commit "${ANNOUNCED[@]}" --scope $S --as "$who" --json "$@" >"$T/out"
	id=$(json id <"$T/out")
	hufud draw reveal "$id" --seed "$seed" --as "$who" >/dev/null
	hufud draw run "$id" --as "$who" >/dev/null
	n=$((n + 1)) last=$id
}
drawn li one --ratio A=20%,B=30%,C=30%,D=30%
for k in 1 2 3; do drawn wang "seed $k" --count $((20 + k)) --town 00$k; done
for k in 1 2; do drawn li "more $k" --count 15 --industry "$([ $k = 1 ] && echo F || echo H)"; done
hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 9 --town 004 --as li --json >"$T/out"
hufud draw commit "${ANNOUNCED[@]}" --scope $S --count 5 --town 004 --as li --reason "the count was a slip" --json >"$T/out"
hufud draw show "$last" --out "$T/last.json" >/dev/null
set -- $(python3 -c '
import json, sys
p = json.load(open(sys.argv[1])); print(p["pairs"][0][0], p["pairs"][0][1], p["pairs"][1][0])' "$T/last.json")
hufud draw replace "$last" "$1" --officer "$2" --reason "ill since 2026-11-01" --as wang >/dev/null
hufud set subject "$3" --scope $S state=deregistered >/dev/null
hufud draw replace "$last" "$3" --reason "gone" --as li >/dev/null
mkdir "$T/papers"
for id in $(hufud draw list --scope $S | awk '{ print $2 }'); do hufud draw show "$id" --out "$T/papers/$id.json" >/dev/null; done

hufud draw report --scope $S --json >"$T/report.json"
cat >"$T/figures.py" <<'EOF'
import collections, csv, glob, itertools, json, math, re, sys
towns = {r["id"]: r["town"] for r in csv.DictReader(open(sys.argv[2]))}
papers = [json.load(open(f)) for f in glob.glob(sys.argv[1] + "/*.json")]

def survival(x2, df):
    """Closed forms of the chi-square distribution for whole df."""
    h = x2 / 2
    if df % 2 == 0:
        return math.exp(-h) * sum(h**k / math.factorial(k) for k in range(df // 2))
    return math.erfc(math.sqrt(h)) + math.exp(-h) * sum(
        h**(k - 0.5) / math.gamma(k + 0.5) for k in range(1, (df + 1) // 2))

def chi(seen, expected, factor):
    big = [(seen.get(k, 0), e) for k, e in expected.items() if e >= 5]
    few = [(seen.get(k, 0), e) for k, e in expected.items() if e < 5]
    if sum(e for _, e in few) > 0:
        big.append((sum(s for s, _ in few), sum(e for _, e in few)))
    if len(big) < 2 or factor <= 0:
        return {"x2_e4": 0, "df": 0, "p_e6": 10**6}
    x2 = sum((s - e)**2 / e for s, e in big) / factor
    return {"x2_e4": round(x2 * 1e4), "df": len(big) - 1, "p_e6": round(survival(x2, len(big) - 1) * 1e6)}

strata = collections.defaultdict(lambda: [collections.Counter(), collections.Counter(), 0, 0, 0.0])
rows = R = 0
E = V = 0.0
pairs, expect, teams = collections.Counter(), collections.Counter(), 0
for p in papers:
    if "result" not in p:
        continue
    chosen, c = set(p["result"]), p["committed"]
    for k, s in enumerate(c["strata"]):
        ids = [i for at, i in enumerate(p["frame"]) if p.get("membership", [0] * len(p["frame"]))[at] == k]
        n, N = len(chosen & set(ids)), len(ids)
        if not N:
            continue
        a = strata[s["name"]]
        a[0].update(towns[i] for i in ids if i in chosen)
        for t, size in collections.Counter(towns[i] for i in ids).items():
            a[1][t] += n * size / N
        a[2] += N; a[3] += n; a[4] += n * (N - n) / (N - 1) if N > 1 else 0
        if 0 < n < N:
            rows += 1
            R += sum(1 for _ in itertools.groupby(i in chosen for i in ids))
            e = 2 * n * (N - n) / N + 1
            E += e
            V += 2 * n * (N - n) * (2 * n * (N - n) - N) / (N**2 * (N - 1))
    now = {x[0]: x[1:] for x in p["pairs"]}
    for r in p.get("replacements", []):
        if "subject" in r:
            now[r["subject"]] = [r["in"] if o == r["out"] else o for o in now[r["subject"]]]
        else:
            del now[r["out"]]; now[r["in"]] = r["officers"]
    ok = [o for o in p["pool"] if "excluded" not in o]
    m, L = len(ok), sum("lead" in o for o in ok)
    for team in now.values():
        teams += 1
        pairs.update(itertools.combinations(sorted(team), 2))
    for a, b in itertools.combinations(ok, 2):
        # a lead, then one of all the others
        expect[tuple(sorted((a["id"], b["id"])))] += len(now) * (("lead" in a) + ("lead" in b)) / L / (m - 1)
most = max(sorted(pairs), key=lambda k: pairs[k])
mean = expect[most]
tail = 1 - sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(pairs[most]))
total = sum(a[2] for a in strata.values()), sum(a[3] for a in strata.values())
z = (R - E) / math.sqrt(V)
print(json.dumps({
    "strata": [{"name": k, "frame": a[2], "drawn": a[3], "towns": len(a[1]), **chi(a[0], a[1], a[4] / a[3])}
               for k, a in sorted(strata.items())],
    "proportion": chi({k: a[3] for k, a in strata.items()}, {k: a[2] * total[1] / total[0] for k, a in strata.items()}, 1),
    "runs": {"rows": rows, "seen": R, "expected_e4": round(E * 1e4), "z_e4": round(z * 1e4),
             "p_e6": round(math.erfc(abs(z) / math.sqrt(2)) * 1e6)},
    "pairs": {"teams": teams, "left_out": 0, "possible": len(expect), "seen": len(pairs),
              "expected_seen_e4": round(sum(1 - math.exp(-e) for e in expect.values()) * 1e4), "most": "+".join(most),
              "count": pairs[most], "expected_e4": round(mean * 1e4), "p_e6": round(min(1, tail * len(expect)) * 1e6)},
}, sort_keys=True))
EOF
python3 "$T/figures.py" "$T/papers" "$T/subjects.csv" >"$T/figures.json"
for part in strata proportion runs pairs; do
	is "the report's $part" "$(json $part <"$T/figures.json")" "$(python3 -c '
import json, sys
print(json.dumps(json.load(open(sys.argv[1]))[sys.argv[2]], sort_keys=True))' "$T/report.json" $part)"
done
of() { python3 -c '
import json, sys
r = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$T/report.json" "$1"; }
is "all draws are counted" "$n 2 1" "$(of '" ".join(str(r["draws"][k]) for k in ("drawn", "not_drawn", "void"))')"
is "who left out whom, and why" "li officer not active|wang officer not active" \
	"$(of '"|".join(sorted(x["person"] + " " + x["what"] + " " + x["reason"] for x in r["exclusions"] if x["what"] == "officer"))')"
is "grounds are the same without their dates" 1 "$(of 'len([x for x in r["exclusions"] if x["person"] == "li" and x["reason"] == "exempt until DATE: white list of DATE"])')"
is "who replaced whom" "li subject gone 1|wang officer ill since DATE 1" \
	"$(of '"|".join(" ".join((x["person"], x["what"], x["reason"], str(x["count"]))) for x in r["replacements"])')"
is "which frame was committed twice" "committed void" "$(of '" ".join(sorted(x["state"] for x in r["twice"]))')"
is "how long each seed took" "$n True" "$(of 'len(r["seeds"]), max(x["seconds"] for x in r["seeds"]) == r["seed"]["most_s"] < 60' | tr -d '(),')"

# -- the same bytes again, in each format; by days
for format in text json csv; do
	hufud draw report --scope $S --format $format >"$T/a"
	hufud draw report --scope $S --format $format >"$T/b"
	holds "$format repeats" cmp "$T/a" "$T/b"
	holds "$format has lines" test -s "$T/a"
done
is "the CSV has every row of it" "$(of 'r["pairs"]["most"]')" "$(hufud draw report --scope $S --format csv | sed -n 's/^pairs,1,most,//p')"
holds "the text says by which formula" hufud draw report --scope $S
grep -q "Wald and Wolfowitz" "$T/out"
grep -q "most frequent: $(of 'r["pairs"]["most"]'), $(of 'r["pairs"]["count"]') times" "$T/out"
is "none of another year" 0 "$(hufud draw report --scope $S --to 2020-12-31 --json | json draws.drawn)"
is "all since yesterday" "$n" "$(hufud draw report --scope $S --from "$(date -u -d yesterday +%F)" --to "$(date -u -d tomorrow +%F)" --json | json draws.drawn)"
fails 1 "no date" hufud draw report --scope $S --from soon
fails 2 "no format" hufud draw report --scope $S --format xml
# a draw whose paper does not hold is named, and counted nowhere
sqlite3 "$HUFU_DATA/hufu.db" "UPDATE log SET body = replace(body, (SELECT result_hash FROM draw WHERE id = '$last'), '$(printf x | sha256sum | cut -d' ' -f1)')
	WHERE kind = 'draw' AND id = '$last'"
is "a forged draw is not counted" "$((n - 1)) $last" "$(hufud draw report --scope $S --json | python3 -c '
import json, sys
r = json.load(sys.stdin); print(r["draws"]["drawn"], r["not_held"][0]["name"])')"
fails 1 "the log is not what" hufud check
passed
