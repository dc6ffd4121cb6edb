// expect: none
// about: numbers handed on in every way: dup2 over an open one, fcntl(F_DUPFD), stdio, mkstemp, close_range; none misused
#include "case.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int rounds;

static FRAME void round_of_numbers(void)
{
    char name[] = "/tmp/kiwi-case-XXXXXX", text[8];
    int fd = open("/dev/null", O_RDWR), log = open("/dev/null", O_RDWR), temp = mkstemp(name);
    require(fd >= 0 && log >= 0 && temp >= 0, "descriptors");
    unlink(name);
    require(dup2(fd, log) == log, "dup2 over an open one");
    close(fd);
    require(write(log, "x", 1) == 1 && write(temp, "yes", 3) == 3, "writes");
    int high = fcntl(log, F_DUPFD, 20);
    require(high >= 20 && read(high, text, sizeof text) == 0, "a copy further up");
    close(high);
    FILE *file = fdopen(temp, "r+");
    require(file && fseek(file, 0, SEEK_SET) == 0 && fgets(text, sizeof text, file), "stdio on it");
    fclose(file);
    file = fopen("/dev/null", "r");
    require(file != NULL && fileno(file) >= 0, "a file of stdio's own");
    fclose(file);
    close(log);
    require(fcntl(log, F_GETFD) == -1 && errno == EBADF, "asking whether a number is open is allowed");
    require(write(1000000, "x", 1) < 0 && errno == EBADF, "so is a number that never was");
    rounds++;
}

int main(void)
{
    for (int i = 0; i < 50; i++)
        round_of_numbers();
    return rounds != 50;
}
