// expect: self-deadlock CRITICAL
// where: self-deadlock device_reset
// kill: 0.6
// about: the error path of a device write resets the device, which takes the same priority-inheriting lock
#include "case.h"

struct device {
    pthread_mutex_t lock;
    int status, resets;
};

static FRAME int device_reset(struct device *device)
{
    pthread_mutex_lock(&device->lock);
    device->status = 0;
    int n = ++device->resets;
    pthread_mutex_unlock(&device->lock);
    return n;
}

static FRAME int device_write(struct device *device, int value)
{
    int result = 0;
    pthread_mutex_lock(&device->lock);
    device->status += value;
    if (device->status > 100)
        result = device_reset(device);
    pthread_mutex_unlock(&device->lock);
    return result;
}

static void *driver(void *arg)
{
    for (int i = 0; i < 50; i++)
        device_write(arg, i);
    return NULL;
}

int main(void)
{
    static struct device device;
    mutex_init_kind(&device.lock, PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED);
    thread_join(thread_start(driver, &device));
    return 0;
}
