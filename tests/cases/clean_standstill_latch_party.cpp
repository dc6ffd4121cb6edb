// expect: none
// std: c++20
// about: of three parts that are loaded side by side one fails, and says so at the latch as well
#include <chrono>
#include <latch>
#include <string>
#include <thread>
#include <vector>

static std::latch loaded(3);
static std::string parts[3];

[[gnu::noinline]] static bool load(int part)
{
    std::this_thread::sleep_for(std::chrono::milliseconds(5 * part));
    if (part == 2) {
        loaded.count_down();
        return false;
    }
    parts[part] = "part " + std::to_string(part);
    loaded.arrive_and_wait();
    return true;
}

int main()
{
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; i++)
        threads.emplace_back(load, i);
    return 0;
}
