/*
 * rows.c - packing and unpacking of rows.
 *
 * A packed row is a mask of the fields that were guessed wrong, and for each of them how far off
 * the guess was, as a number of variable length.  Fields are listed in an order in which each guess
 * needs only what stands before it.  Invariant: a packed row never crosses the end of its block.
 */
#include "sim/rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cluster/cluster.h"
#include "sim/scenario/scenario.h"

#include "base/banned.h"

enum {
    BLOCK_BITS = 18,
    BLOCK_BYTES = 1 << BLOCK_BITS, /* a packed row is named by block and offset in 32 bits */
    BLOCKS_MAX = 1 << (32 - BLOCK_BITS),
    PACKED_MAX = 512 /* mask, and ten bytes a field at most */
};

struct row_ref {
    uint32_t job, attempt;
    uint32_t begun;
    uint32_t at;          /* below ROWS_PLAIN: place in plain; else block and offset, moved by it */
    uint32_t first_round; /* in the rounds of the replication */
};

/* ---- guesses ---- */

typedef uint64_t guess_fn(const struct rows *rows, const struct mig_result *r);

static uint64_t of_pointer(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

static uint64_t guess_none(const struct rows *rows, const struct mig_result *r)
{
    (void)rows;
    (void)r;
    return 0;
}

static uint64_t guess_minus_one(const struct rows *rows, const struct mig_result *r)
{
    (void)rows;
    (void)r;
    return UINT64_MAX;
}

static const struct scn_vm *vm_of(const struct rows *rows, const struct mig_result *r)
{
    return r->vm_id < rows->sc->nr_vms ? &rows->sc->vms[r->vm_id] : NULL;
}

static uint64_t guess_vm(const struct rows *rows, const struct mig_result *r)
{
    const struct scn_vm *vm = vm_of(rows, r);

    return of_pointer(vm ? vm->name : NULL);
}

static uint64_t guess_class(const struct rows *rows, const struct mig_result *r)
{
    const struct scn_vm *vm = vm_of(rows, r);

    if (!vm || !rows->sc->class_names)
        return guess_vm(rows, r);
    return of_pointer(rows->sc->class_names[vm->class_id]);
}

static uint64_t guess_platform(const struct rows *rows, const struct mig_result *r)
{
    const struct scn_vm *vm = vm_of(rows, r);

    return of_pointer(vm ? rows->sc->migrations[vm->migration].platform : NULL);
}

static uint64_t host_name(const struct rows *rows, uint32_t host)
{
    return of_pointer(host < rows->sc->nr_hosts ? rows->sc->hosts[host].name : NULL);
}

static uint64_t guess_source_id(const struct rows *rows, const struct mig_result *r)
{
    const struct scn_vm *vm = vm_of(rows, r);

    return vm ? vm->host : 0;
}

static uint64_t guess_source(const struct rows *rows, const struct mig_result *r)
{
    return host_name(rows, r->source_id);
}

static uint64_t guess_target(const struct rows *rows, const struct mig_result *r)
{
    return host_name(rows, r->target_id);
}

static uint64_t guess_kind(const struct rows *rows, const struct mig_result *r)
{
    (void)r;
    return of_pointer(rows->nr_plain ? rows->plain[0].kind : NULL);
}

static uint64_t guess_replication(const struct rows *rows, const struct mig_result *r)
{
    (void)r;
    return rows->nr_plain ? rows->plain[0].replication : 0;
}

static uint64_t guess_one(const struct rows *rows, const struct mig_result *r)
{
    (void)rows;
    (void)r;
    return 1;
}

static uint64_t guess_start(const struct rows *rows, const struct mig_result *r)
{
    (void)rows;
    return (uint64_t)r->queued_ns;
}

static uint64_t guess_end(const struct rows *rows, const struct mig_result *r)
{
    (void)rows;
    return (uint64_t)r->started_ns + (uint64_t)r->total_ns;
}

static uint64_t guess_blackout(const struct rows *rows, const struct mig_result *r)
{
    (void)rows;
    return (uint64_t)r->downtime_ns;
}

static uint64_t guess_limit(const struct rows *rows, const struct mig_result *r)
{
    (void)r;
    return rows->nr_plain ? (uint64_t)rows->plain[0].downtime_limit_ns : 0;
}

static uint64_t guess_transferred(const struct rows *rows, const struct mig_result *r)
{
    (void)rows;
    return r->precopy_bytes + r->downtime_bytes + r->postcopy_bytes;
}

#define FIELD(name, guess)                                                                         \
    {                                                                                              \
        offsetof(struct mig_result, name), sizeof(((struct mig_result *)0)->name), guess           \
    }

static const struct field {
    uint16_t offset, bytes;
    guess_fn *guess;
} fields[] = {
    FIELD(vm_id, guess_none),
    FIELD(vm, guess_vm),
    FIELD(vm_class, guess_class),
    FIELD(platform, guess_platform),
    FIELD(source_id, guess_source_id),
    FIELD(source, guess_source),
    FIELD(target_id, guess_none),
    FIELD(target, guess_target),
    FIELD(kind, guess_kind),
    FIELD(reason, guess_none),
    FIELD(job, guess_none),
    FIELD(replication, guess_replication),
    FIELD(attempt, guess_one),
    FIELD(outcome, guess_none),
    FIELD(binding, guess_none),
    FIELD(queued_ns, guess_none),
    FIELD(started_ns, guess_start),
    FIELD(total_ns, guess_none),
    FIELD(ended_ns, guess_end),
    FIELD(setup_ns, guess_none),
    FIELD(downtime_ns, guess_none),
    FIELD(blackout_ns, guess_blackout),
    FIELD(postcopy_ns, guess_none),
    FIELD(postcopy_stall_ns, guess_none),
    FIELD(expected_downtime_ns, guess_blackout),
    FIELD(downtime_limit_ns, guess_limit),
    FIELD(network_outage_ns, guess_minus_one),
    FIELD(disk_ns, guess_none),
    FIELD(disk_bytes, guess_none),
    FIELD(dirty_pages_rate, guess_none),
    FIELD(precopy_bytes, guess_none),
    FIELD(downtime_bytes, guess_none),
    FIELD(postcopy_bytes, guess_none),
    FIELD(transferred_bytes, guess_transferred),
    FIELD(normal_pages, guess_none),
    FIELD(zero_pages, guess_none),
    FIELD(rounds, guess_none),
    FIELD(max_throttle_pct, guess_none),
    FIELD(guest_slowdown_ratio, guess_none),
    FIELD(convergence_bytes_per_s, guess_none),
    FIELD(nr_rounds, guess_none),
};

enum {
    NR_FIELDS = sizeof(fields) / sizeof(fields[0])
};

static_assert(NR_FIELDS <= 64, "a mask holds a bit for each field");
static_assert(10 * (NR_FIELDS + 1) <= PACKED_MAX, "the longest packed row");

static uint64_t field_get(const struct mig_result *r, const struct field *f)
{
    uint64_t wide = 0;
    uint32_t narrow;

    if (f->bytes == sizeof(wide)) {
        memcpy(&wide, (const char *)r + f->offset, sizeof(wide));
        return wide;
    }
    memcpy(&narrow, (const char *)r + f->offset, sizeof(narrow));
    return narrow;
}

static void field_set(struct mig_result *r, const struct field *f, uint64_t value)
{
    uint32_t narrow = (uint32_t)value;

    if (f->bytes == sizeof(value))
        memcpy((char *)r + f->offset, &value, sizeof(value));
    else
        memcpy((char *)r + f->offset, &narrow, sizeof(narrow));
}

/* ---- numbers of variable length: seven bits a byte, small ones of either sign are short ---- */

static uint8_t *write_number(uint8_t *at, uint64_t n)
{
    while (n >= 0x80) {
        *at++ = (uint8_t)(n | 0x80);
        n >>= 7;
    }
    *at++ = (uint8_t)n;
    return at;
}

static const uint8_t *read_number(const uint8_t *at, uint64_t *n)
{
    *n = 0;
    for (unsigned shift = 0;; shift += 7) {
        *n |= (uint64_t)(*at & 0x7f) << shift;
        if (!(*at++ & 0x80))
            return at;
    }
}

static uint64_t fold_sign(uint64_t difference)
{
    return difference << 1 ^ (difference >> 63 ? UINT64_MAX : 0);
}

static uint64_t unfold_sign(uint64_t folded)
{
    return folded >> 1 ^ (folded & 1 ? UINT64_MAX : 0);
}

static uint8_t *pack(const struct rows *rows, const struct mig_result *row, uint8_t *at)
{
    uint64_t off[NR_FIELDS], mask = 0;

    for (uint32_t i = 0; i < NR_FIELDS; i++) {
        off[i] = field_get(row, &fields[i]) - fields[i].guess(rows, row);
        if (off[i])
            mask |= UINT64_C(1) << i;
    }
    at = write_number(at, mask);
    for (uint32_t i = 0; i < NR_FIELDS; i++)
        if (off[i])
            at = write_number(at, fold_sign(off[i]));
    return at;
}

static void unpack(const struct rows *rows, const uint8_t *at, struct mig_result *row)
{
    uint64_t mask, off;

    *row = (struct mig_result){0};
    at = read_number(at, &mask);
    for (uint32_t i = 0; i < NR_FIELDS; i++) {
        off = 0;
        if (mask >> i & 1)
            at = read_number(at, &off);
        field_set(row, &fields[i], fields[i].guess(rows, row) + unfold_sign(off));
    }
}

/* ---- the store ---- */

void rows_init(struct rows *rows, const struct scenario *sc)
{
    *rows = (struct rows){.sc = sc};
}

void rows_release(struct rows *rows)
{
    for (uint32_t i = 0; i < rows->nr_blocks; i++)
        free(rows->blocks[i]);
    free(rows->blocks);
    free(rows->plain);
    free(rows->refs);
    free(rows->all);
    *rows = (struct rows){0};
}

void rows_clear(struct rows *rows)
{
    rows->nr = rows->nr_plain = rows->block = rows->fill = 0;
}

static bool put_plain(struct rows *rows, const struct mig_result *row, uint32_t *at)
{
    if (rows->nr_plain == rows->cap_plain) {
        uint32_t cap = rows->cap_plain ? 2 * rows->cap_plain : 4;
        struct mig_result *more = realloc(rows->plain, cap * sizeof(*more));

        if (!more)
            return false;
        rows->plain = more;
        rows->cap_plain = cap;
    }
    *at = rows->nr_plain++;
    rows->plain[*at] = *row;
    return true;
}

static bool new_block(struct rows *rows)
{
    if (rows->nr_blocks == rows->cap_blocks) {
        uint32_t cap = rows->cap_blocks ? 2 * rows->cap_blocks : 16;
        uint8_t **more = realloc(rows->blocks, cap * sizeof(*more));

        if (!more)
            return false;
        rows->blocks = more;
        rows->cap_blocks = cap;
    }
    rows->blocks[rows->nr_blocks] = malloc(BLOCK_BYTES);
    return rows->blocks[rows->nr_blocks] && ++rows->nr_blocks;
}

static bool put_packed(struct rows *rows, const struct mig_result *row, uint32_t *at)
{
    uint8_t *to;

    if (rows->fill > BLOCK_BYTES - PACKED_MAX) {
        rows->block++;
        rows->fill = 0;
    }
    if (rows->block >= BLOCKS_MAX - 1 || (rows->block == rows->nr_blocks && !new_block(rows)))
        return false;
    *at = ROWS_PLAIN + (rows->block << BLOCK_BITS) + rows->fill;
    to = rows->blocks[rows->block] + rows->fill;
    rows->fill += (uint32_t)(pack(rows, row, to) - to);
    return true;
}

bool rows_put(struct rows *rows, uint32_t begun, const struct mig_result *row)
{
    struct row_ref ref = {.job = row->job, .attempt = row->attempt, .begun = begun};

    if (rows->nr == rows->cap) {
        uint32_t cap = rows->cap ? 2 * rows->cap : 16;
        struct row_ref *more = realloc(rows->refs, cap * sizeof(*more));

        if (!more)
            return false;
        rows->refs = more;
        rows->cap = cap;
    }
    if (rows->nr_plain < ROWS_PLAIN ? !put_plain(rows, row, &ref.at)
                                    : !put_packed(rows, row, &ref.at))
        return false;
    rows->refs[rows->nr++] = ref;
    return true;
}

static int by_job(const void *a, const void *b)
{
    const struct row_ref *x = a, *y = b;

    if (x->job != y->job)
        return x->job < y->job ? -1 : 1;
    if (x->attempt != y->attempt)
        return x->attempt < y->attempt ? -1 : 1;
    return x->begun < y->begun ? -1 : x->begun > y->begun;
}

void rows_sort(struct rows *rows)
{
    for (uint32_t i = 1; i < rows->nr; i++)
        if (by_job(&rows->refs[i - 1], &rows->refs[i]) > 0) {
            qsort(rows->refs, rows->nr, sizeof(*rows->refs), by_job);
            return;
        }
}

uint32_t rows_begun(const struct rows *rows, uint32_t i)
{
    assert(i < rows->nr);
    return rows->refs[i].begun;
}

void rows_set_rounds(struct rows *rows, uint32_t i, uint32_t first_round)
{
    assert(i < rows->nr);
    rows->refs[i].first_round = first_round;
}

void rows_get(const struct rows *rows, uint32_t i, struct mig_result *out)
{
    const struct row_ref *ref = &rows->refs[i];
    uint32_t at = ref->at - ROWS_PLAIN;

    assert(i < rows->nr);
    if (ref->at < ROWS_PLAIN)
        *out = rows->plain[ref->at];
    else
        unpack(rows, rows->blocks[at >> BLOCK_BITS] + (at & (BLOCK_BYTES - 1)), out);
    out->first_round = ref->first_round;
}

/* Nothing is packed, and rows stand where they belong: what a single forecast leaves. */
static bool plain_order(const struct rows *rows)
{
    for (uint32_t i = 0; i < rows->nr; i++)
        if (rows->refs[i].at != i)
            return false;
    return rows->nr <= ROWS_PLAIN;
}

const struct mig_result *rows_all(struct rows *rows)
{
    if (rows->nr > 0 && plain_order(rows)) {
        for (uint32_t i = 0; i < rows->nr; i++)
            rows->plain[i].first_round = rows->refs[i].first_round;
        return rows->plain;
    }
    if (rows->cap_all < rows->nr || !rows->all) {
        free(rows->all);
        rows->cap_all = 0;
        rows->all = malloc(((size_t)rows->nr + 1) * sizeof(*rows->all));
        if (!rows->all)
            return NULL;
        rows->cap_all = rows->nr;
    }
    for (uint32_t i = 0; i < rows->nr; i++)
        rows_get(rows, i, &rows->all[i]);
    return rows->all;
}
