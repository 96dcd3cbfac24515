#!/usr/bin/env bash
# CI runs the tests and lints; the documents are there and name what exists.
. "$(dirname "$0")/lib.sh"
holds ".ci/run calls make test" grep -q 'make test\|make.* test' .ci/run
holds ".ci/run lints" grep -q 'lint' .ci/run
for doc in README.md docs/protocol.md docs/data-model.md docs/operations.md docs/glossary.md docs/testing.md docs/features.md; do
	holds "$doc is there" test -s "$doc"
done
holds "README names the two commands" grep -q 'make demo' README.md
holds "README names the two commands" grep -q 'make test' README.md
holds "decisions are written down" test "$(ls docs/adr/0*.md | wc -l)" -ge 5
holds "feature scripts exist" sh tests/lint/features.sh
holds "the kinds' tables are those of the declarations" python3 tests/lint/data_model.py --check
for target in demo test unit accept lint sim fuzz bench clean deps; do
	holds "make help lists $target" sh -c "make --no-print-directory help | grep -q '^ *$target '"
done
for p in hufu hufud; do
	holds "$p --help" $p --help
	for c in $(sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p' "$T/out"); do
		holds "$p $c --help" $p "$c" --help
	done
	fails 2 "no command" $p nonsense
done
broken=$(python3 - <<'PY'
import os, re
bad = []
for top in (".", "docs", "docs/adr"):
    for name in os.listdir(top):
        if name.endswith(".md"):
            for link in re.findall(r"\]\(([^)#:]+)", open(os.path.join(top, name), encoding="utf-8").read()):
                if not os.path.exists(os.path.join(top, link)): bad.append(f"{top}/{name}: {link}")
print("\n".join(bad))
PY
)
is "no link leads nowhere" "" "$broken"
passed
