/*
 * guest.c - a guest without an operating system that writes to its memory as it is told.
 *
 * A multiboot kernel in 32-bit protected mode: no paging, no interrupts, no library.  It fills
 * `fill` MiB from 16 MiB on, says "r", and then writes pages in ticks: each tick does the writes
 * that are due, then waits for the tick's end by the time-stamp counter.  A tick whose writes take
 * too long counts as late and the next one starts from then, so what cannot be done is dropped, not
 * owed. Every 100 ms a line "TICKS LATE" goes to the serial port.
 *
 * Settings come from the command line, "name=value" with whole numbers.  Up to three writers; those
 * of the second and third carry the number ("hot2=16"):
 *
 *   fill     MiB filled                            khz      of the time-stamp counter
 *   content  0 = two words a page, 1 = random      tick     ms
 *   at       MiB behind the start of the memory    hot      MiB that the writes go to
 *   rate     page writes a second                  hotpct   of 100 writes, inside hot; the rest in
 * fill seq      1 = in order, else random             on, off  ms of the phases; off=0 = always on
 *   bytes    written in a page                     write    0 = count up, 1 = zeros, 2 = random
 *
 * Leaves the machine, its memory size and its start to lab/machine.c.  Invariant: nothing outside
 * the filled memory is written once "r" was said.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

enum {
    MEMORY_START = 0x1000000, /* behind the image and all that the firmware left */
    PAGE = 4096,
    PAGES_PER_MIB = 256,
    PORT = 0x3f8,
    POOL_WORDS = 2048, /* random words that pages are written from */
    WRITERS = 3
};

enum {
    WRITE_COUNT,
    WRITE_ZERO,
    WRITE_RANDOM
};

struct multiboot_info { /* as far as it is needed */
    u32 flags, mem_lower, mem_upper, boot_device, cmdline;
};

struct writer {
    u32 first, hot; /* pages */
    u32 rate;       /* a second */
    u32 hot_below;  /* a random number below this stays inside hot; all ones = always */
    u32 sequential, bytes, kind;
    u32 on_ticks, period_ticks; /* period 0 = always on */

    u32 owed;  /* thousandths of a write */
    u32 next;  /* of a sequential sweep */
    u32 phase; /* ticks into the period */
};

static const char *cmdline;
static u32 random_state = 12345;
static u32 pool[POOL_WORDS];
static u32 fill_pages, random_content;

static void outb(u16 port, u8 value)
{
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static u8 inb(u16 port)
{
    u8 value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static u64 tsc(void)
{
    u64 now;

    __asm__ volatile("rdtsc" : "=A"(now));
    return now;
}

static void put_char(char c)
{
    while (!(inb(PORT + 5) & 0x20))
        ;
    outb(PORT, (u8)c);
}

static void put_number(u32 n)
{
    char digits[10];
    int nr = 0;

    do {
        digits[nr++] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    while (nr)
        put_char(digits[--nr]);
}

/* 115200 baud, 8 bits, no parity; no interrupts. */
static void serial_init(void)
{
    outb(PORT + 1, 0);
    outb(PORT + 3, 0x80);
    outb(PORT, 1);
    outb(PORT + 1, 0);
    outb(PORT + 3, 3);
}

/* The value of "@key@number=..."; @number 0 = the key alone. */
static u32 setting(const char *key, u32 number, u32 otherwise)
{
    const char *p = cmdline;

    while (*p) {
        const char *k = key;
        u32 value = 0;

        while (*p == ' ')
            p++;
        while (*k && *p == *k)
            p++, k++;
        if (!*k && number && *p == (char)('0' + number))
            p++, number = 0;
        if (!*k && !number && *p == '=') {
            for (p++; *p >= '0' && *p <= '9'; p++)
                value = value * 10 + (u32)(*p - '0');
            return value;
        }
        while (*p && *p != ' ')
            p++;
    }
    return otherwise;
}

/* The high half of a linear congruence: no 64-bit division, which would need a library. */
static u32 random_word(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state;
}

static u32 random_below(u32 n)
{
    u32 high, low;

    __asm__("mull %3" : "=d"(high), "=a"(low) : "a"(random_word()), "r"(n));
    return high;
}

static void store_words(void *to, u32 value, u32 words)
{
    __asm__ volatile("rep stosl" : "+D"(to), "+c"(words) : "a"(value) : "memory");
}

/* Words of the pool from a random place on, so that no two pages are alike. */
static void store_random(void *to, u32 words)
{
    const u32 *from = pool + random_below(POOL_WORDS - PAGE / 4);

    __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(words)::"memory");
}

static void *page_at(u32 page)
{
    return (void *)(MEMORY_START + page * PAGE);
}

static void fill(void)
{
    for (u32 i = 0; i < POOL_WORDS; i++)
        pool[i] = random_word() ^ (random_word() >> 16);
    for (u32 i = 0; i < fill_pages; i++) {
        volatile u32 *page = page_at(i);

        if (random_content)
            store_random(page_at(i), PAGE / 4);
        page[0] = i * 2654435761u | 1;
        page[PAGE / 8] = page[0];
    }
}

/* What is filled is cleared, so that the page is all zeros; sparse pages cost two stores, because
 * some hosts emulate each step of a string instruction. */
static void store_zeros(volatile u32 *page)
{
    if (random_content)
        store_words((void *)page, 0, PAGE / 4);
    page[0] = 0;
    page[PAGE / 8] = 0;
}

static void writer_init(struct writer *w, u32 number, u32 tick_ms)
{
    u32 inside = setting("hotpct", number, 100), off = setting("off", number, 0);

    w->first = setting("at", number, 0) * PAGES_PER_MIB;
    w->hot = setting("hot", number, 1) * PAGES_PER_MIB;
    w->rate = setting("rate", number, 0);
    w->hot_below = inside >= 100 ? 0xffffffffu : 42949672u * inside;
    w->sequential = setting("seq", number, 0);
    w->bytes = setting("bytes", number, 1);
    w->kind = setting("write", number, WRITE_COUNT);
    w->on_ticks = setting("on", number, 1000) / tick_ms;
    w->period_ticks = off ? w->on_ticks + off / tick_ms : 0;
    w->owed = w->next = w->phase = 0;
}

static u32 next_page(struct writer *w)
{
    u32 page;

    if (w->hot_below != 0xffffffffu && random_word() >= w->hot_below)
        return random_below(fill_pages);
    if (!w->sequential)
        return w->first + random_below(w->hot);
    page = w->next;
    w->next = page + 1 < w->hot ? page + 1 : 0;
    return w->first + page;
}

static void write_page(const struct writer *w, u32 page)
{
    static u8 value = 1;
    volatile u8 *at = page_at(page);

    if (w->kind == WRITE_ZERO)
        store_zeros(page_at(page));
    else if (w->kind == WRITE_RANDOM)
        store_random(page_at(page), w->bytes / 4);
    else if (w->bytes <= 1)
        *at = (u8)(*at + 1);
    else
        store_words(page_at(page), ++value * 0x01010101u, w->bytes / 4);
}

static void do_tick(struct writer *w, u32 tick_ms)
{
    u32 on = !w->period_ticks || w->phase < w->on_ticks;

    if (++w->phase >= w->period_ticks)
        w->phase = 0;
    if (!on)
        return;
    for (w->owed += w->rate * tick_ms; w->owed >= 1000; w->owed -= 1000)
        write_page(w, next_page(w));
}

static void run(struct writer *writers, u32 nr, u32 tick_ms, u32 khz)
{
    u32 ticks = 0, late = 0, report = 100 / tick_ms ? 100 / tick_ms : 1;
    u64 start = tsc();

    for (;;) {
        u64 end = start + khz * tick_ms, now;

        for (u32 i = 0; i < nr; i++)
            do_tick(&writers[i], tick_ms);
        now = tsc();
        late += now >= end;
        start = now >= end ? now : end;
        while (tsc() < start)
            ;
        if (++ticks % report)
            continue;
        put_number(ticks);
        put_char(' ');
        put_number(late);
        put_char('\n');
    }
}

void guest_main(const struct multiboot_info *info);

void guest_main(const struct multiboot_info *info)
{
    struct writer writers[WRITERS];
    u32 nr = 0, tick_ms, khz;

    cmdline = info->flags & 4 ? (const char *)info->cmdline : "";
    tick_ms = setting("tick", 0, 5);
    khz = setting("khz", 0, 2000000);
    fill_pages = setting("fill", 0, 64) * PAGES_PER_MIB;
    serial_init();
    random_content = setting("content", 0, 0);
    fill();
    while (nr < WRITERS) {
        writer_init(&writers[nr], nr ? nr + 1 : 0, tick_ms);
        if (!writers[nr].rate)
            break;
        nr++;
    }
    put_char('r');
    put_char('\n');
    run(writers, nr, tick_ms, khz);
}
