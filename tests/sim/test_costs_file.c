/*
 * test_costs_file.c - what calibrate writes is what the others read.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/units.h"
#include "models/costs.h"
#include "sim/scenario/costs_file.h"

Test(costs_file, what_is_written_reads_back_the_same)
{
    struct costs_file out, in;
    struct strbuf text = STRBUF_INIT, again = STRBUF_INIT;
    struct diag diag = {0};

    costs_file_default(&out);
    out.part[ACCEL_KVM].given = true;
    out.part[ACCEL_KVM].costs.copy_bytes_per_s = 234567891;
    out.part[ACCEL_KVM].costs.stop_ns = 1234567;
    out.part[ACCEL_KVM].costs.guest_fault_ns = 777.0;
    out.part[ACCEL_KVM].spread.copy_spread_ratio = 1.0 / 3.0;
    out.part[ACCEL_KVM].spread.captures = 12;
    out.part[ACCEL_TCG].given = true;
    out.part[ACCEL_TCG].costs.rss_overhead_bytes = 38 * MIB + 1;
    costs_file_write(&out, "from 12 captures\nof one host", &text);
    cr_assert_eq(strncmp(strbuf_text(&text), "# from 12 captures\n# of one host\n", 33), 0);
    cr_assert_eq(costs_file_read_text(&in, "c.ini", strbuf_text(&text), &diag), ST_OK, "%s",
                 diag.what);
    cr_assert_eq(in.part[ACCEL_KVM].costs.copy_bytes_per_s, 234567891);
    cr_assert_eq(in.part[ACCEL_KVM].costs.stop_ns, 1234567);
    cr_assert_float_eq(in.part[ACCEL_KVM].costs.guest_fault_ns, 777.0, 0.0);
    cr_assert_float_eq(in.part[ACCEL_KVM].spread.copy_spread_ratio, 1.0 / 3.0, 0.0);
    cr_assert_eq(in.part[ACCEL_TCG].costs.rss_overhead_bytes, 38 * MIB + 1);
    costs_file_write(&in, "from 12 captures\nof one host", &again);
    cr_assert_str_eq(strbuf_text(&text), strbuf_text(&again));
    strbuf_release(&text);
    strbuf_release(&again);
}

Test(costs_file, an_accelerator_without_a_section_takes_the_general_one)
{
    struct costs_file in;
    struct host_costs def;

    host_costs_default(&def);
    cr_assert_eq(costs_file_read_text(&in, "c.ini",
                                      "[calibration]\nstop = 9ms\n[calibration tcg]\nrtt = 1ms\n",
                                      NULL),
                 ST_OK);
    cr_assert_eq(in.part[ACCEL_KVM].costs.stop_ns, 9 * NS_PER_MS);
    cr_assert_eq(in.part[ACCEL_TCG].costs.stop_ns, 9 * NS_PER_MS);
    cr_assert_eq(in.part[ACCEL_KVM].costs.rtt_ns, def.rtt_ns);
    cr_assert_eq(in.part[ACCEL_TCG].costs.rtt_ns, NS_PER_MS);
    cr_assert_not(in.part[ACCEL_KVM].given);
    cr_assert(in.part[ACCEL_TCG].given);
}

Test(costs_file, other_files_are_refused_and_leave_the_defaults)
{
    static const char *const cases[][2] = {
        {"", "no [calibration]"},
        {"[host a]\n", "does not belong into a calibration file"},
        {"[calibration kvm]\nstop = 5\n", "no unit"},
        {"[calibration kvm]\nstp = 5ms\n", "did you mean 'stop'"},
        {"[calibration xen]\n", "no accelerator"},
        {"[calibration kvm]\n[calibration kvm]\n", "stands here and in line 1"},
        {"\x01", "text file"},
    };
    struct costs_file in, def;

    costs_file_default(&def);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct diag diag = {0};
        char message[2048];

        cr_assert_eq(costs_file_read_text(&in, "c.ini", cases[i][0], &diag), ST_EINPUT, "%s",
                     cases[i][1]);
        diag_format(&diag, message, sizeof(message));
        cr_assert(strstr(message, cases[i][1]), "%s", message);
        cr_assert_eq(in.part[ACCEL_KVM].costs.stop_ns, def.part[ACCEL_KVM].costs.stop_ns);
    }
    cr_assert_eq(costs_file_read(&in, "nonexistent.ini", NULL), ST_EINPUT);
}
