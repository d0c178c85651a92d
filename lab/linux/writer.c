/*
 * writer.c - a paced writer for the Linux guest: `writer FILL HOT RATE`.
 *
 * Fills FILL MiB, says READY, then writes one byte into RATE random pages a second of the first HOT
 * MiB, in ticks of 5 ms that sleep until they end: cheap on the host's processor, so that several
 * guests fit on it.  A tick whose writes take too long is followed at once by the next; what it
 * could not do is dropped.  Static and without a C library, so that the initramfs needs nothing for
 * it.
 */
#include <linux/time.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum {
    PAGE = 4096,
    PAGES_PER_MIB = 256,
    TICK_NS = 5000000
};

static long call(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static int64_t now_ns(void)
{
    struct timespec t = {0};

    call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&t, 0, 0, 0, 0);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void sleep_until(int64_t ns)
{
    struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};

    call(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, (long)&t, 0, 0, 0);
}

static uint32_t number(const char *text)
{
    uint32_t value = 0;

    while (*text >= '0' && *text <= '9')
        value = value * 10 + (uint32_t)(*text++ - '0');
    return value;
}

static uint32_t random_below(uint32_t n)
{
    static uint32_t state = 12345;

    state = state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)state * n >> 32);
}

static void run(volatile uint8_t *memory, uint32_t hot_pages, uint32_t rate)
{
    int64_t start = now_ns();
    uint32_t owed = 0;

    for (;;) {
        int64_t now;

        for (owed += rate * 5; owed >= 1000; owed -= 1000) {
            volatile uint8_t *at = memory + (size_t)random_below(hot_pages) * PAGE;

            *at = (uint8_t)(*at + 1);
        }
        start += TICK_NS;
        now = now_ns();
        if (now >= start)
            start = now;
        else
            sleep_until(start);
    }
}

void writer_main(long *stack);

/* The stack at the program's start: the number of arguments, then the arguments. */
void writer_main(long *stack)
{
    uint32_t values[3] = {64, 1, 0};
    volatile uint8_t *memory;
    uint32_t pages;

    for (long i = 0; i < 3 && i + 1 < stack[0]; i++)
        values[i] = number((const char *)stack[i + 2]);
    pages = values[0] * PAGES_PER_MIB;
    if (values[1] < 1 || values[1] > values[0])
        call(SYS_exit, 64, 0, 0, 0, 0, 0);
    memory = (volatile uint8_t *)call(SYS_mmap, 0, (long)pages * PAGE, PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if ((unsigned long)memory > -4096ul)
        call(SYS_exit, 71, 0, 0, 0, 0, 0);
    for (uint32_t i = 0; i < pages; i++)
        *(volatile uint32_t *)(memory + (size_t)i * PAGE) = i * 2654435761u | 1;
    call(SYS_write, 1, (long)"READY\n", 6, 0, 0, 0);
    run(memory, values[1] * PAGES_PER_MIB, values[2]);
}

__asm__(".globl _start\n"
        "_start:\n"
        "    mov %rsp, %rdi\n"
        "    and $-16, %rsp\n"
        "    call writer_main\n");
