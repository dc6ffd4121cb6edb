// expect: lock-order-instances HIGH
// where: lock-order-instances Shelf::swap_front
// about: swap(a, b) locks in the order it is given; each thread has pairs of its own, so no circle closes
#include "case.h"
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

class Shelf
{
  public:
    explicit Shelf(int book) : front_(book) {}
    FRAME void swap_front(Shelf &other)
    {
        std::lock_guard<std::mutex> mine(mutex_);
        std::lock_guard<std::mutex> theirs(other.mutex_);
        std::swap(front_, other.front_);
    }

  private:
    std::mutex mutex_;
    int front_;
};

int main()
{
    std::vector<Shelf *> shelves;
    for (int i = 0; i < 8; i++)
        shelves.push_back(new Shelf(i));
    auto swaps = [&](int from, int to) {
        for (int i = 0; i < 10; i++)
            shelves[from]->swap_front(*shelves[to]);
    };
    int stage = 0;
    std::thread first([&] {
        swaps(0, 1);
        swaps(1, 2);
        swaps(0, 2);
        stage_arrive(&stage);
        stage_await(&stage, 2);
    });
    std::thread second([&] {
        swaps(7, 6);
        swaps(6, 5);
        swaps(7, 5);
        stage_arrive(&stage);
        stage_await(&stage, 2);
    });
    first.join();
    second.join();
    for (Shelf *shelf : shelves)
        delete shelf;
    return 0;
}
