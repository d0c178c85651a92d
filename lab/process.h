/*
 * process.h - children that never outlive the lab, and a folder that leaves nothing behind.
 *
 * Every child gets SIGKILL from the kernel when the thread that started it dies, whatever kills it;
 * so start them from a thread that stays.  Folders of labs that were killed are swept at the next
 * start.
 */
#ifndef MIGCAST_LAB_PROCESS_H
#define MIGCAST_LAB_PROCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/status.h"
#include "base/strbuf.h"

struct lab_spawn {
    const char *const *argv; /* NULL at the end; argv[0] is looked for in PATH */
    const char *dir;         /* to run in; NULL = here */
    const char *output;      /* file in @dir for its output and errors; NULL = nowhere */
    const char *netns;       /* network namespace to run in, by name; NULL = ours */
};

/* lab_process_start - *@pid is the child's. */
enum status lab_process_start(pid_t *pid, const struct lab_spawn *how, struct diag *diag);
bool lab_process_alive(pid_t pid); /* a child that has ended is not, though it waits to be reaped */
/* lab_process_end - SIGKILL and reap; a @pid of 0 or less is nobody. */
void lab_process_end(pid_t pid);

/* lab_tool - run @argv to its end; ST_EINPUT with the last line that it said if it fails. */
enum status lab_tool(const char *const *argv, struct diag *diag);
/* Is there such a program in PATH?  @path (may be NULL) gets where. */
bool lab_find_tool(const char *name, struct strbuf *path);

/* lab_folder_make - a new folder of this process under $TMPDIR; the caller releases @path. */
enum status lab_folder_make(struct strbuf *path, struct diag *diag);
/* lab_folder_remove - with all that is in it; NULL or "" is nothing. */
void lab_folder_remove(const char *path);
/* lab_folders_sweep - those of labs that are no more. */
void lab_folders_sweep(void);
/* Is the lab that put its process number at the end of @name gone? */
bool lab_is_leftover(const char *name, const char *prefix);

#endif
