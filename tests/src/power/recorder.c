// Records what a process does to the files under one folder, and what it prints: preloaded in front of the C library, whose functions
// Rust's standard library and sled call by their names.
//
//   HANDOVER_POWER_DIR     the folder, absolute and without links
//   HANDOVER_POWER_TRACE   the file that entries are appended to; several processes, one after the other, may share it
//   HANDOVER_POWER_KILL    at which of its openings, changes of names and sizes, and beginnings of syncs, 1, 2 …, the process is killed; or the path below the folder
//                          that something has just been renamed to when it is; never, where it isn't set
//
// An operation and its entry are one step under a lock, so that the entries stand in the order in which the operations were completed.
// A sync has two entries, one before and one after it, and no lock in between: what stands before the first is on disk at the second.
// What can't be put down faithfully, as a shared writable mapping, ends the process with a sentence that says so.
//
// In C: the functions that are replaced take variable arguments, and this workspace forbids unsafe Rust.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { START, OPEN, CLOSE, DUP, WRITE, PRINT, RESIZE, RENAME, REMOVE, MAKE_FOLDER, LINK, SYNC, SYNCED, SYNC_RANGE };

// What stands before an entry's text and data; trace.rs reads it.
struct head {
    uint32_t kind;
    int32_t file;
    uint64_t number;
    uint32_t text_len;
    uint32_t data_len;
};

#define MAX_FILES 4096
#define TRACE_FILE 900

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_len;
static int trace = -1;
static long kill_at;
static const char *kill_named;
static uint64_t syncs;
// Which open files are watched, and what they were when they were opened: a number that is something else now was closed inside the C library.
static struct {
    dev_t device;
    ino_t inode;
} watched[MAX_FILES];

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

static void give_up(const char *what) {
    dprintf(2, "recorder: %s\n", what);
    abort();
}

static void put(enum kind kind, int file, uint64_t number, const char *text, const void *data, size_t data_len) {
    struct head head = {kind, file, number, text ? strlen(text) : 0, data_len};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)text, head.text_len}, {(void *)data, data_len}};
    ssize_t whole = sizeof head + head.text_len + data_len;
    if (REAL(writev)(trace, parts, 3) != whole) give_up("the trace can't be written");
    int turn = kind == OPEN || kind == RESIZE || kind == RENAME || kind == REMOVE || kind == MAKE_FOLDER || kind == LINK || kind == SYNC;
    int named = kind == RENAME && kill_named && strlen(kill_named) == data_len && memcmp(kill_named, data, data_len) == 0;
    if (named || (turn && kill_at > 0 && --kill_at == 0)) kill(getpid(), SIGKILL);
}

__attribute__((constructor)) static void begin(void) {
    const char *dir = getenv("HANDOVER_POWER_DIR"), *file = getenv("HANDOVER_POWER_TRACE"), *at = getenv("HANDOVER_POWER_KILL");
    if (!dir || !file) return;
    snprintf(folder, sizeof folder, "%s/", dir);
    folder_len = strlen(folder);
    int opened = REAL(open)(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    trace = REAL(fcntl)(opened, F_DUPFD_CLOEXEC, TRACE_FILE);
    if (trace < 0) give_up("the trace can't be opened");
    REAL(close)(opened);
    put(START, -1, 0, NULL, NULL, 0);
    kill_at = at ? atol(at) : 0;
    kill_named = at && kill_at == 0 ? at : NULL;
}

// The path below the folder, "" for itself; NULL where it's elsewhere.
static const char *below(int at, const char *path, char room[PATH_MAX]) {
    if (trace < 0 || !path) return NULL;
    if (path[0] == '/') {
        snprintf(room, PATH_MAX, "%s", path);
    } else {
        char start[PATH_MAX] = {0}, link[64];
        snprintf(link, sizeof link, at == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", at);
        if (readlink(link, start, sizeof start - 1) < 0) return NULL;
        if (snprintf(room, PATH_MAX, "%s/%s", start, path) >= PATH_MAX) give_up("a path is too long");
    }
    size_t len = strlen(room);
    while (len > 1 && (room[len - 1] == '/' || (room[len - 1] == '.' && room[len - 2] == '/'))) room[--len] = 0;
    if (strncmp(room, folder, folder_len - 1) != 0 || (room[folder_len - 1] != '/' && room[folder_len - 1] != 0)) return NULL;
    const char *found = room + folder_len - (room[folder_len - 1] == 0);
    if (strstr(room, "//") || strstr(room, "/./") || strstr(room, "/../")) give_up("a path isn't plain");
    return found;
}

static int is_watched(int file) {
    if (trace < 0 || file < 0 || file >= MAX_FILES || watched[file].inode == 0) return 0;
    struct stat now;
    if (fstat(file, &now) == 0 && now.st_dev == watched[file].device && now.st_ino == watched[file].inode) return 1;
    watched[file].inode = 0;
    return 0;
}

static int is_printing(int file) { return trace >= 0 && file == STDOUT_FILENO && !is_watched(file); }

static void watch(int file) {
    struct stat now;
    if (file >= MAX_FILES || fstat(file, &now) != 0) give_up("a file can't be watched");
    watched[file].device = now.st_dev;
    watched[file].inode = now.st_ino;
}

#define LOCKED(type, result, operation, noted) \
    do {                                       \
        pthread_mutex_lock(&lock);             \
        type result = operation;               \
        int failed_with = errno;               \
        if (result >= 0) noted;                \
        errno = failed_with;                   \
        pthread_mutex_unlock(&lock);           \
        return result;                         \
    } while (0)

// Opening, closing

static void opened(int file, int flags, const char *path) {
    if (!path) {
        if (file < MAX_FILES) watched[file].inode = 0;
        return;
    }
    if ((flags & O_ACCMODE) != O_RDONLY && (flags & (O_SYNC | O_DSYNC))) give_up("a file is opened for synchronous writing, which isn't modelled");
    if ((flags & O_TMPFILE) == O_TMPFILE) give_up("a file without a name is opened, which isn't modelled");
    watch(file);
    put(OPEN, file, (flags & O_TRUNC) && (flags & O_ACCMODE) != O_RDONLY, path, NULL, 0);
}

int openat(int at, const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    char room[PATH_MAX];
    LOCKED(int, file, REAL(openat)(at, path, flags, mode), opened(file, flags, below(at, path, room)));
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return openat(AT_FDCWD, path, flags, mode);
}

int creat(const char *path, mode_t mode) { return openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

static void closed(int file) {
    put(CLOSE, file, 0, NULL, NULL, 0);
    watched[file].inode = 0;
}

int close(int file) {
    if (file == trace && trace >= 0) return 0;
    pthread_mutex_lock(&lock);
    int noted = is_watched(file);
    pthread_mutex_unlock(&lock);
    if (!noted) return REAL(close)(file);
    LOCKED(int, result, REAL(close)(file), closed(file));
}

static void doubled(int file, int made) {
    if (is_watched(file)) {
        watch(made);
        put(DUP, file, made, NULL, NULL, 0);
    } else if (made < MAX_FILES) {
        watched[made].inode = 0;
    }
}

int dup(int file) { LOCKED(int, made, REAL(dup)(file), doubled(file, made)); }
int dup2(int file, int to) { LOCKED(int, made, REAL(dup2)(file, to), doubled(file, made)); }
int dup3(int file, int to, int flags) { LOCKED(int, made, REAL(dup3)(file, to, flags), doubled(file, made)); }

int fcntl(int file, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (command != F_DUPFD && command != F_DUPFD_CLOEXEC) return REAL(fcntl)(file, command, argument);
    LOCKED(int, made, REAL(fcntl)(file, command, argument), doubled(file, made));
}

// Writing

static void wrote(int file, const void *data, size_t len, uint64_t offset) {
    if (is_watched(file)) {
        put(WRITE, file, offset, NULL, data, len);
    } else if (is_printing(file)) {
        put(PRINT, file, 0, NULL, data, len);
    }
}

static uint64_t before(int file, ssize_t len) { return is_watched(file) ? (uint64_t)(lseek(file, 0, SEEK_CUR) - len) : 0; }

ssize_t write(int file, const void *data, size_t len) {
    if (trace < 0 || file == trace) return REAL(write)(file, data, len);
    LOCKED(ssize_t, done, REAL(write)(file, data, len), wrote(file, data, done, before(file, done)));
}

ssize_t pwrite(int file, const void *data, size_t len, off_t offset) {
    LOCKED(ssize_t, done, REAL(pwrite)(file, data, len, offset), wrote(file, data, done, offset));
}

static void wrote_parts(int file, const struct iovec *parts, int count, size_t len, uint64_t offset) {
    for (int number = 0; number < count && len > 0; number++) {
        size_t part = parts[number].iov_len < len ? parts[number].iov_len : len;
        wrote(file, parts[number].iov_base, part, offset);
        offset += part;
        len -= part;
    }
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    LOCKED(ssize_t, done, REAL(writev)(file, parts, count), wrote_parts(file, parts, count, done, before(file, done)));
}

ssize_t pwritev(int file, const struct iovec *parts, int count, off_t offset) {
    LOCKED(ssize_t, done, REAL(pwritev)(file, parts, count, offset), wrote_parts(file, parts, count, done, offset));
}

ssize_t pwritev2(int file, const struct iovec *parts, int count, off_t offset, int flags) {
    if (is_watched(file)) give_up("pwritev2 isn't modelled");
    return REAL(pwritev2)(file, parts, count, offset, flags);
}

// What was copied is read where it came from.
static void copied(int from, int to, size_t len, uint64_t from_offset, uint64_t to_offset) {
    if (!is_watched(to)) return;
    static char room[1 << 16];
    while (len > 0) {
        ssize_t part = pread(from, room, len < sizeof room ? len : sizeof room, from_offset);
        if (part <= 0) give_up("what was copied can't be read");
        put(WRITE, to, to_offset, NULL, room, part);
        from_offset += part;
        to_offset += part;
        len -= part;
    }
}

ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t len, unsigned flags) {
    LOCKED(ssize_t, done, REAL(copy_file_range)(from, from_offset, to, to_offset, len, flags),
           copied(from, to, done, (from_offset ? *from_offset : lseek(from, 0, SEEK_CUR)) - done, (to_offset ? *to_offset : lseek(to, 0, SEEK_CUR)) - done));
}

ssize_t sendfile(int to, int from, off_t *offset, size_t len) {
    LOCKED(ssize_t, done, REAL(sendfile)(to, from, offset, len),
           copied(from, to, done, (offset ? *offset : lseek(from, 0, SEEK_CUR)) - done, before(to, done)));
}

ssize_t splice(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t len, unsigned flags) {
    if (is_watched(to)) give_up("splice isn't modelled");
    return REAL(splice)(from, from_offset, to, to_offset, len, flags);
}

void *mmap(void *start, size_t len, int protection, int flags, int file, off_t offset) {
    int shared = (flags & MAP_TYPE) == MAP_SHARED || (flags & MAP_TYPE) == MAP_SHARED_VALIDATE;
    if (!(flags & MAP_ANONYMOUS) && shared && is_watched(file) && (REAL(fcntl)(file, F_GETFL) & O_ACCMODE) != O_RDONLY)
        give_up("a file is mapped to be written through memory, which isn't modelled");
    return REAL(mmap)(start, len, protection, flags, file, offset);
}

// Sizes

static void resized(int file, uint64_t len) {
    if (is_watched(file)) put(RESIZE, file, len, NULL, NULL, 0);
}

int ftruncate(int file, off_t len) { LOCKED(int, result, REAL(ftruncate)(file, len), resized(file, len)); }

int truncate(const char *path, off_t len) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -1;
    int result = ftruncate(file, len), failed_with = errno;
    close(file);
    errno = failed_with;
    return result;
}

static void allocated(int file, int mode, uint64_t end) {
    if (!is_watched(file)) return;
    struct stat now;
    if (mode & ~FALLOC_FL_KEEP_SIZE) give_up("fallocate that changes what is there isn't modelled");
    if (fstat(file, &now) == 0 && (uint64_t)now.st_size == end && mode == 0) put(RESIZE, file, end, NULL, NULL, 0);
}

int fallocate(int file, int mode, off_t offset, off_t len) { LOCKED(int, result, REAL(fallocate)(file, mode, offset, len), allocated(file, mode, offset + len)); }

int posix_fallocate(int file, off_t offset, off_t len) { return fallocate(file, 0, offset, len) == 0 ? 0 : errno; }

// Names

static void named(enum kind kind, const char *path) {
    if (path) put(kind, -1, 0, path, NULL, 0);
}

static void named_twice(enum kind kind, const char *from, const char *to) {
    if (!from != !to) give_up("a file moves into the folder or out of it, which isn't modelled");
    if (from) put(kind, -1, 0, from, to, strlen(to));
}

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    char room[PATH_MAX], other[PATH_MAX];
    const char *a = below(from_at, from, room), *b = below(to_at, to, other);
    if (a && (flags & ~RENAME_NOREPLACE)) give_up("this form of renameat2 isn't modelled");
    LOCKED(int, result, REAL(renameat2)(from_at, from, to_at, to, flags), named_twice(RENAME, a, b));
}

int renameat(int from_at, const char *from, int to_at, const char *to) { return renameat2(from_at, from, to_at, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    char room[PATH_MAX], other[PATH_MAX];
    const char *a = below(from_at, from, room), *b = below(to_at, to, other);
    LOCKED(int, result, REAL(linkat)(from_at, from, to_at, to, flags), named_twice(LINK, a, b));
}

int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int symlinkat(const char *target, int at, const char *path) {
    char room[PATH_MAX];
    if (below(at, path, room)) give_up("a symbolic link isn't modelled");
    return REAL(symlinkat)(target, at, path);
}

int symlink(const char *target, const char *path) { return symlinkat(target, AT_FDCWD, path); }

int unlinkat(int at, const char *path, int flags) {
    char room[PATH_MAX];
    const char *found = below(at, path, room);
    LOCKED(int, result, REAL(unlinkat)(at, path, flags), named(REMOVE, found));
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int at, const char *path, mode_t mode) {
    char room[PATH_MAX];
    const char *found = below(at, path, room);
    LOCKED(int, result, REAL(mkdirat)(at, path, mode), named(MAKE_FOLDER, found));
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

// Syncs. syncfs and sync are left out: whoever relies on them is found wanting.

static uint64_t sync_begins(int file) {
    pthread_mutex_lock(&lock);
    uint64_t number = is_watched(file) ? ++syncs : 0;
    if (number) put(SYNC, file, number, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    return number;
}

static int sync_ends(uint64_t number, int result) {
    int failed_with = errno;
    pthread_mutex_lock(&lock);
    if (number && result == 0) put(SYNCED, -1, number, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = failed_with;
    return result;
}

int fsync(int file) {
    uint64_t number = sync_begins(file);
    return sync_ends(number, REAL(fsync)(file));
}

int fdatasync(int file) {
    uint64_t number = sync_begins(file);
    return sync_ends(number, REAL(fdatasync)(file));
}

static void synced_range(int file, uint64_t offset) {
    if (is_watched(file)) put(SYNC_RANGE, file, offset, NULL, NULL, 0);
}

int sync_file_range(int file, off64_t offset, off64_t len, unsigned flags) {
    LOCKED(int, result, REAL(sync_file_range)(file, offset, len, flags), synced_range(file, offset));
}

// The second names of the same functions, where a file's size has 64 bits anyway.
_Static_assert(sizeof(off_t) == sizeof(off64_t), "a 64-bit system");
#define SECOND_NAME(name, of) extern __typeof__(of) name __attribute__((alias(#of)))
SECOND_NAME(open64, open);
SECOND_NAME(openat64, openat);
SECOND_NAME(creat64, creat);
SECOND_NAME(fcntl64, fcntl);
SECOND_NAME(pwrite64, pwrite);
SECOND_NAME(pwritev64, pwritev);
SECOND_NAME(pwritev64v2, pwritev2);
SECOND_NAME(sendfile64, sendfile);
SECOND_NAME(mmap64, mmap);
SECOND_NAME(ftruncate64, ftruncate);
SECOND_NAME(truncate64, truncate);
SECOND_NAME(fallocate64, fallocate);
SECOND_NAME(posix_fallocate64, posix_fallocate);
