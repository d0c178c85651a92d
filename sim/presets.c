/*
 * presets.c - the list of presets.
 *
 * A new one is a file in scenarios/platforms, a line here, one in presets.h and one in
 * CMakeLists.txt.
 */
#include "sim/presets.h"

#include <string.h>

const struct preset presets[] = {
    {"qemu-default", preset_text_qemu_default},
    {"libvirt-default", preset_text_libvirt_default},
    {"lab", preset_text_lab},
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
    {NULL, NULL},
};

const struct preset *preset_find(const char *name)
{
    for (const struct preset *p = presets; p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}
