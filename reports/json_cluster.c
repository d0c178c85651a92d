/*
 * json_cluster.c - the run's lists beside its migrations, and the course of one replication.
 *
 * All lists have one shape: add_list() and a function that adds the members of one.
 */
#include "reports/json_int.h"

#include "reports/queue_course.h"

#include "base/banned.h"

typedef void add_one(struct strbuf *out, const struct run_result *run, size_t i);

static void add_list(struct strbuf *out, const char *key, const struct run_result *run, size_t nr,
                     add_one *add)
{
    json_line(out);
    json_key(out, key);
    strbuf_addch(out, '[');
    for (size_t i = 0; i < nr && !strbuf_failed(out); i++) {
        json_line(out);
        strbuf_addstr(out, "  {");
        add(out, run, i);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

static void add_hazard(struct strbuf *out, const struct run_result *run, size_t i)
{
    const struct hazard_result *h = &run->hazards[i];

    json_put_text(out, "kind", hazard_key(h->kind));
    json_put_text(out, "text", h->text);
    json_put_text(out, "vm", h->vm);
    json_put_text(out, "host", h->host);
    json_put_u64(out, "replications", h->replications);
}

static void add_operation(struct strbuf *out, const struct run_result *run, size_t i)
{
    const struct op_result *op = &run->ops[i];

    json_put_text(out, "name", op->name);
    json_put_text(out, "kind", op->kind);
    json_put_u64(out, "replication", op->replication);
    json_put_s(out, "started_s", op->started_ns);
    json_put_s(out, "ended_s", op->ended_ns);
    json_put_u64(out, "hosts", op->hosts);
    json_put_u64(out, "hosts_done", op->hosts_done);
    json_put_u64(out, "hosts_given_up", op->hosts_given_up);
    json_put_u64(out, "moves", op->vms_moved);
    json_put_u64(out, "vms_left", op->vms_left);
    json_put_text(out, "host", op->host);
    json_put_text(out, "vm", op->blocker);
    json_put_text(out, "reason", op->why);
}

static void add_event(struct strbuf *out, const struct run_result *run, size_t i)
{
    const struct sim_event *e = &run->events[i];

    json_put_u64(out, "replication", e->replication);
    json_put_s(out, "at_s", e->at_ns);
    json_key(out, "job");
    if (e->job == UINT32_MAX)
        strbuf_addstr(out, "null");
    else
        json_add_u64(out, e->job);
    json_put_text(out, "vm", e->vm);
    json_put_text(out, "host", e->host);
    json_put_text(out, "what", e->what);
}

static void add_link(struct strbuf *out, const struct run_result *run, size_t i)
{
    const struct link_result *link = &run->links[i];

    json_put_text(out, "link", link->link);
    json_put_u64(out, "replication", link->replication);
    json_put_s(out, "step_s", link->step_ns);
    json_key(out, "used_pct");
    strbuf_addch(out, '[');
    for (uint32_t k = 0; k < link->nr; k++)
        strbuf_addf(out, k ? ",%u" : "%u", link->used_pct[k]);
    strbuf_addch(out, ']');
}

static void add_input(struct strbuf *out, const struct run_result *run, size_t i)
{
    const struct input_result *in = &run->inputs[i];

    json_put_text(out, "section", in->section);
    json_put_text(out, "key", in->key);
    json_put_text(out, "value", in->value);
    json_put_text(out, "file", in->file);
    json_key(out, "line");
    if (in->line)
        json_add_u64(out, in->line);
    else
        json_add_text(out, NULL);
}

/* Of the typical replication; null without migrations. */
static enum status add_queue(struct strbuf *out, const struct run_result *run)
{
    struct mig_result room;
    size_t nr, first = result_typical(run, &nr);
    struct queue_course q;
    enum status st;

    json_line(out);
    if (nr == 0) {
        json_put_null(out, "queue");
        return ST_OK;
    }
    st = queue_course_init(&q, run, first, nr);
    if (st != ST_OK) {
        queue_course_release(&q);
        return st;
    }
    json_key(out, "queue");
    strbuf_addch(out, '{');
    json_put_u64(out, "replication", result_mig(run, first, &room)->replication);
    json_put_u64(out, "most_waiting", q.most_waiting);
    json_put_s(out, "most_waiting_at_s", q.most_waiting ? q.most_at_ns : -1);
    json_put_double(out, "mean_waiting", q.mean_waiting);
    json_put_u64(out, "most_running", q.most_running);
    strbuf_addch(out, '}');
    queue_course_release(&q);
    return ST_OK;
}

enum status json_cluster(struct strbuf *out, const struct run_result *run)
{
    enum status st;

    add_list(out, "hazards", run, run->nr_hazards, add_hazard);
    add_list(out, "operations", run, run->nr_ops, add_operation);
    add_list(out, "events", run, run->nr_events, add_event);
    st = add_queue(out, run);
    add_list(out, "links", run, run->nr_links, add_link);
    add_list(out, "inputs", run, run->nr_inputs, add_input);
    return st;
}
