#!/usr/bin/env bash
# trace against a real libvirtd: two private session daemons, one domain that migrates between them.  Nothing of
# the machine's own libvirt is touched.
. "$SOURCE_DIR/tests/shell.sh"

# needs_libvirt - false, with a reason, where this machine or this build cannot.
needs_libvirt() {
    local what reason=
    for what in qemu-system-x86_64 libvirtd virsh; do
        PATH=$PATH:/usr/sbin command -v "$what" >/dev/null || reason="$what is not installed"
    done
    # A session daemon is any user's but root's.
    [ "$(id -u)" -ne 0 ] || command -v setpriv >/dev/null || reason="root cannot become another user here"
    "$PROGRAM" trace --domain x --libvirt test:///default 2>&1 | grep -q "built without libvirt" &&
        reason="this build is without libvirt"
    [ -z "$reason" ] || echo "skipped: $reason"
    [ -z "$reason" ]
}

# exec_as_user COMMAND... - in the place of this shell, so that its process number is the command's.
exec_as_user() {
    [ "$(id -u)" -ne 0 ] || exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    exec "$@"
}

await() {
    local try
    for ((try = 0; try < 400; try++)); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    echo "    never came true: $*"
    return 1
}

# daemon NAME UUID - a session daemon in the folder NAME; its URI is in uri_NAME
daemon() {
    local home=$PWD/$1
    mkdir -p "$home/run" "$home/config/libvirt"
    # Two daemons of one host tell each other apart by this.
    echo "host_uuid = \"$2\"" >"$home/config/libvirt/libvirtd.conf"
    chmod -R a+rwX "$home"
    # Socket paths have to be short, and a session daemon must not write to anybody's home.
    HOME=$home XDG_RUNTIME_DIR=$home/run XDG_CONFIG_HOME=$home/config XDG_CACHE_HOME=$home/cache \
        PATH=$PATH:/usr/sbin exec_as_user libvirtd >"$1.log" 2>&1 &
    eval "pid_$1=\$!"
    eval "uri_$1='qemu+unix:///session?socket=$home/run/libvirt/libvirt-sock'"
    await test -S "$home/run/libvirt/libvirt-sock"
}

end_all() {
    # shellcheck disable=SC2154
    { virsh -c "$uri_here" destroy tiny; virsh -c "$uri_there" destroy tiny; } >/dev/null 2>&1 || true
    # shellcheck disable=SC2154
    kill "$pid_here" "$pid_there" 2>/dev/null || true
    wait "$pid_here" "$pid_there" 2>/dev/null || true
}

claim_a_domain_is_recorded_while_libvirt_migrates_it() {
    needs_libvirt || return 0
    chmod a+rwx .
    uri_here= uri_there= pid_here= pid_there=
    trap end_all EXIT
    daemon here 00000000-1111-4222-8333-000000000001
    daemon there 00000000-1111-4222-8333-000000000002
    cat >tiny.xml <<'XML'
<domain type='qemu'><name>tiny</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><memballoon model='none'/></devices></domain>
XML
    await virsh -c "$uri_here" create tiny.xml
    exits 65 "$PROGRAM" trace --libvirt "$uri_here" --domain absent
    says "libvirt knows no such domain"
    "$PROGRAM" trace --libvirt "$uri_here" --domain tiny --windows 1s -o t.jsonl >text 2>notes &
    tracer=$!
    await grep -q "waiting for somebody" notes
    # slow enough that it is seen while it runs, on a busy machine too
    virsh -c "$uri_here" migrate --live --unsafe --bandwidth 2 tiny "$uri_there" --migrateuri "unix://$PWD/m" >virsh.log 2>&1 ||
        { cat virsh.log; return 1; }
    wait "$tracer"
    grep -q "completed in" text
    # Started by libvirt, watched here: nothing was set, and libvirt's own pause was seen.
    grep -q '"name":"migrate","data":{}' t.jsonl
    fails grep -q '"kind":"command","side":"source","name":"migrate-set' t.jsonl
    grep -q '"name":"MIGRATION","data":{"status":"pre-switchover"}' t.jsonl
    grep -q '"name":"process-rss-mib"' t.jsonl
    grep -q '"capability":"pause-before-switchover"' t.jsonl
    tail -n 1 t.jsonl | grep -q '"kind":"footer","status":"completed"'
    exits 0 "$PROGRAM" replay --json t.jsonl
    prints '"observed":{"outcome":"completed"'
}

run_claims
