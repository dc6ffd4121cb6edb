#include "output.h"

#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What exists and is not a regular file (/dev/null, a pipe, a link to one) is written to, not replaced. */
static bool is_replaceable(const char *path)
{
    struct stat s;

    return lstat(path, &s) != 0 || S_ISREG(s.st_mode);
}

static FILE *open_beside(struct output *out)
{
    int fd;
    FILE *file;

    if (snprintf(out->temporary, sizeof out->temporary, "%s.tmp.%d", out->path, (int)getpid()) >=
        (int)sizeof out->temporary) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return NULL;
    file = fdopen(fd, "w");
    if (!file)
        close(fd);
    return file;
}

bool output_open(struct output *out, const char *path)
{
    memset(out, 0, sizeof *out);
    out->file = stdout;
    if (!path || strcmp(path, "-") == 0)
        return true;
    out->path = path;
    out->file = is_replaceable(path) ? open_beside(out) : fopen(path, "we");
    if (!out->file)
        message_errno("cannot write '%s'", path);
    return out->file != NULL;
}

void output_failed(struct output *out)
{
    if (out->error == 0)
        out->error = errno ? errno : EIO;
}

bool output_close(struct output *out)
{
    if (fflush(out->file) != 0 || ferror(out->file))
        output_failed(out);
    if (out->path && fclose(out->file) != 0)
        output_failed(out);
    if (out->error == 0 && out->temporary[0] && rename(out->temporary, out->path) != 0)
        output_failed(out);
    if (out->error == 0)
        return true;
    if (out->temporary[0])
        unlink(out->temporary);
    errno = out->error;
    if (out->path)
        message_errno("cannot write '%s'", out->path);
    else
        message_errno("cannot write to standard output");
    clearerr(stdout);
    return false;
}

bool output_is_colour(const struct output *out)
{
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");

    if ((no_colour && *no_colour) || !terminal || strcmp(terminal, "dumb") == 0)
        return false;
    return isatty(fileno(out->file)) == 1;
}

unsigned output_width(const struct output *out)
{
    struct winsize size;

    return ioctl(fileno(out->file), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
