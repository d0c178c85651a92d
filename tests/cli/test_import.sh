#!/usr/bin/env bash
# import: every source gives a scenario that runs, says where values come from, and takes no bad input.
. "$SOURCE_DIR/tests/shell.sh"

data=$SOURCE_DIR/tests/import/data

# imports NAME SOURCE FILE... - makes NAME.ini from files in the data folder, and checks it.
imports() {
    local out=$1.ini source=$2 dir=$PWD
    shift 2
    (cd "$data" && exits_in "$dir" "$PROGRAM" import "$source" "$@" -o "$dir/$out")
    "$PROGRAM" validate "$out" >/dev/null
}

exits_in() {
    local dir=$1 code=0
    shift
    "$@" >"$dir/out" 2>"$dir/err" </dev/null || code=$?
    [ "$code" -eq 0 ] || { sed 's/^/    /' "$dir/err" | head; return 1; }
}

# runs WANT NAME - its run ends with this exit code; the verdict is in `out`.
runs() {
    exits "$1" "$PROGRAM" run "$2.ini" --no-db --set scenario.replications=2
}

has() {
    grep -qF -- "$1" "$2.ini" || { echo "    $2.ini lacks: $1"; return 1; }
}

claim_kubevirt_gives_hosts_vms_and_settings_of_its_release() {
    imports k kubevirt kubevirt.json --drain node1 --link 25Gb/s
    has "preset = kubevirt-1.5 ; from kubevirt.json: items[13].status.observedKubeVirtVersion" k
    has "version = 1.6" k
    has "max_out = 1 ; from kubevirt.json: items[13].spec.configuration.migrations.parallelOutbound" k
    has "max_bandwidth = 512MiB/s" k
    has "completion_timeout_per_gib = 100s" k
    has "[vm shop/web-1]" k
    has "[vm lab/web-1]" k
    has "memory = 8GiB ; from items[0].status.memory.guestCurrent" k
    has "selectors = namespace/team=shop, tier=gold" k
    has "labels = namespace/team=shop, tier=gold" k
    has "vm = shop/db-1, shop/db-2" k
    has "nic = 25Gb/s ; from --link" k
    [ "$(grep -c '^\[host ' k.ini)" -eq 4 ]
    [ "$(grep -c '^\[vm ' k.ini)" -eq 7 ]
    says "VirtualMachine objects that do not run, left out"
    says "nodes where kubevirt.io/schedulable is not true, left out"
    says "keys that forecasts do not use"
    # the database has nowhere to go: one node has its CPU model, and there stands its twin
    runs 99 k
    prints "shop/db-1: no target"
    # the old VM may go to nodes with an ssd: two of them, though it was started elsewhere
    grep -A12 '^\[vm lab/old\]' k.ini | grep -q 'needs = import/node-affinity-1'
}

claim_metrics_become_distributions_and_background() {
    imports m kubevirt kubevirt.json --metrics dirty.json --metrics network.json --drain node1
    grep -A12 '^\[vm shop/db-1\]' m.ini | grep -qE 'write_rate = lognormal\([0-9.]+MiB/s, [0-9.]+\) ; from dirty.json: 30'
    grep -A12 '^\[vm shop/web-1\]' m.ini | grep -q '29 samples' # one is NaN
    grep -A12 '^\[vm shop/web-1\]' m.ini | grep -q 'nonzero = 3GiB'
    grep -A12 '^\[vm shop/web-3\]' m.ini | grep -q 'workload = assumed-8GiB'
    # 250 MB/s in every twentieth minute, 40 MB/s else; cali12 is a container's
    has "background_series = 0s 2Gb/s" m
    has "320Mb/s" m
    has "eth1" m
    says "4 by the input, 3 assumed"
    # metrics alone make an inventory too
    imports p prometheus dirty.json
    has "[vm shop/db-1]" p
    runs 0 p
}

claim_kubevirt_reads_yaml_and_hyperconverged() {
    "$PROGRAM" import kubevirt "$data/kubevirt.yaml" -o y.ini 2>err || {
        grep -q "built without libyaml" err && return 0
        return 1
    }
    has "preset = hco-1.14" y
    has "cpus = 15 ; from items[1].status.allocatable.cpu" y
    has "vcpus = 4" y
    runs 0 y
    prints "from alpha to beta"
}

claim_harvester_says_what_blocks_a_drain() {
    imports h harvester harvester.json --drain node1
    has "preset = harvester-1.5" h
    has "memory_overcommit = 1.25" h
    has "completion_timeout_per_gib = 200s" h
    has "migratable = no ; from items[1].status.conditions[1]: HostDeviceNotLiveMigratable" h
    has "labels = harvesterhci.io/maintain-mode-strategy=ShutdownAndRestartAfterEnable" h
    runs 99 h
    prints "HostDeviceNotLiveMigratable"
}

claim_libvirt_takes_domains_and_capabilities_by_host() {
    "$PROGRAM" import libvirt "node1=$data/node1.xml" "node2=$data/node2.xml" -o l.ini 2>err || {
        grep -q "built without libxml2" err && return 0
        return 1
    }
    has "[vm cache%20%22hot%22]" l
    has 'memory = 16GiB ; from domain cache "hot".memory' l
    has "vcpus = 6" l
    has "cpu_model = Skylake-Client-IBRS ; from domain web.cpu" l
    has "[host node2]" l
    runs 0 l
    # without a second host one is assumed
    "$PROGRAM" import libvirt "$data/node1.xml" -o one.ini 2>err
    says "a second one like it"
    has "[host spare]" one
    runs 0 one
}

claim_proxmox_openstack_ovirt_and_cloudpods_run() {
    imports px proxmox proxmox.json
    has "[vm web]" px
    has "[vm web~2]" px
    # by VMID, which is the other way round in the file
    [ "$(grep -n '^\[vm ci\]' px.ini | cut -d: -f1)" -lt "$(grep -n '^\[vm mail\]' px.ini | cut -d: -f1)" ]
    has "taints = offline" px
    runs 0 px
    imports os openstack servers.json flavors.json hypervisors.json
    has "memory = 32GiB ; from flavor db.xlarge, flavors.json: [1].RAM" os
    has "pinned = on" os
    has "devices = a2:1" os
    says "servers whose flavor is not in the input"
    runs 0 os
    imports ov ovirt ovirt-hosts.json ovirt-vms.json ovirt-clusters.json ovirt-nics.json
    has "preset = ovirt-minimal-downtime ; from ovirt-clusters.json" ov
    has "nic = 25Gb/s ; from ovirt-nics.json: host_nic[1].speed" ov
    has "vms = ledger policy=post-copy" ov
    has "migratable = manual" ov
    runs 0 ov
    imports cp cloudpods climc-hosts.json climc-servers.json
    has "microcode = 0x5003604" cp
    has "cpu_model = Intel(R)%20Xeon(R)" cp
    runs 0 cp
}

claim_tables_are_read_by_their_titles() {
    imports rv csv vinfo.csv vhost.csv
    has "preset = vmotion" rv
    has "memory = 32GiB ; from line 3.Memory" rv
    has "working_set = 2049MiB..20GiB ; from line 3.Active Memory" rv
    has "cpus = 64" rv
    runs 0 rv
    imports sh csv sheet.csv
    has "memory = 16896MiB" sh # 16,5 GiB
    has "memory = 4GiB" sh
    has "write_rate = 20MB/s ; from line 2.Dirty rate" sh
    has "labels = gold=on, web=on" sh
    runs 0 sh
}

claim_hosts_are_known_by_short_names_and_small_vms_fit() {
    printf 'VM,Host,RAM (MiB),Dirty rate\na,n1.example.org,64,100MB/s\nb,n1,64,\nc,n2,1,5GB/s\n' >short.csv
    exits 0 "$PROGRAM" import csv short.csv --drain n1 -o short.ini
    [ "$(grep -c '^\[host ' short.ini)" -eq 2 ]
    has "hosts = n1.example.org" short
    # n1.example.org is the n1 of the list of hosts, n1.example.com then is another
    printf 'VM,Host,RAM (MiB)\na,n1.example.org,64\nb,n1.example.com,64\nc,n1,64\n' >alike.csv
    printf 'Host,Memory (GiB)\nn1,1\n' >hosts.csv
    exits 0 "$PROGRAM" import csv alike.csv hosts.csv --drain n1 -o alike.ini
    [ "$(grep -c '^\[host ' alike.ini)" -eq 2 ]
    [ "$(grep -c '^host = n1 ;' alike.ini)" -eq 2 ]
    has "[host n1.example.com]" alike
    # one second dirtied more than the guest has
    printf '{"data":{"result":[{"metric":{"__name__":"kubevirt_vmi_dirty_rate_bytes_per_second","name":"a"},
        "values":[[1,"904857600"]]}]}}' >fast.json
    exits 0 "$PROGRAM" import csv short.csv --metrics fast.json -o fast.ini
    has "working_set = 64MiB..64MiB" fast
}

claim_several_inputs_and_standard_input() {
    "$PROGRAM" import kubevirt - <"$data/kubevirt.json" >in.ini 2>/dev/null
    "$PROGRAM" validate in.ini >/dev/null
    has "; standard input:8" in
    # two documents in one file, as two commands appended to it
    cat "$data/kubevirt.json" "$data/dirty.json" >both.json
    exits 0 "$PROGRAM" import kubevirt both.json -o both.ini
    says "4 by the input"
    exits 0 "$PROGRAM" import kubevirt "$data/kubevirt.json" --upgrade --preset acp --dirty 1MB/s..2MB/s --working-set 1GiB -o up.ini
    has "kind = upgrade" up
    has "preset = acp ; from --preset" up
    has "write_rate = 1MB/s..2MB/s ; from --dirty" up
    has "working_set = 1GiB ; from --working-set" up
}

# A VMI on a node of its own, with this JSON text for its name.
named() {
    printf '{"kind":"VirtualMachineInstance","metadata":{"name":%s,"namespace":"n"},"spec":{"domain":{"memory":{"guest":"1Gi"}}},"status":{"nodeName":%s,"phase":"Running"}}\n' "$1" "${2:-\"node\"}"
}

claim_no_name_can_write_into_the_scenario() {
    local evil
    for evil in '"x]\n[scenario]\nseed = 666"' '"x ; y"' '"# z"' '"a,b"' '"*"' '"q\"u'"'"'o"' '"\u202egnp.exe"' \
        '"\u2028x\u0085y"' '"=1+1"' '"[vm a]"' '"\ud83d\ude80 rocket"' '"%s%n"' '"`id`"' '"\t"' '""' '"\u001b[31mred"' \
        '"\ufeffbom"' "\"$(printf 'long%.0s' {1..200})\""; do
        named "$evil" "$evil" >evil.json
        # an empty name is no name
        [ "$evil" != '""' ] || { exits 65 "$PROGRAM" import kubevirt evil.json; continue; }
        exits 0 "$PROGRAM" import kubevirt evil.json -o evil.ini
        [ "$(grep -c '^\[vm ' evil.ini)" -eq 1 ]
        [ "$(grep -c '^\[' evil.ini)" -eq 8 ]
        fails grep -q '^seed' evil.ini
        fails grep -qP '[\x00-\x09\x0b-\x1f\x7f]|\xe2\x80[\xa8-\xae]|\xc2\x85|\xef\xbb\xbf' evil.ini
        exits 0 "$PROGRAM" validate evil.ini
    done
    # the same name in two namespaces stays two VMs, twice in one becomes ~2
    { named '"a"'; named '"a"'; named '"a"' | sed 's/"namespace":"n"/"namespace":"m"/'; } >same.json
    exits 0 "$PROGRAM" import kubevirt same.json -o same.ini
    has "[vm n/a]" same
    has "[vm n/a~2]" same
    has "[vm m/a]" same
}

# bad TEXT FILE SOURCE CONTENT... - the import must end with 65 and say TEXT.
bad() {
    local text=$1 file=$2 source=$3
    exits 65 "$PROGRAM" import "$source" "$file" -o never.ini
    says "$text"
    [ ! -e never.ini ]
}

claim_bad_input_is_told_with_its_place() {
    printf '{"items":[\n {"kind":"Node"},\n {"kind":"Node" "x":1}]}' >a.json
    bad 'a.json:2: items[0].metadata.name' a.json kubevirt
    printf '{"items":[\n\n {"kind":"Pod" "x":1}]}' >b.json
    bad 'b.json:3:1' b.json kubevirt
    head -c 3000 "$data/kubevirt.json" >cut.json
    bad 'was the command interrupted?' cut.json kubevirt
    named '"a"' | sed 's/1Gi/-1Gi/' >neg.json
    bad "spec.domain.memory.guest: '-1Gi' is no quantity" neg.json kubevirt
    named '"a"' | sed 's/"1Gi"/NaN/' >nan.json
    bad 'nan.json:1:' nan.json kubevirt
    named '"a"' | sed 's/"1Gi"/1e999/' >inf.json
    bad 'inf.json:1:' inf.json kubevirt
    named '"a"' | sed 's/"1Gi"/"9Ei"/' >huge.json
    bad "is no quantity" huge.json kubevirt
    named '"a"' | sed 's/"1Gi"/"1Ki"/' >tiny.json
    bad "are no memory of a guest" tiny.json kubevirt
    named '"a"' | sed "s/\"memory\"/\"devices\":{\"gpus\":[$(printf '{},%.0s' {1..20000}){}]},&/" >gpus.json
    bad 'a list of more than 16384 words' gpus.json kubevirt
    sed 's/"Memory MB": 128811/"Memory MB": 1e15/' "$data/hypervisors.json" >vast.json
    bad "are no memory of a host" vast.json openstack
    : >empty.json
    bad 'the file is empty' empty.json kubevirt
    printf '{"items":[]}' >none.json
    bad 'no running VM in the input' none.json kubevirt
    printf 'No resources found\n' >text.json
    bad 'text.json:1' text.json kubevirt
    printf '\377\376{\0' >utf16.json
    bad 'UTF-16' utf16.json proxmox
    { printf '%0.s[' {1..5000}; } >deep.json
    bad 'deep.json:1:' deep.json proxmox
    printf 'VM,Host,RAM\na,h,16\n' >unit.csv
    bad "unit.csv:2:5: '16' has no unit" unit.csv csv
    printf 'VM,Host,RAM (GiB)\n"a,h,16\n' >quote.csv
    bad "quote.csv:2:1: the quotes are not closed" quote.csv csv
    printf 'Foo,Bar\n1,2\n' >head.csv
    bad "the first line has no title for the host" head.csv csv
    bad "'lots' is no rate" "$data/bad-rate.csv" csv
    printf '<domain><name>a</name><memory>5</domain>' >x.xml
    printf '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><domain><name>&e;</name></domain>' >dtd.xml
    if ! "$PROGRAM" import libvirt x.xml 2>&1 | grep -q 'without libxml2'; then
        bad 'x.xml:1:' x.xml libvirt
        bad 'dtd.xml:1:' dtd.xml libvirt
        says 'a document type, and what it declares, is not read'
    fi
    printf 'a: &x [1]\nb: *x\n' >alias.yaml
    if ! "$PROGRAM" import kubevirt alias.yaml 2>&1 | grep -q 'without libyaml'; then
        bad 'alias.yaml:2:4: an alias' alias.yaml kubevirt
    fi
    exits 64 "$PROGRAM" import nothing "$data/kubevirt.json"
    says "known are kubevirt"
    exits 64 "$PROGRAM" import kubevirt "$data/kubevirt.json" --drain nowhere
    exits 64 "$PROGRAM" import kubevirt "$data/kubevirt.json" --link "$(printf '1Gb/s\n[vm x]')"
    exits 64 "$PROGRAM" import kubevirt "$data/kubevirt.json" --drain node1 --upgrade
    exits 65 "$PROGRAM" import kubevirt "$data/kubevirt.json" --link fast
    exits 65 "$PROGRAM" import kubevirt /nonexistent.json
}

run_claims
