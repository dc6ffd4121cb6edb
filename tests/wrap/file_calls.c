/* Calls at a place of a file, by name, and between descriptors: each without a lock and under one. */
#include "transcript.h"

#include <dirent.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>

static char directory[] = "/tmp/wrap-files-XXXXXX";

static const char *in_directory(const char *name)
{
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static void positions(void)
{
    char a[4] = "", b[8] = "";
    struct iovec parts[2] = {{a, 3}, {b, 7}}, text = {"vector", 6};
    int fd = open(in_directory("data"), O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2];
    say("-- positions");
    returned("pwrite", pwrite(fd, "123456789", 9, 2));
    returned("pwrite64", pwrite64(fd, "x", 1, 20));
    returned("pread", pread(fd, b, 7, 4));
    say("%s", b);
    returned("pread beyond the end", pread(fd, b, 7, 100));
    returned("pread64", pread64(fd, b, 2, 20));
    returned("pread before the start", pread(fd, b, 7, -1));
    returned("pread of nothing open", pread(-1, b, 7, 0));
    returned("preadv", preadv(fd, parts, 2, 2));
    returned("preadv2", preadv2(fd, parts, 2, 2, 0));
    returned("preadv2 with an unknown flag", preadv2(fd, parts, 2, 2, 1 << 30));
    returned("preadv64v2", preadv64v2(fd, parts, 1, 0, 0));
    returned("pwritev", pwritev(fd, &text, 1, 0));
    returned("pwritev2", pwritev2(fd, &text, 1, 0, 0));
    returned("pwritev64", pwritev64(fd, &text, 1, 0));
    returned("pipe", pipe(ends));
    returned("pread of a pipe", pread(ends[0], b, 7, 0));
    off_t at = 0;
    returned("sendfile", sendfile(ends[1], fd, &at, 4));
    say("now at %ld", (long)at);
    off64_t from = 2;
    returned("splice", splice(fd, &from, ends[1], NULL, 3, 0));
    returned("vmsplice", vmsplice(ends[1], &text, 1, 0));
    returned("tee of no pipe", tee(fd, ends[1], 1, SPLICE_F_NONBLOCK));
    returned("read", read(ends[0], b, 8));
    from = 0;
    off64_t to = 30;
    returned("copy_file_range", copy_file_range(fd, &from, fd, &to, 5, 0));
    close(ends[0]);
    returned("tee to nowhere", tee(ends[1], ends[1], 1, SPLICE_F_NONBLOCK));
    close(ends[1]);
    close(fd);
}

static void room(void)
{
    int fd = open(in_directory("room"), O_RDWR | O_CREAT, 0600), same = open(in_directory("room"), O_RDWR);
    struct stat about;
    say("-- room");
    returned("ftruncate", ftruncate(fd, 5000));
    returned("ftruncate below nothing", ftruncate(fd, -1));
    outcome("posix_fallocate", posix_fallocate(fd, 0, 100));
    outcome("posix_fallocate of nothing", posix_fallocate(fd, 0, 0));
    errno = 0;
    outcome("posix_fallocate of nothing open", posix_fallocate(-1, 0, 1));
    outcome("errno", errno);
    returned("fallocate of nothing open", fallocate(-1, 0, 0, 1));
    returned("truncate", truncate(in_directory("room"), 100));
    returned("fstat", fstat(fd, &about));
    say("%ld bytes", (long)about.st_size);
    returned("sync_file_range", sync_file_range(fd, 0, 100, SYNC_FILE_RANGE_WRITE) <= 0 ? 0 : 1);
    returned("syncfs of nothing open", syncfs(-1));
    returned("flock", flock(fd, LOCK_EX));
    returned("flock of another", flock(same, LOCK_EX | LOCK_NB));
    returned("flock, not at all", flock(fd, 99));
    returned("flock", flock(fd, LOCK_UN));
    returned("lockf", lockf(fd, F_LOCK, 10));
    returned("lockf", lockf(fd, F_TEST, 10));
    returned("lockf of nothing open", lockf(-1, F_TLOCK, 10));
    void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    returned("msync", msync(map, 4096, MS_SYNC));
    returned("msync at an odd place", msync((char *)map + 1, 4096, MS_ASYNC));
    munmap(map, 4096);
    close(same);
    close(fd);
}

static void names(void)
{
    struct stat about;
    struct statx more;
    char text[256];
    say("-- names");
    returned("mkdir", mkdir(in_directory("sub"), 0700));
    returned("mkdir again", mkdir(in_directory("sub"), 0700));
    returned("stat", stat(in_directory("sub"), &about));
    returned("stat of nothing", stat(in_directory("none"), &about));
    returned("lstat of nothing", lstat(in_directory("none"), &about));
    returned("fstatat", fstatat(AT_FDCWD, in_directory("none"), &about, 0));
    returned("statx", statx(AT_FDCWD, in_directory("sub"), 0, STATX_SIZE, &more));
    returned("access", access(in_directory("none"), R_OK));
    returned("faccessat", faccessat(AT_FDCWD, in_directory("sub"), R_OK, 0));
    returned("symlink", symlink("sub", in_directory("link")));
    returned("readlink", readlink(in_directory("link"), text, sizeof text));
    returned("readlink of no link", readlink(in_directory("sub"), text, sizeof text));
    returned("link of nothing", link(in_directory("none"), in_directory("other")));
    returned("rename", rename(in_directory("link"), in_directory("other")));
    returned("renameat of nothing", renameat(AT_FDCWD, in_directory("none"), AT_FDCWD, in_directory("x")));
    returned("unlink", unlink(in_directory("other")));
    returned("unlink again", unlink(in_directory("other")));
    returned("remove", remove(in_directory("sub")));
    returned("rmdir", rmdir(in_directory("sub")));
    char *resolved = realpath(in_directory("none"), NULL);
    say("realpath: %s %s", resolved ? "something" : "nothing", error_name(errno));
    resolved = realpath("/proc/self/..", NULL);
    say("realpath: %s", resolved ? resolved : "nothing");
    free(resolved);
}

/* What the kernel refuses before it has looked at the path, or in the middle of it. */
static void odd_paths(void)
{
    struct stat about;
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const char *volatile none = NULL;
    say("-- odd paths");
    returned("munmap", munmap(page + 4096, 4096));
    memset(page, 'x', 4096);
    returned("stat of an endless path", stat(page, &about));
    returned("open of an endless path", open(page, O_RDONLY));
    returned("unlink of a path with no end in its page", unlink(page + 4000));
    returned("stat of no path", stat(none, &about));
    returned("access to no path", access(page + 4096, R_OK));
    returned("fstatat of no path with an unknown flag", fstatat(AT_FDCWD, none, &about, 1 << 30));
    returned("unlinkat of no path with an unknown flag", unlinkat(AT_FDCWD, none, 1 << 30));
    returned("renameat2 of no path with an unknown flag", renameat2(AT_FDCWD, none, AT_FDCWD, none, 1 << 30));
    returned("munmap", munmap(page, 4096));
}

static void listing(void)
{
    int entries = 0;
    say("-- listing");
    DIR *list = opendir(in_directory("none"));
    say("opendir: %s %s", list ? "open" : "nothing", error_name(errno));
    list = opendir(directory);
    errno = 0;
    while (list && readdir(list))
        entries++;
    say("%d entries, %s", entries, error_name(errno));
    closedir(list);
}

static void everything(void)
{
    positions();
    room();
    names();
    odd_paths();
    listing();
}

int main(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    if (!mkdtemp(directory))
        return 9;
    everything();
    pthread_mutex_lock(&mutex);
    everything();
    pthread_mutex_unlock(&mutex);
    unlink(in_directory("data"));
    unlink(in_directory("room"));
    sync();
    returned("rmdir", rmdir(directory));
    return 0;
}
