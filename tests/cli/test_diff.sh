#!/bin/bash
# `migcast diff` as a user meets it.
# shellcheck source=tests/shell.sh
. "$SOURCE_DIR/tests/shell.sh"

two() {
    "$PROGRAM" quick --ram 8GiB --dirty 100MB/s --link 10Gb/s --print-scenario >a.ini
    "$PROGRAM" quick --ram 8GiB --dirty 100MB/s --link 1Gb/s --print-scenario >b.ini
}

claim_the_same_scenario_has_no_difference() {
    two
    exits 0 "$PROGRAM" diff a.ini a.ini --exit-code
    prints "0 of 1 VMs differ"
}

claim_a_slower_link_is_told_in_words_and_by_the_exit_code() {
    two
    exits 0 "$PROGRAM" diff a.ini b.ini
    prints "1 of 1 VMs differ"
    prints "~ guest: "
    exits 2 "$PROGRAM" diff a.ini b.ini --exit-code
}

claim_json_keeps_to_its_schema() {
    two
    exits 0 "$PROGRAM" diff a.ini b.ini --json
    "$PROGRAM" schema diff >schema.json
    "$CHECK_SCHEMA" schema.json <out
}

claim_stored_results_compare_like_fresh_ones() {
    two
    "$PROGRAM" run a.ini --db a.db --quiet >/dev/null
    "$PROGRAM" run b.ini --db b.db --quiet >/dev/null || true
    exits 0 "$PROGRAM" diff a.ini b.ini --json
    sed 's/"name":"[^"]*"//g' out >fresh
    exits 0 "$PROGRAM" diff a.db b.db --json
    sed 's/"name":"[^"]*"//g' out >stored
    cmp fresh stored
}

claim_presets_are_compared_on_one_scenario() {
    two
    exits 0 "$PROGRAM" diff qemu-default libvirt-default a.ini
    prints "A qemu-default"
    prints "B libvirt-default"
    exits 64 "$PROGRAM" diff nova-not-there libvirt-default a.ini
    says "there is no preset 'nova-not-there'"
}

claim_presets_take_the_place_of_the_scenarios_own() {
    two
    exits 0 "$PROGRAM" diff nova kubevirt-1.9 a.ini --json
    cp out without
    sed 's/^\[scenario\]/&\npreset = proxmox-9/' a.ini >b.ini
    grep -q '^preset = proxmox-9' b.ini
    mv b.ini a.ini
    exits 0 "$PROGRAM" run a.ini --no-db
    exits 0 "$PROGRAM" diff nova kubevirt-1.9 a.ini --json
    cmp out without
}

claim_what_cannot_be_read_is_said() {
    exits 65 "$PROGRAM" diff none.ini other.ini
    exits 65 "$PROGRAM" diff none.db other.db
    exits 64 "$PROGRAM" diff one.ini
}

run_claims
