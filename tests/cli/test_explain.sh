#!/bin/bash
# `migcast explain`: why a VM or an operation ended as it did, codes, and sensitivities.
# shellcheck source=tests/shell.sh
. "$SOURCE_DIR/tests/shell.sh"

S=$SOURCE_DIR/scenarios

explains() { # explains ARGUMENTS... - must end with 0
    exits 0 "$PROGRAM" explain "$@"
}

claim_a_timeout_is_told_with_the_documented_and_the_counted_figure() {
    explains vm db "$S/harvester-timeout.ini"
    prints "E-TIMEOUT: db stays on node1"
    tr -s '\n ' ' ' <out >words
    grep -q "8 x 800 s are 6400 s, but the code counts each started 10^9 bytes: 9 x 800 s = 7200 s" words
    grep -q "auto_converge" words
}

claim_a_full_cluster_is_told_by_the_nearest_host_and_what_it_lacks() {
    explains vm app-1 "$S/full-cluster-deadlock.ini"
    prints "E-NOTARGET"
    prints "8 GiB short"
    # found by simulating it: with that much more memory the VM moves
    prints "more memory on node-2"
    grep "more memory on node-2" out | grep -q "completed"
    fails grep -q max_bandwidth out
}

claim_a_wait_names_the_limit_and_who_had_the_slots() {
    explains vm web-30 "$S/rack-drain.ini"
    tr -s '\n ' ' ' <out >words
    grep -qE "It waits .* because the cluster runs 8 at a time, and web-[0-9]+, web-[0-9]+, web-[0-9]+ and 5 more had the slots; 5 more of its host stand before it" words
    grep -qE "the end of web-[0-9]+ let it go" words
}

claim_an_operation_names_the_host_and_the_vm_that_hold_it_up() {
    explains op kernel "$S/full-cluster-deadlock.ini"
    awk 'length > 80 { print "    wider than 80 columns: " $0; wide = 1 } END { exit wide }' out
    explains op empty-old "$S/kubevirt-endless-drain.ini"
    prints "NOT DONE: drain empty-old"
    prints "old holds it up: 9 of its 10 VMs left, and hog"
    explains op cooling "$S/rack-drain.ini" -n 3
    prints "DONE: evacuate cooling: 4 of 4 hosts done"
    prints "3 of 3 replications"
    awk 'length > 80 { print "    wider than 80 columns: " $0; wide = 1 } END { exit wide }' out
    grep -q "is empty last, at" out
}

claim_a_host_tells_what_left_and_what_came() {
    explains host hot-1 "$S/rack-drain.ini"
    tr -s '\n ' ' ' <out >words
    grep -q "hot-1 has 8 VMs of 256 GiB at the start" words
    grep -q "8 left in 8 attempts, at most 2 at once" words
    grep -q "Nothing came." words
    # what left all hot hosts came to the cool ones
    for h in hot-1 hot-2 hot-3 hot-4; do "$PROGRAM" explain host $h "$S/rack-drain.ini" --json; done |
        grep -o '"left":{"attempts":[0-9]*,"completed":[0-9]*' | sed 's/.*://' | awk "{n += \$1} END {print n}" >left
    for i in 1 2 3 4 5 6 7 8; do "$PROGRAM" explain host cool-$i "$S/rack-drain.ini" --json; done |
        grep -o '"came":{"attempts":[0-9]*,"completed":[0-9]*' | sed 's/.*://' | awk "{n += \$1} END {print n}" >came
    [ "$(cat left)" -eq 32 ]
    cmp left came
    exits 64 "$PROGRAM" explain host hot-9 "$S/rack-drain.ini"
    says "did you mean"
}

claim_replications_can_be_chosen_and_the_worst_is_no_better_than_the_median() {
    for pick in median worst 7; do
        explains vm batch-1 "$S/uncertain.ini" --replication $pick --json
        # the first total time is that of the migration, before those of changes
        grep -o '"total_time_ms":[0-9.]*' out | head -n 1 | cut -d: -f2 >$pick.ms
        cp out $pick.json
    done
    grep -q '"replication":7,' 7.json
    awk 'NR == FNR { median = $1; next } { exit !($1 > median) }' median.ms worst.ms
    exits 64 "$PROGRAM" explain vm batch-1 "$S/uncertain.ini" --replication 100000
    exits 64 "$PROGRAM" explain vm batch-1 "$S/uncertain.ini" --replication latest
}

claim_a_stored_run_is_explained_as_long_as_its_scenario_is_the_same() {
    cp "$S/harvester-timeout.ini" own.ini
    exits 0 "$PROGRAM" run own.ini --db own.db --quiet --seed 5
    explains vm db --db own.db
    prints "own.ini, seed 5"
    sed -i 's/8GiB/9GiB/' own.ini
    exits 65 "$PROGRAM" explain vm db --db own.db
    says "is not what the last run of own.db was made from"
}

claim_json_keeps_to_its_schema() {
    "$PROGRAM" schema explain >schema.json
    explains vm hog "$S/kubevirt-endless-drain.ini" --json
    "$CHECK_SCHEMA" schema.json <out
    explains op cooling "$S/rack-drain.ini" --json
    "$CHECK_SCHEMA" schema.json <out
    explains host hot-1 "$S/rack-drain.ini" --json
    "$CHECK_SCHEMA" schema.json <out
    explains "$S/rack-drain.ini" --sensitivity --json
    "$CHECK_SCHEMA" schema.json <out
    explains --list --json
    "$CHECK_SCHEMA" schema.json <out
}

claim_every_code_that_is_listed_is_explained_and_no_other() {
    explains --list
    sed -n 's/^  \(E-[A-Z]*\) .*/\1/p' out >codes
    [ "$(wc -l <codes)" -gt 20 ]
    [ -z "$(sort codes | uniq -d)" ]
    while read -r code; do
        explains "$code"
        for heading in CAUSE "HOW TO SEE IT" "WHAT TO DO" EXAMPLE; do
            prints "$heading"
        done
        awk 'length > 80 { print "    wider than 80 columns: " $0; wide = 1 } END { exit wide }' out
    done <codes
    explains e-timeout
    prints "E-TIMEOUT:"
    exits 64 "$PROGRAM" explain E-NOTHING
    says "is no code"
}

# What the example of an outcome or a hazard prints names the code.
claim_each_example_of_a_code_can_be_run_and_shows_it() {
    here=$PWD
    cd "$SOURCE_DIR" || return 1
    "$PROGRAM" explain --list | sed -n 's/^  \(E-[A-Z]*\) .*/\1/p' | while read -r code; do
        example=$("$PROGRAM" explain "$code" | tail -n 1 | sed 's/^ *migcast //')
        case $example in *--db*) continue ;; run*) example="$example --no-db --quiet -n 2" ;; esac
        example=${example//-n 400 /}
        status=0
        # shellcheck disable=SC2086
        "$PROGRAM" $example >"$here/out" 2>/dev/null </dev/null || status=$?
        case $status in 0 | 2 | 99) ;; *) echo "    $code: '$example' ends with $status"; exit 1 ;; esac
        "$PROGRAM" explain "$code" --json | grep -qE '"group":"(outcomes|hazards)"' || continue
        case $example in run* | explain*) ;; *) continue ;; esac
        grep -q "$code" "$here/out" || { echo "    $code is not in what '$example' prints"; exit 1; }
    done
}

claim_sensitivities_are_sorted_and_take_the_measure_that_is_asked_for() {
    explains "$S/rack-drain.ini" --sensitivity --measure drain.makespan.p95 --json
    grep -q '"measure":"drain.makespan.p95"' out
    grep -o '"swing":[0-9.e+]*' out | cut -d: -f2 >swings
    [ "$(wc -l <swings)" -ge 5 ]
    sort -gr swings | cmp - swings
    exits 64 "$PROGRAM" explain "$S/rack-drain.ini" --sensitivity --measure drain.makespam.p95
    says "did you mean"
}

claim_a_picture_of_sensitivities_is_drawn_where_charts_are_built_in() {
    "$PROGRAM" explain "$S/rack-drain.ini" --sensitivity --plot t.svg >out 2>err || {
        says "built without charts"
        return 0
    }
    grep -q "<svg" t.svg
    exits 64 "$PROGRAM" explain vm web-1 "$S/rack-drain.ini" --plot t.svg
}

claim_what_is_not_there_is_said_with_the_nearest_name() {
    exits 64 "$PROGRAM" explain vm hug "$S/kubevirt-endless-drain.ini"
    says "did you mean 'hog'?"
    exits 64 "$PROGRAM" explain op empty-ole "$S/kubevirt-endless-drain.ini"
    says "did you mean 'empty-old'?"
    exits 64 "$PROGRAM" explain hog
    exits 64 "$PROGRAM" explain
    exits 65 "$PROGRAM" explain vm hog missing.ini
}

claim_the_same_question_has_the_same_answer_on_any_number_of_threads() {
    "$PROGRAM" explain vm web-2 "$S/evacuate-host.ini" -n 4 --jobs 1 >one
    "$PROGRAM" explain vm web-2 "$S/evacuate-host.ini" -n 4 --jobs 3 >three
    cmp one three
    awk 'length > 80 { print "    wider than 80 columns: " $0; wide = 1 } END { exit wide }' one
}

run_claims
