/*
 * real.h - the functions behind the wrappers: one member per row of wrapped.def.
 *
 *     return real.pthread_mutex_lock(m);
 *
 * They are looked up once, at the first wrapped call of the process, which usually is the loader's own first malloc,
 * long before any constructor. Heap calls that the lookup itself makes are served from a small bootstrap pool
 * (real_heap.c).
 */
#ifndef KIWI_REAL_H
#define KIWI_REAL_H

#include "compiler.h"

#include <aio.h>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <mqueue.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

/* GLib's, which need not be there to build this; glib.h of the wrappers says what they are. */
typedef struct gmutex GMutex;
typedef struct gcond GCond;

struct real_functions {
#define WRAP(name) __typeof__(&name) name;
#define WRAPV(name, version) __typeof__(&name) name;
#define WRAPO(name, signature) __typeof__(signature) name;
#define WRAPL(name, signature) __typeof__(signature) name;
#include "../wrapped.def"
#undef WRAP
#undef WRAPV
#undef WRAPO
#undef WRAPL
};
extern HIDDEN struct real_functions real;

enum real_state { REAL_UNKNOWN, REAL_LOOKING, REAL_READY };
extern HIDDEN volatile int real_state; /* volatile: dlsym is declared a leaf, yet comes back through our malloc */

/* Looks everything up unless that is done. Returns false while this very thread is doing it (a call from inside dlsym):
 * then only the bootstrap pool may be used. */
bool real_ensure(void);

/* Looks up the functions with such a prefix that are not known yet: the next ones in lookup order, else those of
 * `library` (NULL = none) if that is loaded for somebody alone, else what the code at `caller` can see. Such a library
 * then stays loaded. */
void real_find_late(const char *prefix, const char *library, const void *caller);

/* The module in which a function lies; NULL = none. Takes no lock. */
static inline const struct link_map *real_module_of(const void *function)
{
    struct dl_find_object f;
    return _dl_find_object((void *)(uintptr_t)function, &f) == 0 ? f.dlfo_link_map : NULL;
}
#endif
