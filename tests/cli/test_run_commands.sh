#!/usr/bin/env bash
# run, quick and report: verdicts, databases, and every exit code.
. "$SOURCE_DIR/tests/shell.sh"

scenarios=$SOURCE_DIR/scenarios

# One VM whose downtime must stay below $2 (severity $3).
write_scenario() {
    cat >"$1" <<INI
[host left]
[host right]
[link lan]
rate = 10Gb/s
[workload web]
write_rate = 50MB/s
working_set = 1GiB
[vm web-1]
host = left
memory = 4GiB
workload = web
[request move]
vm = web-1
target = right
[thresholds]
total_time.max < $2 $3
INI
}

claim_every_shipped_scenario_runs_and_keeps_its_schema() {
    for scenario in "$scenarios"/*.ini; do
        # exit code 99: the file says that it is there to miss a goal
        want=0
        ! grep -q 'exit code 99' "$scenario" || want=99
        exits $want "$PROGRAM" run "$scenario" --json --no-db
        cp out out.json
        "$PROGRAM" schema run >run.json
        "$CHECK_SCHEMA" run.json <out.json
    done
}

claim_rows_go_beside_the_output() {
    mkdir there
    exits 0 "$PROGRAM" run "$scenarios/first.ini" -o there/verdict.txt
    says "kept as run 1 in there/migcast.db"
    grep -q "^COMPLETED: web-1" there/verdict.txt
    [ -f there/migcast.db ] && [ ! -e migcast.db ]
    exits 0 "$PROGRAM" run "$scenarios/first.ini"
    says "kept as run 1 in migcast.db"
    exits 0 "$PROGRAM" run "$scenarios/first.ini" --db other.db --quiet
    [ -f other.db ] && [ ! -s err ]
    rm migcast.db
    exits 0 "$PROGRAM" run "$scenarios/first.ini" --no-db
    [ ! -e migcast.db ] && [ ! -s err ]
    exits 0 "$PROGRAM" run "$scenarios/first.ini" -o /dev/null
    [ -f migcast.db ] && [ ! -e /dev/migcast.db ]
}

claim_report_tells_what_run_told() {
    local form
    for form in "" --json --csv; do
        # shellcheck disable=SC2086
        exits 0 "$PROGRAM" run "$scenarios/evacuate-host.ini" $form --quiet
        cp out from_run
        form=${form#--}
        exits 0 "$PROGRAM" report migcast.db --format "${form:-text}"
        cmp out from_run
    done
}

claim_fixes_survive_the_database() {
    exits 0 "$PROGRAM" quick --ram 4GiB --dirty 300MB/s --link 1Gb/s --db q.db --json
    cp out from_run
    grep -q '"change":"link_rate"' out
    exits 0 "$PROGRAM" report q.db --json
    cmp out from_run
}

claim_report_picks_and_lists_runs() {
    exits 0 "$PROGRAM" run "$scenarios/first.ini" --seed 7
    exits 0 "$PROGRAM" run "$scenarios/postcopy.ini" --seed 8
    exits 0 "$PROGRAM" report migcast.db
    prints "cache-1 moves"
    exits 0 "$PROGRAM" report migcast.db --run 1
    prints "web-1 moves"
    prints "seed 7"
    exits 0 "$PROGRAM" report migcast.db --list
    [ "$(wc -l <out)" -eq 3 ]
    exits 0 "$PROGRAM" report migcast.db --list --json
    prints '"run":2'
    exits 0 "$PROGRAM" report migcast.db --run 1 -f csv -o saved
    grep -q "^web-1," saved
}

claim_report_refuses_what_is_no_database() {
    echo hello >text.db
    exits 65 "$PROGRAM" report text.db
    says "text.db:"
    exits 65 "$PROGRAM" report missing.db
    [ ! -e missing.db ]
    exits 0 "$PROGRAM" run "$scenarios/first.ini"
    exits 65 "$PROGRAM" report migcast.db --run 9
    says "holds no run 9"
    while IFS='|' read -r args message; do
        # shellcheck disable=SC2086
        exits 64 "$PROGRAM" report $args
        says "$message"
    done <<'TABLE'
|an argument is missing
migcast.db --run 0|is no number of a run
migcast.db --run last|is no number of a run
migcast.db --format jsn|did you mean 'json'?
migcast.db --format xyzzy|there are: text, json, csv
migcast.db --format csv --json|exclude each other
migcast.db --list --run 1|goes with neither
migcast.db more|unexpected argument 'more'
TABLE
}

claim_quick_and_run_give_the_same_numbers() {
    while read -r args; do
        # shellcheck disable=SC2086
        exits 0 "$PROGRAM" quick $args --json
        sed 's/"scenario":"[^"]*"//; s/"file":"[^"]*","line":[0-9a-z]*//' out >from_quick
        # shellcheck disable=SC2086
        exits 0 "$PROGRAM" quick $args --print-scenario
        cp out same.ini
        exits 0 "$PROGRAM" validate same.ini
        exits 0 "$PROGRAM" run same.ini --json --no-db
        sed 's/"scenario":"[^"]*"//; s/"file":"[^"]*","line":[0-9a-z]*//' out >from_run
        cmp from_quick from_run
    done <<'TABLE'
--ram 64GiB --dirty 200MB/s --link 10Gb/s
--ram 16GiB --dirty 300MB/s --link 1Gb/s
--ram 16GiB --dirty 300MB/s --link 1Gb/s --auto-converge --timeout 150s/GiB --qemu 9.2
--ram 16GiB --dirty 300MB/s --link 1Gb/s --post-copy --zero 30% --vcpus 4
--ram 8GiB --dirty 100MB/s..300MB/s --link 10Gb/s --multifd 4 --tls --model zipf --seed 5
--ram 8GiB --dirty 1GB/s --working-set 1GiB --link 25Gb/s --model hotcold --downtime-limit 1s --bandwidth 2GB/s
--ram 1GiB --link 100Mb/s --timeout 10s --replications 3
TABLE
}

claim_quick_says_what_it_assumed() {
    exits 0 "$PROGRAM" quick --ram 64GiB --dirty 200MB/s --link 10Gb/s
    prints "assumed:"
    prints "working set 16 GiB (a quarter of the RAM)"
    [ "$(awk 'length > 80' out | wc -l)" -eq 0 ]
    exits 0 "$PROGRAM" quick --ram 64GiB --dirty 200MB/s --link 10Gb/s --explain-inputs
    prints "  ram             64GiB          given"
    prints "  downtime-limit  300ms          assumed: QEMU's default"
    [ "$(awk 'length > 80' out | wc -l)" -eq 0 ]
}

claim_quick_tells_what_never_converges_and_what_would_help() {
    exits 0 "$PROGRAM" quick --ram 16GiB --dirty 300MB/s --link 1Gb/s
    prints "NEVER CONVERGES: guest"
    prints "become dirty (pages count once a round)"
    prints "smallest fix  a link of >= "
    prints "auto_converge (throttles to"
    [ "$(wc -l <out)" -le 24 ]
    exits 0 "$PROGRAM" quick --ram 4GiB --dirty 60MB/s --link 1Gb/s --working-set 1GiB --timeout 40s
    prints "TIMEOUT: guest"
    prints "completion_timeout >= "
}

claim_quick_keeps_rows_only_when_asked() {
    exits 0 "$PROGRAM" quick --ram 1GiB --link 1Gb/s
    [ "$(find . -name '*.db' | wc -l)" -eq 0 ]
    exits 0 "$PROGRAM" quick --ram 1GiB --link 1Gb/s --db q.db
    exits 0 "$PROGRAM" report q.db
    prints "quick, seed 1"
}

claim_wrong_options_are_usage_errors() {
    while IFS='|' read -r args message; do
        # shellcheck disable=SC2086
        exits 64 "$PROGRAM" $args
        says "$message"
        [ ! -s out ] && [ ! -e migcast.db ]
    done <<'TABLE'
quick|--ram is missing
quick --ram 1GiB|--link is missing
quick --ram 1 --link 1Gb/s|--ram: '1' has no unit
quick --ram 1GiB --link 1Gb/s --model random|--model: 'random' cannot be used
quick --ram 1GiB --link 1Gb/s --json --csv|--json and --csv exclude each other
quick --ram 1GiB --link 1Gb/s --json --explain-inputs|goes with text only
quick --ram 1GiB --link 1Gb/s --dirty fast|--dirty: 
quick --ram 1GiB --link 1Gb/s file.ini|unexpected argument
run|an argument is missing
run a.ini b.ini|unexpected argument 'b.ini'
run a.ini --db x --no-db|--db and --no-db exclude each other
run a.ini --seed x|--seed: 'x' cannot be used
TABLE
}

claim_wrong_scenarios_are_bad_input() {
    write_scenario good.ini 1h ""
    sed 's/4GiB/lots/' good.ini >bad.ini
    exits 65 "$PROGRAM" run missing.ini
    says "missing.ini: cannot open"
    exits 65 "$PROGRAM" run bad.ini
    says "bad.ini:10: [vm web-1] memory:"
    exits 65 "$PROGRAM" run good.ini --set "vm web-2.memory=1GiB"
    says "did you mean 'vm web-1'?"
    exits 65 "$PROGRAM" run good.ini --replications none
    says "--replications: [scenario] replications:"
    [ ! -e migcast.db ]
}

claim_a_run_too_large_for_memory_is_refused() {
    write_scenario big.ini 1h ""
    sed -i 's/^\[vm web-1\]/&\ncount = 2000000/; s/^vm = .*/vm = */' big.ini
    exits 65 "$PROGRAM" run big.ini --replications 1000000 --no-db
    says "the rows of this run would need"
}

claim_memory_that_runs_out_is_exit_75() {
    # a sanitized program cannot even start in so little
    bash -c 'ulimit -v 150000; "$1" --version' sh "$PROGRAM" >/dev/null 2>&1 || return 0
    exits 75 bash -c 'ulimit -v 150000; "$1" run "$2" --replications 1000000 --no-db' \
        sh "$PROGRAM" "$scenarios/uncertain.ini"
    says "not enough memory"
    [ ! -s out ]
}

# Root may write anywhere, so it has to become somebody else first.
claim_a_folder_that_refuses_a_database_is_told_so() {
    local as=(env)
    mkdir closed
    chmod 555 closed
    cp "$scenarios/first.ini" first.ini
    chmod a+r first.ini
    [ "$(id -u)" -ne 0 ] || as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    chmod a+x .
    if ! "${as[@]}" "$PROGRAM" --version >out 2>&1; then
        echo "skipped: the program cannot be run by another user here"
        return 0
    fi
    exits 74 "${as[@]}" "$PROGRAM" run first.ini --db closed/x.db
    says "closed/x.db: cannot open the database: Permission denied; name a file in a folder"
    exits 74 "$PROGRAM" run "$scenarios/first.ini" --db nowhere/x.db
    says "No such file or directory"
}

claim_databases_that_cannot_be_written_do_not_cost_the_report() {
    exits 74 "$PROGRAM" run "$scenarios/first.ini" --db nowhere/x.db
    says "nowhere/x.db"
    echo "some text" >text.db
    exits 65 "$PROGRAM" run "$scenarios/first.ini" --db text.db
    [ "$(cat text.db)" = "some text" ]
    exits 74 "$PROGRAM" run "$scenarios/first.ini" --db ok.db -o nowhere/out
    exits 74 sh -c '"$1" run "$2" --db ok.db >/dev/full' sh "$PROGRAM" "$scenarios/first.ini"
    exits 0 "$PROGRAM" report ok.db
    # a file limit fills the disk while the run is stored: the report is printed all the same
    exits 74 bash -c 'trap "" XFSZ; ulimit -f 200; "$1" run "$2" --replications 3000 --db full.db' \
        sh "$PROGRAM" "$scenarios/uncertain.ini"
    prints "batch-1 moves"
}

claim_crossed_thresholds_are_exit_99() {
    write_scenario tight.ini 1s ""
    exits 99 "$PROGRAM" run tight.ini --db t.db
    prints "1 threshold crossed"
    prints "CROSSED"
    prints "tight.ini:16"
    says "1 threshold of severity error crossed"
    exits 0 "$PROGRAM" report t.db
    prints "CROSSED"
    write_scenario warned.ini 1s warn
    exits 0 "$PROGRAM" run warned.ini --no-db
    prints "WARNING"
    write_scenario loose.ini 1h ""
    exits 0 "$PROGRAM" run loose.ini --no-db
    exits 99 "$PROGRAM" run tight.ini --no-db --json -o kept.json
    grep -q '"crossed":true' kept.json
}

# Long times, many attempts, long outcomes: none is cut in a table of 80 columns.
claim_what_a_cell_says_is_whole() {
    local scenario
    for scenario in host-failure kubevirt-endless-drain ovirt-host-loss virsh-script; do
        exits 0 "$PROGRAM" run "$scenarios/$scenario.ini" --no-db
        fails grep -F '...' out
        [ "$(awk 'length > 80' out | wc -l)" -eq 0 ]
    done
    exits 0 "$PROGRAM" quick --ram 64GiB --dirty 60MB/s --link 1Gb/s --verbose
    prints '11 min 10 s'
    fails grep -F '...' out
}

claim_where_nothing_started_there_is_no_gap_for_a_table() {
    exits 99 "$PROGRAM" run "$scenarios/full-cluster-deadlock.ini" --no-db
    [ "$(awk '!NF && !last { n++ } { last = NF } END { print n + 0 }' out)" -eq 0 ]
}

# Nothing is kept of a run that had not finished its first replication.
claim_an_interrupt_keeps_what_was_finished() {
    interrupted "kept as run" "$PROGRAM" run "$scenarios/uncertain.ini" \
        --replications 1000000 --jobs 2 --db part.db
    says "interrupted;"
    prints "INTERRUPTED after"
    exits 0 "$PROGRAM" report part.db
    prints "INTERRUPTED after"
    exits 0 "$PROGRAM" report part.db --list
    prints "(interrupted)"
}

claim_results_do_not_depend_on_threads() {
    exits 0 "$PROGRAM" run "$scenarios/evacuate-host.ini" --no-db --json --jobs 1
    cp out one
    exits 0 "$PROGRAM" run "$scenarios/evacuate-host.ini" --no-db --json --jobs 7
    cmp out one
    exits 0 "$PROGRAM" run "$scenarios/evacuate-host.ini" --no-db --json --seed 2
    fails cmp -s out one
}

# Enough of them that they wait at its pace, in replications that differ.
claim_many_on_one_link_do_not_depend_on_threads() {
    write_scenario many.ini 1h warn
    sed -i 's/^rate = .*/rate = 2Gb\/s/; s/^write_rate = .*/write_rate = 1MB\/s..9MB\/s/
        s/^memory = 4GiB/memory = 1GiB\ncount = 30/; s/^vm = .*/vm = */' many.ini
    exits 0 "$PROGRAM" run many.ini --no-db --json --replications 5 --jobs 1
    cp out one
    exits 0 "$PROGRAM" run many.ini --no-db --json --replications 5 --jobs 3
    cmp out one
}

claim_verbose_shows_the_rounds_and_quiet_nothing_beside() {
    exits 0 "$PROGRAM" run "$scenarios/first.ini" --no-db --verbose
    cp out verbose
    exits 0 "$PROGRAM" run "$scenarios/first.ini" --no-db
    [ "$(wc -l <verbose)" -gt "$(wc -l <out)" ]
    exits 0 "$PROGRAM" run "$scenarios/first.ini" --quiet
    [ ! -s err ]
}

run_claims
