#!/usr/bin/env bash
# citizen.sh - fetch the paper of a draw and draw again, without an account.
# usage: HUFU_URL=https://... citizen.sh DRAW FILE
set -euo pipefail
curl -sS --fail-with-body -o "$2" "$HUFU_URL/v1/draws/$1/paper"
python3 "$(dirname "$0")/../verify_draw.py" "$2"
