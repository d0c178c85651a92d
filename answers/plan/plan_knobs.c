/*
 * plan_knobs.c - what may be set to what: as asked for, or what the platform of the scenario has.
 *
 * How values are written is axis.h's; this file adds what each platform lets its
 * administrator set.  Invariant: no value of a knob is the present one, told by the digest of the
 * scenario that it makes.
 */
#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers/plan/plan_int.h"
#include "answers/sweep/axis.h"
#include "base/units.h"
#include "sim/platform.h"

#include "base/banned.h"

/* Usual values; @also is set with "on" only. */
struct usual_knob {
    const char *platform, *name, *spec, *also;
};

#define RATES "64MiB/s,128MiB/s,256MiB/s,512MiB/s,1GiB/s,2GiB/s,unlimited"
#define DOWNTIMES "100ms,200ms,300ms,500ms,1s,2s"
#define COUNTS "1,2,3,4,6,8"

static const struct usual_knob usual_knobs[] = {
    {"kubevirt", "outbound", "cluster.max_out=" COUNTS, NULL},
    {"kubevirt", "parallel", "cluster.max_total=5,10,20,40", NULL},
    {"kubevirt", "bandwidth", "migration.max_bandwidth=" RATES, NULL},
    {"kubevirt", "timeout_per_gib", "migration.completion_timeout_per_gib=20s,150s,800s", NULL},
    {"kubevirt", "auto_converge", "migration.auto_converge=off,on", NULL},
    {"kubevirt", "postcopy", "migration.postcopy=off,on", NULL},
    {"harvester", "outbound", "cluster.max_out=" COUNTS, NULL},
    {"harvester", "parallel", "cluster.max_total=5,10,20,40", NULL},
    {"harvester", "bandwidth", "migration.max_bandwidth=" RATES, NULL},
    {"harvester", "timeout_per_gib", "migration.completion_timeout_per_gib=20s,150s,800s", NULL},
    {"harvester", "auto_converge", "migration.auto_converge=off,on", NULL},
    {"harvester", "postcopy", "migration.postcopy=off,on", NULL},
    {"nova", "outbound", "cluster.max_out=" COUNTS, NULL},
    {"nova", "downtime_limit", "nova.downtime=250ms,500ms,1s,2s", NULL},
    {"nova", "downtime_delay", "nova.downtime_delay=3s,10s,30s,75s", NULL},
    {"nova", "timeout_action", "nova.timeout_action=abort,force_complete", NULL},
    {"nova", "auto_converge", "nova.permit_auto_converge=off,on", NULL},
    {"nova", "postcopy", "nova.permit_post_copy=off,on", "nova.timeout_action=force_complete"},
    {"nova", "channels", "nova.parallel_connections=1,2,4,8", NULL},
    {"ovirt", "policy", "ovirt.policy=minimal-downtime,post-copy,suspend,very-large,legacy", NULL},
    {"ovirt", "multifd", "ovirt.parallel=disabled,auto,auto_parallel", NULL},
    {"proxmox", "parallel", "proxmox.workers=" COUNTS, NULL},
    {"proxmox", "bandwidth", "migration.max_bandwidth=" RATES, NULL},
    {"proxmox", "downtime_limit", "migration.downtime_limit=" DOWNTIMES, NULL},
    {"proxmox", "encryption", "migration.tls=on,off", NULL},
    {"libvirt", "parallel", "libvirt.parallel=" COUNTS, NULL},
    {"libvirt", "bandwidth", "migration.max_bandwidth=" RATES, NULL},
    {"libvirt", "downtime_limit", "migration.downtime_limit=" DOWNTIMES, NULL},
    {"libvirt", "auto_converge", "migration.auto_converge=off,on", NULL},
    {"libvirt", "postcopy", "migration.postcopy=off,on", "migration.postcopy_trigger=round"},
    {"libvirt", "multifd", "migration.multifd=off,on", "migration.multifd_channels=4"},
    {"cloudpods", "quickly_finish", "cloudpods.quickly_finish=off,on", NULL},
    {"cloudpods", "bandwidth", "migration.max_bandwidth=" RATES, NULL},
    {"cloudpods", "downtime_limit", "migration.downtime_limit=" DOWNTIMES, NULL},
    {"cloudstack", "parallel", "cluster.max_total=2,5,10,20", NULL},
    {"cloudstack", "downtime_limit", "cloudstack.downtime=" DOWNTIMES, NULL},
    {"cloudstack", "pause_after", "cloudstack.pause_after=1min,5min,15min", NULL},
    {"cloudstack", "migrate_wait", "cloudstack.migrate_wait=30min,1h,2h,6h", NULL},
    {"vmotion", "parallel", "cluster.max_total=1,2,4,8", NULL},
    {"none", "parallel", "cluster.max_total=" COUNTS, NULL},
    {"none", "outbound", "cluster.max_out=" COUNTS, NULL},
    {"none", "bandwidth", "migration.max_bandwidth=" RATES, NULL},
    {"none", "downtime_limit", "migration.downtime_limit=" DOWNTIMES, NULL},
    {"none", "auto_converge", "migration.auto_converge=off,on", NULL},
    {"none", "postcopy", "migration.postcopy=off,on", "migration.postcopy_trigger=round"},
    {"none", "multifd", "migration.multifd=off,on", "migration.multifd_channels=4"},
};

enum {
    NR_USUAL = sizeof(usual_knobs) / sizeof(usual_knobs[0])
};

static const struct usual_knob *find_usual(const char *platform, const char *name, size_t len)
{
    for (size_t i = 0; i < NR_USUAL; i++)
        if (strcmp(usual_knobs[i].platform, platform) == 0 && strlen(usual_knobs[i].name) == len &&
            strncmp(usual_knobs[i].name, name, len) == 0)
            return &usual_knobs[i];
    return NULL;
}

static enum status no_memory(struct diag *diag)
{
    return diag_set(diag, ST_ENOMEM, "out of memory");
}

/* ---- how far a value is from the present one ---- */

static bool as_number(const char *text, double *value)
{
    uint64_t u;
    int64_t ns;

    if (units_parse_double(text, value, NULL) == ST_OK ||
        units_parse_ratio(text, value, NULL) == ST_OK)
        return *value > 0.0;
    if (units_parse_rate(text, &u, NULL) == ST_OK || units_parse_size(text, &u, NULL) == ST_OK) {
        *value = (double)u;
        return u > 0 && u != UNITS_UNLIMITED;
    }
    if (units_parse_time(text, &ns, NULL) == ST_OK) {
        *value = (double)ns;
        return ns > 0;
    }
    return false;
}

/* Of numbers, as logarithms of the whole range; of words, as places in the list. */
static void measure_steps(struct plan_knob *k)
{
    double now, low, high, value;
    bool numbers = k->present && as_number(k->present, &now);

    if (numbers)
        low = high = now;
    for (size_t i = 0; i < k->nr && numbers; i++) {
        numbers = as_number(k->values[i].text, &value);
        low = fmin(low, value);
        high = fmax(high, value);
    }
    for (size_t i = 0; i < k->nr; i++) {
        k->values[i].step = (double)(i + 1) / (double)k->nr;
        if (numbers && high > low && as_number(k->values[i].text, &value))
            k->values[i].step = fabs(log(value / now)) / log(high / low);
    }
}

/* ---- the present value, as the program prints it ---- */

static const char *find_value(struct plan *plan, const json_t *values, const char *key)
{
    const char *point = strrchr(key, '.');
    const json_t *value;
    size_t i;

    json_array_foreach(values, i, value)
    {
        const char *section = json_string_value(json_object_get(value, "section"));
        const char *name = json_string_value(json_object_get(value, "key"));
        const char *text = json_string_value(json_object_get(value, "value"));

        if (section && name && text && point && strlen(section) == (size_t)(point - key) &&
            strncmp(section, key, strlen(section)) == 0 && strcmp(name, point + 1) == 0)
            return arena_strdup(plan->arena, text);
    }
    return NULL;
}

static enum status find_present(struct plan *plan, struct plan_knob *k, struct diag *diag)
{
    struct strbuf text = STRBUF_INIT;
    char section[64] = "";
    json_t *root = NULL;
    enum status st;

    k->present = NULL;
    /* "vm web" is a section of its own, "vm *" none: then the value differs from one to the next */
    if (!strrchr(k->key, '.') || strpbrk(k->key, "*?"))
        return ST_OK;
    snprintf(section, sizeof(section), "%.*s", (int)(strrchr(k->key, '.') - k->key), k->key);
    st = scenario_show_origin_json(&plan->sc, section, &text, NULL);
    if (st == ST_OK)
        root = json_loads(strbuf_text(&text), 0, NULL);
    if (root)
        k->present = find_value(plan, json_object_get(root, "values"), k->key);
    json_decref(root);
    strbuf_release(&text);
    return st == ST_ENOMEM ? no_memory(diag) : ST_OK;
}

/* ---- from words to knobs ---- */

/* Leaves out the values that make the present scenario and, of knobs that nobody asked for, those
 * that this scenario cannot take (postcopy=off beside a postcopy_trigger). */
static enum status drop_present(struct plan *plan, const struct plan_options *options,
                                struct plan_knob *k, struct diag *diag)
{
    size_t kept = 0;

    for (size_t i = 0; i < k->nr; i++) {
        struct scenario sc;
        struct diag unwanted = {0};
        bool asked = options->nr_knobs > 0;
        enum status st = variant_load(&sc, &options->base, k->values[i].settings,
                                      k->values[i].nr_settings, asked ? diag : &unwanted);

        if (st == ST_EINPUT && !asked)
            continue;
        if (st != ST_OK)
            return st;
        if (strcmp(sc.digest, plan->sc.digest) != 0)
            k->values[kept++] = k->values[i];
        else if (!k->present)
            k->present = k->values[i].text;
        scenario_release(&sc);
    }
    k->nr = kept;
    return ST_OK;
}

static enum status add_value(struct plan *plan, struct plan_knob *k, const struct axis_value *value,
                             const char *also, struct diag *diag)
{
    struct plan_value *v = &k->values[k->nr++];
    const char **settings = arena_array(plan->arena, 2, sizeof(*settings));

    if (!settings)
        return no_memory(diag);
    *v = (struct plan_value){.text = value->text, .settings = settings};
    settings[v->nr_settings++] = value->setting;
    if (also && strcmp(value->text, "on") == 0)
        settings[v->nr_settings++] = also;
    return ST_OK;
}

static enum status add_knob(struct plan *plan, const struct plan_options *options, const char *name,
                            size_t name_len, const char *spec, const char *also, struct diag *diag)
{
    struct plan_knob *k = &plan->knobs[plan->nr_knobs];
    struct axis axis;
    enum status st = axis_parse(&axis, plan->arena, spec, diag);

    if (st != ST_OK)
        return st;
    *k = (struct plan_knob){.name = arena_strndup(plan->arena, name, name_len), .key = axis.key};
    k->values = arena_array(plan->arena, axis.nr + 1, sizeof(*k->values));
    if (!k->name || !k->values)
        return no_memory(diag);
    for (size_t i = 0; i < axis.nr && st == ST_OK; i++)
        st = add_value(plan, k, &axis.values[i], also, diag);
    if (st == ST_OK)
        st = find_present(plan, k, diag);
    if (st == ST_OK)
        st = drop_present(plan, options, k, diag);
    if (st == ST_OK) {
        measure_steps(k);
        plan->nr_knobs += k->nr > 0;
    }
    return st;
}

/* "parallel=1..8" with what the platform means by it, else as a sweep reads it. */
static enum status add_asked(struct plan *plan, const struct plan_options *options,
                             const char *platform, const char *text, struct diag *diag)
{
    size_t len = strcspn(text, "=");
    const struct usual_knob *u = find_usual(platform, text, len);
    struct strbuf spec = STRBUF_INIT;
    enum status st;

    if (!u && len == strlen("policy") && strncmp(text, "policy", len) == 0) /* a preset is one */
        strbuf_addf(&spec, "preset%s", text + len);
    else if (u && text[len] == '=')
        strbuf_addf(&spec, "%.*s%s", (int)strcspn(u->spec, "="), u->spec, text + len);
    else
        strbuf_addstr(&spec, text[len] ? text : u ? u->spec : text);
    if (strbuf_failed(&spec))
        st = no_memory(diag);
    else
        st = add_knob(plan, options, text, len, strbuf_text(&spec), u ? u->also : NULL, diag);
    strbuf_release(&spec);
    return st == ST_EINPUT ? ST_EUSAGE : st;
}

/* What the person who drains hosts decides, whatever the platform. */
static enum status add_operation_knobs(struct plan *plan, const struct plan_options *options,
                                       struct diag *diag)
{
    bool hosts = false, vms = false;
    enum status st = ST_OK;

    for (uint32_t i = 0; i < plan->sc.nr_operations; i++) {
        const struct scn_operation *op = &plan->sc.operations[i];
        bool by_host = op->kind == OPERATION_DRAIN || op->kind == OPERATION_MAINTENANCE ||
                       op->kind == OPERATION_UPGRADE;

        hosts |= by_host && op->nr_hosts > 1;
        vms |= by_host || op->kind == OPERATION_EVACUATE;
    }
    if (hosts)
        st = add_knob(plan, options, "hosts_at_once", strlen("hosts_at_once"),
                      "operation *.hosts_at_once=1,2,4,8", NULL, diag);
    if (vms && st == ST_OK)
        st = add_knob(plan, options, "vm_order", strlen("vm_order"),
                      "operation *.vm_order=priority,large_first,small_first", NULL, diag);
    return st;
}

enum status plan_knobs(struct plan *plan, const struct plan_options *options, struct diag *diag)
{
    const char *platform = plan->sc.cluster.platform ? plan->sc.cluster.platform->name : "none";
    enum status st = ST_OK;

    plan->knobs = arena_array(plan->arena, PLAN_KNOBS_MAX, sizeof(*plan->knobs));
    if (!plan->knobs)
        return no_memory(diag);
    if (options->nr_knobs > PLAN_KNOBS_MAX)
        return diag_set(diag, ST_EUSAGE, "more than %d knobs", PLAN_KNOBS_MAX);
    for (size_t i = 0; i < options->nr_knobs && st == ST_OK; i++)
        st = add_asked(plan, options, platform, options->knobs[i], diag);
    for (size_t i = 0; i < NR_USUAL && options->nr_knobs == 0 && st == ST_OK; i++)
        if (strcmp(usual_knobs[i].platform, platform) == 0)
            st = add_knob(plan, options, usual_knobs[i].name, strlen(usual_knobs[i].name),
                          usual_knobs[i].spec, usual_knobs[i].also, diag);
    if (st == ST_OK && options->nr_knobs == 0)
        st = add_operation_knobs(plan, options, diag);
    return st;
}
