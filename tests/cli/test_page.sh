#!/usr/bin/env bash
# report --format html and score --plot: files that are whole, and the same twice.
. "$SOURCE_DIR/tests/shell.sh"

scenarios=$SOURCE_DIR/scenarios
traces=$SOURCE_DIR/tests/traces

claim_a_page_is_made_of_a_database() {
    exits 0 "$PROGRAM" run "$scenarios/evacuate-host.ini" --db run.db --quiet
    exits 0 "$PROGRAM" report run.db --format html -o one.html
    exits 0 "$PROGRAM" report run.db --format html -o two.html
    cmp one.html two.html
    grep -q '<strong>COMPLETED</strong>' one.html
    grep -q '</html>' one.html
}

# All eight migrate at the same time, and the rounds of each are kept.
claim_each_vm_of_an_evacuation_has_its_rounds() {
    exits 0 "$PROGRAM" run "$scenarios/evacuate-host.ini" --db run.db --quiet
    exits 0 "$PROGRAM" report run.db --format html -o page.html
    [ "$(grep -c '<h3 id="vm-' page.html)" -eq 8 ]
    ! grep -q 'rounds were recorded</text>' page.html
}

# Stored and read back: the page of a run from the database has hazards, operations and the log.
claim_a_drain_that_never_ends_is_told_under_the_verdict() {
    exits 0 "$PROGRAM" run "$scenarios/kubevirt-endless-drain.ini" --db run.db --quiet
    exits 0 "$PROGRAM" report run.db --format html -o page.html
    grep -q '<li><bdi>a drain of old never ends: VM hog was tried ' page.html
    grep -q 'not done</span> old waits for hog' page.html
    grep -q '<b>0 s</b> drain begins' page.html
    grep -q '[0-9] lines, in the platform' page.html
    exits 0 "$PROGRAM" run "$scenarios/rolling-upgrade.ini" --db up.db --quiet
    exits 0 "$PROGRAM" report up.db --format html -o up.html
    [ "$(grep -c '</b> back after reboot' up.html)" -eq 40 ]
}

claim_forecasts_are_drawn_beside_their_table() {
    local kvm=$traces/kvm-idle-512m.jsonl.zst
    "$PROGRAM" score --plot probe.svg "$kvm" >/dev/null 2>err || grep -q "built without charts" err
    if grep -q "built without charts" err; then
        exits 64 "$PROGRAM" score --plot score.svg "$kvm"
        return
    fi
    exits 0 "$PROGRAM" score --plot score.svg "$kvm"
    grep -q 'forecasts lie within 5 %' score.svg
    grep -q '^forecast error' out
    exits 0 "$PROGRAM" score --plot score.png "$kvm"
    [ "$(head -c 4 score.png | tail -c 3)" = PNG ]
    exits 64 "$PROGRAM" score --plot score.gif "$kvm"
    exits 74 "$PROGRAM" score --plot /nowhere/score.svg "$kvm"
}

run_claims
