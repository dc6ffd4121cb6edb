// expect: none
// options: heap=exact
// about: what static containers, thread-local ones and exit handlers alone refer to is freed late, or never and on purpose
#include "case.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct Plugin {
    explicit Plugin(int id) : name("plugin number " + std::to_string(id) + " of many"), id(id) {}
    std::string name;
    int id;
};

static std::vector<Plugin *> registry;               // the vector dies at the exit, the plugins never do
static std::map<int, std::unique_ptr<Plugin>> owned; // these do
static std::vector<Plugin *> &immortal = *new std::vector<Plugin *>; // never destroyed
static uintptr_t masked[40];
static thread_local std::vector<std::unique_ptr<Plugin>> scratch;

static std::map<int, Plugin *> &lazy()
{
    static std::map<int, Plugin *> plugins;
    return plugins;
}

static FRAME Plugin *make(int id)
{
    return new Plugin(id);
}

static void free_masked()
{
    for (uintptr_t m : masked)
        delete reinterpret_cast<Plugin *>(m ^ UINTPTR_MAX);
}

int main()
{
    atexit(free_masked);
    for (int i = 0; i < 40; i++) {
        registry.push_back(make(i));
        owned.emplace(i, make(i));
        immortal.push_back(make(i));
        lazy()[i] = make(i);
        scratch.emplace_back(make(i));
        masked[i] = reinterpret_cast<uintptr_t>(make(i)) ^ UINTPTR_MAX;
        nap_ms(2);
    }
    std::printf("%zu registered\n", registry.size());
    return 0;
}
