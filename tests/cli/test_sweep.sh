#!/bin/bash
# `migcast sweep` as a user meets it: the answer, what is kept, what survives a kill.
# shellcheck source=tests/shell.sh
. "$SOURCE_DIR/tests/shell.sh"

FIRST="$SOURCE_DIR/scenarios/first.ini"
HOST="$SOURCE_DIR/scenarios/evacuate-host.ini"

claim_a_range_is_simulated_and_the_best_is_named() {
    exits 0 "$PROGRAM" sweep "$FIRST" bandwidth=1Gb/s..4Gb/s:log:3 --no-db
    prints "Best: bandwidth=4Gb/s, drain.makespan.p95 "
    prints "2Gb/s"
    [ ! -e migcast.db ]
}

claim_two_settings_make_a_matrix_that_fits_a_screen() {
    exits 0 "$PROGRAM" sweep "$HOST" bandwidth=128MiB/s,256MiB/s,512MiB/s outbound=1,2,4 -n 5 --no-db
    prints "bandwidth downwards, outbound to the right"
    prints "downtime.p99 < 500ms: met by "
    [ "$(wc -l <out)" -le 24 ]
}

claim_a_cell_is_what_run_gives_with_the_same_values() {
    "$PROGRAM" sweep "$HOST" outbound=2,4 -n 4 -m total_time.max --csv --no-db -q >sweep.csv
    "$PROGRAM" run "$HOST" --set cluster.max_out=4 -n 4 --no-db --csv -q >run.csv
    longest=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "total_time_ms") c = i; next }
        $c > max { max = $c } END { printf "%.3f", max }' run.csv)
    swept=$(awk -F, '$1 == 4 { printf "%.3f", $6 }' sweep.csv)
    [ "$swept" = "$longest" ]
}

claim_json_keeps_to_its_schema() {
    exits 65 "$PROGRAM" sweep "$HOST" outbound=1,2 postcopy_preempt=off,on -n 2 --json --no-db
    "$PROGRAM" schema sweep >schema.json
    "$CHECK_SCHEMA" schema.json <out
}

claim_csv_has_a_line_a_cell() {
    exits 0 "$PROGRAM" sweep "$FIRST" bandwidth=1Gb/s,2Gb/s postcopy=off,on -m downtime.max --csv --no-db
    [ "$(wc -l <out)" -eq 5 ]
    [ "$(head -n 1 out)" = "bandwidth,postcopy,state,rank,crossed,undecided,downtime.max_ms,downtime.max_low_ms,downtime.max_high_ms" ]
}

claim_threads_change_neither_result_nor_database() {
    local sweep=(sweep "$HOST" bandwidth=128MiB/s..1GiB/s:log:4 outbound=1..3 -n 5 --json -q)
    "$PROGRAM" "${sweep[@]}" -j1 --db one.db -o one.json
    "$PROGRAM" "${sweep[@]}" -j4 --db four.db -o four.json
    cmp one.json four.json
    "$DUMP_DB" one.db >one
    "$DUMP_DB" four.db >four
    cmp one four
    grep -q sweep_figure one
    # more threads than cells: replications of one cell are shared out
    "$PROGRAM" sweep "$HOST" outbound=2 -n 40 --json -q --no-db -j1 >one.json
    "$PROGRAM" sweep "$HOST" outbound=2 -n 40 --json -q --no-db -j4 >four.json
    cmp one.json four.json
}

claim_stored_cells_are_used_again() {
    "$PROGRAM" sweep "$FIRST" bandwidth=1Gb/s,2Gb/s --json -q -o fresh.json
    exits 0 "$PROGRAM" sweep "$FIRST" bandwidth=1Gb/s,2Gb/s --json -o again.json
    says "0 simulated, 2 from migcast.db"
    cmp fresh.json again.json
    exits 0 "$PROGRAM" sweep "$FIRST" max_bandwidth=2Gb/s,3Gb/s
    says "1 simulated, 1 from migcast.db"
    # another seed is another cell, and so is another measure
    exits 0 "$PROGRAM" sweep "$FIRST" bandwidth=1Gb/s,2Gb/s --seed 9
    says "2 simulated"
    exits 0 "$PROGRAM" sweep "$FIRST" bandwidth=1Gb/s,2Gb/s -m rounds.max
    says "2 simulated"
    exits 0 "$PROGRAM" sweep "$FIRST" bandwidth=1Gb/s,2Gb/s
    says "0 simulated"
    exits 0 "$PROGRAM" sweep "$FIRST" bandwidth=1Gb/s,2Gb/s --again
    says "2 simulated"
}

# killed_and_resumed TIMES AXIS... - kills a sweep at so many moments; then the result is as if never.
killed_and_resumed() {
    local times=$1 i pid
    kept=
    shift
    "$PROGRAM" sweep "$HOST" "$@" --json -q -j2 --db whole.db -o whole.json
    for ((i = 0; i < times; i++)); do
        "$PROGRAM" sweep "$HOST" "$@" --json -q -j2 --db killed.db -o killed.json &
        pid=$!
        sleep "0.$(printf %03d $((RANDOM % 600 + 20)))"
        kill -9 "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
        [ ! -s killed.db ] || kept="$kept $("$DUMP_DB" killed.db | grep -c "^sweep_cell" || true)"
    done
    "$PROGRAM" sweep "$HOST" "$@" --json -q -j2 --db killed.db -o killed.json
    cmp whole.json killed.json
    "$DUMP_DB" whole.db >whole
    "$DUMP_DB" killed.db >killed
    cmp whole killed
}

claim_a_killed_sweep_goes_on_to_the_same_result() {
    killed_and_resumed 3 bandwidth=64MiB/s..1GiB/s:log:12 outbound=1..4 -n 10
}

claim_an_interrupt_keeps_what_is_finished() {
    interrupted "goes on from there" \
        "$PROGRAM" sweep "$HOST" bandwidth=64MiB/s..1GiB/s:log:400 outbound=1..8 -n 50 -j2 --json -o part.json
    says "interrupted"
    grep -q '"interrupted":true' part.json
    grep -q '"state":"open"' part.json
    [ "$(grep -c '"settings"' part.json)" -eq 3200 ]
}

claim_a_cell_that_cannot_be_run_is_told_and_the_rest_goes_on() {
    exits 65 "$PROGRAM" sweep "$FIRST" postcopy_preempt=on,off --no-db
    prints "Best: postcopy_preempt=off"
    prints "1 cell cannot be run"
    prints "postcopy_preempt=on: setting: [migration] postcopy_preempt"
    exits 64 "$PROGRAM" sweep "$FIRST" "vm web-1.memory=4GiB,0MiB" --no-db
    says "'0MiB' is out of range"
    exits 65 "$PROGRAM" sweep none.ini bandwidth=1Gb/s --no-db
    says "none.ini"
}

claim_no_cell_that_meets_the_thresholds_is_99() {
    exits 99 "$PROGRAM" sweep "$FIRST" bandwidth=1Gb/s,2Gb/s --set "thresholds.downtime.max=< 1ms" --no-db
    prints "None of 2 cells meets all thresholds"
    exits 0 "$PROGRAM" sweep "$FIRST" bandwidth=1Gb/s,2Gb/s --set "thresholds.drain.makespan.max=< 20s" --no-db
    prints "Best: bandwidth=2Gb/s"
}

claim_wrong_words_are_told_with_the_right_ones() {
    exits 64 "$PROGRAM" sweep "$FIRST" bandwith=1Gb/s
    says "did you mean 'bandwidth'?"
    exits 64 "$PROGRAM" sweep "$FIRST" bandwidth=1Gb/s max_bandwidth=2Gb/s
    says "both set migration.max_bandwidth"
    exits 64 "$PROGRAM" sweep "$FIRST" bandwidth=1Gb/s --set migration.max_bandwidth=2Gb/s
    says "is varied, and set by --set"
    exits 64 "$PROGRAM" sweep "$FIRST" bandwidth=1Gb/s..2Gb/s:lin:5000 latency=0ms..1s:lin:5000
    says "cells are too many"
    exits 64 "$PROGRAM" sweep "$FIRST" bandwidth=1Gb/s -m downtme.p99
    says "did you mean 'downtime'?"
    exits 64 "$PROGRAM" sweep "$FIRST" bandwidth=1Gb/s -m class.wbe-1.downtime.p99
    says "did you mean 'web-1'?"
    exits 64 "$PROGRAM" sweep "$FIRST"
    [ ! -e migcast.db ]
}

claim_a_dry_run_counts_and_simulates_nothing() {
    exits 0 "$PROGRAM" sweep "$HOST" bandwidth=128MiB/s..1GiB/s:log:5 outbound=1,2 --dry-run
    prints "10 cells: 5 bandwidth x 2 outbound"
    prints "200 simulations"
    prints "time: about"
    prints "memory: about"
    [ ! -e migcast.db ]
}

claim_a_setting_without_effect_is_said_to_have_none() {
    exits 0 "$PROGRAM" sweep "$FIRST" channels=2,4 --no-db
    prints "channels makes no difference"
}

claim_presets_can_be_varied() {
    exits 0 "$PROGRAM" sweep "$FIRST" preset=qemu-default,libvirt-default --no-db
    prints "libvirt-default"
    exits 64 "$PROGRAM" sweep "$FIRST" preset=libvirt-defalt --no-db
    says "did you mean 'libvirt-default'?"
}

claim_the_shipped_example_answers_on_the_first_screen() {
    exits 0 "$PROGRAM" sweep "$SOURCE_DIR/scenarios/sweep-drain.ini" bandwidth=64MiB/s..1GiB/s:log:5 \
        outbound=1,2,4 -n 4 --no-db
    prints "Best: bandwidth=1GiB/s outbound=4"
    [ "$(wc -l <out)" -le 24 ]
}

# What the project promises, in full: minutes.
if [ -n "${MIGCAST_LONG:-}" ]; then
    claim_long_twenty_kills_change_nothing() {
        killed_and_resumed 20 bandwidth=64MiB/s..1GiB/s:log:200 outbound=1..8 -n 50
        echo "    cells kept after each kill, of 1600:$kept"
    }

    claim_long_ten_thousand_simulations_are_the_same_on_one_core_and_two() {
        local sweep=(sweep "$HOST" bandwidth=64MiB/s..1GiB/s:log:50 outbound=1..4 -n 50 --json -q) from
        from=$EPOCHREALTIME
        "$PROGRAM" "${sweep[@]}" -j1 --db one.db -o one.json
        echo "    10000 simulations on 1 core: $(bc <<<"$EPOCHREALTIME - $from") s"
        from=$EPOCHREALTIME
        "$PROGRAM" "${sweep[@]}" -j2 --db two.db -o two.json
        echo "    10000 simulations on 2 cores: $(bc <<<"$EPOCHREALTIME - $from") s"
        cmp one.json two.json
        "$DUMP_DB" one.db >one
        "$DUMP_DB" two.db >two
        cmp one two
    }
fi

run_claims
