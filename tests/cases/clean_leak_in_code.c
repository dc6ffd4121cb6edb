// expect: none
// options: heap=exact
// about: instructions made at run time hold the only addresses of what they work on, at any byte, in a large process
#include "case.h"

#include <stdint.h>
#include <sys/mman.h>

#define COUNT 400
#define STUB 16                 /* mov $address, %rax; ret */
#define OTHER_DATA (96ul << 20) /* too much to look at every byte of */

static unsigned char *code;

static FRAME char *counter_new(int i)
{
    char *counter = malloc(50 + (size_t)i % 7);
    if (counter)
        counter[0] = (char)i;
    return counter;
}

static FRAME void stub_make(unsigned char *at, int i)
{
    char *counter = counter_new(i);
    at[0] = 0x48;
    at[1] = 0xb8;
    memcpy(at + 2, &counter, sizeof counter);
    at[10] = 0xc3;
}

static FRAME void forget_the_stack(void)
{
    volatile char room[8192];
    memset((char *)(size_t)room, 0, sizeof room);
}

static void *mapped(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(p == MAP_FAILED, "mmap");
    return p;
}

int main(void)
{
    memset(mapped(OTHER_DATA), 1, OTHER_DATA);
    code = mapped(COUNT * STUB);
    for (int i = 0; i < COUNT; i++)
        stub_make(code + i * STUB, i);
    must(mprotect(code, COUNT * STUB, PROT_READ | PROT_EXEC), "mprotect");
    forget_the_stack();
    char *(*last)(void) = (char *(*)(void))(uintptr_t)(code + (COUNT - 1) * STUB);
    printf("%d\n", last()[0]);
    return 0;
}
