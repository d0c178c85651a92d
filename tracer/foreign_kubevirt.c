/*
 * foreign_kubevirt.c - a VirtualMachineInstance's or a migration object's migrationState.
 *
 * Start, end, outcome and the configuration that was in force; no statistics.  Time stamps are
 * whole seconds and take in KubeVirt's own steps (target pod, hand-over).  Objects may come alone,
 * in a List, and in several files: those of one VM are put together.  Source: KubeVirt API types,
 * VirtualMachineInstanceMigrationState and MigrationConfiguration.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "tracer/foreign_int.h"

#include "base/banned.h"

struct object {
    const struct foreign_file *file;
    const json_t *root, *state;
    char vm[FOREIGN_NAME]; /* namespace/name */
};

enum {
    OBJECTS_MAX = 4096
};

struct objects {
    struct object *all;
    size_t nr;
};

static const char *text_at(const json_t *obj, const char *key)
{
    const char *text = json_string_value(json_object_get(obj, key));

    return text ? text : "";
}

/* "kind" List, or a single object. */
static enum status collect(struct foreign *f, const struct foreign_file *file, const json_t *root,
                           struct objects *o)
{
    const json_t *items = json_object_get(root, "items"), *meta = json_object_get(root, "metadata");
    const json_t *state = json_object_get(json_object_get(root, "status"), "migrationState");
    const char *kind = text_at(root, "kind"), *name = text_at(meta, "name"), *item_name;
    struct object *add;
    size_t i;

    if (json_is_array(items)) {
        const json_t *item;

        json_array_foreach(items, i, item)
        {
            enum status st = json_is_array(json_object_get(item, "items"))
                                 ? foreign_error(f, file, 0, "a list in a list")
                                 : collect(f, file, item, o);

            if (st != ST_OK)
                return st;
        }
        return ST_OK;
    }
    if (!json_is_object(state) && strcmp(kind, "VirtualMachineInstance") != 0)
        return ST_OK;
    if (o->nr == OBJECTS_MAX)
        return foreign_error(f, file, 0, "more than %d objects", OBJECTS_MAX);
    item_name = text_at(json_object_get(root, "spec"), "vmiName");
    add = &o->all[o->nr];
    *add = (struct object){.file = file, .root = root, .state = state};
    snprintf(add->vm, sizeof(add->vm), "%.120s/%.120s", text_at(meta, "namespace"),
             item_name[0] ? item_name : name);
    if (f->options->vm && strcmp(f->options->vm, add->vm) != 0 &&
        strcmp(f->options->vm, strchr(add->vm, '/') + 1) != 0)
        return ST_OK;
    o->nr++;
    return ST_OK;
}

/* A Kubernetes quantity: "64Mi", "4Gi", "1500M", plain bytes. */
static bool quantity(const json_t *value, double *out)
{
    static const struct {
        const char *suffix;
        double by;
    } units[] = {{"Ki", (double)KIB},
                 {"Mi", (double)MIB},
                 {"Gi", (double)GIB},
                 {"Ti", (double)GIB * (double)KIB},
                 {"k", 1e3},
                 {"M", 1e6},
                 {"G", 1e9},
                 {"T", 1e12},
                 {"", 1.0}};
    const char *text = json_string_value(value);
    char *end;

    if (!text)
        return foreign_number(value, out);
    *out = strtod(text, &end);
    for (size_t i = 0; end != text && i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(end, units[i].suffix) != 0)
            continue;
        *out *= units[i].by;
        return *out >= 0.0 && *out < 1e18;
    }
    return false;
}

static void take_machine(struct foreign *f, const json_t *root)
{
    const json_t *domain = json_object_get(json_object_get(root, "spec"), "domain");
    const json_t *memory = json_object_get(domain, "memory"), *cpu = json_object_get(domain, "cpu");
    const json_t *requests = json_object_get(json_object_get(domain, "resources"), "requests");
    double bytes = 0.0, part, cpus = 1.0;
    static const char *const parts[] = {"cores", "sockets", "threads"};

    if (quantity(json_object_get(memory, "guest"), &bytes) ||
        quantity(json_object_get(requests, "memory"), &bytes))
        f->memory_bytes = (uint64_t)bytes;
    if (!json_is_object(cpu))
        return;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (foreign_number(json_object_get(cpu, parts[i]), &part) && part >= 1.0 && part <= 1024.0)
            cpus *= part;
    f->vcpus = cpus <= 65536.0 ? (uint32_t)cpus : 0;
}

static void take_configuration(struct foreign *f, const json_t *state)
{
    const json_t *c = json_object_get(state, "migrationConfiguration");
    double value;

    if (!json_is_object(c))
        return;
    if (quantity(json_object_get(c, "bandwidthPerMigration"), &value) && value >= 1.0)
        foreign_parameter(f, "max-bandwidth", llround(fmin(value, 9e18)));
    if (json_is_true(json_object_get(c, "allowAutoConverge")))
        foreign_capability(f, "auto-converge");
    if (json_is_true(json_object_get(c, "allowPostCopy")))
        foreign_capability(f, "postcopy-ram");
    if (foreign_number(json_object_get(c, "completionTimeoutPerGiB"), &value) && value > 0.0 &&
        f->memory_bytes > 0)
        f->timeout_s = fmin(value * (double)f->memory_bytes / (double)GIB, 1e8);
}

static enum status take_state(struct foreign *f, const struct object *o)
{
    struct foreign_poll first = FOREIGN_POLL_INIT, last = FOREIGN_POLL_INIT;
    const char *start = text_at(o->state, "startTimestamp"),
               *end = text_at(o->state, "endTimestamp");
    const char *why = text_at(o->state, "failureReason");
    double from, to;
    const char *rest;
    enum status st;

    if (!foreign_stamp(start, &from, &rest))
        return foreign_error(f, o->file, 0, "%s: migrationState has no startTimestamp", o->vm);
    st = foreign_add_poll(f, &first);
    if (st != ST_OK || !*end)
        return st; /* still running */
    if (!foreign_stamp(end, &to, &rest) || to < from || to - from > 1e8)
        return foreign_error(f, o->file, 0, "%s: endTimestamp '%.40s' is not after the start",
                             o->vm, end);
    last.total_ms = llround((to - from) * 1e3);
    last.t_ns = last.total_ms * NS_PER_MS;
    last.status = "completed";
    if (json_is_true(json_object_get(o->state, "failed")))
        last.status =
            strcmp(text_at(o->state, "abortStatus"), "Succeeded") == 0 ? "cancelled" : "failed";
    snprintf(f->reason, sizeof(f->reason), "%.200s", why);
    /* "Live migration is not completed after 800 seconds and has been aborted" */
    if (strstr(why, "not completed after"))
        last.status = "cancelled";
    f->cancelled_by_timeout = strcmp(last.status, "cancelled") == 0 && strstr(why, "not completed");
    foreign_approximate(f, "total-time");
    return foreign_add_poll(f, &last);
}

/* The migration object's copy of the state and the instance's are one migration. */
static enum status put_together(struct foreign *f, const struct objects *o)
{
    const struct object *best = NULL;

    for (size_t i = 0; i < o->nr; i++) {
        const struct object *x = &o->all[i];

        if (strcmp(x->vm, o->all[0].vm) != 0) {
            diag_hint(f->diag, "say which VM is meant");
            return foreign_error(f, x->file, 0, "migrations of several VMs: %s and %s",
                                 o->all[0].vm, x->vm);
        }
        if (json_is_object(json_object_get(json_object_get(x->root, "spec"), "domain")))
            take_machine(f, x->root);
        if (!json_is_object(x->state))
            continue;
        if (best && strcmp(text_at(best->state, "startTimestamp"),
                           text_at(x->state, "startTimestamp")) != 0)
            return foreign_error(f, x->file, 0, "two migrations of %s, begun %s and %s", x->vm,
                                 text_at(best->state, "startTimestamp"),
                                 text_at(x->state, "startTimestamp"));
        if (!best || json_object_get(x->state, "migrationConfiguration"))
            best = x;
    }
    if (!best)
        return ST_OK;
    foreign_name(f, strchr(best->vm, '/') + 1);
    f->accel = "kvm";
    take_configuration(f, best->state);
    return take_state(f, best);
}

enum status foreign_read_kubevirt(void *foreign)
{
    struct foreign *f = foreign;
    struct objects o = {.all = calloc(OBJECTS_MAX, sizeof(*o.all))};
    json_t *roots[FOREIGN_FILES_MAX] = {0};
    enum status st = o.all ? ST_OK : diag_set(f->diag, ST_ENOMEM, "out of memory");

    for (size_t i = 0; i < f->nr_files && st == ST_OK; i++) {
        st = foreign_json(f, &f->files[i], &roots[i]);
        if (st == ST_OK)
            st = collect(f, &f->files[i], roots[i], &o);
    }
    if (st == ST_OK)
        st = put_together(f, &o);
    for (size_t i = 0; i < f->nr_files; i++)
        json_decref(roots[i]);
    free(o.all);
    return st;
}
