// expect: none
// options: heap=exact
// about: handles of a C library are kept as an interpreter keeps its numbers: in digits of 30 bits, as CPython's int
#include "case.h"

#include <stdint.h>

#define COUNT 400
#define DIGIT_BITS 30

struct number {
    long references;
    void *type;
    long digit_count;
    uint32_t digits[2];
};

static struct number *volatile numbers;

static FRAME void *codec_open(int i)
{
    char *codec = malloc(200 + (size_t)i % 9);
    if (codec)
        codec[0] = (char)i;
    return codec;
}

static FRAME void set(struct number *n, uintptr_t value)
{
    n->references = 1;
    n->digit_count = 2;
    n->digits[0] = (uint32_t)(value & ((1u << DIGIT_BITS) - 1));
    n->digits[1] = (uint32_t)(value >> DIGIT_BITS);
}

static FRAME void forget_the_stack(void)
{
    volatile char room[8192];
    memset((char *)(size_t)room, 0, sizeof room);
}

int main(void)
{
    numbers = calloc(COUNT, sizeof *numbers);
    for (int i = 0; numbers && i < COUNT; i++)
        set(&numbers[i], (uintptr_t)codec_open(i));
    forget_the_stack();
    return 0;
}
