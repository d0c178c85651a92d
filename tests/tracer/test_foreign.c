/*
 * test_foreign.c - other tools' files as traces, and what these say is missing.
 *
 * Inputs are made by hand in the forms that foreign_NAME.c names as its sources; figures are
 * invented unless said otherwise.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "tracer/foreign.h"
#include "tracer/support_traces.h"

static enum status convert(struct strbuf *out, const char *format, const char *const *texts,
                           size_t nr, const char *vm, struct diag *diag)
{
    struct foreign_options o = {.vm = vm};
    struct memory_file files[4];
    const char *paths[4];
    enum status st;

    cr_assert(nr <= 4);
    for (size_t i = 0; i < nr; i++) {
        files[i] = memory_file(texts[i], strlen(texts[i]));
        paths[i] = files[i].path;
    }
    st = foreign_convert(out, format, paths, nr, &o, diag);
    for (size_t i = 0; i < nr; i++)
        memory_file_release(&files[i]);
    return st;
}

/* Converts, and reads the result as any trace is read. */
static struct trace_facts facts_of(const char *format, const char *const *texts, size_t nr)
{
    struct strbuf out = STRBUF_INIT;
    struct diag diag = {0};
    struct trace_facts f;
    char said[1024];

    cr_assert_eq(convert(&out, format, texts, nr, NULL, &diag), ST_OK, "%s",
                 (diag_format(&diag, said, sizeof(said)), said));
    cr_assert_eq(load_bytes(&f, strbuf_text(&out), out.len, 0, &diag), ST_OK, "%s\n%s",
                 (diag_format(&diag, said, sizeof(said)), said), strbuf_text(&out));
    cr_expect_eq(f.counts.ignored_fields, 0);
    cr_expect_eq(f.counts.ignored_lines, 0);
    strbuf_release(&out);
    return f;
}

static void refused(const char *format, const char *text, const char *because)
{
    struct strbuf out = STRBUF_INIT;
    struct diag diag = {0};

    cr_expect_eq(convert(&out, format, &text, 1, NULL, &diag), ST_EINPUT, "%s: %s", format, text);
    cr_expect(strstr(diag.what, because) != NULL, "'%s' does not say '%s'", diag.what, because);
    strbuf_release(&out);
}

static bool has_word(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *p = list; (p = strstr(p, word)) != NULL; p++)
        if ((p == list || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
            return true;
    return false;
}

static const char guestperf[] =
    "{\"hardware\": {\"cpus\": 2, \"mem\": 4, \"src_cpu_bind\": []},"
    " \"scenario\": {\"name\": \"auto-converge-10\", \"downtime\": 500, \"bandwidth\": 125,"
    "  \"max_iters\": 30, \"max_time\": 300, \"auto_converge\": true, \"auto_converge_step\": 10,"
    "  \"post_copy\": false, \"multifd\": false},"
    " \"progress_history\": ["
    "  {\"status\": \"active\", \"now\": 1700000000.5, \"duration\": 52, \"downtime\": 0,"
    "   \"downtime_expected\": 300, \"setup_time\": 3, \"throttle_pcent\": 0,"
    "   \"ram\": {\"transferred_bytes\": 6000000, \"remaining_bytes\": 4826660864,"
    "    \"total_bytes\": 4832960512, \"duplicate_pages\": 100, \"skipped_pages\": 0,"
    "    \"normal_pages\": 1438, \"normal_bytes\": 5890048, \"dirty_rate_pps\": 0,"
    "    \"transfer_rate_mbs\": 1000.5, \"iterations\": 1}},"
    "  {\"status\": \"active\", \"duration\": 35000, \"downtime\": 0, \"throttle_pcent\": 20,"
    "   \"setup_time\": 3, \"ram\": {\"transferred_bytes\": 4400000000,"
    "    \"remaining_bytes\": 900000000, \"total_bytes\": 4832960512, \"duplicate_pages\": 110000,"
    "    \"normal_pages\": 1070000, \"dirty_rate_pps\": 60000, \"transfer_rate_mbs\": 1048,"
    "    \"iterations\": 3}},"
    "  {\"status\": \"completed\", \"duration\": 41250, \"downtime\": 480, \"setup_time\": 3,"
    "   \"throttle_pcent\": 20, \"ram\": {\"transferred_bytes\": 5200000000,"
    "    \"remaining_bytes\": 0, \"total_bytes\": 4832960512, \"duplicate_pages\": 110200,"
    "    \"normal_pages\": 1260000, \"dirty_rate_pps\": 55000, \"transfer_rate_mbs\": 1048,"
    "    \"iterations\": 9}}]}";

Test(foreign, a_guestperf_report_keeps_tuning_rounds_and_totals)
{
    const char *text = guestperf;
    struct trace_facts f = facts_of("guestperf", &text, 1);

    cr_expect_str_eq(f.header.id, "auto-converge-10");
    cr_expect_eq(f.header.memory_bytes, 4 * GIB + 512 * MIB);
    cr_expect_eq(f.header.vcpus, 2);
    cr_expect(f.before.params.auto_converge);
    cr_expect_eq(f.before.params.max_bandwidth_bytes_per_s, 125 * MIB);
    cr_expect_eq(f.before.params.downtime_limit_ns, 500 * NS_PER_MS);
    cr_expect_eq(f.header.timeout_ns, 300 * NS_PER_S);
    cr_expect_eq(f.after.outcome, FACTS_COMPLETED);
    cr_expect_eq(f.after.totals.total_ns, 41250 * NS_PER_MS);
    cr_expect_eq(f.after.totals.downtime_ns, 480 * NS_PER_MS);
    cr_expect_eq(f.after.totals.rounds, 9);
    cr_expect_eq(f.after.totals.max_throttle_pct, 20);
    cr_expect_eq(f.after.totals.transferred_bytes, 5200000000);
    cr_assert_eq(f.after.nr_polls, 3);
    cr_expect_float_eq(f.after.polls[0].bandwidth_bytes_per_s, 1000.0 * 1e6 / 8.0, 1.0);
    cr_expect_eq(f.after.polls[0].dirty_pages_rate, -1, "a rate of zero is one not yet measured");
    cr_expect(has_word(f.header.missing, "qemu"));
    cr_expect(has_word(f.header.missing, "dirty-rate"));
    cr_expect_not(has_word(f.header.missing, "rounds"));
    facts_release(&f);
}

Test(foreign, guestperf_tells_its_own_time_limit_from_its_limit_of_rounds)
{
    static const char form[] =
        "{\"scenario\": {\"max_time\": 10}, \"progress_history\": [{\"status\": \"cancelled\","
        " \"duration\": %d, \"ram\": {\"total_bytes\": 0}}]}";
    static const struct {
        int ms;
        enum facts_outcome outcome;
    } cases[] = {{10050, FACTS_TIMEOUT}, {4000, FACTS_CANCELLED}};

    for (int i = 0; i < 2; i++) {
        struct text t = {0};
        const char *text;
        struct trace_facts f;

        text_addf(&t, form, cases[i].ms);
        text = t.buf;
        f = facts_of("guestperf", &text, 1);
        cr_expect_eq(f.after.outcome, cases[i].outcome, "%d ms", cases[i].ms);
        facts_release(&f);
        text_release(&t);
    }
}

/* As virsh 9.0 prints it, twice while it runs and once with --completed. */
static const char domjobinfo[] = "Job type:         Unbounded   \n"
                                 "Operation:        Outgoing migration\n"
                                 "Time elapsed:     552          ms\n"
                                 "Data processed:   37.633 MiB\n"
                                 "Data remaining:   8.085 GiB\n"
                                 "Data total:       8.128 GiB\n"
                                 "Memory processed: 37.633 MiB\n"
                                 "Memory remaining: 8.085 GiB\n"
                                 "Memory total:     8.128 GiB\n"
                                 "Memory bandwidth: 105.419 MiB/s\n"
                                 "Dirty rate:       0            pages/s\n"
                                 "Page size:        4096         bytes\n"
                                 "Iteration:        1            \n"
                                 "Postcopy requests: 0            \n"
                                 "Constant pages:   1664         \n"
                                 "Normal pages:     9601         \n"
                                 "Normal data:      37.504 MiB\n"
                                 "Expected downtime: 300          ms\n"
                                 "Setup time:       5            ms\n"
                                 "\n"
                                 "Job type:         Unbounded\n"
                                 "Operation:        Outgoing migration\n"
                                 "Time elapsed:     81000        ms\n"
                                 "Memory processed: 7.900 GiB\n"
                                 "Memory remaining: 51.000 MiB\n"
                                 "Memory total:     8.128 GiB\n"
                                 "Memory bandwidth: 112.000 MiB/s\n"
                                 "Dirty rate:       3100         pages/s\n"
                                 "Iteration:        4            \n"
                                 "Auto converge throttle: 20\n"
                                 "\n"
                                 "Job type:         Completed\n"
                                 "Operation:        Outgoing migration\n"
                                 "Time elapsed:     81740        ms\n"
                                 "Memory processed: 7.950 GiB\n"
                                 "Memory remaining: 0.000 B\n"
                                 "Memory total:     8.128 GiB\n"
                                 "Iteration:        5\n"
                                 "Total downtime:   213          ms\n"
                                 "Setup time:       5            ms\n";

Test(foreign, looks_of_domjobinfo_become_polls)
{
    const char *text = domjobinfo;
    struct trace_facts f = facts_of("domjobinfo", &text, 1);

    cr_assert_eq(f.after.nr_polls, 3);
    cr_expect_eq(f.after.polls[0].t_ns, 552 * NS_PER_MS);
    cr_expect_eq(f.after.polls[0].zero_pages, 1664);
    cr_expect_eq(f.after.polls[0].expected_downtime_ns, 300 * NS_PER_MS);
    cr_expect_float_eq(f.after.polls[0].bandwidth_bytes_per_s, 105.419 * (double)MIB, 1e3);
    cr_expect_eq(f.after.polls[1].rounds, 4);
    cr_expect_eq(f.after.polls[1].throttle_pct, 20);
    cr_expect_eq(f.after.outcome, FACTS_COMPLETED);
    cr_expect_eq(f.after.totals.total_ns, 81740 * NS_PER_MS);
    cr_expect_eq(f.after.totals.downtime_ns, 213 * NS_PER_MS);
    cr_expect_eq(f.after.totals.rounds, 5);
    cr_expect(has_word(f.header.missing, "memory"), "the guest's size is not in it: %s",
              f.header.missing);
    cr_expect(has_word(f.header.missing, "max-bandwidth"));
    cr_expect(has_word(f.header.approximate, "transferred"));
    facts_release(&f);
}

/* --rawstats: numbers, under the names of libvirt's typed parameters. */
Test(foreign, raw_looks_of_domjobinfo_are_exact)
{
    const char *text = "Job type: 2\n"
                       "time_elapsed: 1000\ndowntime: 300\nmemory_processed: 123456789\n"
                       "memory_remaining: 1000000\nmemory_total: 1082130432\nmemory_iteration: 2\n"
                       "memory_constant: 7\nmemory_bps: 123456789\n"
                       "Job type: 3\n"
                       "time_elapsed: 1500\ndowntime: 44\nmemory_processed: 130000000\n";
    struct trace_facts f = facts_of("domjobinfo", &text, 1);

    cr_assert_eq(f.after.nr_polls, 2);
    cr_expect_eq(f.after.polls[0].transferred_bytes, 123456789);
    cr_expect_eq(f.after.polls[0].expected_downtime_ns, 300 * NS_PER_MS);
    cr_expect_eq(f.after.polls[0].downtime_ns, -1);
    cr_expect_eq(f.after.totals.downtime_ns, 44 * NS_PER_MS);
    cr_expect_not(has_word(f.header.approximate, "transferred"));
    facts_release(&f);
}

Test(foreign, domjobinfo_of_other_jobs_and_of_two_migrations_is_refused)
{
    refused("domjobinfo", "Job type:         None\n", "no migration");
    refused("domjobinfo", "Job type: Unbounded\nOperation: Backup\nTime elapsed: 5 ms\n",
            "no migration");
    refused("domjobinfo",
            "Job type: Unbounded\nTime elapsed: 9000 ms\nJob type: Unbounded\n"
            "Time elapsed: 100 ms\n",
            "another migration");
    refused("domjobinfo", "Job type: Unbounded\nTime elapsed: soon\n", "no number");
    refused("domjobinfo", "Job type: Sideways\n", "no type");
}

static const char proxmox[] =
    "2025-01-04 00:34:24 starting migration of VM 105 to node 'pve2' (192.0.2.7)\n"
    "2025-01-04 00:34:28 starting online/live migration on unix:/run/qemu-server/105.migrate\n"
    "2025-01-04 00:34:28 set migration capabilities\n"
    "2025-01-04 00:34:28 migration downtime limit: 100 ms\n"
    "2025-01-04 00:34:28 migration cachesize: 512.0 MiB\n"
    "2025-01-04 00:34:28 set migration parameters\n"
    "2025-01-04 00:34:29 start migrate command to unix:/run/qemu-server/105.migrate\n"
    "2025-01-04 00:34:30 migration active, transferred 357.9 MiB of 4.0 GiB VM-state, 586.6 MiB/s\n"
    "2025-01-04 00:34:34 migration active, transferred 1.6 GiB of 4.0 GiB VM-state, 243.0 MiB/s, "
    "VM dirties lots of memory: 300.0 MiB/s\n"
    "2025-01-04 00:34:34 xbzrle: send updates to 1200 pages in 2.5 MiB encoded memory, "
    "cache-miss 97.62%, overflow 23\n"
    "2025-01-04 00:34:36 auto-increased downtime to continue migration: 200 ms\n"
    "2025-01-04 00:34:37 migration active, transferred 2.5 GiB of 4.0 GiB VM-state, 443.7 MiB/s\n"
    "2025-01-04 00:34:38 average migration speed: 457.0 MiB/s - downtime 73 ms\n"
    "2025-01-04 00:34:38 migration status: completed\n"
    "2025-01-04 00:34:42 migration finished successfully (duration 00:00:18)\n"
    "TASK OK\n";

Test(foreign, a_proxmox_log_tells_limits_progress_and_downtime)
{
    const char *text = proxmox;
    struct trace_facts f = facts_of("proxmox", &text, 1);

    cr_expect_str_eq(f.header.id, "vm-105");
    cr_expect_eq(f.header.memory_bytes, 4 * GIB);
    cr_expect_eq(f.before.params.downtime_limit_ns, 100 * NS_PER_MS);
    cr_expect_eq(f.before.params.max_bandwidth_bytes_per_s, 16 * GIB);
    cr_expect(f.before.params.auto_converge);
    cr_expect(f.before.params.xbzrle);
    cr_assert_eq(f.after.nr_polls, 4);
    cr_expect_eq(f.after.polls[0].t_ns, 1 * NS_PER_S);
    cr_expect_float_eq((double)f.after.polls[0].transferred_bytes, 357.9 * (double)MIB, 1.0);
    cr_expect_eq(f.after.polls[1].dirty_pages_rate, 300 * 256);
    cr_expect_eq(f.after.polls[2].xbzrle_pages, 1200);
    cr_assert_eq(f.after.nr_changes, 1);
    cr_expect_eq(f.after.changes[0].downtime_limit_ns, 200 * NS_PER_MS);
    cr_expect_eq(f.after.outcome, FACTS_COMPLETED);
    cr_expect_eq(f.after.totals.total_ns, 9 * NS_PER_S);
    cr_expect_eq(f.after.totals.downtime_ns, 73 * NS_PER_MS);
    cr_expect(has_word(f.header.missing, "rounds"));
    cr_expect(has_word(f.header.missing, "remaining"));
    cr_expect(has_word(f.header.approximate, "total-time"));
    facts_release(&f);
}

Test(foreign, a_failed_proxmox_migration_keeps_its_reason)
{
    const char *text = "2025-01-04 00:34:29 start migrate command to tcp:192.0.2.7:60000\n"
                       "2025-01-04 00:34:31 migration status error: failed\n"
                       "2025-01-04 00:34:31 ERROR: online migrate failure - aborting\n";
    struct trace_facts f = facts_of("proxmox", &text, 1);

    cr_expect_eq(f.after.outcome, FACTS_FAILED);
    facts_release(&f);
    refused("proxmox", "TASK OK\n", "no migration");
    refused("proxmox",
            "2025-01-04 00:34:29 start migrate command to a\n"
            "2025-01-04 00:34:31 start migrate command to b\n",
            "another migration");
}

static const char vmi[] =
    "{\"kind\": \"VirtualMachineInstance\", \"metadata\": {\"name\": \"db\", \"namespace\": "
    "\"shop\"},"
    " \"spec\": {\"domain\": {\"cpu\": {\"cores\": 2, \"sockets\": 2, \"threads\": 1},"
    "  \"memory\": {\"guest\": \"8Gi\"}}},"
    " \"status\": {\"migrationState\": {\"startTimestamp\": \"2025-03-01T10:00:00Z\","
    "  \"endTimestamp\": \"2025-03-01T10:00:42Z\", \"completed\": true, \"mode\": \"PreCopy\","
    "  \"migrationConfiguration\": {\"bandwidthPerMigration\": \"64Mi\","
    "   \"completionTimeoutPerGiB\": 150, \"allowAutoConverge\": true, \"allowPostCopy\": "
    "false}}}}";
static const char vmim[] =
    "{\"kind\": \"List\", \"items\": [{\"kind\": \"VirtualMachineInstanceMigration\","
    " \"metadata\": {\"name\": \"mig-1\", \"namespace\": \"shop\"}, \"spec\": {\"vmiName\": "
    "\"db\"},"
    " \"status\": {\"phase\": \"Succeeded\", \"migrationState\": {"
    "  \"startTimestamp\": \"2025-03-01T10:00:00Z\", \"endTimestamp\": \"2025-03-01T10:00:42Z\","
    "  \"completed\": true}}}]}";

Test(foreign, kubevirt_objects_of_one_migration_are_put_together)
{
    const char *texts[] = {vmim, vmi};
    struct trace_facts f = facts_of("kubevirt", texts, 2);

    cr_expect_str_eq(f.header.id, "db");
    cr_expect_eq(f.header.memory_bytes, 8 * GIB);
    cr_expect_eq(f.header.vcpus, 4);
    cr_expect_eq(f.before.params.max_bandwidth_bytes_per_s, 64 * MIB);
    cr_expect(f.before.params.auto_converge);
    cr_expect_eq(f.header.timeout_ns, 1200 * NS_PER_S);
    cr_expect_eq(f.after.outcome, FACTS_COMPLETED);
    cr_expect_eq(f.after.totals.total_ns, 42 * NS_PER_S);
    cr_expect_eq(f.after.totals.downtime_ns, -1);
    cr_expect_not(f.after.has_ram);
    for (size_t i = 0; i < 3; i++) {
        static const char *const words[] = {"dirty-rate", "transferred", "downtime"};

        cr_expect(has_word(f.header.missing, words[i]), "%s: %s", words[i], f.header.missing);
    }
    facts_release(&f);
}

Test(foreign, kubevirt_says_which_of_several_vms_is_meant)
{
    const char *text =
        "{\"items\": ["
        "{\"kind\": \"VirtualMachineInstance\", \"metadata\": {\"name\": \"a\", \"namespace\": "
        "\"n\"},"
        " \"status\": {\"migrationState\": {\"startTimestamp\": \"2025-03-01T10:00:00Z\"}}},"
        "{\"kind\": \"VirtualMachineInstance\", \"metadata\": {\"name\": \"b\", \"namespace\": "
        "\"n\"},"
        " \"status\": {\"migrationState\": {\"startTimestamp\": \"2025-03-01T11:00:00Z\","
        " \"endTimestamp\": \"2025-03-01T11:13:20Z\", \"failed\": true, \"failureReason\":"
        " \"Live migration is not completed after 800 seconds and has been aborted\"}}}]}";
    struct strbuf out = STRBUF_INIT;
    struct diag diag = {0};
    struct trace_facts f;

    refused("kubevirt", text, "several VMs");
    cr_assert_eq(convert(&out, "kubevirt", &text, 1, "b", &diag), ST_OK, "%s", diag.what);
    cr_assert_eq(load_bytes(&f, strbuf_text(&out), out.len, 0, &diag), ST_OK);
    cr_expect_eq(f.after.outcome, FACTS_TIMEOUT);
    facts_release(&f);
    strbuf_release(&out);
}

static const char prometheus[] =
    "{\"status\": \"success\", \"data\": {\"resultType\": \"matrix\", \"result\": ["
    " {\"metric\": {\"__name__\": \"kubevirt_vmi_dirty_rate_bytes_per_second\", \"name\": \"db\"},"
    "  \"values\": [[1000, \"52428800\"], [1030, \"62914560\"], [1060, \"1\"]]},"
    " {\"metric\": {\"__name__\": \"kubevirt_vmi_memory_domain_bytes\", \"name\": \"db\"},"
    "  \"values\": [[1000, \"8589934592\"]]},"
    " {\"metric\": {\"__name__\": \"kubevirt_vmi_memory_resident_bytes\", \"name\": \"db\"},"
    "  \"values\": [[1000, \"4294967296\"]]},"
    " {\"metric\": {\"__name__\": \"kubevirt_vmi_migration_start_time_seconds\", \"vmi\": \"db\"},"
    "  \"values\": [[1060, \"1045\"], [1090, \"1045\"]]},"
    " {\"metric\": {\"__name__\": \"kubevirt_vmi_migration_end_time_seconds\", \"vmi\": \"db\"},"
    "  \"values\": [[1090, \"1085\"]]},"
    " {\"metric\": {\"__name__\": \"kubevirt_vmi_migration_data_processed_bytes\", \"name\": "
    "\"db\"},"
    "  \"values\": [[1060, \"1000000000\"], [1075, \"2500000000\"]]},"
    " {\"metric\": {\"__name__\": \"kubevirt_vmi_migration_data_remaining_bytes\", \"name\": "
    "\"db\"},"
    "  \"values\": [[1060, \"7000000000\"], [1075, \"NaN\"]]},"
    " {\"metric\": {\"__name__\": \"up\", \"job\": \"x\"}, \"values\": [[1000, \"1\"]]}]}}";

Test(foreign, prometheus_tells_what_was_before_and_after_the_start)
{
    const char *text = prometheus;
    struct trace_facts f = facts_of("prometheus", &text, 1);

    cr_expect_str_eq(f.header.id, "db");
    cr_expect_eq(f.header.memory_bytes, 8 * GIB);
    cr_expect_eq(f.before.rss_bytes, 4 * GIB);
    cr_assert_eq(f.before.nr_dirty, 2, "the third sample lies after the start");
    cr_expect_eq(f.before.dirty[1].rate_bytes_per_s, 60 * MIB);
    cr_expect_eq(f.before.dirty[1].calc_ns, NS_PER_S);
    cr_expect_eq(f.before.dirty[1].mode, FACTS_DIRTY_SAMPLING);
    cr_assert_eq(f.after.nr_polls, 3);
    cr_expect_eq(f.after.polls[0].t_ns, 15 * NS_PER_S);
    cr_expect_eq(f.after.polls[0].remaining_bytes, 7000000000);
    cr_expect_eq(f.after.polls[1].remaining_bytes, -1);
    cr_expect_eq(f.after.outcome, FACTS_COMPLETED);
    cr_expect_eq(f.after.totals.total_ns, 40 * NS_PER_S);
    cr_expect_eq(f.after.totals.transferred_bytes, 2500000000);
    cr_expect_not(has_word(f.header.missing, "dirty-rate"));
    cr_expect(has_word(f.header.missing, "downtime"));
    facts_release(&f);
}

Test(foreign, prometheus_ranges_with_none_or_several_migrations_are_refused)
{
    refused("prometheus", "{\"data\": {\"result\": []}}", "no migration metrics");
    refused("prometheus", "{\"status\": \"error\"}", "query_range");
    refused("prometheus",
            "{\"data\": {\"result\": [{\"metric\": {\"__name__\":"
            " \"kubevirt_vmi_migration_data_processed_bytes\", \"vmi\": \"a\"},"
            " \"values\": [[1, \"5\"], [2, \"3\"]]}]}}",
            "several migrations");
    refused("prometheus",
            "{\"data\": {\"result\": [{\"metric\": {\"__name__\":"
            " \"kubevirt_vmi_migration_start_time_seconds\", \"vmi\": \"a\"},"
            " \"values\": [[1, \"5\"], [2, \"300\"]]}]}}",
            "several migrations");
}

Test(foreign, what_is_no_such_file_is_refused)
{
    for (const struct foreign_format *row = foreign_formats; row->name; row++) {
        refused(row->name, "", "empty");
        refused(row->name, "{\"hello\": ", "");
        refused(row->name, "[1, 2, 3]", "");
        refused(row->name, "null", "");
    }
}

/* Every prefix, and every file with a byte changed: refused or read, never a crash, and what is
 * written is always a trace that loads. */
static void damage(const char *format, const char *text)
{
    size_t len = strlen(text);
    char *copy = strdup(text);

    cr_assert_not_null(copy);
    for (size_t i = 0; i < 4 * len; i++) {
        struct strbuf out = STRBUF_INIT;
        struct diag diag = {0};
        struct trace_facts f;
        const char *input = copy;
        size_t at = (i * 7919) % len;
        char was = copy[at];

        copy[at] = i % 4 == 0 ? '\0' : "9x-\n}e\""[(i / 4) % 7];
        if (*copy && convert(&out, format, &input, 1, NULL, &diag) == ST_OK) {
            cr_assert_eq(load_bytes(&f, strbuf_text(&out), out.len, 0, &diag), ST_OK,
                         "%s, byte %zu: %s\n%s", format, at, diag.what, strbuf_text(&out));
            facts_release(&f);
        }
        copy[at] = was;
        strbuf_release(&out);
    }
    free(copy);
}

Test(foreign, damaged_files_are_read_or_refused, .timeout = 60)
{
    damage("guestperf", guestperf);
    damage("domjobinfo", domjobinfo);
    damage("proxmox", proxmox);
    damage("kubevirt", vmi);
    damage("kubevirt", vmim);
    damage("prometheus", prometheus);
}
