/* code.h - rows for code: modules of the process and call stacks. */
#ifndef KIWI_TRACE_CODE_H
#define KIWI_TRACE_CODE_H

#include "header.h"

#define KIWI_BUILD_ID_BYTES 20

struct kiwi_module {
    uint32_t state;
    uint32_t path;           /* string; "" for the executable is resolved to its path, "[vdso]" for the vDSO */
    uint64_t base;           /* load bias: address in memory = base + address in the file's headers */
    uint64_t start, end;     /* memory covered by its PT_LOAD segments */
    uint64_t loaded_epoch;   /* kiwi_header.module_epoch when first seen */
    uint64_t unloaded_epoch; /* 0 = still loaded; stacks with epoch >= this do not belong to it */
    uint8_t build_id[KIWI_BUILD_ID_BYTES];
    uint32_t build_id_size; /* bytes used of build_id, 0 = none */
};

/* Frames lie in KIWI_TABLE_FRAMES[first .. first+depth), innermost first. Each is a return address (symbolize
 * addr - 1). */
struct kiwi_stack {
    uint32_t state;
    uint32_t depth;
    uint32_t first;
    uint32_t flags; /* KIWI_STACK_* */
    uint64_t hash;
    uint64_t epoch; /* kiwi_header.module_epoch at capture */
};
#define KIWI_STACK_TRUNCATED 1u /* more frames than the depth limit */
#define KIWI_STACK_SHORT 2u     /* could not be unwound: only the return address */
#define KIWI_STACK_HANDLER 4u   /* up to the frame of a signal handler, which may have interrupted anything */

KIWI_SIZE_IS(struct kiwi_module, 72);
KIWI_SIZE_IS(struct kiwi_stack, 32);
#endif
