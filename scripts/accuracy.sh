#!/usr/bin/env bash
# accuracy.sh - the accuracy tables of README.md, as Markdown: our corpus and, where they lie beside
# the project, the published migrations.
#
#   scripts/accuracy.sh [BUILD]     BUILD: where ./test.sh left the program (default: build)
#
# With MIGCAST_SHARED set, published files are looked for in $MIGCAST_SHARED/published.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build}
"$build/migcast" score --quiet --split --markdown tests/corpus/*.zst
echo
"$build/tests/published_table"
