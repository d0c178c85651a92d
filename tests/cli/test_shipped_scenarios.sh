#!/usr/bin/env bash
# The shipped scenarios give what their "Expect" lines promise.
. "$SOURCE_DIR/tests/shell.sh"

scenarios=$SOURCE_DIR/scenarios

claim_first_completes_in_33_s_bound_by_the_cap() {
    exits 0 "$PROGRAM" run "$scenarios/first.ini" --no-db
    prints "COMPLETED: web-1"
    prints "total time    33."
    prints "rounds        5"
    prints "limited by    bandwidth limit"
}

claim_the_host_is_empty_after_75_s_and_all_goals_hold() {
    exits 0 "$PROGRAM" run "$scenarios/evacuate-host.ini" --no-db
    prints "COMPLETED: all 160 migrations complete"
    grep -qE "makespan +7[45][.0-9]* s +7[45][.0-9]* s" out
    fails grep -q CROSSED out
}

claim_uncertain_inputs_give_an_interval() {
    exits 0 "$PROGRAM" run "$scenarios/uncertain.ini" --no-db
    grep -qE "total time +5[5-9][.0-9]* s +6[4-7][.0-9]* s +7[4-9][.0-9]* s" out
}

claim_postcopy_ends_what_precopy_would_not() {
    exits 0 "$PROGRAM" run "$scenarios/postcopy.ini" --no-db
    prints "COMPLETED: cache-1"
    grep -qE "total time +9[01][.0-9]* s" out
    exits 99 "$PROGRAM" run "$scenarios/postcopy.ini" --no-db --set migration.postcopy=off \
        --set migration.postcopy_preempt=off --set migration.postcopy_trigger=never \
        --set scenario.horizon=1h
    fails grep -q "^COMPLETED" out
}

claim_autoconverge_needs_70_percent_and_without_it_the_timeout_ends_it() {
    exits 0 "$PROGRAM" run "$scenarios/autoconverge.ini" --no-db
    prints "COMPLETED: compute-1"
    prints "throttled by up to 70 %"
    exits 99 "$PROGRAM" run "$scenarios/autoconverge.ini" --no-db --set migration.auto_converge=off
    prints "TIMEOUT"
}

# One way 50 ms, so a round trip of 100 ms more: in post-copy the guest stands still for that longer.
claim_latency_of_a_link_lengthens_the_blackout() {
    exits 0 "$PROGRAM" run "$scenarios/postcopy.ini" --no-db --set scenario.seed=1
    near=$(sed -n 's/.*no vCPU runs for \([0-9.]*\) ms.*/\1/p' out)
    exits 0 "$PROGRAM" run "$scenarios/postcopy.ini" --no-db --set "link lan.latency=50ms"
    far=$(sed -n 's/.*no vCPU runs for \([0-9.]*\) ms.*/\1/p' out)
    awk "BEGIN { d = $far - $near; exit !(d > 98 && d < 102) }"
}

# The verdict counts migrations, a rate attempts: where they differ, the rate says of what.
claim_a_rate_says_that_it_counts_attempts() {
    exits 99 "$PROGRAM" run "$scenarios/rack-window.ini" --db rack.db
    prints "619 of 640 migrations complete"
    tr -s ' \n' ' ' <out | grep -qF "completed.rate > 95%: 91.7 % (95 %: 88.1 % .. 94.3 %, of 675 attempts)"
    exits 0 "$PROGRAM" report rack.db --format html
    prints "of 675 attempts"
}

run_claims
