/*
 * presets.h - the presets inside the program: scenarios/platforms/NAME.ini.
 */
#ifndef MIGCAST_SIM_PRESETS_H
#define MIGCAST_SIM_PRESETS_H

#include <stddef.h>

#include "base/status.h"

struct preset {
    const char *name;
    const char *text; /* an INI file; its comments hold the source of each number */
    const char *also; /* names of other releases it holds for, between spaces; NULL = none */
};

extern const struct preset presets[]; /* ends with a NULL name */

/* preset_find - by its name, or by a release that it holds for; NULL when there is none. */
const struct preset *preset_find(const char *name);

/* preset_hint - what to say where preset_find() found none: the nearest name, or those of the same
 * platform. */
void preset_hint(const char *name, struct diag *diag);

/* The embedded files (CMakeLists.txt); use presets[]. */
extern const char preset_text_qemu_default[], preset_text_libvirt_default[], preset_text_lab[];

extern const char preset_text_kubevirt_1_3[], preset_text_kubevirt_1_4[],
    preset_text_kubevirt_1_5[], preset_text_kubevirt_1_8[], preset_text_kubevirt_1_9[],
    preset_text_kubevirt_main[], preset_text_hco_1_13[], preset_text_hco_1_14[],
    preset_text_hco_1_18[], preset_text_hco_main[], preset_text_acp[], preset_text_harvester_1_2[],
    preset_text_harvester_1_4[], preset_text_harvester_1_5[], preset_text_harvester_1_7[];

extern const char preset_text_ovirt_minimal_downtime[], preset_text_ovirt_suspend[],
    preset_text_ovirt_postcopy[], preset_text_ovirt_very_large[], preset_text_ovirt_legacy[],
    preset_text_nova[], preset_text_nova_force_complete[], preset_text_nova_postcopy[],
    preset_text_vmotion[], preset_text_cloudstack[];
extern const char preset_text_libvirt_30ms[], preset_text_virsh_script[],
    preset_text_virsh_parallel[], preset_text_virsh_postcopy[], preset_text_virsh_suspend[],
    preset_text_cloudpods_3_9[], preset_text_cloudpods_3_10[], preset_text_cloudpods_4_0_2[],
    preset_text_proxmox_8[], preset_text_proxmox_9[], preset_text_proxmox_ha[];

#endif
