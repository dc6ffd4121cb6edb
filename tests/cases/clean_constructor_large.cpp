// expect: none
// about: as clean_constructor_allocates, but the last object is so large that its block is looked at as a sample
#include "case.h"
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

class Town;
static std::mutex atlas_mutex;
static std::list<Town *> atlas;

class Town
{
  public:
    FRAME Town()
    {
        for (int i = 0; i < 200; i++)
            streets_.push_back("a street with a name long enough for a block of its own " + std::to_string(i));
        std::lock_guard<std::mutex> own(mutex_);
        visits_ = 0;
        std::lock_guard<std::mutex> all(atlas_mutex);
        atlas.push_back(this);
    }
    FRAME void visit()
    {
        std::lock_guard<std::mutex> own(mutex_);
        visits_++;
    }

  private:
    std::mutex mutex_;
    std::list<std::string> streets_;
    size_t visits_;
};

class City : public Town
{
  public:
    char tiles_[4 << 20];
};

static FRAME void inspect()
{
    std::lock_guard<std::mutex> all(atlas_mutex);
    for (Town *town : atlas)
        town->visit();
}

static FRAME City *build(std::vector<Town *> &towns)
{
    for (int i = 0; i < 12; i++)
        towns.push_back(new Town);
    return new City;
}

int main()
{
    int built = 0;
    std::thread inspector([&] {
        while (!__atomic_load_n(&built, __ATOMIC_SEQ_CST))
            inspect();
        inspect();
    });
    std::vector<Town *> towns;
    City *city = build(towns);
    stage_arrive(&built);
    inspector.join();
    for (Town *town : towns)
        delete town;
    delete city;
    return 0;
}
