/*
 * disk.c - calls that wait for a disk, and for those who have locked a file.
 */
#include "waiting.h"

#include <sys/file.h>
#include <sys/mman.h>

SETS_ERRNO(int, fsync, FSYNC, KIWI_CALLF_UNTIMED, fd, (int fd), (fd))
SETS_ERRNO(int, fdatasync, FDATASYNC, KIWI_CALLF_UNTIMED, fd, (int fd), (fd))
SETS_ERRNO(int, syncfs, SYNCFS, KIWI_CALLF_UNTIMED, fd, (int fd), (fd))
SETS_ERRNO(int, sync_file_range, SYNC_FILE_RANGE, KIWI_CALLF_UNTIMED, fd,
           (int fd, off64_t from, off64_t size, unsigned flags), (fd, from, size, flags))
SETS_ERRNO(int, msync, MSYNC, flags &MS_ASYNC ? KIWI_CALLF_NONBLOCKING : KIWI_CALLF_UNTIMED, 0,
           (void *at, size_t size, int flags), (at, size, flags))
SETS_ERRNO(int, fallocate, FALLOCATE, KIWI_CALLF_UNTIMED, fd, (int fd, int mode, off_t from, off_t size),
           (fd, mode, from, size))
SETS_ERRNO(int, fallocate64, FALLOCATE, KIWI_CALLF_UNTIMED, fd, (int fd, int mode, off64_t from, off64_t size),
           (fd, mode, from, size))
RETURNS_ERROR(posix_fallocate, FALLOCATE, KIWI_CALLF_UNTIMED, fd, (int fd, off_t from, off_t size), (fd, from, size))
RETURNS_ERROR(posix_fallocate64, FALLOCATE, KIWI_CALLF_UNTIMED, fd, (int fd, off64_t from, off64_t size),
              (fd, from, size))
SETS_ERRNO(int, ftruncate, FTRUNCATE, KIWI_CALLF_UNTIMED, fd, (int fd, off_t size), (fd, size))
SETS_ERRNO(int, ftruncate64, FTRUNCATE, KIWI_CALLF_UNTIMED, fd, (int fd, off64_t size), (fd, size))
SETS_ERRNO(int, flock, FLOCK, how &LOCK_NB ? KIWI_CALLF_NONBLOCKING : KIWI_CALLF_UNTIMED, fd, (int fd, int how),
           (fd, how))
SETS_ERRNO(int, lockf, LOCKF, what == F_LOCK ? KIWI_CALLF_UNTIMED : KIWI_CALLF_NONBLOCKING, fd,
           (int fd, int what, off_t size), (fd, what, size))
SETS_ERRNO(int, lockf64, LOCKF, what == F_LOCK ? KIWI_CALLF_UNTIMED : KIWI_CALLF_NONBLOCKING, fd,
           (int fd, int what, off64_t size), (fd, what, size))

EXPORT void sync(void)
{
    WAITING_RECORD(thread_enter(), SYNC, KIWI_CALLF_UNTIMED, 0);
    real.sync();
    call_end(&c, 0, 0);
}
