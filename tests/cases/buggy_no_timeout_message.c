// expect: no-timeout MEDIUM
// where: no-timeout ask
// about: a question is sent as a datagram, which may get lost, and the answer is waited for without a limit
#include "peer.h"

static int server;

static void *answer(void *arg)
{
    char text[16];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    require(recvfrom(server, text, sizeof text, 0, (struct sockaddr *)&from, &size) > 0, "a question");
    nap_ms(150);
    sendto(server, text, sizeof text, 0, (struct sockaddr *)&from, size);
    return arg;
}

static FRAME int ask(int fd)
{
    char text[16] = "who";
    require(sendto(fd, text, sizeof text, 0, (struct sockaddr *)&peer_address, sizeof peer_address) > 0, "sent");
    return recvfrom(fd, text, sizeof text, 0, NULL, NULL) == sizeof text;
}

int main(void)
{
    socklen_t size = sizeof peer_address;
    peer_address.sin_family = AF_INET;
    peer_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server = socket(AF_INET, SOCK_DGRAM, 0);
    require(bind(server, (struct sockaddr *)&peer_address, size) == 0 &&
                    getsockname(server, (struct sockaddr *)&peer_address, &size) == 0,
            "a server");
    pthread_t thread = thread_start(answer, NULL);
    int fd = socket(AF_INET, SOCK_DGRAM, 0), found = ask(fd);
    thread_join(thread);
    close(fd);
    close(server);
    return !found;
}
