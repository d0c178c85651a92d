/* trace_from.c - `migcast trace --from`: files of other tools into a trace. */
#include "base/units.h"
#include "cli/traces.h"
#include "tracer/foreign.h"

#include "base/banned.h"

enum status cli_trace_from(struct cli_opts *o, struct diag *diag)
{
    struct foreign_options fo = {.id = cli_value(o, "id"), .vm = cli_value(o, "domain")};
    struct strbuf text = STRBUF_INIT;
    uint64_t vcpus = 0;
    enum status st = ST_OK;

    if (o->nr_args < 1)
        return diag_set(diag, ST_EUSAGE, "--from: which file?");
    if (cli_value(o, "memory"))
        st = units_parse_size(cli_value(o, "memory"), &fo.memory_bytes, diag);
    if (st == ST_OK && cli_value(o, "vcpus"))
        st = units_parse_u64(cli_value(o, "vcpus"), &vcpus, diag);
    if (st != ST_OK)
        return ST_EUSAGE;
    if (fo.memory_bytes > (uint64_t)1 << 50 || vcpus > 1 << 16)
        return diag_set(diag, ST_EUSAGE, "--memory or --vcpus is out of range");
    fo.vcpus = (uint32_t)vcpus;
    st = foreign_convert(&text, cli_value(o, "from"), o->args, o->nr_args, &fo, diag);
    if (st == ST_OK)
        st = cli_emit(o, &text, diag);
    strbuf_release(&text);
    return st;
}
