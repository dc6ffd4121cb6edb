// expect: lock-across-block HIGH
// where: lock-across-block door_open
// allow: lock-contention long-hold no-timeout
// about: a server thread accepts with the client list locked
#include "case.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static pthread_mutex_t clients_lock = PTHREAD_MUTEX_INITIALIZER;
static int clients, door;
static struct sockaddr_in address = {.sin_family = AF_INET};

static FRAME int door_open(void)
{
    pthread_mutex_lock(&clients_lock);
    int fd = accept(door, NULL, NULL);
    clients += fd >= 0;
    pthread_mutex_unlock(&clients_lock);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static FRAME int clients_count(void)
{
    pthread_mutex_lock(&clients_lock);
    int n = clients;
    pthread_mutex_unlock(&clients_lock);
    return n;
}

static void *porter(void *arg)
{
    for (int i = 0; i < 3; i++)
        *(int *)arg += door_open();
    return NULL;
}

static void *visitor(void *arg)
{
    for (int i = 0; i < 3; i++) {
        nap_ms(80);
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        require(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0, "connect");
        close(fd);
    }
    return arg;
}

int main(void)
{
    int opened = 0;
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    door = socket(AF_INET, SOCK_STREAM, 0);
    require(door >= 0 && bind(door, (struct sockaddr *)&address, size) == 0 && listen(door, 4) == 0, "listen");
    require(getsockname(door, (struct sockaddr *)&address, &size) == 0, "getsockname");
    pthread_t a = thread_start(porter, &opened), b = thread_start(visitor, NULL);
    nap_ms(40);
    clients_count();
    thread_join(a);
    thread_join(b);
    close(door);
    return opened != 3;
}
