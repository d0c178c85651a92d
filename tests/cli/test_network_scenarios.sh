#!/usr/bin/env bash
# The shipped scenarios about networks give what their "Expect" lines promise.
. "$SOURCE_DIR/tests/shell.sh"

scenarios=$SOURCE_DIR/scenarios

# run_it FILE STATUS [--set ...]
run_it() {
    exits "$2" "$PROGRAM" run "$scenarios/$1" --no-db "${@:3}"
}

# took VM PATTERN: the total time in the list of VMs
took() {
    grep -qE "^ +$1 +completed +$2" out
}

claim_the_same_vm_migrates_before_the_backup_and_not_during_it() {
    run_it noisy-network.ini 0
    took early "8[01]\.[0-9] s"
    grep -qE "^ +late +timeout.* 3 min 00 s .* (1\.9|2)[0-9.]* GiB" out
}

claim_a_network_of_its_own_keeps_the_backup_away() {
    run_it noisy-network.ini 0 --set migration.network=fast
    took early "7\.[0-9]+ s"
    took late "7\.[0-9]+ s"
}

claim_patience_helps_as_the_backup_ends() {
    run_it noisy-network.ini 0 --set migration.completion_timeout=10min
    took late "4 min 0[0-9] s"
}

claim_an_oversubscribed_uplink_decides_how_long_a_rack_takes() {
    run_it racks.ini 0
    prints "all 16 migrations complete"
    took vm-1 "60\.[0-9] s"
    took vm-16 "60\.[0-9] s"
}

claim_inside_the_rack_the_legs_of_the_target_decide() {
    run_it racks.ini 0 --set "request drain.target=left-5"
    grep -qE "total time +52\.[0-9] s +67\.[0-9] s +67\.[0-9] s +67\.[0-9] s" out
}

claim_one_stream_gets_one_leg_and_many_get_all() {
    run_it racks.ini 0 --set "request drain.vm=vm-1"
    prints "in 7.36 s"
    run_it racks.ini 0 --set "request drain.vm=vm-1" --set migration.multifd=on \
        --set migration.multifd_channels=8
    prints "in 3.68 s"
}

run_claims
