/*
 * platform_list.h - every control plane, one row each.
 *
 * A row NAME makes the section [NAME] (options platform_NAME_options), the word for [cluster]
 * platform, and the entry of platforms[] (functions platform_NAME); both come from
 * sim/platforms/NAME.c.
 */
#ifndef MIGCAST_SIM_PLATFORM_LIST_H
#define MIGCAST_SIM_PLATFORM_LIST_H

/* X(NAME, help of its section) */
/* clang-format off */
#define PLATFORM_LIST(X) \
    X(kubevirt, "KubeVirt, and what builds on it: HyperConverged, ACP, OpenShift Virtualization") \
    X(harvester, "Harvester: KubeVirt with its own maintenance of nodes") \
    X(ovirt, "oVirt and RHV") \
    X(nova, "OpenStack Nova") \
    X(vmotion, "VMware vMotion, for contrast") \
    X(cloudstack, "Apache CloudStack on KVM") \
    X(libvirt, "plain libvirt: a script that calls virsh") \
    X(cloudpods, "Cloudpods") \
    X(proxmox, "Proxmox VE")
/* clang-format on */

#endif
