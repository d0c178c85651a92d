#!/bin/bash
# `migcast check` and `migcast trend` as a CI job meets them.
# shellcheck source=tests/shell.sh disable=SC2154
. "$SOURCE_DIR/tests/shell.sh"

scenario() {
    cat >a.ini <<END
[scenario]
seed = 5
[host a]
nic = 10Gb/s
[host b]
nic = 10Gb/s
[link net]
rate = ${1:-8Gb/s..10Gb/s}
[migration]
max_bandwidth = unlimited
[workload w]
kind = hotcold
write_rate = 10MB/s..60MB/s
working_set = 1GiB
hot = 128MiB
[vm web]
count = 3
host = a
memory = 4GiB
workload = w
[request go]
vm = web
target = b
END
}

claim_a_baseline_is_made_and_kept_to() {
    scenario
    exits 65 "$PROGRAM" check a.ini --baseline b.json
    says "b.json"
    exits 0 "$PROGRAM" check a.ini --baseline b.json --update
    prints "NEW: a.ini"
    exits 0 "$PROGRAM" check a.ini --baseline b.json
    prints "NO CHANGE: a.ini"
    cp out first
    exits 0 "$PROGRAM" check a.ini --baseline b.json --jobs 1
    cmp out first
    cp b.json before
    exits 0 "$PROGRAM" check a.ini --baseline b.json --update
    cmp b.json before
}

claim_a_regression_ends_with_99_and_names_the_line() {
    scenario
    exits 0 "$PROGRAM" check a.ini --baseline b.json --update
    scenario 5Gb/s..7Gb/s
    exits 99 "$PROGRAM" check a.ini --baseline b.json
    prints "REGRESSED: a.ini"
    prints "[link net] rate: 8Gb/s..10Gb/s -> 5Gb/s..7Gb/s   a.ini:8"
    says "--update makes it the new baseline"
    exits 99 "$PROGRAM" check a.ini --baseline b.json --format github
    prints "::error file=a.ini,line=8,title=regressed::"
    exits 99 "$PROGRAM" check a.ini --baseline b.json --format markdown
    prints "### REGRESSED: a.ini"
    exits 99 "$PROGRAM" check a.ini --baseline b.json --format junit
    prints "<failure type=\"regression\""
    if command -v xmllint >found; then
        xmllint --noout --schema "$SOURCE_DIR/tests/cli/junit.xsd" out 2>problems || { cat problems; false; }
    fi
    exits 0 "$PROGRAM" check a.ini --baseline b.json --update
    exits 0 "$PROGRAM" check a.ini --baseline b.json
}

claim_an_override_counts_as_a_change_of_the_input() {
    scenario
    exits 0 "$PROGRAM" check a.ini --baseline b.json --update
    exits 99 "$PROGRAM" check a.ini --baseline b.json --set "link net.rate=6Gb/s"
    prints "[link net] rate: 8Gb/s..10Gb/s -> 6Gb/s   --set"
    exits 0 "$PROGRAM" check a.ini --baseline b.json --set "link net.rate=6Gb/s" --noise 500%
}

claim_json_keeps_to_its_schema() {
    scenario
    "$PROGRAM" schema check >schema.json
    exits 0 "$PROGRAM" check a.ini --baseline b.json --update --json
    "$CHECK_SCHEMA" schema.json <out
    scenario 6Gb/s
    exits 99 "$PROGRAM" check a.ini --baseline b.json --json --db h.db --label one
    "$CHECK_SCHEMA" schema.json <out
    "$PROGRAM" schema trend >schema.json
    exits 0 "$PROGRAM" trend --db h.db --json
    "$CHECK_SCHEMA" schema.json <out
}

claim_trend_shows_the_course_of_what_was_checked() {
    local rate
    scenario
    exits 0 "$PROGRAM" check a.ini --baseline b.json --update --db h.db --label first
    for rate in 9Gb/s 6Gb/s; do
        scenario "$rate"
        "$PROGRAM" check a.ini --baseline b.json --db h.db --label "at $rate" >out || [ $? -eq 99 ]
    done
    exits 0 "$PROGRAM" trend --db h.db
    prints "a.ini: check 1 (first) to 3 (at 6Gb/s), last verdict: regressed"
    grep -q 'drain.makespan.mean.*regressed 1 time' out
    exits 0 "$PROGRAM" trend --db h.db --last 1 --measure downtime.p50
    prints "check 3"
    [ "$(grep -c '^  ' out)" -eq 2 ]
    exits 65 "$PROGRAM" trend --db none.db
    exits 65 "$PROGRAM" trend --db h.db --scenario other.ini
}

claim_accuracy_on_captures_is_gated_too() {
    mkdir traces
    cp "$SOURCE_DIR"/tests/traces/kvm-idle-512m.jsonl.zst "$SOURCE_DIR"/tests/traces/kvm-xbzrle.jsonl.zst traces
    exits 0 "$PROGRAM" check --traces traces --baseline b.json --update
    exits 0 "$PROGRAM" check --traces traces --baseline b.json
    prints "NO CHANGE: traces"
    prints "All values are the same to the last digit."
    exits 0 "$PROGRAM" check --traces traces --baseline b.json --verbose
    prints "predict.total_error"
    exits 65 "$PROGRAM" check --traces . --baseline b.json
}

claim_an_interrupt_is_said_and_leaves_the_baseline() {
    scenario
    exits 0 "$PROGRAM" check a.ini --baseline b.json --update -n 4
    cp b.json before
    interrupted "interrupted" "$PROGRAM" check a.ini --baseline b.json --update -n 1000000
    cmp b.json before
}

claim_what_is_wrong_is_said() {
    scenario
    exits 64 "$PROGRAM" check a.ini
    exits 64 "$PROGRAM" check --baseline b.json
    exits 64 "$PROGRAM" check a.ini --baseline b.json --alpha 2
    exits 65 "$PROGRAM" check a.ini --baseline b.json --update --measure downtime.p101
    says "no statistic of downtime"
    echo '{' >b.json
    exits 65 "$PROGRAM" check a.ini --baseline b.json
    says "b.json:"
    [ ! -e b.json.new ]
}

claim_goals_of_a_class_are_judged_and_doubt_is_said() {
    scenario
    printf '[thresholds]\nclass.web.downtime.p99 < 900ms\nclass.web.total_time.max < 1s\n' >>a.ini
    exits 99 "$PROGRAM" run a.ini --no-db --json
    grep -q '"judgement":"crossed"' out
    grep -q '"judgement":"not_decided"' out
    "$PROGRAM" schema run >schema.json
    "$CHECK_SCHEMA" schema.json <out
    exits 99 "$PROGRAM" run a.ini --no-db
    prints "replications would decide it"
    printf 'class.wbe.downtime.p99 < 900ms\n' >>a.ini
    exits 65 "$PROGRAM" run a.ini --no-db
    says "did you mean 'web'"
}

run_claims
