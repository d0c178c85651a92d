/*
 * presets.c - the list of presets, and who is meant by a name.
 *
 * A new one is a file in scenarios/platforms, a line here, one in presets.h and one in
 * CMakeLists.txt.
 */
#include "sim/scenario/presets.h"

#include <ctype.h>
#include <string.h>

#include "base/option.h"
#include "base/strbuf.h"

#include "base/banned.h"

/* clang-format off */
const struct preset presets[] = {
    {"qemu-default", preset_text_qemu_default, NULL},
    {"libvirt-default", preset_text_libvirt_default, NULL},
    {"lab", preset_text_lab, NULL},
    {"kubevirt-1.3", preset_text_kubevirt_1_3, "kubevirt-1.0 kubevirt-1.1 kubevirt-1.2"},
    {"kubevirt-1.4", preset_text_kubevirt_1_4, NULL},
    {"kubevirt-1.5", preset_text_kubevirt_1_5, "kubevirt-1.6 kubevirt-1.7"},
    {"kubevirt-1.8", preset_text_kubevirt_1_8, NULL},
    {"kubevirt-1.9", preset_text_kubevirt_1_9, NULL},
    {"kubevirt-main", preset_text_kubevirt_main, NULL},
    {"hco-1.13", preset_text_hco_1_13, "hco-1.10 hco-1.11 hco-1.12"},
    {"hco-1.14", preset_text_hco_1_14, NULL},
    {"hco-1.18", preset_text_hco_1_18, NULL},
    {"hco-main", preset_text_hco_main, NULL},
    {"acp", preset_text_acp, NULL},
    {"harvester-1.2", preset_text_harvester_1_2, NULL},
    {"harvester-1.4", preset_text_harvester_1_4, NULL},
    {"harvester-1.5", preset_text_harvester_1_5, NULL},
    {"harvester-1.7", preset_text_harvester_1_7, NULL},
    {"ovirt-minimal-downtime", preset_text_ovirt_minimal_downtime, NULL},
    {"ovirt-suspend", preset_text_ovirt_suspend, NULL},
    {"ovirt-postcopy", preset_text_ovirt_postcopy, NULL},
    {"ovirt-very-large", preset_text_ovirt_very_large, NULL},
    {"ovirt-legacy", preset_text_ovirt_legacy, NULL},
    {"nova", preset_text_nova, NULL},
    {"nova-force-complete", preset_text_nova_force_complete, NULL},
    {"nova-postcopy", preset_text_nova_postcopy, NULL},
    {"vmotion", preset_text_vmotion, NULL},
    {"cloudstack", preset_text_cloudstack, NULL},
    {"libvirt-30ms", preset_text_libvirt_30ms, NULL},
    {"virsh-script", preset_text_virsh_script, NULL},
    {"virsh-parallel", preset_text_virsh_parallel, NULL},
    {"virsh-postcopy", preset_text_virsh_postcopy, NULL},
    {"virsh-suspend", preset_text_virsh_suspend, NULL},
    {"cloudpods-3.9", preset_text_cloudpods_3_9, NULL},
    {"cloudpods-3.10", preset_text_cloudpods_3_10, NULL},
    {"cloudpods-4.0.2", preset_text_cloudpods_4_0_2, NULL},
    {"proxmox-8", preset_text_proxmox_8, NULL},
    {"proxmox-9", preset_text_proxmox_9, NULL},
    {"proxmox-ha", preset_text_proxmox_ha, NULL},
    {NULL, NULL, NULL},
};
/* clang-format on */

/* What people call the platforms whose presets have another first word. */
static const struct {
    const char *called, *word;
} other_names[] = {
    {"rhv", "ovirt"},    {"openstack", "nova"}, {"vmware", "vmotion"}, {"vsphere", "vmotion"},
    {"esxi", "vmotion"}, {"alauda", "acp"},     {"pve", "proxmox"},    {"kvm", "libvirt"},
};

static bool holds_for(const struct preset *p, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = p->also; at && *at; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");

        if (word == len && memcmp(at, name, len) == 0)
            return true;
        at += word;
    }
    return false;
}

const struct preset *preset_find(const char *name)
{
    for (const struct preset *p = presets; p->name; p++)
        if (strcmp(p->name, name) == 0 || holds_for(p, name))
            return p;
    return NULL;
}

/* "kubevirt" of "kubevirt-2.0". */
static size_t platform_word(const char *name, const char **word)
{
    size_t len = strcspn(name, "-");

    *word = name;
    for (size_t i = 0; i < sizeof(other_names) / sizeof(other_names[0]); i++)
        if (strlen(other_names[i].called) == len && memcmp(other_names[i].called, name, len) == 0) {
            *word = other_names[i].word;
            return strlen(*word);
        }
    return len;
}

static void list_platform(const char *name, struct strbuf *out)
{
    const char *word;
    size_t len = platform_word(name, &word);

    for (const struct preset *p = presets; p->name; p++)
        if (strncmp(p->name, word, len) == 0 && (p->name[len] == '-' || p->name[len] == '\0'))
            strbuf_addf(out, "%s%s", out->len ? ", " : "", p->name);
}

void preset_hint(const char *name, struct diag *diag)
{
    struct option_nearest nearest = {.word = name};
    struct strbuf same = STRBUF_INIT;
    size_t len = strlen(name);
    bool is_release = len && isdigit((unsigned char)name[len - 1]);

    for (const struct preset *p = presets; p->name; p++)
        option_nearest_offer(&nearest, p->name);
    list_platform(name, &same);
    if (same.len && (is_release || !nearest.best))
        diag_hint(diag, "there %s %s", strchr(strbuf_text(&same), ',') ? "are" : "is",
                  strbuf_text(&same));
    else if (nearest.best)
        diag_hint(diag, "did you mean '%s'?", nearest.best);
    else
        diag_hint(diag, "`migcast presets` lists them");
    strbuf_release(&same);
}
