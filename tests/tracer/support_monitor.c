/*
 * support_monitor.c - see support_monitor.h.
 */
#include "support_monitor.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void folder_make(struct folder *f)
{
    snprintf(f->path, sizeof(f->path), "/tmp/migcast-test-XXXXXX");
    cr_assert(mkdtemp(f->path));
}

static int remove_one(const char *path, const struct stat *at, int flag, struct FTW *ftw)
{
    (void)at;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void folder_remove(struct folder *f)
{
    cr_assert(nftw(f->path, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
}

static void *monitor_thread(void *arg)
{
    struct monitor *m = arg;
    int fd = accept4(m->listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd >= 0) {
        m->serve(fd, m->ctx);
        close(fd);
    }
    return NULL;
}

void monitor_start(struct monitor *m, const struct folder *f, const char *name,
                   void (*serve)(int fd, void *ctx), void *ctx)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};

    *m = (struct monitor){.serve = serve, .ctx = ctx};
    cr_assert(snprintf(m->path, sizeof(m->path), "%s/%s", f->path, name) < (int)sizeof(m->path));
    snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", m->path);
    m->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(m->listener >= 0);
    cr_assert(bind(m->listener, (struct sockaddr *)&sun, sizeof(sun)) == 0);
    cr_assert(listen(m->listener, 1) == 0);
    cr_assert(pthread_create(&m->thread, NULL, monitor_thread, m) == 0);
}

void monitor_stop(struct monitor *m)
{
    shutdown(m->listener, SHUT_RDWR); /* for a test whose client never came */
    cr_assert(pthread_join(m->thread, NULL) == 0);
    close(m->listener);
}

void monitor_say(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = send(fd, text, left, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        text += n;
        left -= (size_t)n;
    }
}

bool monitor_hear(int fd, char *buf, size_t cap)
{
    size_t len = 0;

    while (len + 1 < cap && recv(fd, buf + len, 1, 0) == 1) {
        if (buf[len] == '\n') {
            while (len > 0 && buf[len - 1] == '\r')
                len--;
            buf[len] = '\0';
            return true;
        }
        len++;
    }
    return false;
}

json_t *monitor_hear_json(int fd)
{
    char line[8192];
    json_t *command;

    if (!monitor_hear(fd, line, sizeof(line)))
        return NULL;
    command = json_loads(line, 0, NULL);
    cr_assert(json_is_object(command), "not JSON: %s", line);
    return command;
}

void monitor_return(int fd, const json_t *command, json_t *result)
{
    json_t *reply = json_pack("{s:o, s:O}", "return", result, "id", json_object_get(command, "id"));
    char *text = json_dumps(reply, JSON_COMPACT);

    monitor_say(fd, text);
    monitor_say(fd, "\r\n");
    free(text);
    json_decref(reply);
}

bool monitor_greet(int fd, const char *version)
{
    unsigned major = 0, minor = 0, micro = 0;
    char greeting[256];
    json_t *command;
    const char *name;

    cr_assert(sscanf(version, "%u.%u.%u", &major, &minor, &micro) == 3);
    snprintf(greeting, sizeof(greeting),
             "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": %u, \"minor\": %u, \"major\": %u}, "
             "\"package\": \"made up\"}, \"capabilities\": [\"oob\"]}}\r\n",
             micro, minor, major);
    monitor_say(fd, greeting);
    command = monitor_hear_json(fd);
    if (!command)
        return false;
    name = json_string_value(json_object_get(command, "execute"));
    cr_assert_str_eq(name, "qmp_capabilities");
    monitor_return(fd, command, json_object());
    json_decref(command);
    return true;
}
