/*
 * presets.c - the list of presets.
 *
 * A new one is a file in scenarios/platforms, a line here, one in presets.h and one in
 * CMakeLists.txt.
 */
#include "sim/scenario/presets.h"

#include <string.h>

const struct preset presets[] = {
    {"qemu-default", preset_text_qemu_default},
    {"libvirt-default", preset_text_libvirt_default},
    {"lab", preset_text_lab},
    {"kubevirt-1.3", preset_text_kubevirt_1_3},
    {"kubevirt-1.4", preset_text_kubevirt_1_4},
    {"kubevirt-1.5", preset_text_kubevirt_1_5},
    {"kubevirt-1.8", preset_text_kubevirt_1_8},
    {"kubevirt-1.9", preset_text_kubevirt_1_9},
    {"kubevirt-main", preset_text_kubevirt_main},
    {"hco-1.13", preset_text_hco_1_13},
    {"hco-1.14", preset_text_hco_1_14},
    {"hco-1.18", preset_text_hco_1_18},
    {"hco-main", preset_text_hco_main},
    {"acp", preset_text_acp},
    {"harvester-1.2", preset_text_harvester_1_2},
    {"harvester-1.4", preset_text_harvester_1_4},
    {"harvester-1.5", preset_text_harvester_1_5},
    {"harvester-1.7", preset_text_harvester_1_7},
    {"ovirt-minimal-downtime", preset_text_ovirt_minimal_downtime},
    {"ovirt-suspend", preset_text_ovirt_suspend},
    {"ovirt-postcopy", preset_text_ovirt_postcopy},
    {"ovirt-very-large", preset_text_ovirt_very_large},
    {"ovirt-legacy", preset_text_ovirt_legacy},
    {"nova", preset_text_nova},
    {"nova-force-complete", preset_text_nova_force_complete},
    {"nova-postcopy", preset_text_nova_postcopy},
    {"vmotion", preset_text_vmotion},
    {"cloudstack", preset_text_cloudstack},
    {"libvirt-30ms", preset_text_libvirt_30ms},
    {"virsh-script", preset_text_virsh_script},
    {"virsh-parallel", preset_text_virsh_parallel},
    {"virsh-postcopy", preset_text_virsh_postcopy},
    {"virsh-suspend", preset_text_virsh_suspend},
    {"cloudpods-3.9", preset_text_cloudpods_3_9},
    {"cloudpods-3.10", preset_text_cloudpods_3_10},
    {"cloudpods-4.0.2", preset_text_cloudpods_4_0_2},
    {"proxmox-8", preset_text_proxmox_8},
    {"proxmox-9", preset_text_proxmox_9},
    {"proxmox-ha", preset_text_proxmox_ha},
    {NULL, NULL},
};

const struct preset *preset_find(const char *name)
{
    for (const struct preset *p = presets; p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}
