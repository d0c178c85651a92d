/*
 * support_scenario.c - the small scenario of the scenario tests.
 */
#include "support_scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *title;
    const char *lines[5];
} sections[SCN_KIND_NR] = {
    [SCN_SCENARIO] = {"scenario", {"seed = 7"}},
    [SCN_MIGRATION] = {"migration", {"downtime_limit = 400ms"}},
    [SCN_CALIBRATION] = {"calibration kvm", {"stop = 2ms"}},
    [SCN_HOST] = {"host h0", {"nic = 25Gb/s", "rack = a"}},
    [SCN_LINK] = {"link l", {"rate = 10Gb/s"}},
    [SCN_RACK] = {"rack a", {"background = 1Mb/s"}},
    [SCN_WORKLOAD] = {"workload w", {"write_rate = 10MB/s", "working_set = 100MiB"}},
    [SCN_VM] = {"vm v", {"host = h0", "memory = 1GiB", "workload = w"}},
    [SCN_AFFINITY] = {"affinity a", {"vm = v, u"}},
    [SCN_POLICY] = {"migrationpolicy p", {"selectors = tier=gold"}},
    [SCN_STORAGE] = {"storage s", {"kind = shared"}},
    [SCN_DISK] = {"disk d", {"vm = v", "storage = s", "size = 10GiB"}},
    [SCN_REQUEST] = {"request r", {"vm = v", "target = h1"}},
    [SCN_OPERATION] = {"operation o", {"hosts = h0"}},
    [SCN_FAULT] = {"fault f", {"target = l", "at = 10s"}},
    [SCN_CHANGE] = {"change c", {"vm = v", "at = 5s", "max_bandwidth = 50MB/s"}},
    [SCN_THRESHOLDS] = {"thresholds", {"downtime.p99 < 500ms"}},
};

/* Sections that need no name and no line, those of platforms among them, are there without any. */
const char *small_title(enum scn_kind kind)
{
    return sections[kind].title ? sections[kind].title : scn_section_types[kind].word;
}

static bool sets(const char *line, const char *key)
{
    size_t len = key ? strlen(key) : 0;

    return key && strncmp(line, key, len) == 0 && (line[len] == ' ' || line[len] == '.');
}

char *small_scenario(enum scn_kind kind, const char *lines, const char *without,
                     unsigned long *line)
{
    struct strbuf text = STRBUF_INIT;
    unsigned long at = 1;

    for (enum scn_kind k = 0; k < SCN_KIND_NR; k++) {
        strbuf_addf(&text, "[%s]\n", small_title(k));
        at++;
        for (size_t i = 0; sections[k].lines[i]; i++) {
            if (k == kind && sets(sections[k].lines[i], without))
                continue;
            strbuf_addf(&text, "%s\n", sections[k].lines[i]);
            at++;
        }
        if (k != kind || !lines)
            continue;
        if (line)
            *line = at;
        strbuf_addstr(&text, lines);
        for (const char *p = lines; *p; p++)
            at += *p == '\n';
    }
    strbuf_addstr(&text, "[host h1]\n[vm u]\nhost = h1\nmemory = 1MiB\n");
    cr_assert_not(strbuf_failed(&text));
    return strbuf_detach(&text);
}

enum status load_text(struct scenario *sc, const char *text, struct diag *diag)
{
    memset(diag, 0, sizeof(*diag));
    return scenario_load_text(sc, "t.ini", text, NULL, 0, diag);
}

void digest_of(const char *text, char digest[33])
{
    struct scenario sc;
    struct diag diag;
    char message[2048] = "";
    enum status st = load_text(&sc, text, &diag);

    diag_format(&diag, message, sizeof(message));
    cr_assert_eq(st, ST_OK, "%s\n%s", message, text);
    memcpy(digest, sc.digest, 33);
    scenario_release(&sc);
}

void expect_refused(const char *text, const char *part)
{
    struct scenario sc;
    struct diag diag;
    char message[2048];

    cr_assert_eq(load_text(&sc, text, &diag), ST_EINPUT, "accepted, but expected '%s':\n%s", part,
                 text);
    diag_format(&diag, message, sizeof(message));
    cr_assert(strstr(message, part), "'%s' does not say '%s':\n%s", message, part, text);
    cr_assert_null(sc.arena, "a refused scenario must be empty");
}
