/*
 * test_libvirt.c - the bridge to libvirt, as far as it goes without a VM; tests/cli goes on with a
 * real libvirtd.
 */
#include "tracer/libvirt.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/units.h"

static enum status open_domain(const char *uri, const char *domain, struct diag *diag)
{
    struct libvirt *lv;
    struct qmp *q;
    enum status st;

    *diag = (struct diag){0};
    st = libvirt_open(&lv, &q, uri, domain, NS_PER_S, diag);
    cr_assert(st != ST_OK && !lv && !q);
    return st;
}

Test(libvirt, what_cannot_be_opened_says_why)
{
    struct diag diag;

    if (!libvirt_is_built_in()) {
        cr_assert(open_domain("test:///default", "test", &diag) == ST_EUSAGE);
        cr_assert(strstr(diag.what, "built without libvirt"), "%s", diag.what);
        cr_assert(diag.hint[0]);
        return;
    }
    cr_assert(open_domain("test:///default", "absent", &diag) == ST_EINPUT);
    cr_assert(strstr(diag.what, "no such domain"), "%s", diag.what);
    cr_assert_str_eq(diag.file, "absent");
    /* libvirt's own test driver has a domain of this name, and no QEMU in it */
    cr_assert(open_domain("test:///default", "test", &diag) == ST_EINPUT);
    cr_assert(strstr(diag.what, "does not pass commands through"), "%s", diag.what);
    cr_assert(open_domain("qemu+unix:///session?socket=/nowhere", "x", &diag) == ST_ERETRY);
    cr_assert(strstr(diag.what, "cannot connect"), "%s", diag.what);
}

Test(libvirt, closing_nothing_is_fine)
{
    libvirt_close(NULL);
}
