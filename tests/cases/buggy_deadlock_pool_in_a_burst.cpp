// expect: deadlock CRITICAL
// where: deadlock thumbnails
// kill: 2
// about: tasks that wait for further tasks of their own pool went well one by one; two at a time wait for good
#include "task_pool.h"

static task_pool pool(2);
static int begun, together = 1;

static FRAME int thumbnails(int page)
{
    if (stage_arrive(&begun) > 3)
        stage_await(&begun, 5);
    std::future<int> image = pool.submit([page] { return 3 * page; });
    int size = image.get();

    return size + together;
}

int main()
{
    std::vector<std::future<int>> pages;
    int sum = 0;

    for (int i = 0; i < 3; i++) {
        nap_ms(5);
        sum += pool.submit([i] { return thumbnails(i); }).get();
    }
    for (int i = 0; i < 4; i++)
        pages.push_back(pool.submit([i] { return thumbnails(i); }));
    for (auto &page : pages)
        sum += page.get();
    return sum != 34;
}
