/*
 * path.c - calls that look for a name in a file system. They are quick, but on a slow disk or a file server; then
 * whoever waits for a lock or for an event loop meanwhile waits as well. So they are told of threads that hold one or
 * serve one.
 */
#include "../record/failure.h"
#include "waiting.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

int __xstat(int version, const char *path, struct stat *about);
int __xstat64(int version, const char *path, struct stat64 *about);
int __lxstat(int version, const char *path, struct stat *about);
int __lxstat64(int version, const char *path, struct stat64 *about);

static COLD void failed(struct call_record *c, const char *path)
{
    int error = errno;
    if (c->t)
        c->named = failure_of_path(path, error);
    call_end(c, error, 0);
}

#define NAMES_URGENT(type, name, kind, path, parameters, arguments)                                                    \
    EXPORT type name parameters                                                                                        \
    {                                                                                                                  \
        WAITING_RECORD(waiting_urgent(), kind, 0, 0);                                                                  \
        type result = real.name arguments;                                                                             \
        if (unlikely(result == (type)-1))                                                                              \
            failed(&c, path);                                                                                          \
        else                                                                                                           \
            call_end(&c, 0, 0);                                                                                        \
        return result;                                                                                                 \
    }

NAMES_URGENT(int, stat, STAT, path, (const char *path, struct stat *about), (path, about))
NAMES_URGENT(int, stat64, STAT, path, (const char *path, struct stat64 *about), (path, about))
NAMES_URGENT(int, lstat, STAT, path, (const char *path, struct stat *about), (path, about))
NAMES_URGENT(int, lstat64, STAT, path, (const char *path, struct stat64 *about), (path, about))
NAMES_URGENT(int, fstatat, STAT, path, (int at, const char *path, struct stat *about, int flags),
             (at, path, about, flags))
NAMES_URGENT(int, fstatat64, STAT, path, (int at, const char *path, struct stat64 *about, int flags),
             (at, path, about, flags))
NAMES_URGENT(int, statx, STAT, path, (int at, const char *path, int flags, unsigned mask, struct statx *about),
             (at, path, flags, mask, about))
NAMES_URGENT(int, __xstat, STAT, path, (int version, const char *path, struct stat *about), (version, path, about))
NAMES_URGENT(int, __xstat64, STAT, path, (int version, const char *path, struct stat64 *about), (version, path, about))
NAMES_URGENT(int, __lxstat, STAT, path, (int version, const char *path, struct stat *about), (version, path, about))
NAMES_URGENT(int, __lxstat64, STAT, path, (int version, const char *path, struct stat64 *about), (version, path, about))
NAMES_URGENT(int, access, ACCESS, path, (const char *path, int how), (path, how))
NAMES_URGENT(int, faccessat, ACCESS, path, (int at, const char *path, int how, int flags), (at, path, how, flags))
NAMES_URGENT(ssize_t, readlink, READLINK, path, (const char *path, char *to, size_t room), (path, to, room))
NAMES_URGENT(int, truncate, TRUNCATE, path, (const char *path, off_t size), (path, size))
NAMES_URGENT(int, truncate64, TRUNCATE, path, (const char *path, off64_t size), (path, size))
NAMES_URGENT(int, rename, RENAME, from, (const char *from, const char *to), (from, to))
NAMES_URGENT(int, renameat, RENAME, from, (int from_at, const char *from, int to_at, const char *to),
             (from_at, from, to_at, to))
NAMES_URGENT(int, renameat2, RENAME, from, (int from_at, const char *from, int to_at, const char *to, unsigned flags),
             (from_at, from, to_at, to, flags))
NAMES_URGENT(int, unlink, UNLINK, path, (const char *path), (path))
NAMES_URGENT(int, unlinkat, UNLINK, path, (int at, const char *path, int flags), (at, path, flags))
NAMES_URGENT(int, remove, UNLINK, path, (const char *path), (path))
NAMES_URGENT(int, link, LINK, from, (const char *from, const char *to), (from, to))
NAMES_URGENT(int, symlink, LINK, from, (const char *from, const char *to), (from, to))
NAMES_URGENT(int, mkdir, MKDIR, path, (const char *path, mode_t mode), (path, mode))
NAMES_URGENT(int, mkdirat, MKDIR, path, (int at, const char *path, mode_t mode), (at, path, mode))
NAMES_URGENT(int, rmdir, RMDIR, path, (const char *path), (path))
RETURNS_OTHER_URGENT(DIR *, opendir, OPENDIR, (const char *path), (path))
RETURNS_OTHER_URGENT(struct dirent *, readdir, READDIR, (DIR * directory), (directory))
RETURNS_OTHER_URGENT(struct dirent64 *, readdir64, READDIR, (DIR * directory), (directory))
RETURNS_OTHER_URGENT(char *, realpath, REALPATH, (const char *path, char *to), (path, to))
