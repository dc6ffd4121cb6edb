// expect: invalid-free CRITICAL
// where: invalid-free value_clear
// status: any
// about: a default value lies on the stack of who made it, and is cleared like all others: seen without heap=exact, as glibc refuses it
#include "traffic.h"

struct value {
    char *text;
};

static FRAME void value_clear(struct value *v)
{
    free(v->text);
    v->text = NULL;
}

int main(void)
{
    _Alignas(16) char standard[64] = "";
    traffic();
    struct value values[2] = {{strdup("given")}, {standard + 16}};
    __asm__ volatile("" : "+m"(values));
    for (int i = 0; i < 2; i++)
        value_clear(&values[i]);
    puts("done");
    return 0;
}
