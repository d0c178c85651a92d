/*
 * snippet.c - changed values of a scenario as what a platform's administrator pastes.
 *
 * A platform is a table from keys to its own names and units, and a form to write them in; those of
 * Kubernetes are in snippet_kubernetes.c.  Invariant: what no form has said ends up in the last
 * snippet, as lines of the scenario, so that no change is lost.
 */
#include "answers/plan/snippet.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/plan/snippet_int.h"
#include "base/json_text.h"
#include "base/units.h"
#include "sim/platform.h"
#include "sim/scenario/scenario_options.h"

#include "base/banned.h"

/* ---- what the forms share ---- */

struct strbuf *snippet_open(struct snippet_job *j, const char *form, const char *where)
{
    size_t last = j->out->nr < SNIPPETS_MAX ? j->out->nr++ : SNIPPETS_MAX - 1;
    struct snippet *s = &j->out->items[last];

    s->form = form;
    s->where = where;
    return &s->text;
}

const struct snippet_field *snippet_find(const struct snippet_field *fields, const char *key)
{
    for (; fields->key; fields++)
        if (strcmp(fields->key, key) == 0)
            return fields;
    return NULL;
}

bool snippet_concerns(const struct snippet_job *j, const struct snippet_field *fields)
{
    for (size_t i = 0; i < j->nr; i++)
        if (!j->said[i] && snippet_find(fields, j->changes[i].key))
            return true;
    return false;
}

const char *snippet_take(struct snippet_job *j, const char *key)
{
    for (size_t i = 0; i < j->nr; i++) {
        if (strcmp(j->changes[i].key, key) != 0)
            continue;
        j->said[i] = true;
        return j->changes[i].value;
    }
    return NULL;
}

static void add_rate(struct strbuf *out, const char *value, double unit_bytes, const char *suffix)
{
    uint64_t rate = 0;

    if (units_parse_rate(value, &rate, NULL) != ST_OK || rate == UNITS_UNLIMITED)
        rate = 0;
    /* never rounded to 0, which would mean no limit at all */
    strbuf_addf(out, "%.0f%s", rate ? fmax(1.0, round((double)rate / unit_bytes)) : 0.0,
                rate ? suffix : "");
}

static void add_time(struct strbuf *out, const char *value, int64_t unit_ns)
{
    int64_t ns = 0;

    units_parse_time(value, &ns, NULL); /* "none" and "never" are 0 */
    strbuf_addf(out, "%" PRId64, (ns + unit_ns / 2) / unit_ns);
}

static bool is_number(const char *text)
{
    double value;

    return units_parse_double(text, &value, NULL) == ST_OK;
}

void snippet_value(struct strbuf *out, enum snippet_unit unit, const char *value)
{
    int64_t ns = 0;

    switch (unit) {
    case SNIPPET_WORD:
        strbuf_addstr(out, value);
        break;
    case SNIPPET_COUNT:
        strbuf_addstr(out, is_number(value) ? value : "0");
        break;
    case SNIPPET_BOOL:
        strbuf_addstr(out, strcmp(value, "on") == 0 ? "true" : "false");
        break;
    case SNIPPET_SECONDS:
        add_time(out, value, NS_PER_S);
        break;
    case SNIPPET_MS:
        add_time(out, value, NS_PER_MS);
        break;
    case SNIPPET_DECIMALS:
        units_parse_time(value, &ns, NULL);
        strbuf_addf(out, "%.4g", (double)ns / (double)NS_PER_S);
        break;
    case SNIPPET_MIB_S:
        add_rate(out, value, (double)MIB, "");
        break;
    case SNIPPET_KIB_S:
        add_rate(out, value, (double)KIB, "");
        break;
    case SNIPPET_MB_S:
        add_rate(out, value, 1e6, "");
        break;
    case SNIPPET_MBIT_S:
        add_rate(out, value, 1e6 / BITS_PER_BYTE, "");
        break;
    case SNIPPET_QUANTITY:
        add_rate(out, value, (double)MIB, "Mi");
        break;
    case SNIPPET_BYTES_S:
        add_rate(out, value, 1.0, "");
        break;
    }
}

/* ---- files of lines: field = value, under [groups] ---- */

static void add_lines(struct snippet_job *j, struct strbuf *out, const struct snippet_field *fields,
                      const char *group, const char *sign)
{
    bool headed = group[0] == '\0';

    for (size_t i = 0; i < j->nr; i++) {
        const struct snippet_field *f = snippet_find(fields, j->changes[i].key);

        if (!f || j->said[i] || strcmp(f->group, group) != 0)
            continue;
        if (!headed)
            strbuf_addf(out, "[%s]\n", group);
        headed = true;
        strbuf_addf(out, "%s%s", f->field, sign);
        snippet_value(out, f->unit, j->changes[i].value);
        strbuf_addch(out, '\n');
        j->said[i] = true;
    }
}

static const struct snippet_field nova_fields[] = {
    {"cluster.max_out", "max_concurrent_live_migrations", SNIPPET_COUNT, "DEFAULT"},
    {"migration.max_bandwidth", "live_migration_bandwidth", SNIPPET_MIB_S, "libvirt"},
    {"nova.downtime", "live_migration_downtime", SNIPPET_MS, "libvirt"},
    {"nova.downtime_steps", "live_migration_downtime_steps", SNIPPET_COUNT, "libvirt"},
    {"nova.downtime_delay", "live_migration_downtime_delay", SNIPPET_SECONDS, "libvirt"},
    {"nova.completion_timeout", "live_migration_completion_timeout", SNIPPET_SECONDS, "libvirt"},
    {"nova.timeout_action", "live_migration_timeout_action", SNIPPET_WORD, "libvirt"},
    {"nova.permit_post_copy", "live_migration_permit_post_copy", SNIPPET_BOOL, "libvirt"},
    {"nova.permit_auto_converge", "live_migration_permit_auto_converge", SNIPPET_BOOL, "libvirt"},
    {"nova.parallel_connections", "live_migration_parallel_connections", SNIPPET_COUNT, "libvirt"},
    {0},
};

static void nova(struct snippet_job *j)
{
    struct strbuf *out;

    if (!snippet_concerns(j, nova_fields))
        return;
    out = snippet_open(j, "nova.conf", "on every compute node, then restart nova-compute");
    add_lines(j, out, nova_fields, "DEFAULT", " = ");
    add_lines(j, out, nova_fields, "libvirt", " = ");
}

static const struct snippet_field proxmox_fields[] = {
    {"proxmox.workers", "max_workers", SNIPPET_COUNT, ""},
    {"proxmox.ha_workers", "max_workers", SNIPPET_COUNT, ""},
    {"migration.max_bandwidth", "bwlimit: migration=", SNIPPET_KIB_S, "joined"},
    {0},
};

static void proxmox(struct snippet_job *j)
{
    const char *tls = snippet_take(j, "migration.tls");
    const char *downtime = snippet_take(j, "migration.downtime_limit");
    struct strbuf *out;

    if (tls || snippet_concerns(j, proxmox_fields)) {
        out = snippet_open(j, "datacenter.cfg", "into /etc/pve/datacenter.cfg");
        add_lines(j, out, proxmox_fields, "", ": ");
        for (size_t i = 0; i < j->nr; i++) {
            const struct snippet_field *f = snippet_find(proxmox_fields, j->changes[i].key);

            if (!f || j->said[i])
                continue;
            strbuf_addstr(out, f->field);
            snippet_value(out, f->unit, j->changes[i].value);
            strbuf_addch(out, '\n');
            j->said[i] = true;
        }
        if (tls)
            strbuf_addf(out, "migration: type=%s\n",
                        strcmp(tls, "on") == 0 ? "secure" : "insecure");
    }
    if (!downtime)
        return;
    out = snippet_open(j, "qm", "for every VM");
    strbuf_addstr(out, "qm set VMID --migrate_downtime ");
    snippet_value(out, SNIPPET_DECIMALS, downtime);
    strbuf_addch(out, '\n');
}

static const struct snippet_field agent_fields[] = {
    {"cloudstack.downtime", "vm.migrate.downtime", SNIPPET_MS, ""},
    {"cloudstack.pause_after", "vm.migrate.pauseafter", SNIPPET_MS, ""},
    {"migration.max_bandwidth", "vm.migrate.speed", SNIPPET_MBIT_S, ""},
    {0},
};
static const struct snippet_field global_fields[] = {
    {"cloudstack.migrate_wait", "migratewait", SNIPPET_SECONDS, ""},
    {"cluster.max_total", "ha.workers", SNIPPET_COUNT, ""},
    {0},
};

static void cloudstack(struct snippet_job *j)
{
    if (snippet_concerns(j, agent_fields))
        add_lines(j, snippet_open(j, "agent.properties", "on every host, then restart the agent"),
                  agent_fields, "", "=");
    if (snippet_concerns(j, global_fields))
        add_lines(j, snippet_open(j, "global settings", "of the management server"), global_fields,
                  "", " = ");
}

/* ---- oVirt: the cluster's migration options of its REST API ---- */

static const struct {
    const char *policy, *id;
} ovirt_ids[] = {
    {"minimal-downtime", "80554327-0569-496b-bdeb-fcbbf52b827b"},
    {"suspend", "80554327-0569-496b-bdeb-fcbbf52b827c"},
    {"post-copy", "a7aeedb2-8d66-4e51-bb22-32595027ce71"},
    {"very-large", "57237b82-b8c2-425f-b425-114b35219626"},
    {"legacy", "00000000-0000-0000-0000-000000000000"},
};

static const struct snippet_field ovirt_fields[] = {
    {"ovirt.policy", "policy", SNIPPET_WORD, ""},
    {"ovirt.auto_converge", "auto_converge", SNIPPET_WORD, ""},
    {"ovirt.compressed", "compressed", SNIPPET_WORD, ""},
    {"ovirt.parallel", "parallel_migrations_policy", SNIPPET_WORD, ""},
    {"ovirt.custom_parallel", "custom_parallel_migrations", SNIPPET_COUNT, ""},
    {"ovirt.bandwidth", "assignment_method", SNIPPET_WORD, ""},
    {"ovirt.custom_bandwidth", "custom_value", SNIPPET_MBIT_S, ""},
    {0},
};

static const char *inheritable(const char *value)
{
    return strcmp(value, "on") == 0 ? "true" : strcmp(value, "off") == 0 ? "false" : value;
}

static void add_member(struct snippet_job *j, struct strbuf *out, const char *key)
{
    const char *value = snippet_take(j, key);

    if (!value)
        return;
    json_key(out, snippet_find(ovirt_fields, key)->field);
    strbuf_addch(out, ' ');
    json_add_text(out, inheritable(value));
}

static void add_ovirt_bandwidth(struct snippet_job *j, struct strbuf *out)
{
    const char *method = snippet_take(j, "ovirt.bandwidth");
    const char *custom = snippet_take(j, "ovirt.custom_bandwidth");

    if (!method && !custom)
        return;
    json_key(out, "bandwidth");
    strbuf_addstr(out, " {");
    json_put_text(out, "assignment_method",
                  !method                       ? "custom"
                  : strcmp(method, "vdsm") == 0 ? "hypervisor_default"
                                                : method);
    if (custom) {
        json_key(out, "custom_value");
        strbuf_addch(out, '"');
        snippet_value(out, SNIPPET_MBIT_S, custom);
        strbuf_addch(out, '"');
    }
    strbuf_addch(out, '}');
}

static void ovirt(struct snippet_job *j)
{
    struct strbuf *out;
    const char *policy;

    if (!snippet_concerns(j, ovirt_fields))
        return;
    out = snippet_open(j, "oVirt", "PUT to /ovirt-engine/api/clusters/ID, as application/json");
    strbuf_addstr(out, "{\"migration\": {");
    policy = snippet_take(j, "ovirt.policy");
    for (size_t i = 0; policy && i < sizeof(ovirt_ids) / sizeof(ovirt_ids[0]); i++) {
        if (strcmp(ovirt_ids[i].policy, policy) != 0)
            continue;
        json_key(out, "policy");
        strbuf_addf(out, " {\"id\": \"%s\"}", ovirt_ids[i].id);
    }
    add_member(j, out, "ovirt.auto_converge");
    add_member(j, out, "ovirt.compressed");
    add_member(j, out, "ovirt.parallel");
    add_member(j, out, "ovirt.custom_parallel");
    add_ovirt_bandwidth(j, out);
    strbuf_addstr(out, "}}\n");
}

/* ---- command lines ---- */

static const struct snippet_field virsh_fields[] = {
    {"libvirt.parallel", "", SNIPPET_COUNT, ""},
    {"libvirt.timeout", "", SNIPPET_SECONDS, ""},
    {"libvirt.timeout_action", "", SNIPPET_WORD, ""},
    {"migration.max_bandwidth", "", SNIPPET_MIB_S, ""},
    {"migration.auto_converge", "", SNIPPET_BOOL, ""},
    {"migration.postcopy", "", SNIPPET_BOOL, ""},
    {"migration.postcopy_trigger", "", SNIPPET_WORD, ""},
    {"migration.multifd", "", SNIPPET_BOOL, ""},
    {"migration.multifd_channels", "", SNIPPET_COUNT, ""},
    {"migration.xbzrle", "", SNIPPET_BOOL, ""},
    {"migration.tls", "", SNIPPET_BOOL, ""},
    {0},
};

/* A command line holds all flags, so those that did not change stand in it too. */
static void add_virsh_flags(const struct scn_migration *m, struct strbuf *out)
{
    const struct mig_params *p = &m->params;

    if (p->auto_converge)
        strbuf_addstr(out, " --auto-converge");
    if (p->postcopy)
        strbuf_addstr(out, " --postcopy");
    if (p->postcopy && p->postcopy_trigger == POSTCOPY_AT_ROUND)
        strbuf_addstr(out, " --postcopy-after-precopy");
    if (p->multifd)
        strbuf_addf(out, " --parallel --parallel-connections %u", p->multifd_channels);
    if (p->xbzrle)
        strbuf_addstr(out, " --compressed");
    if (p->tls)
        strbuf_addstr(out, " --tls");
    if (p->max_bandwidth_bytes_per_s != UNITS_UNLIMITED)
        strbuf_addf(out, " --bandwidth %" PRIu64, (uint64_t)(p->max_bandwidth_bytes_per_s / MIB));
}

static void virsh(struct snippet_job *j)
{
    const char *parallel = snippet_take(j, "libvirt.parallel");
    const char *timeout = snippet_take(j, "libvirt.timeout");
    const char *action = snippet_take(j, "libvirt.timeout_action");
    const char *downtime = snippet_take(j, "migration.downtime_limit");
    struct strbuf *out = NULL;

    if (parallel || timeout || action || snippet_concerns(j, virsh_fields)) {
        out = snippet_open(j, "virsh", "on the source; TARGET is the host to go to");
        if (parallel)
            strbuf_addf(out, "virsh list --name | xargs -r -P %s -I{} ",
                        is_number(parallel) ? parallel : "0");
        strbuf_addstr(out, "virsh migrate --live --p2p --persistent --undefinesource");
        add_virsh_flags(&j->sc->migrations[0], out);
        if (timeout) {
            strbuf_addstr(out, " --timeout ");
            snippet_value(out, SNIPPET_SECONDS, timeout);
        }
        if (action)
            strbuf_addf(out, " --timeout-%s", action);
        strbuf_addf(out, " %s qemu+ssh://TARGET/system\n", parallel ? "{}" : "VM");
        for (size_t i = 0; i < j->nr; i++)
            j->said[i] |= snippet_find(virsh_fields, j->changes[i].key) != NULL;
    }
    if (!downtime)
        return;
    if (!out)
        out = snippet_open(j, "virsh", "for every VM");
    strbuf_addstr(out, "virsh migrate-setmaxdowntime VM ");
    snippet_value(out, SNIPPET_MS, downtime);
    strbuf_addstr(out, " # as soon as it runs\n");
}

static void cloudpods(struct snippet_job *j)
{
    const char *quickly = snippet_take(j, "cloudpods.quickly_finish");
    const char *bandwidth = snippet_take(j, "migration.max_bandwidth");
    const char *downtime = snippet_take(j, "migration.downtime_limit");
    struct strbuf *out;

    if (!quickly && !bandwidth && !downtime)
        return;
    out = snippet_open(j, "climc", "for every server");
    if (quickly || bandwidth) {
        strbuf_addstr(out, "climc server-live-migrate");
        if (quickly && strcmp(quickly, "on") == 0)
            strbuf_addstr(out, " --quickly-finish");
        if (bandwidth && strcmp(bandwidth, "unlimited") != 0) {
            strbuf_addstr(out, " --max-bandwidth-mb ");
            snippet_value(out, SNIPPET_MB_S, bandwidth);
        }
        strbuf_addstr(out, " SERVER\n");
    }
    if (downtime) {
        strbuf_addstr(out, "climc server-set-live-migrate-params --downtime-limit-ms ");
        snippet_value(out, SNIPPET_MS, downtime);
        strbuf_addstr(out, " SERVER # as soon as it runs\n");
    }
}

/* ---- QEMU by itself ---- */

static void add_qmp_value(struct strbuf *out, const struct option *row, const char *value)
{
    uint64_t bytes = 0;

    if (row->type == OPT_TIME_NS)
        snippet_value(out, SNIPPET_MS, value);
    else if (row->type == OPT_RATE || row->type == OPT_UNCERTAIN_RATE)
        snippet_value(out, SNIPPET_BYTES_S, value);
    else if (row->type == OPT_PCT)
        strbuf_addf(out, "%.*s", (int)strcspn(value, "%"), value);
    else if (row->type == OPT_SIZE && units_parse_size(value, &bytes, NULL) == ST_OK)
        strbuf_addf(out, "%" PRIu64, bytes);
    else if (row->type == OPT_ENUM)
        json_add_text(out, value);
    else
        strbuf_addstr(out, value);
}

static const struct option *qmp_row(const struct snippet_change *c)
{
    const struct option *row = NULL;

    if (strncmp(c->key, "migration.", 10) == 0)
        row = option_find(&scn_migration_options, c->key + 10);
    return row && row->qmp ? row : NULL;
}

static void add_qmp(struct snippet_job *j, struct strbuf *out, bool capabilities)
{
    bool any = false;

    for (size_t i = 0; i < j->nr; i++) {
        const struct option *row = qmp_row(&j->changes[i]);

        if (!row || (row->type == OPT_BOOL) != capabilities)
            continue;
        if (!any)
            strbuf_addf(out, "{\"execute\":\"migrate-set-%s\",\"arguments\":{%s",
                        capabilities ? "capabilities" : "parameters",
                        capabilities ? "\"capabilities\":[" : "");
        any = true;
        j->said[i] = true;
        if (capabilities) {
            json_next(out);
            strbuf_addf(out, "{\"capability\":\"%s\",\"state\":", row->qmp);
            snippet_value(out, SNIPPET_BOOL, j->changes[i].value);
            strbuf_addch(out, '}');
        } else {
            json_key(out, row->qmp);
            add_qmp_value(out, row, j->changes[i].value);
        }
    }
    if (any)
        strbuf_addstr(out, capabilities ? "]}}\n" : "}}\n");
}

static void qmp(struct snippet_job *j)
{
    struct strbuf *out;
    bool any = false;

    for (size_t i = 0; i < j->nr; i++)
        any |= qmp_row(&j->changes[i]) != NULL;
    if (!any)
        return;
    out = snippet_open(j, "QMP", "to the source before `migrate`; capabilities to both sides");
    add_qmp(j, out, true);
    add_qmp(j, out, false);
}

/* ---- all of them ---- */

static const struct {
    const char *platform;
    void (*write)(struct snippet_job *j);
} forms[] = {
    {"kubevirt", snippet_kubernetes},
    {"harvester", snippet_kubernetes},
    {"nova", nova},
    {"ovirt", ovirt},
    {"proxmox", proxmox},
    {"cloudstack", cloudstack},
    {"libvirt", virsh},
    {"cloudpods", cloudpods},
    {"none", qmp},
};

static void leftovers(struct snippet_job *j)
{
    struct strbuf *out = NULL;

    for (size_t i = 0; i < j->nr; i++) {
        const char *key = j->changes[i].key, *point = strrchr(key, '.');

        if (j->said[i])
            continue;
        if (!out)
            out = snippet_open(j, "scenario",
                               "no setting of the platform: lines, or --set, of the scenario");
        if (strpbrk(key, "*?")) /* a pattern is no section */
            strbuf_addf(out, "--set '%s=%s'\n", key, j->changes[i].value);
        else if (point)
            strbuf_addf(out, "[%.*s]\n%s = %s\n", (int)(point - key), key, point + 1,
                        j->changes[i].value);
        else
            strbuf_addf(out, "[scenario]\n%s = %s\n", key, j->changes[i].value);
    }
}

bool snippet_make(const struct scenario *sc, const struct snippet_change *changes,
                  size_t nr_changes, struct snippets *out)
{
    struct snippet_job j = {.sc = sc, .changes = changes, .nr = nr_changes, .out = out};
    const char *platform = sc->cluster.platform ? sc->cluster.platform->name : "none";
    bool ok = true;

    *out = (struct snippets){0};
    j.said = calloc(nr_changes + 1, sizeof(*j.said));
    if (!j.said)
        return false;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (strcmp(forms[i].platform, platform) == 0)
            forms[i].write(&j);
    leftovers(&j);
    for (size_t i = 0; i < out->nr; i++)
        ok &= !strbuf_failed(&out->items[i].text);
    free(j.said);
    return ok;
}

void snippet_release(struct snippets *s)
{
    for (size_t i = 0; i < s->nr; i++)
        strbuf_release(&s->items[i].text);
    *s = (struct snippets){0};
}
