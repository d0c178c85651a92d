/*
 * machine.c - QEMU's command line, the guests' settings, and the files that both need.
 *
 * Source and destination differ in `-incoming` and in the names of socket and log only: anything
 * else would make QEMU refuse the migration.
 */
#include "lab/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "lab/files.h"
#include "lab/host.h"
#include "lab/process.h"

#include "base/banned.h"

#define QEMU "qemu-system-x86_64"
#define BARE_FILE "bare.elf"

/* What the workloads of linux/init call, beside busybox. */
static const char *const linux_tools[] = {"redis-server", "redis-cli", "redis-benchmark",
                                          "stress-ng",    "gzip",      "base64"};
enum {
    NR_LINUX_TOOLS = sizeof(linux_tools) / sizeof(linux_tools[0]),
    INITRAMFS_NAME = 48
};

/* -------- this host -------- */

/* Debian's kernel for virtual machines has all that is needed built in; else the newest there is.
 */
static void find_kernel(struct lab_host *h)
{
    static const char *const patterns[] = {"/boot/vmlinuz-*cloud*", "/boot/vmlinuz-*", NULL};
    glob_t found;

    for (int i = 0; patterns[i] && !h->kernel.len; i++) {
        if (glob(patterns[i], 0, NULL, &found) != 0)
            continue;
        for (size_t k = found.gl_pathc; k > 0 && !h->kernel.len; k--)
            if (access(found.gl_pathv[k - 1], R_OK) == 0)
                strbuf_addstr(&h->kernel, found.gl_pathv[k - 1]);
        globfree(&found);
    }
    if (h->kernel.len &&
        sscanf(strbuf_text(&h->kernel), "/boot/vmlinuz-%31[0-9.]", h->linux_release) == 1) {
        char *dot = strchr(h->linux_release, '.');

        dot = dot ? strchr(dot + 1, '.') : NULL;
        if (dot)
            *dot = '\0';
    }
}

void lab_host_init(struct lab_host *h)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

    *h = (struct lab_host){.tsc_khz = lab_tsc_khz(), .has_kvm = kvm >= 0};
    if (kvm >= 0)
        close(kvm);
    find_kernel(h);
}

void lab_host_release(struct lab_host *h)
{
    strbuf_release(&h->kernel);
}

enum lab_accel lab_accel_of(const struct lab_case *c, const struct lab_host *h)
{
    if (c->accel != LAB_ACCEL_AUTO)
        return c->accel;
    return c->guest == LAB_GUEST_BARE && h->has_kvm ? LAB_ACCEL_KVM : LAB_ACCEL_TCG;
}

const char *lab_accel_name(enum lab_accel accel)
{
    return accel == LAB_ACCEL_KVM ? "kvm" : "tcg";
}

/* The tools of one workload, as a prefix of their names; NULL = none. */
static const char *tool_prefix(const char *program)
{
    if (strncmp(program, "redis", 5) == 0)
        return "redis";
    if (strcmp(program, "stress") == 0)
        return "stress-ng";
    return strcmp(program, "gzip") == 0 ? "gzip" : NULL;
}

static bool linux_missing(const struct lab_case *c, const struct lab_host *h, struct strbuf *why)
{
    const char *prefix = tool_prefix(c->program);

    if (!h->kernel.len)
        strbuf_addstr(why, "no kernel in /boot (linux-image-cloud-amd64)");
    else if (!lab_writer_image_len)
        strbuf_addstr(why, "the guest's writer was not built");
    else if (!lab_find_tool("busybox", NULL))
        strbuf_addstr(why, "busybox is not installed (busybox-static)");
    else if (!lab_find_tool("cpio", NULL))
        strbuf_addstr(why, "cpio is not installed");
    for (size_t i = 0; !why->len && prefix && i < NR_LINUX_TOOLS; i++)
        if (strncmp(linux_tools[i], prefix, strlen(prefix)) == 0 &&
            !lab_find_tool(linux_tools[i], NULL))
            strbuf_addf(why, "%s is not installed", linux_tools[i]);
    return why->len > 0;
}

bool lab_missing(const struct lab_case *c, const struct lab_host *h, struct strbuf *why)
{
    strbuf_clear(why);
    if (!lab_find_tool(QEMU, NULL))
        strbuf_addstr(why, QEMU " is not installed (qemu-system-x86)");
    else if (lab_accel_of(c, h) == LAB_ACCEL_KVM && !h->has_kvm)
        strbuf_addstr(why, "/dev/kvm cannot be opened");
    else if (c->guest == LAB_GUEST_LINUX)
        return linux_missing(c, h, why);
    else if (!lab_bare_image_len)
        strbuf_addstr(why, "the bare guest was not built (the compiler has no -m32)");
    else if (!h->tsc_khz)
        strbuf_addstr(why, "this processor has no time-stamp counter");
    return why->len > 0;
}

/* -------- files -------- */

static enum status write_file(const char *dir, const char *name, const unsigned char *data,
                              size_t len, struct diag *diag)
{
    struct strbuf path = STRBUF_INIT;
    FILE *f;
    bool whole;

    strbuf_addf(&path, "%s/%s", dir, name);
    f = fopen(strbuf_text(&path), "wb");
    whole = f && fwrite(data, 1, len, f) == len;
    if (f && fclose(f) != 0)
        whole = false;
    if (!whole)
        diag_errno(diag, ST_EOUTPUT, strbuf_text(&path), "cannot write");
    strbuf_release(&path);
    return whole ? ST_OK : ST_EOUTPUT;
}

/* One initramfs for each set of tools, so that small workloads get small guests. */
static void initramfs_name(char name[INITRAMFS_NAME], const struct lab_case *c)
{
    const char *prefix = tool_prefix(c->program);

    snprintf(name, INITRAMFS_NAME, "initramfs%s%s", prefix ? "-" : "", prefix ? prefix : "");
}

static enum status pack(const char *dir, const char *name, const char *prefix, struct diag *diag)
{
    const char *const files[] = {"initramfs.sh", name, "init", "writer"};
    struct strbuf paths[4] = {STRBUF_INIT, STRBUF_INIT, STRBUF_INIT, STRBUF_INIT};
    const char *argv[6 + NR_LINUX_TOOLS];
    size_t nr = 0;
    enum status st = ST_OK;

    argv[nr++] = "sh";
    for (int i = 0; i < 4; i++) {
        strbuf_addf(&paths[i], "%s/%s", dir, files[i]);
        argv[nr++] = strbuf_text(&paths[i]);
    }
    for (size_t i = 0; i < NR_LINUX_TOOLS; i++)
        if (prefix && strncmp(linux_tools[i], prefix, strlen(prefix)) == 0)
            argv[nr++] = linux_tools[i];
    argv[nr] = NULL;
    if (access(strbuf_text(&paths[1]), R_OK) != 0)
        st = lab_tool(argv, diag);
    for (int i = 0; i < 4; i++)
        strbuf_release(&paths[i]);
    return st;
}

static enum status write_initramfs(const struct lab_case *c, const char *dir, struct diag *diag)
{
    char name[INITRAMFS_NAME];
    enum status st;

    initramfs_name(name, c);
    st = write_file(dir, "initramfs.sh", lab_initramfs_image, lab_initramfs_image_len, diag);
    if (st == ST_OK)
        st = write_file(dir, "init", lab_init_image, lab_init_image_len, diag);
    if (st == ST_OK)
        st = write_file(dir, "writer", lab_writer_image, lab_writer_image_len, diag);
    return st == ST_OK ? pack(dir, name, tool_prefix(c->program), diag) : st;
}

enum status lab_files_write(const struct lab_case *c, const char *dir, struct diag *diag)
{
    return c->guest == LAB_GUEST_BARE
               ? write_file(dir, BARE_FILE, lab_bare_image, lab_bare_image_len, diag)
               : write_initramfs(c, dir, diag);
}

/* -------- command line -------- */

static unsigned pct(double ratio)
{
    return (unsigned)(ratio * 100.0 + 0.5);
}

/* The numbers of one writer under the guest's names; @number 0 for the first, else 2 or 3.  What is
 * as usual and came later than the first captures is left out, so that those read alike. */
static void add_writer(json_t *obj, const struct lab_writer *w, unsigned number)
{
    const struct {
        const char *name;
        int64_t value, usual;
    } rows[] = {
        {"hot", (int64_t)(w->hot_bytes / MIB), -1},
        {"rate", w->rate, -1},
        {"hotpct", pct(w->hot_ratio), -1},
        {"seq", w->order == LAB_ORDER_SEQUENTIAL, -1},
        {"on", w->on_ns / NS_PER_MS, -1},
        {"off", w->off_ns / NS_PER_MS, -1},
        {"bytes", (int64_t)w->bytes, -1},
        {"at", (int64_t)(w->at_bytes / MIB), 0},
        {"write", (int64_t)w->write, 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char name[16];

        if (rows[i].value == rows[i].usual)
            continue;
        snprintf(name, sizeof(name), number ? "%s%u" : "%s", rows[i].name, number);
        json_object_set_new(obj, name, json_integer(rows[i].value));
    }
}

static json_t *bare_workload(const struct lab_case *c, const struct lab_host *h)
{
    json_t *obj = json_object();

    json_object_set_new(obj, "fill", json_integer((int64_t)(c->fill_bytes / MIB)));
    add_writer(obj, &c->writers[0], 0);
    for (unsigned n = 1; n < LAB_WRITERS; n++)
        if (c->writers[n].rate)
            add_writer(obj, &c->writers[n], n + 1);
    if (c->content != LAB_CONTENT_SPARSE)
        json_object_set_new(obj, "content", json_integer(c->content));
    if (c->tick_ns != 5 * NS_PER_MS)
        json_object_set_new(obj, "tick", json_integer(c->tick_ns / NS_PER_MS));
    json_object_set_new(obj, "khz", json_integer(h->tsc_khz));
    return obj;
}

json_t *lab_workload(const struct lab_case *c, const struct lab_host *h)
{
    char guest[48];

    if (c->guest == LAB_GUEST_BARE)
        return bare_workload(c, h);
    snprintf(guest, sizeof(guest), "linux-%s", h->linux_release);
    return json_pack("{s:s, s:s, s:s}", "guest", guest, "name", c->program, "args", c->args);
}

static void add_command_line(struct strbuf *out, const struct lab_case *c, const struct lab_host *h)
{
    json_t *workload, *value;
    const char *key;

    if (c->guest == LAB_GUEST_LINUX) {
        strbuf_addf(out, "console=ttyS0 quiet panic=-1 lab=%s lab_args=%s", c->program, c->args);
        return;
    }
    workload = bare_workload(c, h);
    json_object_foreach(workload, key, value) strbuf_addf(out, "%s%s=%" PRId64, out->len ? " " : "",
                                                          key, (int64_t)json_integer_value(value));
    json_decref(workload);
}

enum status lab_argv_init(struct lab_argv *a, const struct lab_case *c, const struct lab_host *h,
                          const char *side, size_t member, struct diag *diag)
{
    enum lab_accel accel = lab_accel_of(c, h);
    bool bare = c->guest == LAB_GUEST_BARE;
    size_t nr = 0;

    *a = (struct lab_argv){0};
    snprintf(a->memory, sizeof(a->memory), "%" PRIu64, (uint64_t)(c->memory_bytes / MIB));
    snprintf(a->machine, sizeof(a->machine), "pc,accel=%s", lab_accel_name(accel));
    snprintf(a->serial, sizeof(a->serial), "file:%s%zu.log", side, member);
    initramfs_name(a->initrd, c);
    snprintf(a->qmp, sizeof(a->qmp), "unix:%s%zu.qmp,server=on,wait=off", side, member);
    add_command_line(&a->append, c, h);
    if (strbuf_failed(&a->append))
        return diag_set(diag, ST_ENOMEM, "out of memory");
#define ADD(...)                                                                                   \
    do {                                                                                           \
        const char *const words[] = {__VA_ARGS__};                                                 \
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)                              \
            a->argv[nr++] = words[i];                                                              \
    } while (0)
    ADD(QEMU, "-nodefaults", "-display", "none", "-machine", a->machine, "-smp", "1", "-m",
        a->memory);
    /* a plain model: the host's own causes a storm of CPUID warnings where KVM is nested */
    if (accel == LAB_ACCEL_KVM)
        ADD("-cpu", "qemu64");
    ADD("-kernel", bare ? BARE_FILE : strbuf_text(&h->kernel));
    if (!bare)
        ADD("-initrd", a->initrd);
    ADD("-append", strbuf_text(&a->append), "-serial", a->serial, "-qmp", a->qmp);
    if (side[0] == 'd')
        ADD("-incoming", "defer");
#undef ADD
    a->argv[nr] = NULL;
    return ST_OK;
}

void lab_argv_release(struct lab_argv *a)
{
    strbuf_release(&a->append);
}

/* -------- QMP -------- */

json_t *lab_capabilities(const struct lab_case *c)
{
    json_t *list = json_array();

    if (c->multifd_channels)
        json_array_append_new(list, json_string("multifd"));
    if (c->xbzrle_cache_bytes)
        json_array_append_new(list, json_string("xbzrle"));
    if (c->auto_converge)
        json_array_append_new(list, json_string("auto-converge"));
    if (c->postcopy)
        json_array_append_new(list, json_string("postcopy-ram"));
    return list;
}

json_t *lab_parameters(const struct lab_case *c)
{
    uint64_t cap = c->max_bandwidth_bytes_per_s == UINT64_MAX ? 0 : c->max_bandwidth_bytes_per_s;
    const struct {
        const char *name;
        uint64_t value; /* 0 = QEMU's default */
    } rows[] = {
        {"multifd-channels", c->multifd_channels},
        {"xbzrle-cache-size", c->xbzrle_cache_bytes},
        {"cpu-throttle-initial", c->throttle_initial_pct},
        {"cpu-throttle-increment", c->throttle_increment_pct},
        {"max-cpu-throttle", c->max_throttle_pct},
    };
    json_t *obj = json_object();

    json_object_set_new(obj, "max-bandwidth", json_integer((int64_t)cap));
    json_object_set_new(obj, "downtime-limit", json_integer(c->downtime_limit_ns / NS_PER_MS));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].value)
            json_object_set_new(obj, rows[i].name, json_integer((int64_t)rows[i].value));
    return obj;
}
