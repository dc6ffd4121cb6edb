// expect: none
// options: heap=exact
// about: packed records, whose pointers lie at no multiple of four bytes
#include "case.h"

#define COUNT 400

struct __attribute__((packed)) record {
    char used;
    char *value;
};

static struct record *volatile records;

static FRAME char *value_of(int i)
{
    char *value = malloc(50 + (size_t)i % 7);
    if (value)
        value[0] = (char)i;
    return value;
}

static FRAME void forget_the_stack(void)
{
    volatile char room[8192];
    memset((char *)(size_t)room, 0, sizeof room);
}

int main(void)
{
    records = malloc(COUNT * sizeof *records);
    for (int i = 0; records && i < COUNT; i++) {
        records[i].used = 1;
        records[i].value = value_of(i);
    }
    forget_the_stack();
    return 0;
}
