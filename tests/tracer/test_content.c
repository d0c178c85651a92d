/*
 * test_content.c - a sample of this process's own memory, taken for a guest's.
 */
#include "tracer/content.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/units.h"
#include "tracer/profile.h"

/* 32 MiB, of a size that no other mapping has, and apart from others as QEMU's memory is. */
#define GUEST_BYTES (32 * MIB + 3 * 4096)

static char *guest_new(void)
{
    char *guest =
        mmap(NULL, GUEST_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    cr_assert(guest != MAP_FAILED);
    madvise(guest, GUEST_BYTES, MADV_NOHUGEPAGE);
    madvise(guest, GUEST_BYTES, MADV_DONTFORK);
    return guest;
}

static void expect_share(uint32_t part, uint32_t of, double share)
{
    double seen = of > 0 ? (double)part / (double)of : -1.0;

    cr_expect(seen > share - 0.02 && seen < share + 0.02, "%u of %u, not %g", part, of, share);
}

Test(content, of_resident_pages_the_share_of_zero_ones_is_seen)
{
    char *guest = guest_new();
    struct content *c;
    struct content_sample s;

    memset(guest, 1, 12 * MIB);
    memset(guest + 12 * MIB, 0, 4 * MIB); /* resident, and zero */
    c = content_new(getpid(), GUEST_BYTES);
    cr_assert(c);
    s = content_look(c);
    expect_share(s.zero, s.resident, 0.25);
    cr_expect(s.changed == 0);
    content_free(c);
    munmap(guest, GUEST_BYTES);
}

Test(content, pages_that_are_not_resident_stay_so)
{
    char *guest = guest_new();
    struct content *c;
    struct content_sample s;
    long before, after;

    memset(guest, 1, 8 * MIB);
    c = content_new(getpid(), GUEST_BYTES);
    cr_assert(c);
    before = profile_guest_kib(getpid(), GUEST_BYTES);
    s = content_look(c);
    after = profile_guest_kib(getpid(), GUEST_BYTES);
    cr_expect(before == 8 * 1024 && after == before, "%ld, then %ld KiB", before, after);
    cr_expect(s.resident > 1900 && s.resident < 2200, "%u", s.resident);
    cr_expect(s.zero == 0);
    content_free(c);
    munmap(guest, GUEST_BYTES);
}

Test(content, what_changed_between_two_looks_is_told_with_its_zeros)
{
    char *guest = guest_new();
    struct content *c;
    struct content_sample s;

    memset(guest, 1, 16 * MIB);
    c = content_new(getpid(), GUEST_BYTES);
    cr_assert(c);
    content_look(c);
    memset(guest, 2, 6 * MIB);
    memset(guest + 6 * MIB, 0, 2 * MIB);
    memset(guest + 20 * MIB, 3, 2 * MIB); /* new */
    s = content_look(c);
    expect_share(s.changed, s.resident, 10.0 / 18.0);
    expect_share(s.changed_zero, s.changed, 0.2);
    s = content_look(c);
    cr_expect(s.changed == 0);
    content_free(c);
    munmap(guest, GUEST_BYTES);
}

static atomic_int writing;

static void *write_on(void *arg)
{
    volatile char *guest = arg;

    while (writing)
        for (size_t i = 0; i < 6 * MIB; i += 4096)
            guest[i]++;
    return NULL;
}

Test(content, pages_that_change_are_watched_changing)
{
    char *guest = guest_new();
    struct content *c;
    int64_t at[100], step = 0;
    pthread_t thread;
    size_t n = 0;

    memset(guest, 1, 16 * MIB);
    c = content_new(getpid(), GUEST_BYTES);
    cr_assert(c);
    content_look(c);
    cr_expect(content_watch(c, 10 * NS_PER_MS, at, 100, &step) == 0, "nothing had changed");
    memset(guest, 2, 6 * MIB);
    content_look(c);
    cr_expect(content_watch(c, 10 * NS_PER_MS, at, 100, &step) == 0, "nobody writes now");
    cr_expect(step > 0);
    writing = 1;
    cr_assert(pthread_create(&thread, NULL, write_on, guest) == 0);
    for (int i = 0; i < 500 && n == 0; i++) /* until the thread has its turn */
        n = content_watch(c, 20 * NS_PER_MS, at, 100, &step);
    writing = 0;
    pthread_join(thread, NULL);
    cr_expect(n > 0 && n <= 100);
    for (size_t i = 1; i < n; i++)
        cr_expect(at[i] > at[i - 1]);
    content_free(c);
    munmap(guest, GUEST_BYTES);
}

Test(content, what_cannot_be_looked_at_is_none)
{
    cr_expect(!content_new(-1, MIB));
    cr_expect(!content_new(getpid(), 12345 * MIB));
    cr_expect(!content_new(getpid(), 0));
    content_free(NULL);
}
