/*
 * scenario_check_place.c - the rules between what hosts have and what their guests take of it.
 */
#include <stdio.h>

#include "base/units.h"
#include "sim/scenario/scenario_int.h"

#include "base/banned.h"

static bool known_bits(uint32_t bits)
{
    return bits == 0 || bits == 32 || bits == 64;
}

static enum status check_bits(const struct scenario *sc, struct diag *diag)
{
    for (const struct scn_section *s = sc->doc->first[SCN_HOST]; s; s = s->next)
        if (!known_bits(sc->place.host_attrs[sc->hosts[s->first_made].attrs].bits))
            return scn_fail(s, "bits", diag, "neither 32 nor 64");
    for (const struct scn_section *s = sc->doc->first[SCN_VM]; s; s = s->next) {
        const struct scn_vm *vm = &sc->vms[s->first_made];
        const struct vm_attrs *a = &sc->place.vm_attrs[scn_attrs_of(sc, s->first_made)];

        if (!known_bits(a->bits))
            return scn_fail(s, "bits", diag, "neither 32 nor 64");
        if (a->huge_pages && vm->guest->host_page_bytes == PAGE_BYTES) {
            scn_fail(s, "huge_pages", diag, "its pages are those of 4 KiB");
            diag_hint(diag, "write host_page = 2MiB or 1GiB");
            return ST_EINPUT;
        }
    }
    return ST_OK;
}

/* What the guests of a host take at the start. */
struct taken {
    double memory, pages_2m, pages_1g;
};

static double pages_of(const struct host_attrs *a, uint32_t kind)
{
    for (uint32_t i = 0; i < a->nr_amounts; i++)
        if (a->amounts[i].resource == kind)
            return (double)a->amounts[i].nr;
    return 0.0;
}

static enum status too_much(const struct scn_section *s, const char *key, const struct scn_host *h,
                            double bytes, struct diag *diag)
{
    char text[UNITS_TEXT];

    if (s->nr_made > 1)
        return scn_fail(s, key, diag, "the VMs of %s need %s at the start", h->name,
                        units_size(text, uncertain_u64(bytes)));
    return scn_fail(s, key, diag, "its VMs need %s at the start",
                    units_size(text, uncertain_u64(bytes)));
}

static enum status check_host(const struct scenario *sc, const struct scn_section *s,
                              const struct scn_host *h, const struct taken *t, struct diag *diag)
{
    const struct host_attrs *a = &sc->place.host_attrs[h->attrs];
    double over = sc->cluster.rules.memory_overcommit;

    if (h->memory_bytes && t->memory > (double)h->memory_bytes * over)
        return too_much(s, "memory", h, t->memory, diag);
    if (t->pages_2m > pages_of(a, RESOURCE_PAGES_2M))
        return too_much(s, "huge_pages_2m", h, t->pages_2m * (double)(2 * MIB), diag);
    if (t->pages_1g > pages_of(a, RESOURCE_PAGES_1G))
        return too_much(s, "huge_pages_1g", h, t->pages_1g * (double)GIB, diag);
    return ST_OK;
}

enum status scenario_check_place(const struct scenario *sc, struct arena *arena, struct diag *diag)
{
    struct taken *taken = arena_array(arena, sc->nr_hosts, sizeof(*taken));
    enum status st = check_bits(sc, diag);

    if (!taken)
        return scn_out_of_memory(diag);
    for (uint32_t i = 0; i < sc->nr_vms; i++) {
        const struct guest_params *g = sc->vms[i].guest;
        struct taken *t = &taken[sc->vms[i].host];

        if (!sc->place.vm_attrs[scn_attrs_of(sc, i)].huge_pages)
            t->memory += (double)g->memory_bytes;
        else if (g->host_page_bytes == GIB)
            t->pages_1g += (double)(g->memory_bytes / GIB);
        else
            t->pages_2m += (double)(g->memory_bytes / (2 * MIB));
    }
    for (const struct scn_section *s = sc->doc->first[SCN_HOST]; s && st == ST_OK; s = s->next)
        for (uint32_t h = s->first_made; h < s->first_made + s->nr_made && st == ST_OK; h++)
            st = check_host(sc, s, &sc->hosts[h], &taken[h], diag);
    return st;
}
