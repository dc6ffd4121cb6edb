// expect: invalid-free CRITICAL
// where: invalid-free word_count
// status: any
// about: a parser skips leading blanks by moving its pointer and frees that one; seen without heap=exact, as no block begins at such an address
#include "case.h"

static FRAME int word_count(const char *text)
{
    char *line = strdup(text);
    int count = 0;
    while (*line == ' ')
        line++;
    for (char *p = line; *p; p++)
        count += *p == ' ';
    free(line);
    return count + 1;
}

int main(void)
{
    int sum = 0;
    for (int i = 0; i < 20000; i++)
        sum += word_count(i == 15000 ? "  two words" : "four words in all");
    printf("%d\n", sum);
    return 0;
}
