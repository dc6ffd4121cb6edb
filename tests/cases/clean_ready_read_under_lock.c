// expect: none
// about: reads under a lock that never wait: bytes already in a socket, a non-blocking descriptor, /dev/zero
#define _GNU_SOURCE
#include "case.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static pthread_mutex_t frame_lock = PTHREAD_MUTEX_INITIALIZER;
static int ready[2], empty[2], zero, frames;

static FRAME int frame_read(void)
{
    char bytes[64];
    pthread_mutex_lock(&frame_lock);
    ssize_t a = recv(ready[0], bytes, 1, 0);
    ssize_t b = read(empty[0], bytes, sizeof bytes);
    int error = errno;
    ssize_t c = read(zero, bytes, sizeof bytes);
    ssize_t d = recv(ready[1], bytes, sizeof bytes, MSG_DONTWAIT);
    frames++;
    pthread_mutex_unlock(&frame_lock);
    return a == 1 && b == -1 && error == EAGAIN && c == sizeof bytes && d == -1;
}

static void *decoder(void *arg)
{
    for (int i = 0; i < 100; i++)
        *(int *)arg += frame_read();
    return NULL;
}

int main(void)
{
    char bytes[200] = {0};
    int n[2] = {0, 0};
    require(socketpair(AF_UNIX, SOCK_STREAM, 0, ready) == 0 && pipe2(empty, O_NONBLOCK) == 0, "descriptors");
    require((zero = open("/dev/zero", O_RDONLY)) >= 0, "/dev/zero");
    require(send(ready[1], bytes, sizeof bytes, 0) == sizeof bytes, "send");
    pthread_t a = thread_start(decoder, &n[0]), b = thread_start(decoder, &n[1]);
    thread_join(a);
    thread_join(b);
    return n[0] + n[1] != 200;
}
