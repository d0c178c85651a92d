#!/usr/bin/env bash
# score: the split of a corpus, the methods to compare with, repeats, JSON.
. "$SOURCE_DIR/tests/shell.sh"

traces=$SOURCE_DIR/tests/traces
plain=$SOURCE_DIR/tests/tracer/plain/linux-idle.jsonl

# capture NAME - the plain capture under another name.
capture() {
    sed "1s/\"id\": *\"[^\"]*\"/\"id\":\"$1\"/" "$plain" >"$1.jsonl"
    grep -q "\"id\":\"$1\"" "$1.jsonl"
}

# xxHash64: of "a" odd, so validation; of "hot" even, so calibration.
claim_validation_is_judged_by_calibration_alone() {
    capture hot-r1
    capture a-r1
    capture a-r2
    exits 0 "$PROGRAM" score --split --json hot-r1.jsonl a-r1.jsonl
    grep -o '"trace":"a-r1.jsonl".*' out >alone
    # with another validation capture: the same row, but for its repeat
    exits 0 "$PROGRAM" score --split --json hot-r1.jsonl a-r1.jsonl a-r2.jsonl
    grep -o '"trace":"a-r1.jsonl".*' out | sed 's/,{"trace":"a-r2.*/]}/' >both
    sed 's/"repeat_total_time_pct":[^,]*//' alone >want
    sed 's/"repeat_total_time_pct":[^,]*//' both >got
    cmp got want
    prints '"part":"validation","class":"tcg (linux)"'
    prints '"repeat_total_time_pct":0,'
}

claim_a_split_needs_something_to_learn_from() {
    capture a-r1
    exits 65 "$PROGRAM" score --split a-r1.jsonl
    says "calibration half"
    exits 64 "$PROGRAM" score --split --calibration hosts.ini a-r1.jsonl
    exits 64 "$PROGRAM" score --markdown --json a-r1.jsonl
}

claim_json_keeps_to_its_schema_with_and_without_a_split() {
    capture hot-r1
    capture a-r1
    exits 0 "$PROGRAM" schema score
    cp out schema.json
    exits 0 "$PROGRAM" score --json hot-r1.jsonl a-r1.jsonl "$traces/link-two-0.jsonl.zst" "$traces/link-two-1.jsonl.zst"
    "$CHECK_SCHEMA" schema.json <out
    exits 0 "$PROGRAM" score --split --json hot-r1.jsonl a-r1.jsonl
    "$CHECK_SCHEMA" schema.json <out
}

claim_threads_do_not_change_the_figures() {
    exits 0 "$PROGRAM" score --jobs 1 "$traces/kvm-hot-32m-converges.jsonl.zst" "$traces/kvm-idle-512m.jsonl.zst" "$plain"
    cp out one
    exits 0 "$PROGRAM" score --jobs 3 "$traces/kvm-hot-32m-converges.jsonl.zst" "$traces/kvm-idle-512m.jsonl.zst" "$plain"
    cmp out one
}

# One constant rate is right about the calm guest and hopeless about the hot set; Gudkov's curve knows.
claim_the_other_methods_stand_beside_ours() {
    exits 0 "$PROGRAM" score "$traces/kvm-hot-32m-converges.jsonl.zst" "$traces/kvm-idle-512m.jsonl.zst" \
        "$traces/kvm-hot-64m-tight-downtime.jsonl.zst"
    awk '/^migcast/ { ours = $4 } /^Gudkov/ { his = $4 } /^AVG/ { avg = $4 }
         /^memory.bandwidth/ { naive = $4 }
         END { exit !(ours + 0 > 0 && ours <= his && his <= avg && avg <= naive) }' out
    exits 0 "$PROGRAM" score --markdown "$traces/kvm-hot-32m-converges.jsonl.zst" "$traces/kvm-idle-512m.jsonl.zst"
    prints '| **migcast** |'
    prints '| Gudkov |'
}

run_claims
