#!/usr/bin/env bash
# What the protocol's document says of merging is what the server does: by its cases, and by edits at random.
. "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
py() { python3 tests/client/client.py "$T/$1" "${@:2}"; }
holds "section 8 gives what every merge case wants" python3 tests/client/check_merge.py
district
# a kind that has every rule but that of states, and a rule that nobody knows
holds "the office loads it" hufud kind load fixtures/merge/specimen.json
server_start
for t in one:o1 other:o2; do
	py "${t%:*}" enroll "$URL" "$(hufud terminal code --officer "${t#*:}" --scope $S 2>/dev/null)"
	py "${t%:*}" clone >/dev/null
done
# two terminals edit the same eight records, in one packet or two, and either syncs first
holds "records, conflicts and quarantine are as section 8 foretells" \
	python3 tests/client/random_edits.py "$T/one" "$T/other" $S specimen "${SEED:-2}" "${ROUNDS:-12}"
is "there were some of each" yes "$(sed 's/^[1-9][0-9]* merged, [1-9][0-9]* conflicts, [1-9][0-9]* in quarantine.*/yes/' "$T/out")"
is "both have the server's root" "$(server_root) $(server_root)" "$(py one root $S) $(py other root $S)"
holds "a signed main commit, and the rows since it, give it" py one verify
holds "what is stored fits together" hufud check
passed
