#!/usr/bin/env bash
# run.sh - what holds the API against its document. usage: run.sh OUT [arguments of
# stateful.py]
# With arguments only the walk is made. Each suite's last line is `N passed, N failed`.
set -u
cd "$(dirname "$0")/../.." || exit 1
export HYPOTHESIS_STORAGE_DIRECTORY=${TMPDIR:-/tmp}/hufu-hypothesis # not in the tree
hufud=$1/hufud
shift
PYTHON=$(PATH=/usr/bin:$PATH command -v python3) # Debian's has the modules
[ $# -eq 0 ] || exec "$PYTHON" tests/api/stateful.py "$hufud" "$@"
document=$(mktemp)
trap 'rm -f "$document"' EXIT
exec env PLAIN=1 bash tests/lib/run_all.sh \
	checks "$PYTHON tests/api/test_checks.py" \
	document "$PYTHON tests/api/served.py $hufud >$document && $PYTHON tests/api/check_document.py $document" \
	tour "$PYTHON tests/api/tour.py $hufud" \
	parallel "$PYTHON tests/api/parallel.py $hufud" \
	walk "$PYTHON tests/api/stateful.py $hufud"
