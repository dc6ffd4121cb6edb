// expect: no-timeout MEDIUM
// where: no-timeout unlock
// about: an agent in another process is asked over a socket of AF_UNIX, and thinks for as long as it likes
#include "case.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t address_size = sizeof(sa_family_t);

static int agent(int listener)
{
    char text[8];
    int client = accept(listener, NULL, NULL);
    require(client >= 0 && read(client, text, sizeof text) == sizeof text, "a question");
    nap_ms(150);
    return write(client, text, sizeof text) != sizeof text;
}

static FRAME int unlock(int fd)
{
    char text[8] = "key";
    require(write(fd, text, sizeof text) == sizeof text, "sent");
    return read(fd, text, sizeof text) == sizeof text;
}

int main(void)
{
    int told[2];
    require(pipe(told) == 0, "pipe");
    pid_t child = fork();
    if (!child) {
        int listener = socket(AF_UNIX, SOCK_STREAM, 0);
        socklen_t size = sizeof address;
        /* With this length the kernel makes up a name. */
        require(bind(listener, (struct sockaddr *)&address, address_size) == 0 && listen(listener, 4) == 0 &&
                        getsockname(listener, (struct sockaddr *)&address, &size) == 0 &&
                        write(told[1], &size, sizeof size) == sizeof size &&
                        write(told[1], &address, sizeof address) == sizeof address,
                "a listener");
        _exit(agent(listener));
    }
    require(read(told[0], &address_size, sizeof address_size) == sizeof address_size &&
                    read(told[0], &address, sizeof address) == sizeof address,
            "its name");
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    require(connect(fd, (struct sockaddr *)&address, address_size) == 0, "connected");
    int answered = unlock(fd);
    require(waitpid(child, NULL, 0) == child, "its end");
    close(fd);
    return !answered;
}
