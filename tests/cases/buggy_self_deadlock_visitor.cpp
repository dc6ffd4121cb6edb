// expect: self-deadlock CRITICAL
// where: self-deadlock Catalogue<int>::size
// where: self-deadlock Catalogue<int>::visit
// kill: 0.6
// about: a visitor lambda asks the container for its size while the container walks itself under its lock
#include "case.h"
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

template <class Item> class Catalogue
{
  public:
    void add(Item item)
    {
        std::lock_guard<std::mutex> guard(mutex_);
        items_.push_back(item);
    }
    FRAME size_t size() const
    {
        std::lock_guard<std::mutex> guard(mutex_);
        return items_.size();
    }
    FRAME size_t visit(const std::function<void(const Item &)> &visitor) const
    {
        std::lock_guard<std::mutex> guard(mutex_);
        for (const Item &item : items_)
            visitor(item);
        return items_.size();
    }

  private:
    mutable std::mutex mutex_;
    std::vector<Item> items_;
};

int main()
{
    Catalogue<int> catalogue;
    for (int i = 0; i < 5; i++)
        catalogue.add(i);
    std::thread reporter(
            [&] { catalogue.visit([&](const int &item) { std::printf("%d of %zu\n", item, catalogue.size()); }); });
    reporter.join();
    return 0;
}
