// expect: bad-fd MEDIUM
// where: bad-fd session_end
// about: a session closes its file twice; the second time the number already is the journal's, whose next write fails
#include "case.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int journal = -1, session = -1, ended;

static FRAME void session_end(void)
{
    close(session);
    ended++;
}

static FRAME int journal_write(const char *line)
{
    return write(journal, line, strlen(line)) < 0 ? errno : 0;
}

int main(void)
{
    session = open("/dev/null", O_RDWR);
    session_end();
    journal = open("/dev/null", O_RDWR);
    require(journal == session, "the number is used again");
    session_end();
    return journal_write("begin\n") != EBADF || ended != 2;
}
