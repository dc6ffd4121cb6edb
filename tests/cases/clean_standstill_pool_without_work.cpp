// expect: none
// kill: 1
// about: a pool has done its work, further tasks of its own among it, and is killed while everybody waits for more
#include "task_pool.h"

static task_pool pool(3), images(1);

static FRAME int thumbnails(int page)
{
    std::future<int> image = images.submit([page] { return 3 * page; });
    int size = image.get();

    return size + 1;
}

int main()
{
    std::vector<std::future<int>> pages;
    std::promise<void> never;
    int sum = 0;

    nap_ms(50);
    for (int i = 0; i < 12; i++)
        pages.push_back(pool.submit([i] { return thumbnails(i); }));
    for (auto &page : pages)
        sum += page.get();
    require(sum == 210, "the sum");
    never.get_future().get();
    return 0;
}
