/*
 * scenario_options_operation.c - the rows of [affinity], nothing else.
 */
#include "base/units.h"
#include "sim/scenario_options.h"

static const char *const affinity_names[] = {"together", "apart", NULL};
static const char *const within_names[] = {"host", "rack", NULL};

/* clang-format off */
#define AT(field) offsetof(struct scn_affinity_decl, field)
static const struct option affinity_rows[] = {
    {.name = "vm", .type = OPT_LIST, .flags = OPT_REQUIRED, .offset = AT(vms),
     .help = "VMs of the group: names, or patterns with * and ?"},
    {.name = "kind", .type = OPT_ENUM, .offset = AT(kind),
     .def = "apart", .words = affinity_names,
     .help = "apart: no two on one host; together: all on one host",
     .note = "A group that is together moves one by one: the first goes anywhere, the others "
             "follow it."},
    {.name = "within", .type = OPT_ENUM, .offset = AT(within),
     .def = "host", .words = within_names,
     .help = "what is meant by one host: a host, or a rack"},
    {.name = "must", .type = OPT_BOOL, .offset = AT(must),
     .def = "on",
     .help = "on: a rule; off: a wish, given up where nothing else is left"},
};
#undef AT
/* clang-format on */

const struct option_table scn_affinity_options = {
    .rows = affinity_rows,
    .nr = sizeof(affinity_rows) / sizeof(affinity_rows[0]),
    .size = sizeof(struct scn_affinity_decl),
};
