#!/usr/bin/env bash
# trace --from: other tools' files become traces, and the readers say what these lack.
. "$SOURCE_DIR/tests/shell.sh"

proxmox_log() {
    cat <<'LOG'
2025-01-04 00:34:24 starting migration of VM 105 to node 'pve2' (192.0.2.7)
2025-01-04 00:34:28 migration downtime limit: 100 ms
2025-01-04 00:34:29 start migrate command to unix:/run/qemu-server/105.migrate
2025-01-04 00:34:30 migration active, transferred 357.9 MiB of 4.0 GiB VM-state, 586.6 MiB/s
2025-01-04 00:34:38 average migration speed: 457.0 MiB/s - downtime 73 ms
2025-01-04 00:34:38 migration status: completed
LOG
}

# answer - of Prometheus, with a dirty rate before the migration.
answer() {
    cat <<'JSON'
{"status": "success", "data": {"resultType": "matrix", "result": [
 {"metric": {"__name__": "kubevirt_vmi_dirty_rate_bytes_per_second", "name": "db"},
  "values": [[1000, "10485760"], [1030, "11534336"]]},
 {"metric": {"__name__": "kubevirt_vmi_memory_domain_bytes", "name": "db"}, "values": [[1000, "1073741824"]]},
 {"metric": {"__name__": "kubevirt_vmi_migration_start_time_seconds", "name": "db"}, "values": [[1060, "1045"]]},
 {"metric": {"__name__": "kubevirt_vmi_migration_end_time_seconds", "name": "db"}, "values": [[1060, "1055"]]},
 {"metric": {"__name__": "kubevirt_vmi_migration_data_processed_bytes", "name": "db"}, "values": [[1050, "600000000"]]}]}}
JSON
}

claim_a_task_log_becomes_a_trace_that_says_what_it_lacks() {
    proxmox_log >task.log
    exits 0 "$PROGRAM" trace --from proxmox task.log -o vm.jsonl
    head -n 1 vm.jsonl | grep -q '"missing":\[.*"dirty-rate".*"rounds"'
    exits 65 "$PROGRAM" predict vm.jsonl
    says "no dirty-rate measurement before \`migrate\`: cannot predict"
    says "it lacks qemu vcpus"
    exits 65 "$PROGRAM" replay vm.jsonl
    says "cannot replay"
    exits 0 "$PROGRAM" score vm.jsonl
    prints "no dirty-rate measurement before \`migrate\`: cannot predict"
    exits 0 "$PROGRAM" score --json vm.jsonl
    cp out score.json
    exits 0 "$PROGRAM" schema score
    "$CHECK_SCHEMA" out <score.json
}

claim_standard_input_and_a_name_can_be_given() {
    proxmox_log | "$PROGRAM" trace --from proxmox - --id night-run --memory 4GiB --vcpus 2 >out
    prints '"id":"night-run"'
    prints '"mem_mib":4096'
    prints '"vcpus":2'
}

claim_a_range_with_a_dirty_rate_can_be_forecast_and_scored() {
    answer >range.json
    exits 0 "$PROGRAM" trace --from prometheus range.json -o db.jsonl
    exits 0 "$PROGRAM" predict db.jsonl
    prints "2 dirty-rate windows"
    exits 0 "$PROGRAM" score db.jsonl
    prints "db"
}

claim_without_a_memory_size_nothing_is_forecast() {
    printf 'Job type: Unbounded\nTime elapsed: 500 ms\nJob type: Completed\nTime elapsed: 900 ms\n' >job.txt
    exits 0 "$PROGRAM" trace --from domjobinfo job.txt -o job.jsonl
    exits 65 "$PROGRAM" predict job.jsonl
    says "size of the guest's memory is not known"
}

claim_what_cannot_be_read_is_refused() {
    echo '{"kind": 1' >broken.json
    exits 65 "$PROGRAM" trace --from kubevirt broken.json
    says "broken.json"
    exits 65 "$PROGRAM" trace --from guestperf absent.json
    exits 64 "$PROGRAM" trace --from xen broken.json
    exits 64 "$PROGRAM" trace --from kubevirt
    exits 64 "$PROGRAM" trace one.sock two.sock
    proxmox_log >task.log
    exits 74 "$PROGRAM" trace --from proxmox task.log -o /dev/full
}

run_claims
