/* The shared link: there while it is needed, gone afterwards, whoever left it. */
#include "lab/network.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/units.h"
#include "lab/process.h"

#include "base/banned.h"

static const struct lab_link wire = {
    .rate_bps = 400000000, .burst_bytes = 256 * KIB, .latency_ns = 20 * NS_PER_MS, .name = "wire"};

/* Root alone may, and not in every container. */
static bool cannot(void)
{
    char name[64];
    const char *const probe[] = {"ip", "netns", "add", name, NULL};
    /* to enter one needs a root folder that is a mount of its own: not so after a plain chroot */
    const char *const enter[] = {"ip", "netns", "exec", name, "true", NULL};
    const char *const gone[] = {"ip", "netns", "del", name, NULL};
    bool made;
    struct strbuf why = STRBUF_INIT;
    struct diag diag = {0};
    bool missing = lab_network_missing(&why);

    snprintf(name, sizeof(name), "migcast-test-%ld", (long)getpid());
    made = !missing && lab_tool(probe, &diag) == ST_OK;
    if (!missing && (!made || lab_tool(enter, &diag) != ST_OK)) {
        missing = true;
        strbuf_addstr(&why, diag.what);
    }
    if (missing)
        printf("skipped: no network namespaces here: %s\n", strbuf_text(&why));
    if (made)
        lab_tool(gone, &diag);
    strbuf_release(&why);
    return missing;
}

static bool exists(const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "/run/netns/%s", name);
    return access(path, F_OK) == 0;
}

Test(network, a_link_is_limited_and_leaves_nothing)
{
    struct lab_network net = {0};
    struct diag diag = {0};
    char source[32];

    if (cannot())
        return;
    cr_assert_eq(lab_network_init(&net, &wire, &diag), ST_OK, "%s", diag.what);
    snprintf(source, sizeof(source), "%s", net.source);
    cr_expect(exists(net.source) && exists(net.destination));
    {
        const char *const shows[] = {"sh", "-c",
                                     "tc -n \"$0\" qdisc show | grep -q 'tbf.*rate 400Mbit'",
                                     source, NULL},
                          *const reaches[] = {"ip",
                                              "netns",
                                              "exec",
                                              source,
                                              "sh",
                                              "-c",
                                              "ip route get " LAB_NETWORK_DESTINATION " >/dev/null",
                                              NULL};

        cr_expect_eq(lab_tool(shows, &diag), ST_OK, "%s", diag.what);
        cr_expect_eq(lab_tool(reaches, &diag), ST_OK, "%s", diag.what);
    }
    /* what a killed lab with this process number left is in nobody's way */
    cr_expect_eq(lab_network_init(&net, &wire, &diag), ST_OK, "%s", diag.what);
    lab_network_release(&net);
    cr_expect_not(exists(source));
    cr_expect_str_empty(net.source);
    lab_network_release(&net); /* again is harmless */
}

Test(network, namespaces_of_labs_that_are_gone_are_swept)
{
    char name[64];
    const char *const add[] = {"ip", "netns", "add", name, NULL};
    pid_t pid;

    if (cannot())
        return;
    pid = fork();
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
    snprintf(name, sizeof(name), "migcast-lab-%ld-s", (long)pid);
    cr_assert_eq(lab_tool(add, NULL), ST_OK);
    lab_network_sweep();
    cr_expect_not(exists(name));
}
