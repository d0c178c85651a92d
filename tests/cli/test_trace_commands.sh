#!/usr/bin/env bash
# predict, replay, score and calibrate: what they print, what they refuse.
. "$SOURCE_DIR/tests/shell.sh"

traces=$SOURCE_DIR/tests/traces


claim_predict_reads_only_what_precedes_migrate() {
    cp "$SOURCE_DIR/tests/tracer/plain/linux-idle.jsonl" whole.jsonl
    sed '/"name":"migrate",/,$d' whole.jsonl >cut.jsonl
    [ "$(wc -l <cut.jsonl)" -lt "$(wc -l <whole.jsonl)" ]
    exits 0 "$PROGRAM" predict --json whole.jsonl
    sed 's/whole/cut/' out >want
    exits 0 "$PROGRAM" predict --json cut.jsonl
    cmp out want
}

claim_the_workload_in_the_header_is_not_read() {
    sed '1s/"name": "idle"/"name": "a storm of writes"/' "$SOURCE_DIR/tests/tracer/plain/linux-idle.jsonl" >t.jsonl
    exits 0 "$PROGRAM" predict --json t.jsonl
    cp out with
    exits 0 "$PROGRAM" predict --json "$SOURCE_DIR/tests/tracer/plain/linux-idle.jsonl"
    cmp <(sed 's/"trace":"[^"]*"//' out) <(sed 's/"trace":"[^"]*"//' with)
}

claim_the_cancelled_capture_is_a_forecast_timeout() {
    exits 0 "$PROGRAM" predict --json "$traces/kvm-never-converges-cancelled.jsonl.zst"
    prints '"outcome":"timeout"'
    prints '"downtime_ms":null'
}

claim_members_of_a_link_are_forecast_together() {
    exits 0 "$PROGRAM" predict --json "$traces/link-two-0.jsonl.zst" "$traces/link-two-1.jsonl.zst"
    [ "$(wc -l <out)" -eq 2 ]
    head -n 1 out >together
    exits 0 "$PROGRAM" predict --json "$traces/link-two-0.jsonl.zst"
    fails cmp -s together out
}

claim_replay_agrees_with_the_throttled_capture() {
    exits 0 "$PROGRAM" replay "$traces/kvm-hotcold-autoconverge.jsonl.zst"
    prints "same outcome"
    prints "throttle steps: 7 observed, 7 simulated, 7 at the same sync and level"
}

claim_replay_needs_the_migration() {
    sed '/"name":"migrate",/,$d' "$SOURCE_DIR/tests/tracer/plain/linux-idle.jsonl" >cut.jsonl
    exits 65 "$PROGRAM" replay cut.jsonl
    says "cut.jsonl"
    says "migcast predict"
    exits 65 "$PROGRAM" score cut.jsonl
}

claim_a_calibration_can_be_learned_used_and_included() {
    exits 0 "$PROGRAM" calibrate "$traces"/kvm-*.zst -o hosts.ini
    grep -q '^\[calibration kvm\]' hosts.ini
    fails grep -q '^\[calibration tcg\]' hosts.ini
    exits 0 "$PROGRAM" predict --calibration hosts.ini "$traces/kvm-idle-512m.jsonl.zst"
    cp "$SOURCE_DIR/scenarios/first.ini" first.ini
    sed -i '/^\[scenario\]/a include = hosts.ini' first.ini
    exits 0 "$PROGRAM" run first.ini --no-db
    exits 65 "$PROGRAM" predict --calibration "$SOURCE_DIR/scenarios/first.ini" "$traces/kvm-idle-512m.jsonl.zst"
}

# The bars that the README claims: a change that makes forecasts worse fails here.
claim_forecasts_of_kvm_captures_stay_within_their_bars() {
    exits 0 "$PROGRAM" score "$traces"/*.zst
    sed -n '/^class/,/^$/p' out >rows
    awk '$1 == "kvm" { found = 1
             if ($2 != 9 || $3 != 9 || $4 > 1 || $5 > 3 || $8 > 15) { print "kvm row: " $0; bad = 1 } }
         $1 == "shared" { if ($3 != 5 || $4 != 5 || $6 > 3) { print "link row: " $0; bad = 1 } }
         $1 == "all" && $2 == 18 { if ($3 != 18 || $NF > 3) { print "all row: " $0; bad = 1 } }
         END { exit bad || !found }' rows
}

claim_what_is_no_capture_is_refused_with_the_line() {
    printf '{"kind":"header"}\n' >bad.jsonl
    exits 65 "$PROGRAM" predict bad.jsonl
    says "bad.jsonl:1"
    head -c 3000 /dev/urandom >noise.jsonl
    exits 65 "$PROGRAM" predict noise.jsonl
    exits 65 "$PROGRAM" predict absent.jsonl
    exits 64 "$PROGRAM" predict
    exits 74 "$PROGRAM" predict "$traces/kvm-idle-512m.jsonl.zst" -o /dev/full
}

claim_a_capture_cut_behind_migrate_is_forecast_as_if_it_were_whole_and_said_to_be_cut() {
    local zst=$SOURCE_DIR/tests/traces/kvm-phased.jsonl.zst

    exits 0 "$PROGRAM" predict --json "$zst"
    fails grep -q "middle of a line" err
    sed 's/"trace":"[^"]*"//' out >want
    head -c $(($(wc -c <"$zst") - 2000)) "$zst" >cut.jsonl.zst
    exits 0 "$PROGRAM" predict --json cut.jsonl.zst
    says "cut.jsonl.zst: ends in the middle of a line or of a compressed frame; everything before"
    sed 's/"trace":"[^"]*"//' out | cmp - want

    head -c -100 "$SOURCE_DIR/tests/tracer/plain/linux-idle.jsonl" >half.jsonl
    exits 0 "$PROGRAM" predict half.jsonl
    cp out half
    says "half.jsonl: ends in the middle of a line"
    sed '$d' half.jsonl >lines.jsonl
    exits 0 "$PROGRAM" predict lines.jsonl
    fails grep -q "middle of a line" err
    # a pipe may not be at its end for long: it is not waited for
    timeout 50 "$PROGRAM" predict <(cat half.jsonl; exec sleep 60) >piped 2>err
    cmp <(sed 1d half) <(sed 1d piped)
}

claim_a_trace_cut_while_migrating_shows_no_time_that_it_did_not_see() {
    zstd -dcq "$SOURCE_DIR/tests/traces/kvm-phased.jsonl.zst" >whole.jsonl 2>/dev/null ||
        { echo "skipped: no zstd here"; return 0; }
    head -c $(($(wc -c <whole.jsonl) / 2)) whole.jsonl >half.jsonl
    exits 0 "$PROGRAM" replay half.jsonl
    says "the last line is cut short"
    grep -qE 'total time +unknown' out
    fails grep -q -- '-1 ns' out
}

run_claims
