// expect: none
// about: recursive locks entered again through callbacks, with another lock taken in between
#include "case.h"
#include <mutex>
#include <thread>

static std::recursive_mutex scene_mutex;
static pthread_mutex_t palette_mutex = PTHREAD_MUTEX_INITIALIZER;
static int drawn, colours;

static FRAME int draw(int depth)
{
    std::lock_guard<std::recursive_mutex> guard(scene_mutex);
    drawn++;
    if (depth == 0)
        return drawn;
    pthread_mutex_lock(&palette_mutex);
    colours++;
    int n = draw(depth - 1); // scene again, under palette: no new edge, the thread has it
    pthread_mutex_unlock(&palette_mutex);
    return n;
}

static FRAME int draw_plain()
{
    std::lock_guard<std::recursive_mutex> outer(scene_mutex);
    std::lock_guard<std::recursive_mutex> inner(scene_mutex);
    return ++drawn;
}

int main()
{
    std::thread a([] {
        for (int i = 0; i < 100; i++)
            draw(1);
    });
    std::thread b([] {
        for (int i = 0; i < 100; i++)
            i % 2 ? draw(1) : draw_plain();
    });
    a.join();
    b.join();
    return drawn == 0;
}
