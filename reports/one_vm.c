/*
 * one_vm.c - rows of one VM picked out of a run.
 *
 * Thresholds, operations and links are about the whole run and left out.
 */
#include "reports/one_vm.h"

#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static bool is_vm(const char *name, const char *vm)
{
    return name && strcmp(name, vm) == 0;
}

/* Fixes name migrations by their place. */
static bool pick_migrations(struct run_result *out, const struct run_result *run, const char *vm)
{
    struct mig_result room;
    size_t fix = 0;

    for (size_t i = 0; i < run->nr_migs; i++) {
        const struct mig_result *mig = result_mig(run, i, &room);
        bool ours = is_vm(mig->vm, vm);

        for (; fix < run->nr_fixes && run->fixes[fix].mig <= i; fix++)
            if (ours && run->fixes[fix].mig == i) {
                out->fixes[out->nr_fixes] = run->fixes[fix];
                out->fixes[out->nr_fixes++].mig = out->nr_migs;
            }
        if (ours && !result_add_mig(out, mig))
            return false;
    }
    return true;
}

enum status one_vm_init(struct run_result *out, const struct run_result *run, const char *vm)
{
    size_t nr_events = 0;

    for (size_t i = 0; i < run->nr_events; i++)
        nr_events += is_vm(run->events[i].vm, vm);
    *out = *run;
    out->nr_migs = out->nr_fixes = out->nr_events = out->nr_hazards = 0;
    out->nr_thresholds = out->nr_ops = out->nr_links = 0;
    out->migs = NULL;
    out->fixes = calloc(run->nr_fixes + 1, sizeof(*out->fixes));
    out->events = calloc(nr_events + 1, sizeof(*out->events));
    out->hazards = calloc(run->nr_hazards + 1, sizeof(*out->hazards));
    if (!out->fixes || !out->events || !out->hazards || !pick_migrations(out, run, vm))
        return ST_ENOMEM;
    for (size_t i = 0; i < run->nr_events; i++)
        if (is_vm(run->events[i].vm, vm))
            out->events[out->nr_events++] = run->events[i];
    for (size_t i = 0; i < run->nr_hazards; i++)
        if (is_vm(run->hazards[i].vm, vm))
            out->hazards[out->nr_hazards++] = run->hazards[i];
    return ST_OK;
}

void one_vm_release(struct run_result *out)
{
    result_free_migs(out);
    free(out->fixes);
    free(out->events);
    free(out->hazards);
    *out = (struct run_result){0};
}
