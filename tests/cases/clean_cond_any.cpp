// expect: none
// about: std::condition_variable_any nests its inner mutex inside the user's, and takes the user's back without it
#include "case.h"
#include <condition_variable>
#include <mutex>
#include <thread>

int main()
{
    std::recursive_mutex door;
    std::condition_variable_any opened;
    int visits = 0, gone = 0;
    auto visitor = [&] {
        std::unique_lock<std::recursive_mutex> lock(door);
        visits++;
        opened.notify_all();
        opened.wait(lock, [&] { return visits == 3; });
        gone++;
    };
    std::thread a(visitor), b(visitor), c(visitor);
    a.join();
    b.join();
    c.join();
    return gone != 3;
}
