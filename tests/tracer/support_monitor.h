/*
 * support_monitor.h - monitors that are not QEMU's, for the tests of tracer/qmp.c and record.c.
 *
 * A monitor listens on a UNIX socket in a thread of its own and serves one client with a function
 * of the test's.  Everything here asserts on failure, except that a client which goes away ends the
 * serving function's next call quietly.
 */
#ifndef MIGCAST_TESTS_SUPPORT_MONITOR_H
#define MIGCAST_TESTS_SUPPORT_MONITOR_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct monitor {
    char path[108];
    int listener;
    pthread_t thread;
    void (*serve)(int fd, void *ctx);
    void *ctx;
};

/* A folder of the test's own, removed with everything in it by folder_remove(). */
struct folder {
    char path[64];
};
void folder_make(struct folder *f);
void folder_remove(struct folder *f);

void monitor_start(struct monitor *m, const struct folder *f, const char *name,
                   void (*serve)(int fd, void *ctx), void *ctx);
/* Waits until the serving function has returned. */
void monitor_stop(struct monitor *m);

/* For serving functions. */
void monitor_say(int fd, const char *text);
/* The next line from the client, without its end, into @buf; false: it went away. */
bool monitor_hear(int fd, char *buf, size_t cap);
/* The same, parsed; NULL: it went away. */
json_t *monitor_hear_json(int fd);
/* Greeting of QEMU @version ("7.2.22"), and the answer to qmp_capabilities. */
bool monitor_greet(int fd, const char *version);
/* {"return": @result, "id": that of @command}; steals @result. */
void monitor_return(int fd, const json_t *command, json_t *result);

#endif
