/* Stands for a header of a library: its inline functions lie in another place than the code that uses them. */
#ifndef KIWI_TEST_GUARD_H
#define KIWI_TEST_GUARD_H

#include <stdint.h>

static inline __attribute__((always_inline)) uint64_t guard_take(uint64_t (*take)(void))
{
    uint64_t address = take();

    __asm__ volatile("# taken" ::: "memory"); /* no tail call, and not the same code as its neighbours */
    return address;
}
#endif
