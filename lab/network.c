/*
 * network.c - namespaces, veth pair and token bucket, by ip and tc.
 */
#include "lab/network.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "lab/process.h"

#include "base/banned.h"

#define NAME_PREFIX "migcast-lab-"
#define DEVICE_SOURCE "mlabs"
#define DEVICE_DESTINATION "mlabd"

bool lab_network_missing(struct strbuf *why)
{
    if (geteuid() != 0)
        strbuf_addstr(why, "network namespaces need root");
    else if (!lab_find_tool("ip", NULL) || !lab_find_tool("tc", NULL))
        strbuf_addstr(why, "ip or tc is not installed (iproute2)");
    else
        return false;
    return true;
}

#define TOOL(...) lab_tool((const char *const[]){__VA_ARGS__, NULL}, diag)

static enum status join(const struct lab_network *net, struct diag *diag)
{
    const char *s = net->source, *d = net->destination;
    enum status st = TOOL("ip", "-n", s, "link", "add", DEVICE_SOURCE, "type", "veth", "peer",
                          "name", DEVICE_DESTINATION, "netns", d);

    if (st == ST_OK)
        st = TOOL("ip", "-n", s, "addr", "add", LAB_NETWORK_SOURCE "/24", "dev", DEVICE_SOURCE);
    if (st == ST_OK)
        st = TOOL("ip", "-n", d, "addr", "add", LAB_NETWORK_DESTINATION "/24", "dev",
                  DEVICE_DESTINATION);
    if (st == ST_OK)
        st = TOOL("ip", "-n", s, "link", "set", DEVICE_SOURCE, "up");
    if (st == ST_OK)
        st = TOOL("ip", "-n", d, "link", "set", DEVICE_DESTINATION, "up");
    if (st == ST_OK)
        st = TOOL("ip", "-n", s, "link", "set", "lo", "up");
    return st == ST_OK ? TOOL("ip", "-n", d, "link", "set", "lo", "up") : st;
}

static enum status limit(const struct lab_network *net, const struct lab_link *link,
                         struct diag *diag)
{
    char rate[40], burst[40], latency[40];

    snprintf(rate, sizeof(rate), "%" PRIu64 "bit", link->rate_bps);
    snprintf(burst, sizeof(burst), "%" PRIu64 "b", link->burst_bytes);
    snprintf(latency, sizeof(latency), "%lldus", (long long)link->latency_ns / NS_PER_US);
    return TOOL("tc", "-n", net->source, "qdisc", "add", "dev", DEVICE_SOURCE, "root", "tbf",
                "rate", rate, "burst", burst, "latency", latency);
}

enum status lab_network_init(struct lab_network *net, const struct lab_link *link,
                             struct diag *diag)
{
    struct lab_network before;
    enum status st;

    snprintf(net->source, sizeof(net->source), NAME_PREFIX "%ld-s", (long)getpid());
    snprintf(net->destination, sizeof(net->destination), NAME_PREFIX "%ld-d", (long)getpid());
    before = *net;
    lab_network_release(&before); /* of a lab that had this process number before */
    st = TOOL("ip", "netns", "add", net->source);
    if (st == ST_OK)
        st = TOOL("ip", "netns", "add", net->destination);
    if (st == ST_OK)
        st = join(net, diag);
    if (st == ST_OK)
        st = limit(net, link, diag);
    if (st != ST_OK)
        lab_network_release(net);
    return st;
}

void lab_network_release(struct lab_network *net)
{
    struct diag ignored, *diag = &ignored;

    if (net->source[0])
        TOOL("ip", "netns", "del", net->source);
    if (net->destination[0])
        TOOL("ip", "netns", "del", net->destination);
    *net = (struct lab_network){0};
}

void lab_network_sweep(void)
{
    struct diag ignored, *diag = &ignored;
    DIR *dir = geteuid() == 0 ? opendir("/run/netns") : NULL;
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        if (lab_is_leftover(entry->d_name, NAME_PREFIX))
            TOOL("ip", "netns", "del", entry->d_name);
    if (dir)
        closedir(dir);
}
