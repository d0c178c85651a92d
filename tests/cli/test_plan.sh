#!/bin/bash
# `migcast plan` as a user meets it.
# shellcheck source=tests/shell.sh
. "$SOURCE_DIR/tests/shell.sh"

world() {
    cat >"${1:-w.ini}" <<END
[scenario]
horizon = 2h
${2-}
[host old]
nic = 10Gb/s
[host new]
nic = 10Gb/s
[workload w]
kind = hotcold
write_rate = lognormal(30MB/s, 1.3)
working_set = 1GiB
hot = 256MiB
[vm v]
count = 4
host = old
memory = 4GiB
vcpus = 2
workload = w
[request r]
vm = v
target = new
END
}

claim_the_first_line_says_what_to_change() {
    world w.ini "preset = nova"
    exits 0 "$PROGRAM" plan w.ini --goal 'drain.makespan.p95 < 20s'
    head -n 1 out | grep -q '^CHANGE 1 SETTING: outbound 1 -> '
    prints "drain.makespan.p95 < 20s"
    prints "max_concurrent_live_migrations = "
}

claim_what_meets_its_goals_is_left_alone() {
    exits 0 "$PROGRAM" plan "$SOURCE_DIR/scenarios/evacuate-host.ini"
    prints "NOTHING TO CHANGE"
}

claim_goals_that_only_warn_are_named_where_others_count() {
    exits 0 "$PROGRAM" run "$SOURCE_DIR/scenarios/cloudpods-freeze.ini" --no-db
    prints "1 threshold crossed"
    exits 0 "$PROGRAM" plan "$SOURCE_DIR/scenarios/cloudpods-freeze.ini"
    prints "NOTHING TO CHANGE"
    prints "not asked for, as they only warn: blackout.max < 1s warn"
    exits 0 "$PROGRAM" plan "$SOURCE_DIR/scenarios/cloudpods-freeze.ini" --goal 'blackout.max < 1s'
    prints "misses blackout.max < 1s"
    fails grep -q 'only warn' out
    exits 0 "$PROGRAM" plan "$SOURCE_DIR/scenarios/kubevirt-hco-20s.ini"
    fails grep -q 'only warn' out
}

claim_what_nothing_meets_is_said_with_its_bound() {
    world w.ini
    exits 0 "$PROGRAM" plan w.ini --goal 'drain.makespan.p95 < 3s' --knob parallel=1,2
    tr -s '\n ' ' ' <out >sentence
    mv sentence out
    prints "NO SETTING of this knob meets the goals."
    prints "it misses drain.makespan.p95 < 3s"
    prints "bound by the bandwidth limit"
}

claim_usual_knobs_that_a_scenario_cannot_take_are_left_out() {
    # it has a postcopy_trigger, so post-copy cannot be turned off
    exits 0 "$PROGRAM" plan "$SOURCE_DIR/scenarios/postcopy.ini" --quiet
    exits 64 "$PROGRAM" plan "$SOURCE_DIR/scenarios/postcopy.ini" --quiet --knob postcopy=off,on
}

claim_a_policy_may_be_a_preset() {
    world w.ini "preset = kubevirt-1.3"
    exits 0 "$PROGRAM" plan w.ini --knob policy=kubevirt-1.3,kubevirt-1.9 --goal 'drain.makespan.p95 < 1h'
    prints "of 2 settings"
}

claim_json_keeps_to_its_schema() {
    "$PROGRAM" schema plan >schema.json
    for preset in kubevirt-1.9 ovirt-minimal-downtime proxmox-9 virsh-script; do
        world w.ini "preset = $preset"
        exits 0 "$PROGRAM" plan w.ini --json --goal 'drain.makespan.p95 < 60s' --budget 200
        "$CHECK_SCHEMA" schema.json <out
    done
    exits 0 "$PROGRAM" plan w.ini --json --knob parallel=1,2 --front
    "$CHECK_SCHEMA" schema.json <out
}

claim_the_settings_tried_are_drawn() {
    world w.ini
    exits 0 "$PROGRAM" plan w.ini --knob parallel=1,2 --knob bandwidth=64MiB/s,unlimited --front --plot p.svg
    grep -q '<svg' p.svg
    exits 64 "$PROGRAM" plan w.ini --plot p.txt
}

claim_the_same_bytes_on_any_number_of_threads() {
    world w.ini "preset = kubevirt-1.9"
    for jobs in 1 3; do
        exits 0 "$PROGRAM" plan w.ini --json --goal 'drain.makespan.p95 < 50s' --jobs "$jobs"
        cp out "out.$jobs"
    done
    cmp out.1 out.3
}

claim_what_is_found_holds_when_it_is_set() {
    world w.ini "preset = nova"
    exits 0 "$PROGRAM" plan w.ini --goal 'drain.makespan.p95 < 20s' --json
    set=$(sed -n 's/.*"set":\[{"key":"\([^"]*\)","value":"\([^"]*\)"}\].*/\1=\2/p' out)
    [ -n "$set" ]
    exits 99 "$PROGRAM" run w.ini --no-db --set 'thresholds.drain.makespan.p95=< 20s' -n 40
    exits 0 "$PROGRAM" run w.ini --no-db --set 'thresholds.drain.makespan.p95=< 20s' -n 40 --set "$set"
}

claim_an_interrupt_prints_the_best_so_far() {
    world w.ini "preset = kubevirt-1.9"
    sed -i 's/count = 4/count = 400/; s/memory = 4GiB/memory = 4GiB/' w.ini
    interrupted "Interrupted: this is the best so far" \
        "$PROGRAM" plan w.ini --goal 'drain.makespan.p95 < 1s' --budget 100000000
    interrupted "INTERRUPTED: " "$PROGRAM" plan w.ini --order --budget 100000000
    head -n 1 out | grep -q '^INTERRUPTED: '
}

claim_how_much_is_needed_is_one_number() {
    "$PROGRAM" schema capacity >schema.json
    rack=$SOURCE_DIR/scenarios/rack-drain.ini
    exits 0 "$PROGRAM" plan "$rack" --smallest-link 10min
    head -n 1 out | grep -q '^[0-9.]* Gb/s is the smallest migration link for 10min'
    exits 0 "$PROGRAM" plan "$SOURCE_DIR/scenarios/n-plus-1.ini" --spare 1
    prints "TOO LITTLE SPARE: any 1 of 6 hosts"
    exits 0 "$PROGRAM" plan "$rack" --latest-start 1h
    prints "START BY "
    for question in '--smallest-link 10min' '--smallest-link 1s' '--spare 1' '--latest-start 1h'; do
        # shellcheck disable=SC2086
        exits 0 "$PROGRAM" plan "$rack" --json $question
        "$CHECK_SCHEMA" schema.json <out
    done
}

claim_an_order_is_waves_with_targets_and_times() {
    acp=$SOURCE_DIR/scenarios/acp-drain.ini
    exits 0 "$PROGRAM" plan "$acp" --order --budget 200
    head -n 1 out | grep -q '^A BETTER ORDER: [0-9]* waves take '
    prints "wave 1, ask at once"
    [ "$(grep -c ' -> node' out)" -eq 12 ]
    "$PROGRAM" schema order >schema.json
    exits 0 "$PROGRAM" plan "$acp" --order --budget 200 --json
    "$CHECK_SCHEMA" schema.json <out
    exits 65 "$PROGRAM" plan "$SOURCE_DIR/scenarios/rolling-upgrade.ini" --order
    says "depend on one another"
}

# Each "    $ migcast plan ..." of docs/plan.md prints the lines below it, and more.
claim_the_examples_of_the_page_are_what_is_printed() {
    local line tested=0 want=0
    cd "$SOURCE_DIR"
    while IFS= read -r line; do
        case $line in
        '    $ migcast plan '*)
            eval "\"\$PROGRAM\" ${line#    \$ migcast }" >"$OLDPWD/printed" 2>/dev/null </dev/null
            tested=$((tested + 1))
            want=1
            ;;
        '    '*)
            [ "$want" -eq 0 ] && continue
            [ "${line#    }" = "$(sed -n "${want}p" "$OLDPWD/printed")" ] || {
                echo "    not printed: $line"
                return 1
            }
            want=$((want + 1))
            ;;
        *) want=0 ;;
        esac
    done <docs/plan.md
    [ "$tested" -eq 3 ]
}

claim_wrong_words_are_said() {
    world w.ini
    exits 64 "$PROGRAM" plan w.ini --goal 'as fast as can be'
    exits 64 "$PROGRAM" plan w.ini --knob 'parallel=9..1'
    says "9..1"
    exits 64 "$PROGRAM" plan w.ini --budget none
    exits 64 "$PROGRAM" plan w.ini --spare 1 --latest-start 1h
    says "are two questions"
    exits 64 "$PROGRAM" plan w.ini --spare many
    exits 64 "$PROGRAM" plan w.ini --spare 1 --order
    exits 64 "$PROGRAM" plan w.ini --smallest-link soon
    exits 65 "$PROGRAM" plan w.ini --goal 'drain.makespan.p95 < soon'
    exits 65 "$PROGRAM" plan none.ini
}

# No knob of this platform shortens the freeze, so there is nothing to paste.
claim_a_setting_that_comes_no_nearer_is_not_advised() {
    exits 0 "$PROGRAM" plan "$SOURCE_DIR/scenarios/cloudpods-freeze.ini" --goal 'blackout.max < 1s'
    prints "None comes nearer"
    fails grep -q "climc" out
}

run_claims
