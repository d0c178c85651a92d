/*
 * test_mutants.c - every sample, broken in many ways: a scenario that loads, or a message.
 *
 * A deterministic sequence; MIGCAST_LONG=1 makes it a longer one.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "import/import.h"
#include "sim/scenario/scenario.h"

enum {
    TEXT_MAX = 1 << 17
};

static const struct {
    const char *source, *file;
} samples[] = {
    {"kubevirt", "kubevirt.json"},
    {"kubevirt", "kubevirt.yaml"},
    {"harvester", "harvester.json"},
    {"prometheus", "dirty.json"},
    {"kubevirt", "network.json"},
    {"libvirt", "node1.xml"},
    {"proxmox", "proxmox.json"},
    {"openstack", "servers.json"},
    {"nova", "flavors.json"},
    {"openstack", "hypervisors.json"},
    {"ovirt", "ovirt-vms.json"},
    {"ovirt", "ovirt-hosts.json"},
    {"cloudpods", "climc-servers.json"},
    {"cloudpods", "climc-hosts.json"},
    {"csv", "vinfo.csv"},
    {"csv", "vhost.csv"},
    {"csv", "sheet.csv"},
};

static const char *const words[] = {
    "-1",      "1e999", "NaN", "null", "{}", "[]",         "\"\"", "true", "99999999999999999999",
    "\\u0000", "&x *x", "]",   "}",    ",",  "\n[vm x]\n", "\xff", "<a>",  "\"\"\"",
    ";",       "1Ei",   "0"};

static uint64_t next(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x >> 11;
}

static size_t load(const char *file, char *text)
{
    char path[512];
    FILE *f;
    size_t len;

    snprintf(path, sizeof(path), "%s/tests/import/data/%s", SOURCE_DIR, file);
    f = fopen(path, "r");
    cr_assert(f, "%s", path);
    len = fread(text, 1, TEXT_MAX / 2, f);
    fclose(f);
    return len;
}

/* One to four changes: a byte, a cut, a word put in, a stretch taken out or doubled. */
static size_t mutate(char *text, size_t len, uint64_t *x)
{
    for (uint64_t n = 1 + next(x) % 4; n > 0 && len > 8; n--) {
        size_t at = next(x) % len, some = 1 + next(x) % 64;
        const char *word = words[next(x) % (sizeof(words) / sizeof(words[0]))];

        some = at + some > len ? len - at : some;
        switch (next(x) % 6) {
        case 0:
            text[at] = (char)next(x);
            break;
        case 1:
            len = next(x) % 8 == 0 ? at : len;
            break;
        case 2:
            memmove(text + at, text + at + some, len - at - some);
            len -= some;
            break;
        case 3:
            memmove(text + at + some, text + at, len - at);
            len += some;
            break;
        default: /* in place of a value, where one begins */
            while (at + 1 < len && text[at] != ':' && text[at] != '>' && text[at] != ',')
                at++;
            memmove(text + at + 1 + strlen(word), text + at + 1, len - at - 1);
            memcpy(text + at + 1, word, strlen(word));
            len += strlen(word);
            break;
        }
    }
    return len;
}

static bool convert(const char *source, const char *path)
{
    struct import_options options = {0};
    struct import_counts counts;
    struct strbuf out = STRBUF_INIT;
    struct scenario sc = {0};
    struct diag d = {0};
    enum status st = import_files(&out, &counts, source, &path, 1, &options, &d);
    bool made = st == ST_OK;

    cr_assert(st == ST_OK || st == ST_EINPUT, "%s: status %d: %s", source, (int)st, d.what);
    if (st == ST_OK)
        st = scenario_load_text(&sc, "made", strbuf_text(&out), NULL, 0, &d);
    if (st != ST_OK)
        cr_assert_gt(strlen(d.what), 0);
    cr_assert(st == ST_OK || st == ST_EINPUT, "%s: status %d: %s", source, (int)st, d.what);
    scenario_release(&sc);
    import_counts_release(&counts);
    strbuf_release(&out);
    return made;
}

Test(mutants, are_told_or_imported, .timeout = 600)
{
    int rounds = getenv("MIGCAST_LONG") ? 400 : 12, made = 0, all = 0;
    char *text = malloc(TEXT_MAX), path[] = "mutant_XXXXXX";
    int fd = mkstemp(path);
    uint64_t x = 0x2545f4914f6cdd1dULL;

    cr_assert(text && fd >= 0);
    close(fd);
    for (int round = 0; round < rounds; round++) {
        for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++, all++) {
            size_t len = mutate(text, load(samples[i].file, text), &x);
            FILE *f = fopen(path, "w");

            cr_assert(f && fwrite(text, 1, len, f) == len);
            fclose(f);
            made += convert(samples[i].source, path);
        }
    }
    unlink(path);
    free(text);
    /* small changes often do no harm, and often do */
    cr_assert_gt(made, all / 20);
    cr_assert_lt(made, all * 19 / 20);
}
