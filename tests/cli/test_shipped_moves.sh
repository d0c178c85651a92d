#!/usr/bin/env bash
# What the heads of the shipped scenarios of libvirt, Cloudpods and Proxmox promise for other settings.
. "$SOURCE_DIR/tests/shell.sh"

scenarios=$SOURCE_DIR/scenarios

claim_the_freeze_is_gone_without_it_and_one_at_a_time() {
    exits 0 "$PROGRAM" run "$scenarios/cloudpods-freeze.ini" --no-db
    prints "WARNING       blackout.max < 1s warn: 42."
    tr '\n' ' ' < out | tr -s ' ' | grep -q "4 guests are frozen for 10 s or longer"
    exits 0 "$PROGRAM" run "$scenarios/cloudpods-freeze.ini" --no-db \
        --set scenario.preset=cloudpods-3.10
    prints "ok            blackout.max < 1s"
    exits 0 "$PROGRAM" run "$scenarios/cloudpods-freeze.ini" --no-db --set cluster.max_total=1
    prints "ok            blackout.max < 1s"
}

claim_a_loop_of_virsh_ends_with_a_timeout_or_the_static_way() {
    exits 0 "$PROGRAM" run "$scenarios/virsh-script.ini" --no-db
    prints "PARTLY COMPLETED: 2 of 5"
    tr '\n' ' ' < out | tr -s ' ' | grep -q "never converges.* (database-1); 2 wait behind. What remains: the static way"
    exits 0 "$PROGRAM" run "$scenarios/virsh-script.ini" --no-db --json
    prints '"reason":"never converges"'
    exits 0 "$PROGRAM" run "$scenarios/virsh-script.ini" --no-db --set libvirt.timeout=300s
    prints "COMPLETED: all 5 migrations complete"
    exits 0 "$PROGRAM" run "$scenarios/virsh-script.ini" --no-db --json \
        --set libvirt.give_up=10min --set libvirt.static_fallback=on
    prints '"kind":"cold"'
}

claim_the_row_shows_how_far_the_limit_was_raised() {
    exits 0 "$PROGRAM" run "$scenarios/proxmox-doubling.ini" --no-db --json
    prints '"downtime_limit_ms":25600'
    exits 0 "$PROGRAM" run "$scenarios/proxmox-doubling.ini" --no-db
    tr '\n' ' ' < out | tr -s ' ' | grep -q "downtime limit of 1 guest went far: cache-1 ended at 25.6 s"
}

claim_a_disk_that_is_never_ready_is_named() {
    exits 0 "$PROGRAM" run "$scenarios/storage-migration.ini" --no-db --json
    prints "never ready: a disk is written faster than it is copied"
    prints '"kind":"disk_never_ready"'
}

# Its last flow runs on from 43 min to the horizon of 2 h, and nothing else happens.
claim_the_use_of_links_is_told_up_to_the_horizon() {
    exits 0 "$PROGRAM" run "$scenarios/storage-migration.ini" --no-db --json
    grep -o '"step_s":[0-9.]*,"used_pct":\[[0-9,]*\]' out | head -n 1 >course
    [ "$(awk -F'[:,]' '{ print int($2 * (NF - 3) / 60) }' course)" -ge 118 ]
}

run_claims
