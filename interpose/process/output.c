#include "output.h"

#include "../base/line.h"
#include "../base/sys.h"
#include "../record/region.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define TMPFS_MAGIC 0x01021994
#define RAMFS_MAGIC 0x858458f6
#define SHM "/dev/shm"
#define SHM_ROOM (16u << 20) /* bytes that must be free there: containers often have 64 MiB or none */
#define MAX_SUFFIX 10000u
#define PAGE 4096u

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static void complain(char *error, size_t size, const char *path, long failure)
{
    struct line l = line_begin(error, size);
    const char *reason = failure == -EFBIG ? "limits on files or memory (ulimit -f, ulimit -v) leave no room for one"
                                           : strerrordesc_np((int)-failure);
    line_text(&l, "kiwi: cannot create trace '");
    line_quoted(&l, path);
    line_text(&l, "': ");
    line_text(&l, reason ? reason : "unknown error");
    line_text(&l, "; this process is not recorded");
    line_text(&l, failure == -EFBIG ? "" : " (set out= to a place that can be written)");
}

static bool file_system(const char *path, struct statfs *fs)
{
    memset(fs, 0, sizeof *fs);
    return !sys_failed(sys_call3(SYS_statfs, (long)path, (long)fs, 0));
}

/* Stores to a file that is mapped from a disk can stall in writeback for a long time; tmpfs has none. */
static bool directory_is_memory(const char *file)
{
    static char directory[OUTPUT_PATH]; /* static: see say in process.c */
    struct statfs fs;
    struct line l = line_begin(directory, sizeof directory);
    line_text(&l, file);
    char *slash = strrchr(directory, '/');
    if (!slash)
        return false;
    slash[slash == directory] = '\0';
    return file_system(directory, &fs) && ((uint32_t)fs.f_type == TMPFS_MAGIC || (uint32_t)fs.f_type == RAMFS_MAGIC);
}

static bool shm_has_room(void)
{
    struct statfs fs;
    return file_system(SHM, &fs) && (uint32_t)fs.f_type == TMPFS_MAGIC &&
           (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize >= SHM_ROOM;
}

/* O_EXCL follows no link and reuses no file: nobody can lead the recorder to a file of their choice. */
static long create(const char *path)
{
    return sys_openat(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static void shm_name(char *path, size_t size, uint32_t pid)
{
    struct line l = line_begin(path, size);
    line_text(&l, SHM "/kiwi-");
    line_number(&l, (uint64_t)sys_call3(SYS_geteuid, 0, 0, 0));
    line_char(&l, '-');
    line_number(&l, pid);
    line_char(&l, '-');
    line_number(&l, sys_clock_ns(CLOCK_REALTIME));
    line_text(&l, ".trace");
}

/* The name without and with its suffixes, first free one. Returns a descriptor or -errno. */
static long take_name(struct output *o, const char *wanted, uint32_t pid)
{
    long fd = -1;
    bool link = !directory_is_memory(wanted) && shm_has_room();
    if (link) {
        shm_name(o->place, sizeof o->place, pid);
        fd = create(o->place);
        link = !sys_failed(fd);
    }
    long r = -EEXIST;
    for (uint32_t n = 0; r == -EEXIST && n < MAX_SUFFIX; n++) {
        struct line l = line_begin(o->name, sizeof o->name);
        line_text(&l, wanted);
        if (n) {
            line_char(&l, '.');
            line_number(&l, n);
        }
        r = line_cut(&l) ? -ENAMETOOLONG
            : link       ? sys_call3(SYS_symlink, (long)o->place, (long)o->name, 0)
                         : create(o->name);
    }
    if (!link) {
        memcpy(o->place, o->name, sizeof o->place);
        return r;
    }
    if (sys_failed(r)) {
        sys_close((int)fd);
        sys_call3(SYS_unlink, (long)o->place, 0, 0);
        return r;
    }
    return fd;
}

static void drop_name(const struct output *o)
{
    sys_call3(SYS_unlink, (long)o->place, 0, 0);
    sys_call3(SYS_unlink, (long)o->name, 0, 0);
}

static uint64_t size_within_limits(uint64_t size)
{
    uint64_t file = sys_limit(RLIMIT_FSIZE), space = sys_space_limit() / 16; /* nearly all is left to the service */
    if (file < size)                                                         /* going past it would raise SIGXFSZ */
        size = file;
    if (space < size)
        size = space;
    return size / PAGE * PAGE;
}

static bool populate_works(void *page)
{
    return sys_madvise(page, PAGE, MADV_POPULATE_WRITE) != -EINVAL;
}

static long map(struct output *o, int fd, uint64_t size)
{
    if (size < REGION_MIN)
        return -EFBIG;
    for (;; size = size / 2 / PAGE * PAGE) {
        long r = sys_call3(SYS_ftruncate, fd, (long)size, 0);
        if (sys_failed(r))
            return r;
        o->base = sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
        if (!sys_failed((long)o->base))
            break;
        if (size / 2 < REGION_MIN)
            return (long)o->base;
    }
    o->size = size;
    /* Before Linux 5.14 tables can not be backed one chunk at a time: take less, and take it now. */
    bool backed = !populate_works(o->base);
    if (backed) {
        if (o->size > 16u << 20)
            o->size = 16u << 20;
        long r = sys_call6(SYS_fallocate, fd, 0, 0, (long)o->size, 0, 0);
        if (sys_failed(r))
            return r;
        sys_call3(SYS_ftruncate, fd, (long)o->size, 0);
    }
    sys_madvise(o->base, o->size, MADV_DONTFORK); /* a child never sees its parent's trace */
    return region_format(o->base, o->size, backed) ? 0 : -ENOSPC;
}

bool output_open(struct output *o, const struct output_request *r, char *error, size_t error_size)
{
    static char wanted[OUTPUT_PATH];
    bool fits = options_expand_out(wanted, sizeof wanted, r->pattern, &r->names);
    size_t length = strlen(wanted);
    struct line l = line_begin(wanted + length, sizeof wanted - length);
    if (r->child && !options_out_has_pid(r->pattern)) {
        line_char(&l, '.');
        line_number(&l, r->names.pid);
    }
    long fd = fits && !line_cut(&l) ? take_name(o, wanted, r->names.pid) : -ENAMETOOLONG;
    if (sys_failed(fd)) {
        complain(error, error_size, wanted, fd);
        return false;
    }
    long failure = map(o, (int)fd, size_within_limits(r->size));
    sys_close((int)fd);
    if (!sys_failed(failure))
        return true;
    complain(error, error_size, o->name, failure);
    drop_name(o);
    return false;
}

void output_discard(struct output *o)
{
    drop_name(o);
    sys_munmap(o->base, o->size);
    region = (struct region){0};
    *o = (struct output){0};
}

/* Settling. */

static bool write_all(int fd, uint64_t offset, uint64_t end)
{
    while (offset < end) {
        long n = sys_call6(SYS_pwrite64, fd, (long)((char *)region.header + offset), (long)(end - offset), (long)offset,
                           0, 0);
        if (n == -EINTR)
            continue;
        if (n <= 0)
            return false;
        offset += (uint64_t)n;
    }
    return true;
}

/* Only what was ever used: the rest of the file is a hole here and there. */
static bool write_tables(int fd)
{
    const struct kiwi_header *h = region.header;
    if (!write_all(fd, 0, sizeof *h))
        return false;
    for (uint32_t i = 0; i < KIWI_TABLE_LIMIT; i++) {
        const struct kiwi_table *t = &h->tables[i];
        uint64_t used = RELAXED_LOAD(&t->used) * t->row_size, ready = RELAXED_LOAD(&t->ready);
        if (t->id && !write_all(fd, t->offset, t->offset + (used < ready ? used : ready)))
            return false;
    }
    return true;
}

/* Not where the root directory has changed since, or somebody put another file there. */
static bool link_is_ours(const struct output *o)
{
    char target[OUTPUT_PATH];
    long n = sys_call3(SYS_readlink, (long)o->name, (long)target, sizeof target - 1);
    if (sys_failed(n))
        return false;
    target[n] = '\0';
    return strcmp(target, o->place) == 0;
}

/* Whoever gave up the rights that the trace was opened with could copy it but not remove it: /dev/shm is sticky. */
static bool place_can_be_removed(const struct output *o)
{
    struct stat st = {0};
    return !sys_failed(sys_call3(SYS_lstat, (long)o->place, (long)&st, 0)) &&
           (long)st.st_uid == sys_call3(SYS_geteuid, 0, 0, 0);
}

/* What output_settle put at the name. */
static struct {
    dev_t device;
    ino_t inode;  /* 0 = nothing yet */
    bool goes_on; /* an exec failed since */
} settled;

static bool copy_is_ours(const struct output *o)
{
    struct stat st = {0};
    return settled.inode && !sys_failed(sys_call3(SYS_lstat, (long)o->name, (long)&st, 0)) &&
           st.st_ino == settled.inode && st.st_dev == settled.device;
}

/* The copy says that the process has ended; what it has recorded by now follows when it ends. */
void output_goes_on(const struct output *o)
{
    if (region.frozen)
        return;
    settled.goes_on = copy_is_ours(o);
    long fd = settled.goes_on ? sys_openat(o->name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0) : -ENOENT;
    if (sys_failed(fd))
        return;
    sys_call6(SYS_pwrite64, fd, (long)region.header, sizeof *region.header, 0, 0, 0);
    sys_close((int)fd);
}

/* Several threads may end the process at once. The one that is at it has its time, unless it is this one, interrupted,
 * or was left behind by a fork. */
#define SETTLE_MS 2000
static long settling; /* thread id; atomic */

static bool settle_begins(void)
{
    long self = sys_gettid(), at = 0;
    for (int i = 0; i < SETTLE_MS; i++, at = 0) {
        if (__atomic_compare_exchange_n(&settling, &at, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return true;
        if (at == self)
            return false;
        if (sys_failed(sys_call3(SYS_tgkill, sys_getpid(), at, 0)))
            __atomic_compare_exchange_n(&settling, &at, 0, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
        else
            sys_call3(SYS_nanosleep, (long)&(struct timespec){0, 1000000}, 0, 0);
    }
    return false;
}

static void settle(const struct output *o)
{
    char part[OUTPUT_PATH];
    struct stat st = {0};
    if (region.frozen || strcmp(o->name, o->place) == 0 || size_within_limits(region.size) < region.size)
        return; /* the limits may have changed since the start, and passing one would kill */
    bool again = settled.goes_on && copy_is_ours(o);
    if (!again && (!link_is_ours(o) || !place_can_be_removed(o)))
        return;
    struct line l = line_begin(part, sizeof part);
    line_text(&l, o->name);
    line_text(&l, ".part");
    long fd = line_cut(&l) ? -ENAMETOOLONG : create(part);
    if (sys_failed(fd))
        return;
    bool whole = write_tables((int)fd) && !sys_failed(sys_call3(SYS_ftruncate, fd, (long)region.size, 0));
    sys_call3(SYS_fstat, fd, (long)&st, 0);
    sys_close((int)fd);
    if (!whole || sys_failed(sys_call3(SYS_rename, (long)part, (long)o->name, 0)))
        sys_call3(SYS_unlink, (long)part, 0, 0);
    else {
        settled.device = st.st_dev;
        settled.inode = st.st_ino;
        settled.goes_on = false;
        if (!again)
            sys_call3(SYS_unlink, (long)o->place, 0, 0);
    }
}

void output_settle(const struct output *o)
{
    if (region.frozen || !settle_begins())
        return;
    settle(o);
    __atomic_store_n(&settling, 0, __ATOMIC_RELEASE);
}
