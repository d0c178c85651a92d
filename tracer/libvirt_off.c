/* libvirt_off.c - stands in for libvirt.c in a build without libvirt. */
#include "tracer/libvirt.h"

#include <stddef.h>

#include "base/banned.h"

bool libvirt_is_built_in(void)
{
    return false;
}

enum status libvirt_open(struct libvirt **out, struct qmp **monitor, const char *uri,
                         const char *domain, int64_t timeout_ns, struct diag *diag)
{
    enum status st =
        diag_set(diag, ST_EUSAGE, "this program was built without libvirt (domain %s)", domain);

    (void)uri;
    (void)timeout_ns;
    *out = NULL;
    *monitor = NULL;
    diag_hint(diag, "install libvirt-dev and build again, or give the VM a second -qmp socket and "
                    "name that");
    return st;
}

double libvirt_rss_mib(const struct libvirt *lv)
{
    (void)lv;
    return -1;
}

json_t *libvirt_job(const struct libvirt *lv, bool completed)
{
    (void)lv;
    (void)completed;
    return NULL;
}

void libvirt_close(struct libvirt *lv)
{
    (void)lv;
}
