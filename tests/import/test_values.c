/*
 * test_values.c - quantities and numbers as the sources write them.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "import/import_int.h"

Test(values, quantities_of_kubernetes)
{
    static const struct {
        const char *text;
        double want; /* < 0: refused */
    } cases[] = {
        {"0", 0.0},
        {"1", 1.0},
        {"16Gi", 16.0 * GIB},
        {"512Mi", 512.0 * MIB},
        {"4096Ki", 4.0 * MIB},
        {"1500m", 1.5},
        {"250000u", 0.25},
        {"2G", 2e9},
        {"1k", 1e3},
        {"1.5Gi", 1.5 * GIB},
        {"4e9", 4e9},
        {"4E9", 4e9},
        {"1E", 1e18},
        {"+5", 5.0},
        {".5", 0.5},
        {"", -1.0},
        {"-1", -1.0},
        {"-1Gi", -1.0},
        {"Gi", -1.0},
        {"1gi", -1.0},
        {"1 Gi", -1.0},
        {"nan", -1.0},
        {"inf", -1.0},
        {"Infinity", -1.0},
        {"0x10", -1.0},
        {"1..2", -1.0},
        {"1e999", -1.0},
        {"9Ei", -1.0},
        {"1Gi;", -1.0},
        {"00000000000000000000000000000000000000000000000000000000000000001", -1.0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double got = -2.0;
        bool ok = imp_quantity_text(cases[i].text, &got);

        cr_assert_eq(ok, cases[i].want >= 0.0, "'%s'", cases[i].text);
        if (ok)
            cr_assert_float_eq(got, cases[i].want, cases[i].want * 1e-12, "'%s' gives %g",
                               cases[i].text, got);
    }
}

Test(values, numbers_come_as_numbers_or_text)
{
    json_t *json = json_loads("[4096, \"4096\", 1.5, \"x\", null, {}, \"-3\", \"12 \"]", 0, NULL);
    static const bool want[] = {true, true, true, false, false, false, false, false};
    double d;

    for (size_t i = 0; i < json_array_size(json); i++)
        cr_assert_eq(imp_number(json_array_get(json, i), &d), want[i], "%zu", i);
    json_decref(json);
}
