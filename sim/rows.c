/*
 * rows.c - packing and unpacking of rows.
 *
 * A packed row is a mask of the fields that were guessed wrong, by its place in a list of those
 * seen, and for each such field how far off the guess was, as a number of variable length.  Fields
 * are listed in an order in which each guess needs only what stands before it, the first row that
 * was put, and the names of hosts learned so far; so a row is read without its neighbours.  Knows
 * nothing of the simulator: store/ and reports/ read rows too.  Invariant: a packed row never
 * crosses the end of its block.
 */
#include "sim/rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

enum {
    BLOCK_BITS = 18,
    BLOCK_BYTES = 1 << BLOCK_BITS, /* a packed row is named by block and offset in 32 bits */
    BLOCKS_MAX = 1 << (32 - BLOCK_BITS),
    PACKED_MAX = 512,    /* mask, and ten bytes a field at most */
    MASKS = 63,          /* sets of fields that are told by a byte */
    HOSTS_MAX = 1 << 20, /* hosts whose names are learned; names of others take more room */
    CHUNK = 1024         /* references allocated together; they never move */
};

struct row_ref {
    uint32_t job;
    uint32_t at; /* below ROWS_PLAIN: place in plain; else block and offset, moved by it */
    union {
        uint32_t begun;       /* until the rows are sorted */
        uint32_t first_round; /* of a packed row, afterwards */
    };
};

/* What was learned to guess by. */
struct packing {
    struct mig_result first; /* of those that stand as they are, as it was when one was packed */
    struct mig_result alike; /* guess_alike() */
    uint64_t by_row;         /* fields with a guess of their own, as a mask */
    uint64_t masks[MASKS];
    uint32_t nr_masks;
    uint32_t cap_hosts;
    const char **hosts; /* names by number; NULL = not seen yet */
};

static struct row_ref *ref_of(const struct rows *rows, uint32_t i)
{
    return &rows->refs[i / CHUNK][i % CHUNK];
}

/* ---- guesses ---- */

typedef uint64_t guess_fn(const struct packing *p, const struct mig_result *r);

static uint64_t of_pointer(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

/* Where nothing is known of the row itself: as in the first, where most are alike. */
static void guess_alike(struct mig_result *guess, const struct mig_result *first)
{
    *guess = (struct mig_result){
        .vm = first->vm,
        .vm_class = first->vm_class,
        .platform = first->platform,
        .kind = first->kind,
        .replication = first->replication,
        .attempt = 1,
        .outcome = first->outcome,
        .binding = first->binding,
        .setup_ns = first->setup_ns,
        .downtime_limit_ns = first->downtime_limit_ns,
        .network_outage_ns = -1,
        .dirty_pages_rate = first->dirty_pages_rate,
        .zero_pages = first->zero_pages,
    };
}

static const char nameless[] = ""; /* learned of a host whose first row had no name for it */

static uint64_t host_name(const struct packing *p, uint32_t host)
{
    const char *name = host < p->cap_hosts ? p->hosts[host] : NULL;

    return name == nameless ? 0 : of_pointer(name);
}

static uint64_t guess_source(const struct packing *p, const struct mig_result *r)
{
    return host_name(p, r->source_id);
}

static uint64_t guess_target(const struct packing *p, const struct mig_result *r)
{
    return host_name(p, r->target_id);
}

static uint64_t guess_start(const struct packing *p, const struct mig_result *r)
{
    (void)p;
    return (uint64_t)r->queued_ns;
}

static uint64_t guess_end(const struct packing *p, const struct mig_result *r)
{
    (void)p;
    return (uint64_t)r->started_ns + (uint64_t)r->total_ns;
}

static uint64_t guess_downtime(const struct packing *p, const struct mig_result *r)
{
    (void)p;
    return (uint64_t)r->downtime_ns;
}

/* What a blackout has beside the downtime that QEMU reports is much the same for all. */
static uint64_t guess_blackout(const struct packing *p, const struct mig_result *r)
{
    if (r->downtime_ns < 0)
        return (uint64_t)r->downtime_ns;
    return (uint64_t)r->downtime_ns + (uint64_t)p->first.blackout_ns -
           (uint64_t)p->first.downtime_ns;
}

static uint64_t sent(const struct mig_result *r)
{
    return r->precopy_bytes + r->downtime_bytes + r->postcopy_bytes;
}

static uint64_t guess_transferred(const struct packing *p, const struct mig_result *r)
{
    (void)p;
    return sent(r);
}

static uint64_t guess_pages(const struct packing *p, const struct mig_result *r)
{
    enum {
        PAGE_AND_HEADER = 4096 + 8
    };

    (void)p;
    return sent(r) / PAGE_AND_HEADER;
}

#define FIELD(name, guess)                                                                         \
    {                                                                                              \
        offsetof(struct mig_result, name), sizeof(((struct mig_result *)0)->name), guess           \
    }

static const struct field {
    uint16_t offset, bytes;
    guess_fn *guess; /* NULL = as guess_alike() says */
} fields[] = {
    FIELD(vm_id, NULL),
    FIELD(vm, NULL),
    FIELD(vm_class, NULL),
    FIELD(platform, NULL),
    FIELD(source_id, NULL),
    FIELD(source, guess_source),
    FIELD(target_id, NULL),
    FIELD(target, guess_target),
    FIELD(kind, NULL),
    FIELD(reason, NULL),
    FIELD(replication, NULL),
    FIELD(attempt, NULL),
    FIELD(outcome, NULL),
    FIELD(binding, NULL),
    FIELD(queued_ns, NULL),
    FIELD(started_ns, guess_start),
    FIELD(total_ns, NULL),
    FIELD(ended_ns, guess_end),
    FIELD(setup_ns, NULL),
    FIELD(downtime_ns, NULL),
    FIELD(blackout_ns, guess_blackout),
    FIELD(postcopy_ns, NULL),
    FIELD(postcopy_stall_ns, NULL),
    FIELD(expected_downtime_ns, guess_downtime),
    FIELD(downtime_limit_ns, NULL),
    FIELD(network_outage_ns, NULL),
    FIELD(disk_ns, NULL),
    FIELD(disk_bytes, NULL),
    FIELD(dirty_pages_rate, NULL),
    FIELD(precopy_bytes, NULL),
    FIELD(downtime_bytes, NULL),
    FIELD(postcopy_bytes, NULL),
    FIELD(transferred_bytes, guess_transferred),
    FIELD(normal_pages, guess_pages),
    FIELD(zero_pages, NULL),
    FIELD(rounds, NULL),
    FIELD(max_throttle_pct, NULL),
    FIELD(guest_slowdown_ratio, NULL),
    FIELD(convergence_bytes_per_s, NULL),
    FIELD(nr_rounds, NULL),
};

enum {
    NR_FIELDS = sizeof(fields) / sizeof(fields[0])
};

static_assert(NR_FIELDS <= 64, "a mask holds a bit for each field");
static_assert(10 * (NR_FIELDS + 1) <= PACKED_MAX, "the longest packed row");

static inline uint64_t field_get(const struct mig_result *r, const struct field *f)
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

static inline void field_set(struct mig_result *r, const struct field *f, uint64_t value)
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

static inline const uint8_t *read_number(const uint8_t *at, uint64_t *n)
{
    *n = *at;
    if (!(*n & 0x80))
        return at + 1;
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

static inline uint64_t unfold_sign(uint64_t folded)
{
    return folded >> 1 ^ (folded & 1 ? UINT64_MAX : 0);
}

static inline uint64_t guess(const struct packing *p, const struct mig_result *row,
                             const struct field *f)
{
    return f->guess ? f->guess(p, row) : field_get(&p->alike, f);
}

/* Most rows have one of a few masks. */
static uint32_t place_of_mask(struct packing *p, uint64_t mask)
{
    uint32_t i = 0;

    while (i < p->nr_masks && p->masks[i] != mask)
        i++;
    if (i == p->nr_masks && i < MASKS)
        p->masks[p->nr_masks++] = mask;
    return i;
}

static uint8_t *pack(struct packing *p, const struct mig_result *row, uint8_t *at)
{
    uint64_t off[NR_FIELDS], mask = 0;
    uint32_t place;

    for (uint32_t i = 0; i < NR_FIELDS; i++) {
        off[i] = field_get(row, &fields[i]) - guess(p, row, &fields[i]);
        if (off[i])
            mask |= UINT64_C(1) << i;
    }
    place = place_of_mask(p, mask);
    *at++ = (uint8_t)place;
    if (place == MASKS)
        at = write_number(at, mask);
    for (uint32_t i = 0; i < NR_FIELDS; i++)
        if (off[i])
            at = write_number(at, fold_sign(off[i]));
    return at;
}

static void unpack(const struct packing *p, const uint8_t *at, struct mig_result *row)
{
    uint64_t mask, off;

    *row = p->alike;
    if (*at < MASKS)
        mask = p->masks[*at++];
    else
        at = read_number(at + 1, &mask);
    for (uint64_t left = mask | p->by_row; left; left &= left - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(left);

        off = 0;
        if (mask >> i & 1)
            at = read_number(at, &off);
        field_set(row, &fields[i], guess(p, row, &fields[i]) + unfold_sign(off));
    }
}

/* ---- memory ---- */

void rows_init(struct rows *rows)
{
    *rows = (struct rows){0};
}

void rows_release(struct rows *rows)
{
    for (uint32_t i = 0; i < rows->nr_blocks; i++)
        free(rows->blocks[i]);
    for (uint32_t i = 0; i < rows->nr_chunks; i++)
        free(rows->refs[i]);
    free(rows->blocks);
    free(rows->refs);
    free(rows->plain);
    if (rows->packing)
        free(rows->packing->hosts);
    free(rows->packing);
    *rows = (struct rows){0};
}

void rows_clear(struct rows *rows)
{
    rows->nr = rows->nr_plain = rows->block = rows->fill = 0;
}

/* @list with room for one more of @size bytes behind the @nr that are there; NULL when memory ran
 * out. */
static void *grown(void *list, uint32_t nr, uint32_t *cap, size_t size)
{
    uint32_t more = *cap ? 2 * *cap : 4;
    void *bigger;

    if (nr < *cap)
        return list;
    bigger = realloc(list, more * size);
    if (bigger)
        *cap = more;
    return bigger;
}

/* The first chunk grows, so that a single forecast has a small one. */
static bool first_ref_chunk(struct rows *rows)
{
    void *more = grown(rows->refs[0], rows->nr, &rows->cap_first, sizeof(struct row_ref));

    if (more)
        rows->refs[0] = more;
    return more;
}

static bool room_for_ref(struct rows *rows)
{
    void *more;

    if (rows->nr < CHUNK && rows->nr_chunks > 0)
        return first_ref_chunk(rows);
    if (rows->nr / CHUNK < rows->nr_chunks)
        return true;
    more = grown(rows->refs, rows->nr_chunks, &rows->cap_chunks, sizeof(*rows->refs));
    if (!more)
        return false;
    rows->refs = more;
    if (rows->nr_chunks == 0)
        rows->cap_first = 4;
    rows->refs[rows->nr_chunks] =
        malloc((rows->nr_chunks ? CHUNK : rows->cap_first) * sizeof(struct row_ref));
    return rows->refs[rows->nr_chunks] && ++rows->nr_chunks;
}

static bool new_block(struct rows *rows)
{
    void *more = grown(rows->blocks, rows->nr_blocks, &rows->cap_blocks, sizeof(*rows->blocks));

    if (!more)
        return false;
    rows->blocks = more;
    rows->blocks[rows->nr_blocks] = malloc(BLOCK_BYTES);
    return rows->blocks[rows->nr_blocks] && ++rows->nr_blocks;
}

/* ---- rows in ---- */

/* The name of a host is that of the first row that had one. */
static bool learn_host(struct packing *p, uint32_t host, const char *name)
{
    if (host >= HOSTS_MAX)
        return true;
    if (host >= p->cap_hosts) {
        uint32_t cap = p->cap_hosts ? p->cap_hosts : 64;
        const char **more;

        while (cap <= host)
            cap *= 2;
        more = realloc(p->hosts, cap * sizeof(*more));
        if (!more)
            return false;
        memset(more + p->cap_hosts, 0, (cap - p->cap_hosts) * sizeof(*more));
        p->hosts = more;
        p->cap_hosts = cap;
    }
    if (!p->hosts[host])
        p->hosts[host] = name ? name : nameless;
    return true;
}

static bool begin_packing(struct rows *rows)
{
    struct packing *p = rows->packing ? rows->packing : calloc(1, sizeof(*p));

    if (!p)
        return false;
    p->first = rows->plain[0];
    guess_alike(&p->alike, &p->first);
    for (uint32_t i = 0; i < NR_FIELDS; i++)
        p->by_row |= fields[i].guess ? UINT64_C(1) << i : 0;
    p->nr_masks = 0; /* names of hosts stay */
    rows->packing = p;
    return true;
}

static bool put_plain(struct rows *rows, const struct mig_result *row, uint32_t *at)
{
    void *more = grown(rows->plain, rows->nr_plain, &rows->cap_plain, sizeof(*rows->plain));

    if (!more)
        return false;
    rows->plain = more;
    *at = rows->nr_plain++;
    rows->plain[*at] = *row;
    return true;
}

static bool put_packed(struct rows *rows, const struct mig_result *row, uint32_t *at)
{
    uint8_t *to;

    if (rows->block == 0 && rows->fill == 0 && !begin_packing(rows))
        return false;
    if (!learn_host(rows->packing, row->source_id, row->source) ||
        !learn_host(rows->packing, row->target_id, row->target))
        return false;
    if (rows->fill > BLOCK_BYTES - PACKED_MAX) {
        rows->block++;
        rows->fill = 0;
    }
    if (rows->block >= BLOCKS_MAX - 1 || (rows->block == rows->nr_blocks && !new_block(rows)))
        return false;
    *at = ROWS_PLAIN + (rows->block << BLOCK_BITS) + rows->fill;
    to = rows->blocks[rows->block] + rows->fill;
    rows->fill += (uint32_t)(pack(rows->packing, row, to) - to);
    return true;
}

static bool put(struct rows *rows, struct row_ref ref, const struct mig_result *row)
{
    if (rows->nr == UINT32_MAX || !room_for_ref(rows))
        return false;
    if (rows->nr_plain < ROWS_PLAIN ? !put_plain(rows, row, &ref.at)
                                    : !put_packed(rows, row, &ref.at))
        return false;
    *ref_of(rows, rows->nr++) = ref;
    return true;
}

bool rows_put(struct rows *rows, uint32_t begun, const struct mig_result *row)
{
    return put(rows, (struct row_ref){.job = row->job, .begun = begun}, row);
}

bool rows_append(struct rows *rows, const struct mig_result *row)
{
    assert(row->first_round <= UINT32_MAX);
    return put(rows, (struct row_ref){.job = row->job, .first_round = (uint32_t)row->first_round},
               row);
}

/* ---- order ---- */

/* Attempts of a job are numbered as they begin. */
static bool goes_first(struct row_ref a, struct row_ref b)
{
    return a.job != b.job ? a.job < b.job : a.begun < b.begun;
}

/* Mostly each job has one row, and its number is its place: one by one they go there.  False when
 * there are others. */
static bool place_by_job(struct rows *rows)
{
    for (uint32_t i = 0; i < rows->nr; i++) {
        struct row_ref *here = ref_of(rows, i), *home;

        while (here->job != i) {
            struct row_ref ref = *here;

            if (ref.job >= rows->nr)
                return false;
            home = ref_of(rows, ref.job);
            if (home->job == ref.job)
                return false;
            *here = *home;
            *home = ref;
        }
    }
    return true;
}

/* Shell's sort, with the gaps that Ciura measured and 9/4 beyond them: in place, and quick where
 * most stand nearly right already, as rows do that come in the order of their ends. */
void rows_sort(struct rows *rows)
{
    static const uint32_t gaps[] = {1,     4,     10,     23,     57,      132,
                                    301,   701,   1577,   3548,   7983,    17961,
                                    40412, 90927, 204585, 460316, 1035711, 2330349};

    uint32_t k = place_by_job(rows) ? 0 : sizeof(gaps) / sizeof(gaps[0]);

    while (k-- > 0)
        for (uint32_t i = gaps[k]; i < rows->nr; i++) {
            struct row_ref *to = ref_of(rows, i), ref = *to;

            for (uint32_t at = i; at >= gaps[k]; at -= gaps[k]) {
                struct row_ref *before = ref_of(rows, at - gaps[k]);

                if (!goes_first(ref, *before))
                    break;
                *to = *before;
                to = before;
            }
            *to = ref;
        }
}

uint32_t rows_begun(const struct rows *rows, uint32_t i)
{
    assert(i < rows->nr);
    return ref_of(rows, i)->begun;
}

void rows_set_rounds(struct rows *rows, uint32_t i, uint32_t first_round)
{
    struct row_ref *ref = ref_of(rows, i);

    assert(i < rows->nr);
    ref->first_round = first_round;
    if (ref->at < ROWS_PLAIN)
        rows->plain[ref->at].first_round = first_round;
}

bool rows_set(struct rows *rows, uint32_t i, const struct mig_result *row)
{
    struct row_ref *ref = ref_of(rows, i);

    assert(i < rows->nr && row->job == ref->job && row->first_round <= UINT32_MAX);
    ref->first_round = (uint32_t)row->first_round;
    if (ref->at < ROWS_PLAIN)
        rows->plain[ref->at] = *row;
    return ref->at < ROWS_PLAIN || put_packed(rows, row, &ref->at); /* behind the others */
}

/* ---- rows out ---- */

const struct mig_result *rows_at(const struct rows *rows, uint32_t i, struct mig_result *room)
{
    const struct row_ref *ref = ref_of(rows, i);
    uint32_t at = ref->at - ROWS_PLAIN;

    assert(i < rows->nr);
    if (ref->at < ROWS_PLAIN)
        return &rows->plain[ref->at];
    unpack(rows->packing, rows->blocks[at >> BLOCK_BITS] + (at & (BLOCK_BYTES - 1)), room);
    room->job = ref->job;
    room->first_round = ref->first_round;
    return room;
}
