/*
 * process.c - fork, namespaces, exec; folders.
 *
 * Between fork and exec only calls that are safe there are made; what went wrong comes back through
 * a pipe that exec closes.
 */
#include "lab/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"

enum {
    TOOL_WORDS = 32
};
#define FOLDER_PREFIX "migcast-lab-"
#define NETNS_FOLDER "/run/netns/"

/* -------- children -------- */

enum child_step {
    CHILD_NETNS,
    CHILD_DIR,
    CHILD_OUTPUT,
    CHILD_EXEC
};

struct child_failure {
    enum child_step step;
    int error;
};

static void give_up(int report, enum child_step step)
{
    struct child_failure failure = {step, errno};

    (void)!write(report, &failure, sizeof(failure));
    _exit(127);
}

static void take_output(const struct lab_spawn *how, int report)
{
    int fd = open(how->output ? how->output : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
        give_up(report, CHILD_OUTPUT);
    if (fd > STDERR_FILENO)
        close(fd);
    fd = open("/dev/null", O_RDONLY);
    if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
        give_up(report, CHILD_OUTPUT);
    if (fd > STDERR_FILENO)
        close(fd);
}

/* Terminal interrupts are for the lab, which ends its children itself; hence a group of their own.
 */
static void be_child(const struct lab_spawn *how, const char *netns, pid_t parent, int report)
{
    int fd;

    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(127);
    if (netns) {
        fd = open(netns, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
            give_up(report, CHILD_NETNS);
    }
    if (how->dir && chdir(how->dir) != 0)
        give_up(report, CHILD_DIR);
    take_output(how, report);
    execvp(how->argv[0], (char *const *)(uintptr_t)how->argv);
    give_up(report, CHILD_EXEC);
}

static enum status explain(const struct lab_spawn *how, const struct child_failure *failure,
                           struct diag *diag)
{
    static const char *const doing[] = {
        [CHILD_NETNS] = "cannot enter its network namespace",
        [CHILD_DIR] = "cannot enter its folder",
        [CHILD_OUTPUT] = "cannot open its output",
        [CHILD_EXEC] = "cannot run it",
    };

    errno = failure->error;
    return diag_errno(diag, ST_EINPUT, how->argv[0], doing[failure->step]);
}

enum status lab_process_start(pid_t *pid, const struct lab_spawn *how, struct diag *diag)
{
    struct child_failure failure;
    struct strbuf netns = STRBUF_INIT;
    pid_t parent = getpid();
    enum status st = ST_OK;
    ssize_t n;
    int report[2];

    *pid = -1;
    if (how->netns)
        strbuf_addf(&netns, "%s%s", NETNS_FOLDER, how->netns);
    if (strbuf_failed(&netns) || pipe2(report, O_CLOEXEC) != 0) {
        strbuf_release(&netns);
        return diag_errno(diag, ST_ERETRY, how->argv[0], "cannot start");
    }
    *pid = fork();
    if (*pid == 0)
        be_child(how, how->netns ? strbuf_text(&netns) : NULL, parent, report[1]);
    close(report[1]);
    if (*pid < 0)
        st = diag_errno(diag, ST_ERETRY, how->argv[0], "cannot start");
    do
        n = st == ST_OK ? read(report[0], &failure, sizeof(failure)) : 0;
    while (n < 0 && errno == EINTR);
    if (n == (ssize_t)sizeof(failure)) {
        st = explain(how, &failure, diag);
        lab_process_end(*pid);
        *pid = -1;
    }
    close(report[0]);
    strbuf_release(&netns);
    return st;
}

bool lab_process_alive(pid_t pid)
{
    siginfo_t info = {0};

    if (pid <= 0)
        return false;
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

void lab_process_end(pid_t pid)
{
    if (pid <= 0)
        return;
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* -------- tools -------- */

static bool is_program(const char *dir, size_t len, const char *name, struct strbuf *path)
{
    strbuf_clear(path);
    strbuf_add(path, dir, len);
    strbuf_addf(path, "/%s", name);
    return len > 0 && !strbuf_failed(path) && access(strbuf_text(path), X_OK) == 0;
}

bool lab_find_tool(const char *name, struct strbuf *path)
{
    const char *given = getenv("PATH");
    /* tools of the system's administrator are not in everybody's PATH */
    const char *const lists[] = {given ? given : "/usr/bin:/bin", "/usr/sbin:/sbin"};
    struct strbuf file = STRBUF_INIT;
    bool found = false;

    for (int i = 0; i < 2 && !found; i++) {
        const char *dir = lists[i];

        while (*dir && !found) {
            size_t len = strcspn(dir, ":");

            found = is_program(dir, len, name, &file);
            dir += len + (dir[len] == ':');
        }
    }
    if (found && path)
        strbuf_addstr(path, strbuf_text(&file));
    strbuf_release(&file);
    return found;
}

/* The last line of what a tool said, for a message. */
static void last_line(FILE *f, char *line, size_t cap)
{
    char *text = NULL;
    size_t room = 0;

    line[0] = '\0';
    while (getline(&text, &room, f) >= 0) {
        text[strcspn(text, "\n")] = '\0';
        if (text[0])
            snprintf(line, cap, "%s", text);
    }
    free(text);
}

enum status lab_tool(const char *const *argv, struct diag *diag)
{
    struct strbuf path = STRBUF_INIT;
    const char *words[TOOL_WORDS + 1];
    char said[256] = "", output[] = "/tmp/migcast-tool-XXXXXX";
    struct lab_spawn how = {.argv = words, .output = output};
    int fd = mkstemp(output), code = 0, nr = 0;
    FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
    enum status st;
    pid_t pid;

    if (!f)
        return diag_errno(diag, ST_ERETRY, argv[0], "cannot keep its output");
    for (; argv[nr] && nr < TOOL_WORDS; nr++)
        words[nr] = argv[nr];
    words[nr] = NULL;
    if (lab_find_tool(argv[0], &path))
        words[0] = strbuf_text(&path);
    st = lab_process_start(&pid, &how, diag);
    if (st == ST_OK) {
        while (waitpid(pid, &code, 0) < 0 && errno == EINTR)
            ;
        last_line(f, said, sizeof(said));
    }
    if (st == ST_OK && (!WIFEXITED(code) || WEXITSTATUS(code) != 0))
        st = diag_set(diag, ST_EINPUT, "%s %s: %s", argv[0], argv[1] ? argv[1] : "",
                      said[0] ? said : "failed");
    fclose(f);
    unlink(output);
    strbuf_release(&path);
    return st;
}

/* -------- folders -------- */

static const char *temp_folder(void)
{
    const char *dir = getenv("TMPDIR");

    return dir && dir[0] == '/' ? dir : "/tmp";
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    remove(path);
    return 0;
}

void lab_folder_remove(const char *path)
{
    if (path && path[0])
        nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static bool is_own_folder(const char *path)
{
    struct stat at;

    return lstat(path, &at) == 0 && S_ISDIR(at.st_mode) && at.st_uid == geteuid();
}

enum status lab_folder_make(struct strbuf *path, struct diag *diag)
{
    bool made;

    strbuf_clear(path);
    strbuf_addf(path, "%s/" FOLDER_PREFIX "%ld", temp_folder(), (long)getpid());
    if (strbuf_failed(path))
        return diag_set(diag, ST_ENOMEM, "out of memory");
    made = mkdir(strbuf_text(path), 0700) == 0;
    if (!made && errno == EEXIST && is_own_folder(strbuf_text(path))) {
        /* of a lab that had this process number before */
        lab_folder_remove(strbuf_text(path));
        made = mkdir(strbuf_text(path), 0700) == 0;
    }
    return made ? ST_OK : diag_errno(diag, ST_EOUTPUT, strbuf_text(path), "cannot make the folder");
}

bool lab_is_leftover(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);
    char *end = NULL;
    long pid;

    if (strncmp(name, prefix, len) != 0)
        return false;
    pid = strtol(name + len, &end, 10);
    if (end == name + len || (*end && *end != '-') || pid <= 0)
        return false;
    return kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

void lab_folders_sweep(void)
{
    DIR *dir = opendir(temp_folder());
    struct strbuf path = STRBUF_INIT;
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        if (!lab_is_leftover(entry->d_name, FOLDER_PREFIX))
            continue;
        strbuf_clear(&path);
        strbuf_addf(&path, "%s/%s", temp_folder(), entry->d_name);
        if (is_own_folder(strbuf_text(&path)))
            lab_folder_remove(strbuf_text(&path));
    }
    if (dir)
        closedir(dir);
    strbuf_release(&path);
}
