#!/usr/bin/env bash
# trace against real QEMUs, which the test starts and ends itself: an empty machine in its firmware, under
# software emulation.  And what trace refuses without one.
. "$SOURCE_DIR/tests/shell.sh"

qemu=qemu-system-x86_64

# needs_qemu - false, with a reason, where this machine cannot.
needs_qemu() {
    command -v "$qemu" >/dev/null && return 0
    echo "skipped: $qemu is not installed"
    return 1
}

# end_all - whatever the claim has started.
end_all() {
    local pids
    pids=$(jobs -p)
    # shellcheck disable=SC2086
    [ -z "$pids" ] || kill -9 $pids 2>/dev/null || true
}

# await COMMAND... - until it succeeds, at most 20 s
await() {
    local try
    for ((try = 0; try < 400; try++)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    echo "    never came true: $*"
    return 1
}

# machines - a source with two monitors (s1, s2) and a destination with one (d); source_pid
machines() {
    local common=(-accel tcg -machine pc -m 64 -nodefaults -display none)
    trap end_all EXIT
    "$qemu" "${common[@]}" -qmp unix:s1,server=on,wait=off -qmp unix:s2,server=on,wait=off 2>qemu-s.log &
    source_pid=$!
    "$qemu" "${common[@]}" -incoming defer -qmp unix:d,server=on,wait=off 2>qemu-d.log &
    destination_pid=$!
    await test -S s1 -a -S s2 -a -S d
}

# A cap at which the empty machine takes two seconds.
slow=(--max-bandwidth 500kB/s)

claim_a_migration_it_starts_is_recorded_to_its_end() {
    needs_qemu || return 0
    machines
    exits 0 "$PROGRAM" trace s1 -d d --migrate unix:m "${slow[@]}" --windows 1s -o t.jsonl.zst --id first
    prints "completed in"
    prints "t.jsonl.zst:"
    exits 0 "$PROGRAM" replay t.jsonl.zst
    prints "first: same outcome"
    exits 0 "$PROGRAM" predict --json t.jsonl.zst
    prints '"dirty_rate_measurements":1'
}

claim_somebody_elses_migration_is_watched() {
    needs_qemu || return 0
    machines
    "$PROGRAM" schema trace >schema.json
    "$PROGRAM" trace s2 --windows none --json --forecast -o watched.jsonl >events 2>notes &
    watcher=$!
    await grep -q '"event":"waiting"' events
    exits 0 "$PROGRAM" trace s1 -d d --migrate unix:m "${slow[@]}" --windows none -o acted.jsonl
    # The BIOS is no guest that the forecast knows, so the verdict is not judged here.
    code=0
    wait "$watcher" || code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 99 ]
    tail -n 1 events | grep -q '"event":"ended"'
    tail -n 1 events | grep -q '"status":"completed"'
    "$CHECK_SCHEMA" schema.json <events
    grep -q '"name":"migrate","data":{}' watched.jsonl
    fails grep -q '"kind":"command","side":"source","name":"migrate-set' watched.jsonl
    grep -q '"max-bandwidth":500000,' watched.jsonl
    # Both saw the same migration.
    totals() { grep -o '"total-time":[0-9]*' "$1" | tail -n 1; }
    [ "$(totals watched.jsonl)" = "$(totals acted.jsonl)" ]
}

claim_a_monitor_that_is_taken_is_told() {
    needs_qemu || return 0
    machines
    "$PROGRAM" trace s1 --windows none -o a.jsonl >/dev/null 2>notes &
    await grep -q "waiting for somebody" notes
    exits 75 "$PROGRAM" trace s1 --windows none -o b.jsonl
    says "one client at a time"
    [ ! -e b.jsonl ]
}

claim_an_interrupt_ends_it_with_a_footer() {
    needs_qemu || return 0
    machines
    "$PROGRAM" trace s1 --windows none -o a.jsonl.zst >text 2>notes &
    tracer=$!
    await grep -q "waiting for somebody" notes
    kill -TERM "$tracer"
    code=0
    wait "$tracer" || code=$?
    [ "$code" -eq 130 ]
    exits 0 "$PROGRAM" predict a.jsonl.zst
    says_nothing_of_a_cut_line
}

says_nothing_of_a_cut_line() {
    fails grep -q "cut short" err
}

claim_kill_9_in_mid_capture_leaves_a_file_that_reads() {
    needs_qemu || return 0
    machines
    "$PROGRAM" trace s1 -d d --migrate unix:m --max-bandwidth 20kB/s --windows none -o t.jsonl >/dev/null 2>&1 &
    tracer=$!
    await grep -q '"total-time":[1-9][0-9][0-9]' t.jsonl
    kill -9 "$tracer"
    wait "$tracer" || true
    grep -q '"name":"migrate"' t.jsonl
    fails grep -q '"kind":"footer"' t.jsonl
    exits 0 "$PROGRAM" predict t.jsonl
    exits 0 "$PROGRAM" replay t.jsonl
}

claim_a_source_that_vanishes_is_said_and_the_file_kept() {
    needs_qemu || return 0
    machines
    "$PROGRAM" trace s1 -d d --migrate unix:m --max-bandwidth 20kB/s --windows none -o t.jsonl >/dev/null 2>notes &
    tracer=$!
    await grep -q '"total-time":[1-9][0-9][0-9]' t.jsonl
    kill -9 "$source_pid"
    code=0
    wait "$tracer" || code=$?
    [ "$code" -eq 75 ]
    grep -q "s1: closed the connection" notes
    tail -n 1 t.jsonl | grep -q '"kind":"footer","status":"active"'
}

claim_a_timeout_cancels_only_what_was_started_here() {
    needs_qemu || return 0
    machines
    exits 0 "$PROGRAM" trace s1 -d d --migrate unix:m --max-bandwidth 20kB/s --timeout 1s --windows none -o t.jsonl
    prints "timeout after 1"
    exits 0 "$PROGRAM" replay --json t.jsonl
    prints '"observed":{"outcome":"timeout"'
    exits 64 "$PROGRAM" trace s1 --timeout 1s
    says "nothing is changed, only watched"
}

claim_a_stall_raises_the_alarm_and_the_exit_code() {
    needs_qemu || return 0
    machines
    # The destination stands still while pages are on their way: the socket fills, and nothing more leaves.
    "$PROGRAM" trace s1 -d d --migrate unix:m "${slow[@]}" --windows none --forecast -o t.jsonl >text 2>notes &
    tracer=$!
    await grep -q '"total-time":[1-9][0-9][0-9]' t.jsonl
    kill -STOP "$destination_pid"
    await grep -q "alarm: the migration" notes
    kill -CONT "$destination_pid"
    code=0
    wait "$tracer" || code=$?
    [ "$code" -eq 99 ]
    grep -q "outside of what was forecast" notes
    grep -q "completed in" text
}

claim_a_refusal_of_qemu_is_passed_on() {
    needs_qemu || return 0
    machines
    exits 65 "$PROGRAM" trace s1 -d d --migrate unix:m --capability no-such-thing --windows none -o t.jsonl
    says "no-such-thing"
    exits 65 "$PROGRAM" trace s2 --migrate nonsense --windows none -o u.jsonl
    says "migrate"
    tail -n 1 u.jsonl | grep -q '"kind":"footer"'
}

claim_what_makes_no_sense_is_refused_before_anything_is_touched() {
    while IFS='|' read -r code args want; do
        # shellcheck disable=SC2086
        exits "$code" "$PROGRAM" trace $args
        says "$want"
    done <<'TABLE'
64||no VM is given
64|a b|one too many
64|a --domain b|both a socket and a domain
64|--libvirt test:///default|needs a domain
64|a --max-bandwidth 1MiB/s|needs --migrate
64|a --capability xbzrle|needs --migrate
64|a -m tcp:x:1 --incoming no|needs the destination
64|a -m tcp:x:1 --parameter fast|NAME=VALUE
64|a -m tcp:x:1 --max-bandwidth 12|a rate
64|a --windows 1s,,2s|up to 16 times
64|a --windows 61s|up to 16 times
64|a --poll 0ms|a time
64|a --poll 1min|1ms to 10s
64|a --mode guess|guess
64|--domain x --migrate tcp:y:1|does not go with --domain
65|absent|No such file
TABLE
    : >plain
    exits 65 "$PROGRAM" trace plain
    says "not a socket"
    [ "$(ls)" = "$(printf 'err\nout\nplain')" ]
}

run_claims
