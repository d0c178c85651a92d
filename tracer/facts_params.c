/*
 * facts_params.c - QMP's migration parameters and capabilities into struct mig_params.
 *
 * Defaults are those of models/params.c.  Parameters that change nothing a forecast looks at
 * (announce-*, block-*, tls-hostname ...) are ignored, like unknown ones.  Invariant: params always
 * holds a complete and valid set, whatever was seen so far.
 */
#include <string.h>

#include "base/units.h"
#include "tracer/facts_int.h"

#include "base/banned.h"

/* libvirt's "no limit": the largest whole number of MiB/s that fits QEMU's signed 64 bits. */
#define LIBVIRT_UNLIMITED ((int64_t)(INT64_MAX / (int64_t)MIB * (int64_t)MIB))
#define BYTES_MAX ((int64_t)1 << 50)

void facts_before_init(struct facts_loader *ld)
{
    ld->facts->before.migrate_ns = -1;
    mig_params_default(&ld->facts->before.params);
    ld->level_zlib = ld->level_zstd = ld->level_qatzip = 1;
}

enum status facts_read_bandwidth(const struct field_at *at, const json_t *obj, const char *key,
                                 uint64_t *bytes_per_s)
{
    int64_t value = -1;
    enum status st = field_int(at, obj, key, 0, INT64_MAX, &value);

    if (st == ST_OK && value >= 0)
        *bytes_per_s = value == 0 || value >= LIBVIRT_UNLIMITED ? UNITS_UNLIMITED : (uint64_t)value;
    return st;
}

static enum status read_u32(const struct field_at *at, const json_t *obj, const char *key,
                            int64_t min, int64_t max, uint32_t *out)
{
    int64_t value = *out;
    enum status st = field_int(at, obj, key, min, max, &value);

    if (st == ST_OK)
        *out = (uint32_t)value;
    return st;
}

static enum status read_scaled(const struct field_at *at, const json_t *obj, const char *key,
                               int64_t max, int64_t scale, int64_t *out)
{
    int64_t value = -1;
    enum status st = field_int(at, obj, key, 0, max, &value);

    if (st == ST_OK && value >= 0)
        *out = value * scale;
    return st;
}

static enum status read_bytes(const struct field_at *at, const json_t *obj, const char *key,
                              int64_t max, uint64_t scale, uint64_t *out)
{
    int64_t value = (int64_t)(*out / scale);
    enum status st = field_int(at, obj, key, 0, max, &value);

    if (st == ST_OK)
        *out = (uint64_t)value * scale;
    return st;
}

/* A word of a QAPI enumeration; an unknown one is an error, since it would change the forecast. */
static enum status read_word(const struct field_at *at, const json_t *obj, const char *key,
                             const char *const *words, int *out)
{
    const char *text = NULL;
    enum status st = field_string(at, obj, key, &text);

    if (st != ST_OK || !text)
        return st;
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return ST_OK;
        }
    }
    return field_error(at, key, "\"%.40s\" is not known", text);
}

static enum status apply_throttle(const struct field_at *at, const json_t *obj,
                                  struct mig_params *p)
{
    enum status st;

    if ((st = read_u32(at, obj, "throttle-trigger-threshold", 1, 100, &p->throttle_trigger_pct)) !=
            ST_OK ||
        (st = read_u32(at, obj, "cpu-throttle-initial", 1, 99, &p->cpu_throttle_initial_pct)) !=
            ST_OK ||
        (st = read_u32(at, obj, "cpu-throttle-increment", 1, 99, &p->cpu_throttle_increment_pct)) !=
            ST_OK ||
        (st = read_u32(at, obj, "max-cpu-throttle", 1, 99, &p->max_cpu_throttle_pct)) != ST_OK ||
        (st = field_bool(at, obj, "cpu-throttle-tailslow", &p->cpu_throttle_tailslow)) != ST_OK ||
        (st = read_bytes(at, obj, "vcpu-dirty-limit", 1 << 30, MIB,
                         &p->vcpu_dirty_limit_bytes_per_s)) != ST_OK)
        return st;
    return read_scaled(at, obj, "x-vcpu-dirty-limit-period", 1000, NS_PER_MS,
                       &p->vcpu_dirty_limit_period_ns);
}

static enum status apply_channels(struct facts_loader *ld, const struct field_at *at,
                                  const json_t *obj, struct mig_params *p)
{
    static const char *const compressions[] = {
        [MFD_NONE] = "none", [MFD_ZLIB] = "zlib",     [MFD_ZSTD] = "zstd", [MFD_QPL] = "qpl",
        [MFD_UADK] = "uadk", [MFD_QATZIP] = "qatzip", [MFD_NR] = NULL,
    };
    static const char *const detections[] = {
        [ZERO_DEFAULT] = "",
        [ZERO_LEGACY] = "legacy",
        [ZERO_MULTIFD] = "multifd",
        [ZERO_NONE] = "none",
        NULL,
    };
    int compression = (int)p->multifd_compression, detection = (int)p->zero_detection;
    enum status st;

    if ((st = read_u32(at, obj, "multifd-channels", 1, 255, &p->multifd_channels)) != ST_OK ||
        (st = read_word(at, obj, "multifd-compression", compressions, &compression)) != ST_OK ||
        (st = read_word(at, obj, "zero-page-detection", detections, &detection)) != ST_OK ||
        (st = field_int(at, obj, "multifd-zlib-level", 0, 9, &ld->level_zlib)) != ST_OK ||
        (st = field_int(at, obj, "multifd-zstd-level", 0, 20, &ld->level_zstd)) != ST_OK ||
        (st = field_int(at, obj, "multifd-qatzip-level", 1, 9, &ld->level_qatzip)) != ST_OK)
        return st;
    p->multifd_compression = (enum mfd_compression)compression;
    p->zero_detection = (enum zero_detection)detection;
    return ST_OK;
}

enum status facts_params_apply(struct facts_loader *ld, const struct field_at *at,
                               const json_t *obj)
{
    struct mig_params *p = &ld->facts->before.params;
    const char *tls = NULL;
    enum status st;

    if (!json_is_object(obj))
        return field_error(at, NULL, "must hold an object of parameters");
    if ((st = facts_read_bandwidth(at, obj, "max-bandwidth", &p->max_bandwidth_bytes_per_s)) !=
            ST_OK ||
        (st = facts_read_bandwidth(at, obj, "max-postcopy-bandwidth",
                                   &p->max_postcopy_bandwidth_bytes_per_s)) != ST_OK ||
        (st = read_bytes(at, obj, "avail-switchover-bandwidth", INT64_MAX, 1,
                         &p->avail_switchover_bytes_per_s)) != ST_OK ||
        (st = read_scaled(at, obj, "downtime-limit", 2000000, NS_PER_MS, &p->downtime_limit_ns)) !=
            ST_OK ||
        (st = read_bytes(at, obj, "xbzrle-cache-size", BYTES_MAX, 1, &p->xbzrle_cache_bytes)) !=
            ST_OK ||
        (st = field_string(at, obj, "tls-creds", &tls)) != ST_OK ||
        (st = apply_throttle(at, obj, p)) != ST_OK)
        return st;
    if (tls)
        p->tls = *tls != '\0';
    return apply_channels(ld, at, obj, p);
}

/* Room permitting: the list is a warning for people. */
static void set_unmodelled(char list[FACTS_TEXT], const char *name, bool on)
{
    size_t len = strlen(list), add = strlen(name);
    char *found = list;

    while ((found = strstr(found, name)) != NULL) {
        if ((found == list || found[-1] == ' ') && (found[add] == ' ' || found[add] == '\0'))
            break;
        found += add;
    }
    if (on && !found && add > 0 && len + add + 2 <= FACTS_TEXT) {
        if (len)
            list[len++] = ' ';
        memcpy(list + len, name, add + 1);
    } else if (!on && found) {
        char *rest = found + add + (found[add] == ' ');

        memmove(found, rest, strlen(rest) + 1);
        len = strlen(list);
        if (len && list[len - 1] == ' ')
            list[len - 1] = '\0';
    }
}

void facts_capability_apply(struct facts_loader *ld, const char *name, bool on)
{
    /* These change nothing that is forecast. */
    static const char *const neutral[] = {"events", "late-block-activate", "validate-uuid",
                                          "postcopy-blocktime", NULL};
    struct mig_params *p = &ld->facts->before.params;
    const struct {
        const char *name;
        bool *flag;
    } known[] = {
        {"auto-converge", &p->auto_converge},
        {"xbzrle", &p->xbzrle},
        {"multifd", &p->multifd},
        {"postcopy-ram", &p->postcopy},
        {"return-path", &p->return_path},
        {"postcopy-preempt", &p->postcopy_preempt},
        {"dirty-limit", &p->dirty_limit},
        {"pause-before-switchover", &p->pause_before_switchover},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].name, name) == 0) {
            *known[i].flag = on;
            return;
        }
    }
    for (size_t i = 0; neutral[i]; i++)
        if (strcmp(neutral[i], name) == 0)
            return;
    set_unmodelled(ld->facts->before.unmodelled, name, on);
}
