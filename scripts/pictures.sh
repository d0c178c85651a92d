#!/usr/bin/env bash
# pictures.sh - draws the pictures of README.md again, into docs/images; needs the release build.
# The same program draws the same bytes, so a difference shows what changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=$PWD/${PROGRAM:-build/migcast}
images=docs/images
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The scenarios miss goals: that is what the pictures show.
may_miss() {
    local code=0
    "$program" "$@" >/dev/null 2>"$work/err" || code=$?
    case $code in
    0 | 99) ;;
    *) cat "$work/err" >&2; exit "$code" ;;
    esac
}

may_miss run scenarios/kubevirt-endless-drain.ini --db "$work/drain.db" --quiet
may_miss report "$work/drain.db" --plot "$images/drain.svg" --chart timeline
may_miss run scenarios/autoconverge.ini --db "$work/rounds.db" --quiet
may_miss report "$work/rounds.db" --plot "$images/rounds.svg" --chart rounds
may_miss sweep scenarios/evacuate-host.ini dirty=25MB/s,50MB/s,100MB/s,200MB/s,400MB/s,800MB/s \
    link=1Gb/s,2.5Gb/s,5Gb/s,10Gb/s,25Gb/s -n 4 -m drain.makespan.p95 --set scenario.horizon=30min \
    --no-db --quiet --plot "$images/sweep.svg"
may_miss explain scenarios/evacuate-host.ini --sensitivity -m drain.makespan.p95 --quiet \
    --plot "$images/tornado.svg"
may_miss score --split --quiet tests/corpus/*.zst --plot "$images/score.png" --plot-errors "$images/errors.png"
ls -l "$images"/*.svg "$images"/score.png "$images"/errors.png
