// expect: none
// about: a constructor makes hundreds of blocks before it locks itself and registers: nobody knows the object by then
#include "case.h"
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

class Room;
static std::mutex registry_mutex;
static std::list<Room *> registry;

class Room
{
  public:
    FRAME Room()
    {
        for (int i = 0; i < 500; i++)
            seats_.push_back("a seat with a name long enough for a block of its own " + std::to_string(i));
        std::lock_guard<std::mutex> own(mutex_);
        taken_ = 0;
        std::lock_guard<std::mutex> all(registry_mutex);
        registry.push_back(this);
    }
    FRAME void visit()
    {
        std::lock_guard<std::mutex> own(mutex_);
        taken_++;
    }

  private:
    std::mutex mutex_;
    std::list<std::string> seats_;
    size_t taken_;
};

static FRAME void inspect()
{
    std::lock_guard<std::mutex> all(registry_mutex);
    for (Room *room : registry)
        room->visit();
}

int main()
{
    int built = 0;
    std::thread inspector([&] {
        while (__atomic_load_n(&built, __ATOMIC_SEQ_CST) < 20)
            inspect();
    });
    std::vector<Room *> rooms;
    for (int i = 0; i < 20; i++) {
        rooms.push_back(new Room);
        stage_arrive(&built);
    }
    inspector.join();
    for (Room *room : rooms)
        delete room;
    return 0;
}
