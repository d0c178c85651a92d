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
    {NULL, NULL},
};

const struct preset *preset_find(const char *name)
{
    for (const struct preset *p = presets; p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}
