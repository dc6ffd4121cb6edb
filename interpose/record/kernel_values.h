/*
 * kernel_values.h - values that the process has given to the kernel to keep: the data of each descriptor in an epoll
 * instance, and of each timer, often the only pointer to what serves it.
 *
 * From /proc/self/fdinfo, and /proc/self/timers where there is one. The rest (requests of io_uring under way, what lies
 * in pipes) the kernel does not show.
 */
#ifndef KIWI_KERNEL_VALUES_H
#define KIWI_KERNEL_VALUES_H

#include "../base/compiler.h"

#define KERNEL_VALUES_DESCRIPTORS 65536u /* no more are looked at */

/* false: cannot be read, or there are more. */
bool kernel_values_each(void (*take)(void *arg, uint64_t value), void *arg);
#endif
