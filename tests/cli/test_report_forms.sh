#!/bin/bash
# test_report_forms.sh - `migcast report --format ...` from a database, judged by other programs where
# those are installed: xmllint for JUnit, promtool for OpenMetrics.  tests/reports/ has the rules in C.
# shellcheck source=tests/shell.sh disable=SC2154
. "$SOURCE_DIR/tests/shell.sh"
scenarios=$SOURCE_DIR/scenarios

# A run with migrations that fail, thresholds that are crossed and several replications.
make_runs() {
    exits 0 "$PROGRAM" run "$scenarios/evacuate-host.ini" --quiet --db r.db
    exits 0 "$PROGRAM" run "$scenarios/postcopy.ini" --quiet --db r.db
    exits 99 "$PROGRAM" run "$scenarios/evacuate-host.ini" --quiet --db r.db \
        --set migration.completion_timeout=20s
}

report() {
    exits 0 "$PROGRAM" report r.db --run "$1" --format "$2"
    [ -s out ]
}

claim_the_same_run_gives_the_same_bytes() {
    local form
    make_runs
    for form in text json csv html junit markdown github openmetrics trace; do
        report 3 "$form"
        cp out first
        exits 0 env LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8 "$PROGRAM" report r.db --run 3 \
            --format "$form" -o second
        cmp first second
    done
}

# Several VMs have fixes, of which the worst is not the first.
claim_a_report_prints_what_the_run_printed() {
    exits 0 "$PROGRAM" run "$scenarios/kubevirt-ramp.ini" --quiet --json --db r.db
    cp out printed
    report 1 json
    cmp printed out
}

claim_junit_keeps_to_the_schema() {
    local run
    command -v xmllint >found || { echo "    skipped: xmllint is not installed"; return 0; }
    make_runs
    for run in 1 2 3; do
        report "$run" junit
        xmllint --noout --nonet --schema "$SOURCE_DIR/tests/cli/junit.xsd" out 2>verdict ||
            { cat verdict; return 1; }
    done
    prints '<failure message="measured '
    prints "$scenarios/evacuate-host.ini:60</failure>"
}

# `check metrics` reads the older text form; the blocks are made by the parser of OpenMetrics, which
# wants a time stamp for that.
claim_promtool_reads_the_metrics() {
    local run promtool=${PROMTOOL:-promtool}
    command -v "$promtool" >found ||
        { echo "    skipped: promtool (package prometheus) is not installed"; return 0; }
    make_runs
    for run in 1 2 3; do
        report "$run" openmetrics
        "$promtool" check metrics <out
        awk '/^#/ { print; next } { print $0 " 1" }' out >stamped
        "$promtool" tsdb create-blocks-from openmetrics stamped "blocks$run" >log 2>&1 ||
            { cat log; return 1; }
    done
}

claim_github_points_at_the_line_of_a_crossed_threshold() {
    make_runs
    report 3 github
    prints "::error file=$scenarios/evacuate-host.ini,line=60,title=threshold crossed::timeouts.rate"
    [ "$(grep -c '^::error ' out)" -le 10 ]
    fails grep -v '^::\(error\|warning\|notice\) ' out
}

claim_trace_shows_one_replication() {
    make_runs
    exits 0 "$PROGRAM" report r.db --run 1 --format trace --replication 19
    prints '"replication":19'
    while IFS='|' read -r args message; do
        # shellcheck disable=SC2086
        exits 64 "$PROGRAM" report r.db --run 1 $args
        says "$message"
    done <<'TABLE'
--format trace --replication 20|is none of the 20
--format trace --replication x|0 is the first
--format junit --replication 0|goes with --format trace only
TABLE
}

claim_one_vm_is_told_in_any_form() {
    local form
    make_runs
    for form in text json csv html junit markdown github openmetrics trace; do
        exits 0 "$PROGRAM" report r.db --vm web-1 --format "$form"
        [ -s out ]
        fails grep -q 'web-2' out
    done
    exits 0 "$PROGRAM" report r.db --vm web-1 --json
    "$PROGRAM" schema run >schema.json
    "$CHECK_SCHEMA" schema.json <out
    exits 64 "$PROGRAM" report r.db --vm wep-1
    says "did you mean 'web-1'"
}

claim_two_runs_are_compared_in_a_page() {
    exits 0 "$PROGRAM" run "$scenarios/evacuate-host.ini" --quiet --db a.db
    exits 99 "$PROGRAM" run "$scenarios/evacuate-host.ini" --quiet --db b.db --set migration.completion_timeout=20s
    exits 0 "$PROGRAM" report --compare a.db b.db --format html -o one.html
    exits 0 env LC_ALL=de_DE.UTF-8 "$PROGRAM" report --compare a.db b.db --format html -o two.html
    cmp one.html two.html
    grep -q 'completion_timeout</code></td><td class="l"><bdi>[^<]*</bdi></td><td class="l"><bdi>20s<' one.html
    grep -q '~ ends otherwise</span>' one.html
    exits 0 "$PROGRAM" report --compare a.db a.db --format html
    prints "0 OF "
    prints "Nothing: both runs have the same inputs."
    exits 0 "$PROGRAM" diff a.db b.db
    mv out diffed
    exits 0 "$PROGRAM" report --compare a.db b.db
    cmp diffed out
    while IFS='|' read -r args message; do
        # shellcheck disable=SC2086
        exits 64 "$PROGRAM" report $args
        says "$message"
    done <<'TABLE'
--compare a.db|takes two databases
--compare a.db b.db --format junit|html, text and json
--compare a.db b.db --vm x|exclude each other
a.db b.db|unexpected argument 'b.db'
TABLE
}

claim_charts_of_a_run_go_to_files() {
    local chart
    make_runs
    "$PROGRAM" report r.db --plot probe.svg >/dev/null 2>err || {
        grep -q "built without charts" err
        return
    }
    for chart in timeline rounds queue links downtime total; do
        exits 0 "$PROGRAM" report r.db --run 2 --plot one.svg --chart "$chart"
        exits 0 env LC_ALL=de_DE.UTF-8 "$PROGRAM" report r.db --run 2 --plot two.svg --chart "$chart"
        cmp one.svg two.svg
        grep -q '<svg class="mc"' one.svg
    done
    exits 0 "$PROGRAM" report r.db --run 2 --plot one.png
    [ "$(head -c 4 one.png | tail -c 3)" = PNG ]
    exits 64 "$PROGRAM" report r.db --plot one.svg --chart rounds
    says "nothing to draw"
    exits 64 "$PROGRAM" report r.db --plot one.gif
    exits 64 "$PROGRAM" report r.db --chart queue
    exits 64 "$PROGRAM" report r.db --plot one.svg --chart queu
    says "did you mean 'queue'"
    exits 74 "$PROGRAM" report r.db --plot /nowhere/one.svg
}

run_claims
