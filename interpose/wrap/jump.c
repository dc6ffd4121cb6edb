/*
 * jump.c - longjmp, by which a signal handler may leave whatever it interrupted: the recorder at work, or a call that
 * was recorded as begun and now never ends.
 */
#include "../process/enter.h"

#include <setjmp.h>

#define JUMP_SP 6 /* place of the stack pointer in glibc's jmp_buf; part of the ABI, as programs carry such buffers */

void __longjmp_chk(struct __jmp_buf_tag buffer[1], int value) __attribute__((noreturn));

/* glibc keeps it mangled: exclusive-or with a secret of the process, then rotated by 17 bits. */
static uintptr_t target_of(const struct __jmp_buf_tag *buffer)
{
    uintptr_t sp = (uintptr_t)buffer->__jmpbuf[JUMP_SP], secret;
    __asm__("mov %%fs:0x30, %0" : "=r"(secret)); /* tcbhead_t.pointer_guard */
    return (sp >> 17 | sp << 47) ^ secret;
}

static void jumps(const struct __jmp_buf_tag *buffer)
{
    real_ensure();
    thread_jumps((uintptr_t)__builtin_frame_address(0), target_of(buffer));
}

EXPORT void longjmp(struct __jmp_buf_tag buffer[1], int value)
{
    jumps(buffer);
    real.longjmp(buffer, value);
    __builtin_unreachable();
}

EXPORT void _longjmp(struct __jmp_buf_tag buffer[1], int value)
{
    jumps(buffer);
    real._longjmp(buffer, value);
    __builtin_unreachable();
}

EXPORT void siglongjmp(sigjmp_buf buffer, int value)
{
    jumps(buffer);
    real.siglongjmp(buffer, value);
    __builtin_unreachable();
}

/* What -D_FORTIFY_SOURCE makes of longjmp. */
EXPORT void __longjmp_chk(struct __jmp_buf_tag buffer[1], int value)
{
    jumps(buffer);
    real.__longjmp_chk(buffer, value);
    __builtin_unreachable();
}
