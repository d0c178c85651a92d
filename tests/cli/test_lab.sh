#!/usr/bin/env bash
# lab: what it plans, refuses and captures, and that nothing is left behind.
# shellcheck source=tests/shell.sh
. "$SOURCE_DIR/tests/shell.sh"

# A host that runs other tests meanwhile is busy; these captures are not kept.
lab() {
    "$PROGRAM" lab --busy-limit 1000 "$@"
}

# can ACCEL - is there a QEMU that runs it, and was the bare guest built?
can() {
    cat >can.ini <<END
[case can]
accel = $1
END
    lab can.ini --list >can.out 2>/dev/null && grep -q ' to do' can.out && return 0
    echo "skipped: no $1 capture here: $(sed 's/^[^ ]* *skipped *//' can.out)"
    return 1
}

short() {
    cat <<END
[defaults]
accel = tcg
memory = 64MiB
fill = 16MiB
hot = 2MiB
rate = 200
max_bandwidth = 100MiB/s
settle = 0s
windows = 1s
repeats = 1
timeout = 20s
END
}

# within SECONDS COMMAND... - until it succeeds
within() {
    local left=$(($1 * 10))
    shift
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.1
    done
}

# our_qemus FOLDER - processes whose working folder is that of the lab
our_qemus() {
    find /proc -maxdepth 2 -name cwd -lname "$1*" 2>/dev/null | grep -q .
}

# once PID COMMAND... - until it succeeds; no time is too long while PID, a lab of ours, is at work
once() {
    local pid=$1
    shift
    until "$@"; do
        kill -0 "$pid" 2>/dev/null || "$@" || { sed 's/^/    lab: /' err; return 1; }
        sleep 0.1
    done
}

none_left() {
    ! our_qemus "$1"
}

claim_a_wrong_matrix_is_refused_with_its_place() {
    printf '[case a]\nmemry = 1GiB\n' >m.ini
    exits 65 "$PROGRAM" lab m.ini -o out.d
    says "m.ini:2: [case a] memry: unknown option; did you mean 'memory'"
    exits 65 "$PROGRAM" lab nowhere.ini --list
    fails test -e out.d
}

claim_the_command_line_is_checked() {
    printf '[case a]\n' >m.ini
    exits 64 "$PROGRAM" lab
    exits 64 "$PROGRAM" lab m.ini
    says "-o DIR"
    exits 64 "$PROGRAM" lab m.ini --list --only b
    exits 64 "$PROGRAM" lab m.ini -o d --repeat 0
    exits 64 "$PROGRAM" lab m.ini -o d --busy-limit soon
}

claim_the_shipped_matrices_are_valid() {
    exits 0 "$PROGRAM" lab "$SOURCE_DIR/scenarios/lab/smoke.ini" --list
    exits 0 "$PROGRAM" lab "$SOURCE_DIR/scenarios/lab/corpus.ini" --list --json
    "$CHECK_SCHEMA" "$SOURCE_DIR/docs/schema/lab.json" <out
    exits 0 "$PROGRAM" lab "$SOURCE_DIR/scenarios/lab/corpus.ini" --list --only 'link-two-*' --repeat 2
    [ "$(wc -l <out)" -eq 8 ]
}

claim_the_corpus_is_finished_captures_of_its_matrix() {
    local there
    exits 0 "$PROGRAM" lab "$SOURCE_DIR/scenarios/lab/corpus.ini" -o "$SOURCE_DIR/tests/corpus" --list --json
    there=$(grep -o '"state":"there"' out | wc -l)
    [ "$there" -ge 120 ]
    [ "$there" -eq "$(find "$SOURCE_DIR/tests/corpus" -name '*.jsonl.zst' | wc -l)" ]
}

claim_a_dry_run_shows_commands_and_starts_nothing() {
    short >m.ini
    echo "[case a]" >>m.ini
    exits 0 "$PROGRAM" lab m.ini --dry-run
    [ "$(grep -c qemu-system out)" -eq 2 ]
    prints "-incoming defer"
    fails compgen -G "*.zst"
}

claim_every_option_of_a_matrix_is_shown() {
    exits 0 "$PROGRAM" lab --options
    prints "downtime_limit"
    prints "[link NAME]"
}

# capture ACCEL - one capture, read back, and not made again
capture() {
    can "$1" || return 0
    short >m.ini
    echo "[case one]" >>m.ini
    sed -i "s/^accel.*/accel = $1/" m.ini
    exits 0 lab m.ini -o out.d --json
    cp out first
    "$CHECK_SCHEMA" "$SOURCE_DIR/docs/schema/lab.json" <first
    grep -q '"state":"captured","why":null,"outcome":"completed"' first
    [ "$(ls out.d)" = one-r1.jsonl.zst ]
    [ "$(ls -A out.d)" = one-r1.jsonl.zst ]
    exits 0 lab m.ini -o out.d --json
    prints '"state":"there"'
    exits 0 "$PROGRAM" replay --json out.d/one-r1.jsonl.zst
    prints '"outcome":"completed"'
}

claim_the_bare_guest_is_captured_under_kvm() {
    capture kvm
}

claim_the_bare_guest_is_captured_under_tcg_and_damage_is_mended() {
    can tcg || return 0
    mkdir out.d
    echo "half a capture" >out.d/one-r1.jsonl.zst
    capture tcg
}

claim_a_busy_host_is_refused() {
    local pid
    can tcg || return 0
    short >m.ini
    echo "[case one]" >>m.ini
    # nobody can be below nothing
    "$PROGRAM" lab m.ini -o out.d --busy-limit 0 >out 2>err &
    pid=$!
    once "$pid" grep -q "processors are at work on this host" err
    kill -INT "$pid"
    fails wait "$pid"
    fails compgen -G "out.d/*.zst"
}

claim_nothing_is_left_when_it_is_interrupted() {
    local pid code=0
    can tcg || return 0
    { short | sed 's/^settle.*/settle = 60s/'; echo "[case one]"; } >m.ini # not over before we look
    mkdir temp
    TMPDIR=$PWD/temp "$PROGRAM" lab --busy-limit 1000 m.ini -o out.d >out 2>err &
    pid=$!
    once "$pid" our_qemus "$PWD/temp"
    kill -INT "$pid"
    wait "$pid" || code=$?
    [ "$code" -eq 130 ]
    fails our_qemus "$PWD/temp"
    [ -z "$(ls temp)" ]
    [ -z "$(ls -A out.d)" ]
}

claim_machines_die_with_a_killed_lab_and_its_folder_is_swept() {
    local pid
    can tcg || return 0
    { short | sed 's/^settle.*/settle = 60s/'; echo "[case one]"; } >m.ini # not over before we look
    mkdir temp
    TMPDIR=$PWD/temp "$PROGRAM" lab --busy-limit 1000 m.ini -o out.d >out 2>err &
    pid=$!
    disown "$pid" # so that the shell does not tell of its end
    once "$pid" our_qemus "$PWD/temp"
    kill -KILL "$pid"
    within 60 none_left "$PWD/temp"
    [ -n "$(ls temp)" ]
    sed -i 's/^settle.*/settle = 0s/' m.ini
    # the next one clears up before it does anything else
    exits 0 env TMPDIR="$PWD/temp" "$PROGRAM" lab --busy-limit 1000 m.ini -o out.d
    [ -z "$(ls temp)" ]
    [ "$(ls -A out.d)" = one-r1.jsonl.zst ]
}

claim_the_initramfs_is_built_from_what_is_here() {
    if ! command -v busybox cpio >/dev/null || ldd "$(command -v busybox)" >/dev/null 2>&1; then
        echo "skipped: no busybox-static or cpio"
        return 0
    fi
    echo "#!/bin/busybox sh" >init
    echo writer >writer
    exits 0 sh "$SOURCE_DIR/lab/linux/initramfs.sh" initramfs init writer gzip
    mkdir root
    (cd root && cpio -id --quiet <../initramfs)
    cmp init root/init
    [ -x root/bin/busybox ] && [ -x root/bin/writer ] && [ -x root/bin/gzip ]
    [ -e "root$(ldd "$(command -v gzip)" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | head -n 1)" ]
    exits 69 sh "$SOURCE_DIR/lab/linux/initramfs.sh" other init writer no-such-tool
    says "no-such-tool is not installed"
    [ -z "$(ls -d other* 2>/dev/null)" ]
}

run_claims
