/* What a case becomes: command lines, QMP settings, the header's workload. */
#include "lab/machine.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <string.h>

#include "base/units.h"
#include "lab/files.h"

#include "base/banned.h"

static struct lab_host host = {.tsc_khz = 2000000, .linux_release = "6.1", .has_kvm = true};

/* The first case of a matrix; lives in @arena. */
static const struct lab_case *one_case(struct arena *arena, const char *text)
{
    struct lab_matrix *m = arena_alloc(arena, sizeof(*m));
    struct diag diag = {0};

    cr_assert_eq(lab_matrix_read_text(m, "m.ini", text, strlen(text), arena, &diag), ST_OK, "%s",
                 diag.what);
    return &m->cases[0];
}

static void expect_json(json_t *json, const char *text)
{
    char *got = json_dumps(json, JSON_COMPACT);

    cr_expect_str_eq(got, text, "%s instead of %s", got, text);
    free(got);
    json_decref(json);
}

static const char *word_after(const struct lab_argv *a, const char *option)
{
    for (size_t i = 0; a->argv[i]; i++)
        if (strcmp(a->argv[i], option) == 0)
            return a->argv[i + 1];
    return NULL;
}

Test(machine, the_workload_reads_like_the_first_captures)
{
    struct arena *arena = arena_new(0);

    expect_json(
        lab_workload(one_case(arena, "[case a]\nfill = 256MiB\nhot = 32MiB\nrate = 4000\n"), &host),
        "{\"fill\":256,\"hot\":32,\"rate\":4000,\"hotpct\":100,\"seq\":0,\"on\":1000,\"off\":0,"
        "\"bytes\":1,\"khz\":2000000}");
    expect_json(
        lab_workload(one_case(arena, "[case a]\nfill = 64MiB\nrate = 1\nhot_share = 90%\n"
                                     "write = zero\nrate2 = 5\nat2 = 8MiB\ntick = 1ms\n"),
                     &host),
        "{\"fill\":64,\"hot\":1,\"rate\":1,\"hotpct\":90,\"seq\":0,\"on\":1000,\"off\":0,"
        "\"bytes\":1,\"write\":1,\"hot2\":1,\"rate2\":5,\"hotpct2\":100,\"seq2\":0,\"on2\":1000,"
        "\"off2\":0,\"bytes2\":1,\"at2\":8,\"tick\":1,\"khz\":2000000}");
    expect_json(lab_workload(
                    one_case(arena, "[case a]\nguest = linux\nprogram = gzip\nargs = 24\n"), &host),
                "{\"guest\":\"linux-6.1\",\"name\":\"gzip\",\"args\":\"24\"}");
    arena_free(arena);
}

Test(machine, settings_reach_qemu_in_its_own_units)
{
    struct arena *arena = arena_new(0);
    const struct lab_case *c = one_case(arena, "[case a]\nmax_bandwidth = 64MiB/s\ndowntime_limit "
                                               "= 50ms\nmultifd = 4\nauto_converge = on\n"
                                               "throttle_initial = 30%\npostcopy = on\n");

    expect_json(lab_capabilities(c), "[\"multifd\",\"auto-converge\",\"postcopy-ram\"]");
    expect_json(lab_parameters(c), "{\"max-bandwidth\":67108864,\"downtime-limit\":50,"
                                   "\"multifd-channels\":4,\"cpu-throttle-initial\":30}");
    c = one_case(arena, "[case a]\nmax_bandwidth = unlimited\nxbzrle = 16MiB\n");
    expect_json(lab_capabilities(c), "[\"xbzrle\"]");
    expect_json(lab_parameters(c), "{\"max-bandwidth\":0,\"downtime-limit\":300,"
                                   "\"xbzrle-cache-size\":16777216}");
    arena_free(arena);
}

Test(machine, source_and_destination_are_the_same_machine)
{
    struct arena *arena = arena_new(0);
    const struct lab_case *c = one_case(arena, "[case a]\nmemory = 256MiB\nrate = 5\n");
    struct lab_argv source, destination;
    size_t i;

    cr_assert_eq(lab_argv_init(&source, c, &host, "s", 1, NULL), ST_OK);
    cr_assert_eq(lab_argv_init(&destination, c, &host, "d", 1, NULL), ST_OK);
    for (i = 0; source.argv[i]; i++)
        if (strcmp(source.argv[i], destination.argv[i]) != 0)
            cr_expect(strcmp(source.argv[i - 1], "-serial") == 0 ||
                          strcmp(source.argv[i - 1], "-qmp") == 0,
                      "%s differs", source.argv[i]);
    cr_expect_str_eq(destination.argv[i], "-incoming");
    cr_expect_str_eq(word_after(&source, "-m"), "256");
    cr_expect_str_eq(word_after(&source, "-machine"), "pc,accel=kvm");
    cr_expect_str_eq(word_after(&source, "-qmp"), "unix:s1.qmp,server=on,wait=off");
    cr_expect(strstr(word_after(&source, "-append"), "rate=5 "));
    lab_argv_release(&source);
    lab_argv_release(&destination);
    arena_free(arena);
}

Test(machine, an_automatic_accelerator_is_what_the_guest_can_run_on)
{
    struct arena *arena = arena_new(0);
    const struct lab_host without = {.tsc_khz = 1};

    cr_expect_eq(lab_accel_of(one_case(arena, "[case a]\n"), &host), LAB_ACCEL_KVM);
    cr_expect_eq(lab_accel_of(one_case(arena, "[case a]\n"), &without), LAB_ACCEL_TCG);
    cr_expect_eq(lab_accel_of(one_case(arena, "[case a]\nguest = linux\n"), &host), LAB_ACCEL_TCG);
    cr_expect_eq(lab_accel_of(one_case(arena, "[case a]\nguest = linux\naccel = kvm\n"), &without),
                 LAB_ACCEL_KVM);
    arena_free(arena);
}

Test(machine, what_is_missing_is_said)
{
    struct arena *arena = arena_new(0);
    const struct lab_host nothing = {0};
    struct strbuf why = STRBUF_INIT;

    setenv("PATH", "/nowhere", 1);
    cr_expect(lab_missing(one_case(arena, "[case a]\n"), &host, &why));
    cr_expect(strstr(strbuf_text(&why), "qemu-system-x86_64"), "%s", strbuf_text(&why));
    unsetenv("PATH");
    cr_expect(lab_missing(one_case(arena, "[case a]\naccel = kvm\n"), &nothing, &why));
    cr_expect(lab_missing(one_case(arena, "[case a]\nguest = linux\n"), &nothing, &why));
    cr_expect(why.len > 0);
    strbuf_release(&why);
    arena_free(arena);
}

/* The guests run where nothing else does, so their form is all that can be looked at here. */
Test(machine, guests_are_programs_of_the_right_kind)
{
    static const unsigned char multiboot[] = {0x02, 0xb0, 0xad, 0x1b};

    if (lab_bare_image_len) {
        cr_expect_eq(memcmp(lab_bare_image, ELFMAG, SELFMAG), 0);
        cr_expect_eq(lab_bare_image[EI_CLASS], ELFCLASS32);
        /* the header has to be in the first 8 KiB */
        cr_expect_not_null(memmem(lab_bare_image,
                                  lab_bare_image_len < 8192 ? lab_bare_image_len : 8192, multiboot,
                                  sizeof(multiboot)));
    } else {
        puts("skipped: this compiler has no -m32, so there is no bare guest");
    }
    if (lab_writer_image_len) {
        cr_expect_eq(memcmp(lab_writer_image, ELFMAG, SELFMAG), 0);
        cr_expect_eq(lab_writer_image[EI_CLASS], ELFCLASS64);
    } else {
        puts("skipped: the Linux guest's writer was not built");
    }
}
