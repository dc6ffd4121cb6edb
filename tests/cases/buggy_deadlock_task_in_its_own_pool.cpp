// expect: deadlock CRITICAL
// where: deadlock thumbnails
// kill: 2
// about: tasks of a pool wait for further tasks of the same pool, and nobody is left to run those
#include "task_pool.h"

static task_pool pool(2);
static int begun;

static FRAME int thumbnails(int page)
{
    stage_arrive(&begun);
    stage_await(&begun, 2);
    std::future<int> image = pool.submit([page] { return 3 * page; });
    int size = image.get();

    return size + 1;
}

int main()
{
    std::vector<std::future<int>> pages;
    int sum = 0;

    for (int i = 0; i < 4; i++)
        pages.push_back(pool.submit([i] { return thumbnails(i); }));
    for (auto &page : pages)
        sum += page.get();
    return sum != 22;
}
