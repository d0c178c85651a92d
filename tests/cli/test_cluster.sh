#!/bin/bash
# One engine: a cluster of two hosts and one VM is `quick`.
# shellcheck source=tests/shell.sh
. "$SOURCE_DIR/tests/shell.sh"

# The rows of a run without what only names the platform and the job.
rows() {
    "$PROGRAM" run "$1" --no-db --json --quiet | tr -d '\n' | sed 's/.*"migrations":\[//; s/"platform":"[^"]*"//g'
}

with() { # with FILE - the scenario of quick
    "$PROGRAM" quick --ram 8GiB --dirty 120MB/s --link 10Gb/s --print-scenario >"$1"
}

claim_a_queue_changes_nothing_for_one_vm() {
    with alone.ini
    with queued.ini
    printf '\n[cluster]\nmax_total = 1\nmax_out = 1\nmax_in = 1\norder = priority_random\n' >>queued.ini
    rows alone.ini >a
    rows queued.ini >b
    test -s a
    cmp a b
    exits 0 "$PROGRAM" diff alone.ini queued.ini --tolerance 0 --exit-code
}

claim_a_target_that_the_cluster_chooses_changes_nothing() {
    with alone.ini
    grep -v '^target' alone.ini >any.ini
    fails cmp -s alone.ini any.ini
    rows alone.ini >a
    rows any.ini >b
    cmp a b
}

claim_a_drain_of_one_vm_is_that_migration() {
    with alone.ini
    host=$(sed -n 's/^host = //p' alone.ini)
    awk '/^\[request/ {skip = 1; next} /^\[/ {skip = 0} !skip' alone.ini >drain.ini
    printf '\n[operation empty]\nkind = drain\nhosts = %s\n' "$host" >>drain.ini
    rows alone.ini >a
    rows drain.ini >b
    cmp a b
}

claim_limits_queue_what_is_beyond_them() {
    "$PROGRAM" run "$SOURCE_DIR/scenarios/evacuate-host.ini" --no-db --csv --quiet \
        --set scenario.replications=1 --set cluster.max_out=2 | tr -d '\r' >two.csv
    # columns 6 to 8: queued_s, started_s, ended_s; never more than two at a time
    awk -F, 'NR > 1 {queued[NR] = $6; from[NR] = $7; to[NR] = $8}
        END {
            for (i in from) {
                running = 0
                for (k in from)
                    running += from[k] <= from[i] && from[i] < to[k]
                if (running > 2)
                    exit 1
                waited += from[i] > queued[i]
            }
            exit !(NR == 9 && waited == 6)
        }' two.csv
}

# mean_total RATIO COUNT - ms, of migrations over a link that has RATIO of its rate for 100 s
mean_total() {
    local i

    cat >faint.ini <<END
[scenario]
horizon = 30d
[network]
nic = 200Mb/s
[host a]
count = $2
[host b]
count = $2
[link l]
rate = 2Gb/s
[workload w]
write_rate = 1MB/s
working_set = 200MiB
[request r]
vm = v*
target = b
[fault f]
kind = degrade
target = l
at = 20s
duration = 100s
ratio = $1
END
    for ((i = 1; i <= $2; i++)); do
        printf '[vm v%d]\nhost = a-%d\nmemory = %dMiB\nworkload = w\n' $i $i $((500 + 30 * i))
    done >>faint.ini
    exits 0 "$PROGRAM" run faint.ini --no-db --csv
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "total_time_ms") column = i; next }
        { sum += $column; nr++ } END { printf "%.0f\n", sum / nr }' out
}

# Too little for a page in a minute, by two migrations and by so many that they wait for the link.
claim_an_outage_of_a_link_is_not_made_up_for() {
    local count little less

    for count in 2 60; do
        little=$(mean_total 1e-4 "$count")
        less=$(mean_total 1e-7 "$count")
        [ "$less" -ge "$little" ] && [ "$less" -le $((little + little / 100)) ]
    done
}

run_claims
