#!/usr/bin/env bash
# A walk through the API at random finds nothing; every kind is made, read, changed and audited; many at once make one.
. "$(dirname "$0")/lib.sh"
PYTHON=$(PATH=/usr/bin:$PATH command -v python3) # Debian's has the modules
holds "the checks complain where they have to" "$PYTHON" tests/api/test_checks.py
"$PYTHON" tests/api/served.py "$ROOT/$BIN/hufud" >"$T/document.json"
holds "the document is OpenAPI 3.1, with a summary, schemas and examples everywhere" "$PYTHON" tests/api/check_document.py "$T/document.json"
holds "every kind is made, read, listed, changed and told of" "$PYTHON" tests/api/tour.py "$ROOT/$BIN/hufud"
holds "what many ask for at the same moment happens once" "$PYTHON" tests/api/parallel.py "$ROOT/$BIN/hufud"
holds "a walk of ${WALKS:-6} times ${STEPS:-80} steps finds nothing" "$PYTHON" tests/api/stateful.py "$ROOT/$BIN/hufud" --walks "${WALKS:-6}" --steps "${STEPS:-80}"
passed
