/*
 * junit.c - thresholds and VMs as test cases, for the test pages of continuous integration.
 *
 * Two suites: "thresholds", a case for each; and "migrations", a case for each VM, or for each
 * class of VMs (the name without its number) where there are too many to read.  A crossed threshold
 * of severity error fails; one of severity warning passes and says so; without data it is skipped.
 * Leaves the scenario's lines to the failure text: the usual schema has no attribute for them.
 * Invariant: well-formed XML 1.0, with the elements and attributes of the schema that Jenkins
 * checks (junit-10.xsd), whatever the names hold.
 */
#include "reports/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "base/units.h"
#include "reports/cell.h"
#include "reports/words.h"

#include "base/banned.h"

enum {
    VM_CASES_MAX = 200, /* more VMs than that are told by class */
    CLASS_CASES_MAX = 1000,
    HAZARDS_MAX = 50
};

/* VMs of one class, told as one case. */
struct vm_class {
    const char *name; /* of a VM of it; @len bytes are the class */
    size_t len;
    size_t first, nr; /* into junit.order */
    size_t nr_bad;    /* groups that did not complete in each replication */
    double share;     /* of migrations completed */
    double total_ns;  /* longest median */
};

struct junit {
    struct strbuf *out;
    struct summary sum;
    size_t *order; /* indices of sum.groups, by class, worst first within */
    size_t nr_classes;
    struct vm_class *classes;
};

static bool xml_holds(int32_t code)
{
    if (code < 0x20)
        return code == '\t' || code == '\n' || code == '\r';
    return code < 0x7f || (code > 0x9f && code != 0xfffe && code != 0xffff);
}

/* Text for an attribute or an element.  What XML cannot hold is shown as an escape. */
static void add_xml(struct strbuf *out, const char *text, size_t len)
{
    const char *end = text + len;

    while (text < end) {
        const char *start = text;
        int32_t code = utf8_next(&text);
        char one[8] = {0};

        if (code == '&') {
            strbuf_addstr(out, "&amp;");
        } else if (code == '<') {
            strbuf_addstr(out, "&lt;");
        } else if (code == '>') {
            strbuf_addstr(out, "&gt;");
        } else if (code == '"') {
            strbuf_addstr(out, "&quot;");
        } else if (code == '\n' || code == '\r' || code == '\t') {
            strbuf_addf(out, "&#%d;", (int)code); /* an attribute would lose them */
        } else if (code >= 0 && xml_holds(code)) {
            strbuf_add(out, start, (size_t)(text - start));
        } else if (code == 0xfffe || code == 0xffff) {
            strbuf_add(out, "\xef\xbf\xbd", 3);
        } else {
            for (size_t i = 0; start + i < text; i++)
                one[i] = start[i];
            cell_add_text(out, one);
        }
    }
}

/* ` NAME="TEXT"` */
static void add_attribute(struct strbuf *out, const char *name, const char *text)
{
    text = text ? text : "-";
    strbuf_addf(out, " %s=\"", name);
    add_xml(out, text, strlen(text));
    strbuf_addch(out, '"');
}

/* In seconds, to the millisecond; 0 if unknown: the schema wants a number. */
static void add_time(struct strbuf *out, double ns)
{
    long long ms = isfinite(ns) && ns > 0 && ns < 9e18 ? llround(ns / (double)NS_PER_MS) : 0;

    strbuf_addf(out, " time=\"%lld.%03lld\"", ms / 1000, ms % 1000);
}

static void open_suite(struct junit *j, const char *name, size_t tests, size_t failures,
                       size_t skipped, double ns)
{
    strbuf_addf(j->out,
                "  <testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\" errors=\"0\""
                " skipped=\"%zu\"",
                name, tests, failures, skipped);
    add_time(j->out, ns);
    strbuf_addstr(j->out, ">\n");
}

static void add_property(struct strbuf *out, const char *name, const char *value)
{
    strbuf_addf(out, "      <property name=\"%s\"", name);
    add_attribute(out, "value", value);
    strbuf_addstr(out, "/>\n");
}

static void add_properties(struct junit *j)
{
    const struct run_result *run = j->sum.run;
    struct strbuf number = STRBUF_INIT;

    strbuf_addstr(j->out, "    <properties>\n");
    add_property(j->out, "scenario", run->scenario);
    add_property(j->out, "digest", run->digest);
    add_property(j->out, "version", run->version);
    strbuf_addf(&number, "%llu", (unsigned long long)run->seed);
    add_property(j->out, "seed", strbuf_text(&number));
    strbuf_clear(&number);
    strbuf_addf(&number, "%u", run->replications);
    add_property(j->out, "replications", strbuf_text(&number));
    strbuf_addstr(j->out, "    </properties>\n");
    strbuf_release(&number);
}

/* `<ELEMENT message= type=>DETAIL</ELEMENT>` of a case. */
static void add_finding(struct junit *j, const char *element, const char *type, const char *message,
                        const char *detail)
{
    strbuf_addf(j->out, "\n      <%s", element);
    add_attribute(j->out, "message", message);
    strbuf_addf(j->out, " type=\"%s\">", type);
    add_xml(j->out, detail, strlen(detail));
    strbuf_addf(j->out, "</%s>\n    ", element);
}

static void add_threshold(struct junit *j, const struct threshold_result *th)
{
    struct strbuf message = STRBUF_INIT, detail = STRBUF_INIT;

    words_measured(&message, th);
    strbuf_addf(&detail, "%s\n%s", th->text ? th->text : "-", strbuf_text(&message));
    if (th->file && th->line > 0)
        strbuf_addf(&detail, "\n%s:%lu", th->file, th->line);
    else if (th->file)
        strbuf_addf(&detail, "\n%s", th->file);
    strbuf_addstr(j->out, "    <testcase classname=\"migcast.thresholds\"");
    add_attribute(j->out, "name", th->text);
    strbuf_addstr(j->out, " time=\"0.000\">");
    if (th->crossed && th->error) {
        add_finding(j, "failure", "threshold", strbuf_text(&message), strbuf_text(&detail));
    } else if (th->crossed || (th->small_sample && !isnan(th->value))) {
        strbuf_addf(j->out, "\n      <system-out>%s: ", words_judgement(th));
        add_xml(j->out, strbuf_text(&detail), detail.len);
        strbuf_addstr(j->out, "</system-out>\n    ");
    } else if (isnan(th->value)) {
        strbuf_addstr(j->out, "\n      <skipped message=\"nothing to judge\"/>\n    ");
    }
    strbuf_addstr(j->out, "</testcase>\n");
    strbuf_release(&message);
    strbuf_release(&detail);
}

static bool is_bad(const struct summary_group *group)
{
    return group->outcomes[OUTCOME_COMPLETED] < group->nr;
}

/* Opens a failure's detail with the scenario: rows of migrations know no line of it. */
static void add_group_failure(struct junit *j, const struct summary_group *group)
{
    struct mig_result room;
    struct strbuf message = STRBUF_INIT, detail = STRBUF_INIT;

    words_fate(&message, &j->sum, group);
    strbuf_addf(&detail, "%s: %s\n%s", group->vm, strbuf_text(&message),
                j->sum.run->scenario ? j->sum.run->scenario : "-");
    add_finding(j, "failure",
                outcome_name(result_mig(j->sum.run, words_telling(&j->sum, group), &room)->outcome),
                strbuf_text(&message), strbuf_text(&detail));
    strbuf_release(&message);
    strbuf_release(&detail);
}

static void open_case(struct junit *j, const char *name, double total_ns)
{
    strbuf_addstr(j->out, "    <testcase classname=\"migcast.migrations\"");
    add_attribute(j->out, "name", name);
    add_time(j->out, total_ns);
    strbuf_addch(j->out, '>');
}

static void add_vm(struct junit *j, const struct summary_group *group)
{
    struct strbuf name = STRBUF_INIT;

    strbuf_addstr(&name, group->vm);
    if (group->attempt > 1)
        strbuf_addf(&name, " attempt %u", group->attempt);
    open_case(j, strbuf_text(&name), group->scored[SCORED_TOTAL_TIME].p50);
    if (is_bad(group))
        add_group_failure(j, group);
    strbuf_addstr(j->out, "</testcase>\n");
    strbuf_release(&name);
}

static void add_class(struct junit *j, const struct vm_class *class)
{
    struct mig_result room;
    struct strbuf name = STRBUF_INIT, message = STRBUF_INIT, detail = STRBUF_INIT;

    strbuf_add(&name, class->name, class->len);
    strbuf_addch(&name, '*');
    open_case(j, strbuf_text(&name), class->total_ns);
    if (class->nr_bad > 0) {
        const struct summary_group *worst = &j->sum.groups[j->order[class->first]];

        strbuf_addf(&message, "%zu of %zu migrations do not complete; worst is %s: ", class->nr_bad,
                    class->nr, worst->vm);
        words_fate(&message, &j->sum, worst);
        strbuf_addf(&detail, "%s\n%s", strbuf_text(&message),
                    j->sum.run->scenario ? j->sum.run->scenario : "-");
        add_finding(
            j, "failure",
            outcome_name(result_mig(j->sum.run, words_telling(&j->sum, worst), &room)->outcome),
            strbuf_text(&message), strbuf_text(&detail));
    }
    strbuf_addstr(j->out, "</testcase>\n");
    strbuf_release(&name);
    strbuf_release(&message);
    strbuf_release(&detail);
}

/* The name without its number and what stands before that: "db" of "db-07". */
static size_t class_length(const char *name)
{
    size_t len = strlen(name);

    while (len > 0 && name[len - 1] >= '0' && name[len - 1] <= '9')
        len--;
    return len > 0 ? len : strlen(name);
}

/* A group on its way into its class; @place is its rank, worst first. */
struct slot {
    const char *name;
    size_t len, place;
};

static int by_class(const void *left, const void *right)
{
    const struct slot *a = left, *b = right;
    size_t len = a->len < b->len ? a->len : b->len;
    int by = memcmp(a->name, b->name, len);

    if (by == 0)
        by = a->len < b->len ? -1 : a->len > b->len;
    return by ? by : a->place < b->place ? -1 : a->place > b->place;
}

static int worst_class_first(const void *left, const void *right)
{
    const struct vm_class *a = left, *b = right;

    if (a->share < b->share || a->share > b->share)
        return a->share < b->share ? -1 : 1;
    return a->first < b->first ? -1 : a->first > b->first; /* by name */
}

static void fill_classes(struct junit *j, const struct slot *slots)
{
    struct vm_class *class = NULL;
    double done = 0, all = 0;

    for (size_t i = 0; i < j->sum.nr_groups; i++) {
        const struct summary_group *group = &j->sum.groups[slots[i].place];
        double total = group->scored[SCORED_TOTAL_TIME].p50;

        if (!class || class->len != slots[i].len ||
            memcmp(class->name, slots[i].name, class->len) != 0) {
            class = &j->classes[j->nr_classes++];
            *class = (struct vm_class){.name = slots[i].name, .len = slots[i].len, .first = i};
            done = all = 0;
        }
        j->order[i] = slots[i].place;
        class->nr++;
        class->nr_bad += is_bad(group);
        done += (double)group->outcomes[OUTCOME_COMPLETED];
        all += (double)group->nr;
        class->share = done / all;
        if (total > class->total_ns) /* not NaN */
            class->total_ns = total;
    }
    qsort(j->classes, j->nr_classes, sizeof(*j->classes), worst_class_first);
}

static enum status make_classes(struct junit *j)
{
    size_t nr = j->sum.nr_groups;
    struct slot *slots = calloc(nr + 1, sizeof(*slots));

    j->order = calloc(nr + 1, sizeof(*j->order));
    j->classes = calloc(nr + 1, sizeof(*j->classes));
    if (!slots || !j->order || !j->classes) {
        free(slots);
        return ST_ENOMEM;
    }
    for (size_t i = 0; i < nr; i++)
        slots[i] = (struct slot){j->sum.groups[i].vm, class_length(j->sum.groups[i].vm), i};
    qsort(slots, nr, sizeof(*slots), by_class);
    fill_classes(j, slots);
    free(slots);
    return ST_OK;
}

/* What the two suites count. */
struct counts {
    size_t tests, failures, skipped;
};

static struct counts count_thresholds(const struct run_result *run)
{
    struct counts c = {.tests = run->nr_thresholds};

    for (size_t i = 0; i < run->nr_thresholds; i++) {
        const struct threshold_result *th = &run->thresholds[i];

        c.failures += th->crossed && th->error;
        c.skipped += !th->crossed && isnan(th->value);
    }
    return c;
}

/* @by_vm: not by class. */
static struct counts count_cases(const struct junit *j, size_t nr_cases, bool by_vm)
{
    struct counts c = {.tests = nr_cases};

    for (size_t i = 0; i < nr_cases; i++)
        c.failures += by_vm ? is_bad(&j->sum.groups[i]) : j->classes[i].nr_bad > 0;
    return c;
}

/* What belongs to no test case: hazards, which fail nothing, and how many classes are missing. */
static void add_suite_out(struct junit *j, size_t left_out)
{
    const struct run_result *run = j->sum.run;
    size_t told = 0;

    for (size_t i = 0; i < run->nr_hazards && told < HAZARDS_MAX; i++) {
        struct strbuf words = STRBUF_INIT;

        if (!words_hazard_told(&j->sum, &run->hazards[i]))
            continue;
        strbuf_addstr(j->out, told++ == 0 ? "    <system-out>hazard: " : "\nhazard: ");
        words_hazard(&words, run, &run->hazards[i]);
        add_xml(j->out, strbuf_text(&words), words.len);
        strbuf_release(&words);
    }
    if (left_out > 0) {
        strbuf_addstr(j->out, told++ == 0 ? "    <system-out>" : "\n");
        strbuf_addf(j->out, "%zu more classes of VMs are left out", left_out);
    }
    if (told > 0)
        strbuf_addstr(j->out, "</system-out>\n");
}

static void add_body(struct junit *j)
{
    const struct run_result *run = j->sum.run;
    bool by_vm = j->sum.nr_groups <= VM_CASES_MAX;
    size_t all = by_vm ? j->sum.nr_groups : j->nr_classes;
    size_t cases = all < CLASS_CASES_MAX ? all : CLASS_CASES_MAX;
    struct counts th = count_thresholds(run), mig = count_cases(j, cases, by_vm);

    strbuf_addf(j->out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<testsuites name=\"migcast\" tests=\"%zu\" failures=\"%zu\" errors=\"0\"",
                th.tests + mig.tests, th.failures + mig.failures);
    add_time(j->out, j->sum.makespan.p50);
    strbuf_addstr(j->out, ">\n");
    open_suite(j, "thresholds", th.tests, th.failures, th.skipped, 0);
    add_properties(j);
    for (size_t i = 0; i < run->nr_thresholds; i++)
        add_threshold(j, &run->thresholds[i]);
    strbuf_addstr(j->out, "  </testsuite>\n");
    open_suite(j, "migrations", mig.tests, mig.failures, 0, j->sum.makespan.p50);
    add_properties(j);
    for (size_t i = 0; i < cases; i++)
        if (by_vm)
            add_vm(j, &j->sum.groups[i]);
        else
            add_class(j, &j->classes[i]);
    add_suite_out(j, all - cases);
    strbuf_addstr(j->out, "  </testsuite>\n</testsuites>\n");
}

enum status report_junit(const struct run_result *run, struct strbuf *out)
{
    struct junit j = {.out = out};
    enum status st = summary_init(&j.sum, run);

    if (st == ST_OK)
        st = make_classes(&j);
    if (st == ST_OK)
        add_body(&j);
    free(j.order);
    free(j.classes);
    summary_release(&j.sum);
    return st != ST_OK ? st : strbuf_failed(out) ? ST_ENOMEM : ST_OK;
}
