// expect: invalid-free CRITICAL
// where: invalid-free setting_drop
// options: heap=exact
// status: any
// about: a setting's value points into the line that its name begins, and both are freed; the line is kept for a while by then
#include "case.h"

struct setting {
    char *name, *value;
};

static FRAME void setting_drop(struct setting *s)
{
    free(s->name);
    free(s->value);
    s->name = NULL;
}

static FRAME void setting_read(struct setting *s, const char *line)
{
    s->name = strdup(line);
    s->value = strchr(s->name, '=');
    s->value = s->value ? s->value + 1 : strdup("yes");
}

int main(void)
{
    static const char *const lines[] = {"verbose", "colour", "path=/var/spool", "quiet"};
    for (int i = 0; i < 4; i++) {
        struct setting s;
        setting_read(&s, lines[i]);
        setting_drop(&s);
    }
    puts("read");
    return 0;
}
