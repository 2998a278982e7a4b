/* A failing disk under a whole process: loaded before the C library, it sees every write, fsync, rename and link
   that the process makes below one folder, whoever makes it (Python, SQLite, delta-rs), on whatever thread.

   Each call is a point: numbered from 1, logged as "number operation path" before it happens, and at one number
   the process is killed or the call fails. Nothing happens before `fault_arm`.                                  */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WATCH, KILL_BEFORE, KILL_INSIDE, FAIL_ONCE, FAIL_ON };

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_length;
static int log_descriptor = -1, action = WATCH, error_number;
static long number, at;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Begin: the folder, where points are logged, what happens at point `when` (0: nothing). */
void fault_arm(const char *below, int log, int what, long when, int error) {
    snprintf(folder, sizeof folder, "%s", below);
    folder_length = strlen(folder);
    log_descriptor = log, action = what, at = when, error_number = error, number = 0;
}

static void die(void) {
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    for (;;) pause();
}

static int here(const char *path) {
    return log_descriptor >= 0 && path && strncmp(path, folder, folder_length) == 0
        && (path[folder_length] == '/' || path[folder_length] == 0);
}

/* Number and log a point. Returns 1 where the call is the one that is killed inside, an errno where it must fail. */
static int point(const char *operation, const char *path, int may_fail) {
    char line[PATH_MAX + 64];
    pthread_mutex_lock(&one_at_a_time);
    long mine = ++number;
    int length = snprintf(line, sizeof line, "%ld %s %s\n", mine, operation, path);
    syscall(SYS_write, log_descriptor, line, length);
    pthread_mutex_unlock(&one_at_a_time);
    if (at && mine == at && action == KILL_BEFORE) die();
    if (at && mine == at && action == KILL_INSIDE) return -1;
    if (may_fail && at && ((mine == at && action == FAIL_ONCE) || (mine >= at && action == FAIL_ON)))
        return error_number;
    return 0;
}

/* A point that is no call: a step begins, a statement runs. */
void fault_mark(const char *what) {
    if (log_descriptor >= 0 && point("mark", what, 0) < 0) die();
}

static int path_of(int descriptor, char *path) {
    char link[64];
    if (log_descriptor < 0 || descriptor == log_descriptor) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return here(path);
}

/* A call on an open file: fails, or is done; `half` is what a kill inside leaves of it. */
#define ON_FILE(operation, half, whole)                                     \
    char path[PATH_MAX];                                                    \
    if (path_of(descriptor, path)) {                                        \
        int outcome = point(operation, path, 1);                            \
        if (outcome < 0) { half; die(); }                                   \
        if (outcome > 0) { errno = outcome; return -1; }                    \
    }                                                                       \
    return whole;

ssize_t write(int descriptor, const void *bytes, size_t size) {
    ON_FILE("write", REAL(write)(descriptor, bytes, size / 2), REAL(write)(descriptor, bytes, size))
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t offset) {
    ON_FILE("write", REAL(pwrite64)(descriptor, bytes, size / 2, offset),
            REAL(pwrite64)(descriptor, bytes, size, offset))
}

ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t offset) {
    ON_FILE("write", REAL(pwrite)(descriptor, bytes, size / 2, offset), REAL(pwrite)(descriptor, bytes, size, offset))
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    ON_FILE("write", REAL(write)(descriptor, parts[0].iov_base, parts[0].iov_len / 2),
            REAL(writev)(descriptor, parts, count))
}

int fsync(int descriptor) {
    ON_FILE("fsync", REAL(fsync)(descriptor), REAL(fsync)(descriptor))
}

int fdatasync(int descriptor) {
    ON_FILE("fsync", REAL(fdatasync)(descriptor), REAL(fdatasync)(descriptor))
}

int ftruncate64(int descriptor, off64_t size) {
    ON_FILE("truncate", REAL(ftruncate64)(descriptor, size), REAL(ftruncate64)(descriptor, size))
}

/* A call on names. */
#define ON_NAME(operation, path, whole)                                     \
    if (here(path)) {                                                       \
        int outcome = point(operation, path, 1);                            \
        if (outcome < 0) { (void)whole; die(); }                            \
        if (outcome > 0) { errno = outcome; return -1; }                    \
    }                                                                       \
    return whole;

int rename(const char *old, const char *new) { ON_NAME("rename", new, REAL(rename)(old, new)) }

int renameat(int from, const char *old, int to, const char *new) {
    ON_NAME("rename", new, REAL(renameat)(from, old, to, new))
}

int renameat2(int from, const char *old, int to, const char *new, unsigned int flags) {
    ON_NAME("rename", new, REAL(renameat2)(from, old, to, new, flags))
}

int link(const char *old, const char *new) { ON_NAME("link", new, REAL(link)(old, new)) }

int linkat(int from, const char *old, int to, const char *new, int flags) {
    ON_NAME("link", new, REAL(linkat)(from, old, to, new, flags))
}

int unlink(const char *path) { ON_NAME("unlink", path, REAL(unlink)(path)) }

int mkdir(const char *path, mode_t mode) { ON_NAME("mkdir", path, REAL(mkdir)(path, mode)) }
