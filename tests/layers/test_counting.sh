#!/usr/bin/env bash
# The sum that test.sh prints: nothing that went wrong is counted as passed.
. "$SOURCE_DIR/tests/shell.sh"

# log NAME VERDICT [SUMMARY] - one test, as ctest logs it
log() {
    printf '1/9 Testing: %s\n1/9 Test: %s\nOutput:\n' "$1" "$1"
    [ $# -lt 3 ] || printf '%s\n' "$3"
    printf '<end of output>\nTest time =   0.01 sec\nTest %s.\n' "$2"
}

summary() {
    printf '[====] Synthesis: Tested: %d | Passing: %d | Failing: %d | Crashing: 0 ' "$1" "$2" $(($1 - $2))
}

counted() {
    local got
    got=$(awk -f "$SOURCE_DIR/scripts/count_tests.awk" log) || got=none
    [ "$got" = "$1" ] && return 0
    echo "    counted '$got' instead of '$1'"
    return 1
}

claim_cases_are_summed_over_programs() {
    { log a Passed "$(summary 5 5)"; log b Failed "$(summary 7 4)"; log c Passed "$(summary 1 1)"; } >log
    counted "10 3 0"
}

claim_a_program_without_a_summary_has_failed() {
    { log a Passed "$(summary 5 5)"; log b Failed; log c Passed; } >log
    counted "5 2 0"
}

claim_a_summary_of_no_tests_is_a_failure() {
    log a Passed "$(summary 0 0)" >log
    counted "0 1 0"
}

claim_a_failure_outside_the_cases_is_counted() {
    { log a Failed "$(summary 5 5)"; log b Passed "$(summary 2 2)"; } >log
    counted "6 1 0"
}

claim_a_skipped_case_needs_a_reason() {
    { log a Passed "$(printf 'skipped: no file\n%s' "$(summary 0 0)")"; log b Passed "$(summary 2 2)"; } >log
    counted "2 0 1"
    { log a Passed "$(summary 0 0)"; log b Passed "$(printf 'skipped: no file\n%s' "$(summary 2 2)")"; } >log
    counted "2 1 1"
    log a Passed "skipped: no file" >log
    counted "0 1 1"
    log a Failed "$(printf 'skipped: no file\n%s' "$(summary 0 0)")" >log
    counted "0 1 1"
}

claim_colours_do_not_hide_the_summary() {
    log a Passed "$(printf '[\033[0;34m====\033[0m] \033[0;1mSynthesis: Tested: \033[0;34m3\033[0;1m | Passing: \033[0;32m2\033[0;1m | Failing: 1')" >log
    counted "2 1 0"
}

claim_an_empty_log_is_no_result() {
    : >log
    counted none
}

run_claims
