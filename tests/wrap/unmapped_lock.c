/* A held mutex whose memory the program has unmapped: later locks and slow calls must not look at it. */
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;

static void hold_and_unmap(void)
{
    pthread_mutex_t *lost = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    pthread_mutex_init(lost, NULL);
    printf("lock %d\n", pthread_mutex_lock(lost));
    printf("unmap %d\n", munmap(lost, 4096));
}

int main(void)
{
    for (int i = 0; i < 3; i++) {
        hold_and_unmap();
        printf("other %d\n", pthread_mutex_lock(&other));
        usleep(2000);
        printf("sync %d\n", fsync(STDOUT_FILENO) == 0 ? 0 : 0);
        printf("other %d\n", pthread_mutex_unlock(&other));
    }
    return 0;
}
