#!/usr/bin/env bash
# The mirror is an ordinary Git repository that stock git clones, checks and verifies.
. "$(dirname "$0")/lib.sh"
district
server_start
tablet a o1
on a "INSERT INTO visit(id,town,subject,summary) VALUES('v1','002','s1','clean')"
hufu commit -m "visit of s1" --replica "$T/a.db" >/dev/null
sync a >/dev/null
on a "UPDATE visit SET summary='clean again' WHERE id='v1'"
hufu commit -m "second look" --replica "$T/a.db" >/dev/null
sync a >/dev/null
holds "the mirror is written beside the running server" hufud mirror
M=$T/data/mirror.git
holds "git fsck --strict finds nothing" git -C "$M" fsck --strict --full
is "the branch's tree is the root" "$(server_root)" "$(git -C "$M" rev-parse refs/heads/$S^{tree})"
git -C "$M" config gpg.ssh.allowedSignersFile "$M/allowed_signers"
holds "git verify-commit accepts the main commit" git -C "$M" verify-commit refs/heads/$S
journal=$(git -C "$M" for-each-ref --format='%(refname)' "refs/journals/$S/*" | grep -v office)
holds "git verify-commit accepts the officer's packet" git -C "$M" verify-commit "$journal"
cp "$T/out" "$T/signer"
holds "the signer is the officer" grep -q 'Good "git" signature for o1@' "$T/signer"
is "the packets are the officer's, in order" "o1 second look;o1 visit of s1;" "$(git -C "$M" log --format='%an %s' "$journal" | tr '\n' ';')"
is "the record's history is the packets that wrote it" 2 "$(git -C "$M" log --full-history --diff-filter=AM --format=%h $S -- visit/v1 | wc -l)"
holds "git log --graph draws the lines" git -C "$M" log --graph --oneline $S
git clone -q -b $S "$M" "$T/clone"
is "a clone has the record's bytes" '{"id":"v1","scope":"330106","subject":"s1","summary":"clean again","town":"002"}' "$(cat "$(find "$T/clone" -name v1)")"
is "which the office exports too" "$(hufud export visit --scope $S --format jsonl)" "$(cat "$(find "$T/clone" -name v1)")"
git -C "$M" for-each-ref >"$T/refs"
rm -rf "$M" "$T/data/mirror.db"*
holds "it is rebuilt from nothing" hufud mirror
is "with the same ids" "$(cat "$T/refs")" "$(git -C "$M" for-each-ref)"
on a "INSERT INTO visit(id,subject) VALUES('v2','s2')"
sync a >/dev/null
hufud mirror >/dev/null
is "and goes on from there" "$(server_root)" "$(git -C "$M" rev-parse refs/heads/$S^{tree})"
holds "clean after going on" git -C "$M" fsck --strict
passed
