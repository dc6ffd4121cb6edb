/*
 * path.c - calls that look for a name in a file system. They are quick, but on a slow disk or a file server; then
 * whoever waits for a lock or for an event loop meanwhile waits as well. So they are told of threads that hold one or
 * serve one.
 */
#include "waiting.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

int __xstat(int version, const char *path, struct stat *about);
int __xstat64(int version, const char *path, struct stat64 *about);
int __lxstat(int version, const char *path, struct stat *about);
int __lxstat64(int version, const char *path, struct stat64 *about);

SETS_ERRNO_URGENT(int, stat, STAT, (const char *path, struct stat *about), (path, about))
SETS_ERRNO_URGENT(int, stat64, STAT, (const char *path, struct stat64 *about), (path, about))
SETS_ERRNO_URGENT(int, lstat, STAT, (const char *path, struct stat *about), (path, about))
SETS_ERRNO_URGENT(int, lstat64, STAT, (const char *path, struct stat64 *about), (path, about))
SETS_ERRNO_URGENT(int, fstatat, STAT, (int at, const char *path, struct stat *about, int flags),
                  (at, path, about, flags))
SETS_ERRNO_URGENT(int, fstatat64, STAT, (int at, const char *path, struct stat64 *about, int flags),
                  (at, path, about, flags))
SETS_ERRNO_URGENT(int, statx, STAT, (int at, const char *path, int flags, unsigned mask, struct statx *about),
                  (at, path, flags, mask, about))
SETS_ERRNO_URGENT(int, __xstat, STAT, (int version, const char *path, struct stat *about), (version, path, about))
SETS_ERRNO_URGENT(int, __xstat64, STAT, (int version, const char *path, struct stat64 *about), (version, path, about))
SETS_ERRNO_URGENT(int, __lxstat, STAT, (int version, const char *path, struct stat *about), (version, path, about))
SETS_ERRNO_URGENT(int, __lxstat64, STAT, (int version, const char *path, struct stat64 *about), (version, path, about))
SETS_ERRNO_URGENT(int, access, ACCESS, (const char *path, int how), (path, how))
SETS_ERRNO_URGENT(int, faccessat, ACCESS, (int at, const char *path, int how, int flags), (at, path, how, flags))
SETS_ERRNO_URGENT(ssize_t, readlink, READLINK, (const char *path, char *to, size_t room), (path, to, room))
SETS_ERRNO_URGENT(int, truncate, TRUNCATE, (const char *path, off_t size), (path, size))
SETS_ERRNO_URGENT(int, truncate64, TRUNCATE, (const char *path, off64_t size), (path, size))
SETS_ERRNO_URGENT(int, rename, RENAME, (const char *from, const char *to), (from, to))
SETS_ERRNO_URGENT(int, renameat, RENAME, (int from_at, const char *from, int to_at, const char *to),
                  (from_at, from, to_at, to))
SETS_ERRNO_URGENT(int, renameat2, RENAME, (int from_at, const char *from, int to_at, const char *to, unsigned flags),
                  (from_at, from, to_at, to, flags))
SETS_ERRNO_URGENT(int, unlink, UNLINK, (const char *path), (path))
SETS_ERRNO_URGENT(int, unlinkat, UNLINK, (int at, const char *path, int flags), (at, path, flags))
SETS_ERRNO_URGENT(int, remove, UNLINK, (const char *path), (path))
SETS_ERRNO_URGENT(int, link, LINK, (const char *from, const char *to), (from, to))
SETS_ERRNO_URGENT(int, symlink, LINK, (const char *from, const char *to), (from, to))
SETS_ERRNO_URGENT(int, mkdir, MKDIR, (const char *path, mode_t mode), (path, mode))
SETS_ERRNO_URGENT(int, mkdirat, MKDIR, (int at, const char *path, mode_t mode), (at, path, mode))
SETS_ERRNO_URGENT(int, rmdir, RMDIR, (const char *path), (path))
RETURNS_OTHER_URGENT(DIR *, opendir, OPENDIR, (const char *path), (path))
RETURNS_OTHER_URGENT(struct dirent *, readdir, READDIR, (DIR * directory), (directory))
RETURNS_OTHER_URGENT(struct dirent64 *, readdir64, READDIR, (DIR * directory), (directory))
RETURNS_OTHER_URGENT(char *, realpath, REALPATH, (const char *path, char *to), (path, to))
