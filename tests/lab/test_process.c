/* Children, tools and folders of the lab: what starts ends, and leftovers are known as such. */
#include "lab/process.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/banned.h"

static void nap_ms(long ms)
{
    const struct timespec t = {.tv_nsec = ms * 1000000};

    nanosleep(&t, NULL);
}

/* A process number that is nobody's: of a child that has been reaped. */
static pid_t dead_pid(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
    return pid;
}

Test(process, a_child_dies_with_the_one_that_started_it)
{
    static const char *const argv[] = {"sleep", "60", NULL};
    const struct lab_spawn how = {.argv = argv};
    int report[2];
    pid_t middle, child = -1;
    ssize_t n;

    cr_assert_eq(pipe(report), 0);
    middle = fork();
    if (middle == 0) {
        lab_process_start(&child, &how, NULL);
        n = write(report[1], &child, sizeof(child));
        for (;;)
            pause();
    }
    n = read(report[0], &child, sizeof(child));
    cr_assert_eq(n, (ssize_t)sizeof(child));
    cr_assert_gt(child, 0);
    cr_assert_eq(kill(child, 0), 0);
    kill(middle, SIGKILL);
    waitpid(middle, NULL, 0);
    for (int i = 0; i < 500 && kill(child, 0) == 0; i++) {
        char path[64], state = '?';
        FILE *f;

        /* nobody reaps it here, so dead is dead enough */
        snprintf(path, sizeof(path), "/proc/%ld/stat", (long)child);
        f = fopen(path, "r");
        if (!f || fscanf(f, "%*d %*s %c", &state) != 1)
            state = 'Z';
        if (f)
            fclose(f);
        if (state == 'Z')
            return;
        nap_ms(10);
    }
    cr_expect(kill(child, 0) != 0 && errno == ESRCH, "the child lives on");
}

Test(process, alive_and_ended_are_told_apart)
{
    static const char *const lasting[] = {"sleep", "60", NULL}, *const brief[] = {"true", NULL};
    struct lab_spawn how = {.argv = lasting};
    pid_t pid;

    cr_assert_eq(lab_process_start(&pid, &how, NULL), ST_OK);
    cr_expect(lab_process_alive(pid));
    lab_process_end(pid);
    cr_expect_not(lab_process_alive(pid));
    how.argv = brief;
    cr_assert_eq(lab_process_start(&pid, &how, NULL), ST_OK);
    for (int i = 0; i < 500 && lab_process_alive(pid); i++)
        nap_ms(10);
    cr_expect_not(lab_process_alive(pid));
    lab_process_end(pid);
    lab_process_end(-1);
}

Test(process, why_a_child_did_not_start_is_said)
{
    static const char *const unknown[] = {"no-such-program-here", NULL}, *const sleep1[] = {"true",
                                                                                            NULL};
    struct lab_spawn how = {.argv = unknown};
    struct diag diag = {0};
    pid_t pid;

    cr_expect_eq(lab_process_start(&pid, &how, &diag), ST_EINPUT);
    cr_expect_eq(pid, -1);
    cr_expect(strstr(diag.what, "cannot run it"), "%s", diag.what);
    how = (struct lab_spawn){.argv = sleep1, .dir = "/nowhere"};
    cr_expect_eq(lab_process_start(&pid, &how, &diag), ST_EINPUT);
    cr_expect(strstr(diag.what, "folder"), "%s", diag.what);
    how = (struct lab_spawn){.argv = sleep1, .netns = "no-such-namespace"};
    cr_expect_eq(lab_process_start(&pid, &how, &diag), ST_EINPUT);
    cr_expect(strstr(diag.what, "namespace"), "%s", diag.what);
}

Test(process, a_tool_that_fails_is_quoted)
{
    static const char *const fine[] = {"sh", "-c", "exit 0", NULL},
                             *const failing[] = {"sh", "-c",
                                                 "echo first; echo the reason >&2; exit 3", NULL};
    struct diag diag = {0};

    cr_expect_eq(lab_tool(fine, &diag), ST_OK);
    cr_expect_eq(lab_tool(failing, &diag), ST_EINPUT);
    cr_expect(strstr(diag.what, "the reason"), "%s", diag.what);
}

Test(process, leftovers_are_those_of_labs_that_are_gone)
{
    char name[64];

    snprintf(name, sizeof(name), "lab-%ld", (long)getpid());
    cr_expect_not(lab_is_leftover(name, "lab-"));
    snprintf(name, sizeof(name), "lab-%ld-s", (long)dead_pid());
    cr_expect(lab_is_leftover(name, "lab-"));
    cr_expect_not(lab_is_leftover(name, "other-"));
    cr_expect_not(lab_is_leftover("lab-", "lab-"));
    cr_expect_not(lab_is_leftover("lab-0", "lab-"));
    cr_expect_not(lab_is_leftover("lab-12x", "lab-"));
}

Test(process, folders_of_labs_that_are_gone_are_swept)
{
    char temp[] = "/tmp/test-process-XXXXXX", old[128], file[160];
    struct strbuf own = STRBUF_INIT;
    FILE *f;

    cr_assert_not_null(mkdtemp(temp));
    setenv("TMPDIR", temp, 1);
    snprintf(old, sizeof(old), "%s/migcast-lab-%ld", temp, (long)dead_pid());
    snprintf(file, sizeof(file), "%s/s0.log", old);
    cr_assert_eq(mkdir(old, 0700), 0);
    f = fopen(file, "w");
    cr_assert_not_null(f);
    fclose(f);
    cr_assert_eq(lab_folder_make(&own, NULL), ST_OK);
    /* a lab that was killed may have had this process number */
    cr_assert_eq(lab_folder_make(&own, NULL), ST_OK);
    lab_folders_sweep();
    cr_expect_neq(access(old, F_OK), 0);
    cr_expect_eq(access(strbuf_text(&own), F_OK), 0);
    lab_folder_remove(strbuf_text(&own));
    cr_expect_neq(access(strbuf_text(&own), F_OK), 0);
    lab_folder_remove("");
    cr_expect_eq(rmdir(temp), 0);
    strbuf_release(&own);
}
