#!/usr/bin/env bash
# The command line: wrong words get the nearest right one, and every way of losing output is noticed.
. "$SOURCE_DIR/tests/shell.sh"

claim_no_subcommand_is_a_usage_error() {
    exits 64 "$PROGRAM"
    says "usage: migcast"
}

claim_wrong_words_name_the_nearest_right_one() {
    while IFS='|' read -r args hint; do
        # shellcheck disable=SC2086
        exits 64 "$PROGRAM" $args
        says "$hint"
        [ ! -s out ]
    done <<'TABLE'
schem|did you mean 'schema'?
hlep|did you mean 'help'?
xyzzy|see 'migcast help'
--versoin|is no option
schema --outptu x|did you mean '--output'?
schema --zzzzzz|see 'migcast help schema'
schema -Z|see 'migcast help schema'
schema --output|give --output FILE
schema --quiet=3|--quiet takes no value
schema --color sometimes|give auto|always|never
schema run predict|unexpected argument 'predict'
schema runn|did you mean 'run'?
schema --seed 3|'--seed' is no option of this subcommand
help schemaa|did you mean 'schema'?
help schema run|only 'help options' takes a topic
help options downtime_limt|did you mean 'downtime_limit'?
TABLE
}

claim_options_may_stand_after_arguments() {
    exits 0 "$PROGRAM" schema run --quiet --color never -o saved
    [ -s saved ]
    exits 0 "$PROGRAM" schema -- run
    prints '"$defs"'
}

claim_an_empty_value_is_refused() {
    exits 64 "$PROGRAM" schema --output ''
}

claim_a_full_device_is_exit_74() {
    exits 74 sh -c '"$1" schema run >/dev/full' sh "$PROGRAM"
    says "No space left on device"
    exits 74 "$PROGRAM" schema run -o /dev/full
    says "/dev/full: cannot write the result: No space left on device"
    exits 74 sh -c '"$1" help >/dev/full' sh "$PROGRAM"
    exits 74 sh -c '"$1" --version >/dev/full' sh "$PROGRAM"
}

claim_a_closed_standard_output_is_exit_74() {
    exits 74 sh -c '"$1" schema run >&-' sh "$PROGRAM"
    says "cannot write the result"
}

claim_a_reader_that_went_away_is_exit_74() {
    exits 0 bash -c 'set -o pipefail; { sleep 0.3; "$1" schema run; echo $? >code; } 2>why | true' sh "$PROGRAM"
    [ "$(cat code)" = 74 ]
    grep -qF "Broken pipe" why
}

claim_closed_descriptors_do_not_end_up_in_files() {
    exits 0 sh -c '"$1" schema run -o saved <&- 2>&-' sh "$PROGRAM"
    exits 0 "$PROGRAM" schema run
    cmp out saved
}

claim_a_failed_output_file_leaves_what_was_there() {
    echo precious >saved
    exits 64 "$PROGRAM" schema runn -o saved
    [ "$(cat saved)" = precious ]
    [ "$(ls | grep -c saved)" -eq 1 ]
    exits 74 "$PROGRAM" schema run -o missing/saved
    says "missing/saved: cannot open for writing: No such file or directory"
}

claim_output_to_a_file_keeps_the_umask() {
    umask 027
    exits 0 "$PROGRAM" schema run -o saved
    [ "$(stat -c %a saved)" = 640 ]
}

claim_version_carries_no_date() {
    exits 0 "$PROGRAM" --version
    grep -qE '^migcast [0-9]+\.[0-9]+\.[0-9]+(\+[0-9A-Za-z.-]+)?$' out
    cp out before
    exits 0 "$PROGRAM" help --version
    cmp out before
}

claim_text_is_the_same_in_every_locale() {
    exits 0 env LC_ALL=C "$PROGRAM" help
    cp out before
    exits 0 env LC_ALL=de_DE.UTF-8 LANGUAGE=de "$PROGRAM" help
    cmp out before
}

# asleep PID - it catches signals already, and waits for something
asleep() {
    grep -q '^SigCgt:.*[1-9a-f]' "/proc/$1/status" && grep -q '^State:.*sleeping' "/proc/$1/status"
}

claim_an_interrupt_while_waiting_for_input_is_exit_130() {
    local signal code pid guard
    mkfifo pipe.ini
    for signal in INT TERM; do
        "$PROGRAM" config show pipe.ini >out 2>err &
        pid=$!
        (sleep 60 && kill -s KILL "$pid") >/dev/null 2>&1 &
        guard=$!
        until asleep "$pid"; do sleep 0.05; done
        kill -s "$signal" "$pid"
        code=0
        wait "$pid" || code=$?
        kill "$guard"
        [ "$code" -eq 130 ]
        [ -s err ]
    done
}

run_claims
