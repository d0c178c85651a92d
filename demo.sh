#!/usr/bin/env bash
# demo.sh - from a bare Debian 12 machine to a finished forecast: installs packages, builds the release
# program, forecasts the drain of a rack, asks what would mend it, and checks the program against
# captured migrations.
# May be run again, or twice at once; what is done is skipped.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$top/scripts/common.sh"

# run_step WHAT COMMAND... - shows the command and what it prints; its exit status is in step_code.
run_step() {
    local what=$1 code=0
    shift
    note "$what"
    printf '$ %s\n' "$*"
    "$@" || code=$?
    # 99: a threshold of the scenario was crossed, which is an answer too
    [ "$code" -eq 0 ] || [ "$code" -eq 99 ] || die "'$*' ended with exit status $code"
    step_code=$code
}

prepare
mkdir -p report
scenario=scenarios/rack-window.ini
db=report/rack-window.db
run_step "does emptying this rack fit its window, and which VM breaks it?" \
    build/migcast run "$scenario" --db "$db"
verdict="no threshold is crossed"
[ "$step_code" -eq 0 ] || verdict="a threshold is crossed, and the plan above says what would mend it"
page=report/rack-window.html
build/migcast report "$db" --format html -o "$page" || die "cannot write $page"
run_step "which knob fixes it?" build/migcast plan "$scenario" -o report/plan.txt
cat report/plan.txt
run_step "the forecast against captured migrations" \
    build/migcast score -o report/score.txt --plot report/score.svg tests/traces/*.zst
cat report/score.txt

note "verdict on the drain: $verdict"
note "report: $page (open it in a browser); rows of the run: $db"
note "error table: report/score.txt, as a picture: report/score.svg"
