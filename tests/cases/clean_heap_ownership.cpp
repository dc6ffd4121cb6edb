// expect: none
// options: heap=exact
// about: blocks handed over in every lawful way: shared by count, by unique owner across threads, grown by realloc, by aligned and nothrow new, by a class with operators of its own, by arrays of objects with destructors
#include "case.h"

#include <map>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

struct Pooled {
    int value = 1;
    static void *operator new(size_t size)
    {
        return std::malloc(size);
    }
    static void operator delete(void *p)
    {
        std::free(p);
    }
};

struct alignas(64) Wide {
    long values[16] = {};
};

struct Counted {
    std::string text = std::string(40, 'x');
    ~Counted()
    {
        text.clear();
    }
};

static FRAME long arrays()
{
    long sum = 0;
    for (int i = 1; i < 40; i++) {
        Counted *many = new Counted[i];
        sum += long(many[i / 2].text.size());
        delete[] many;
        char *bytes = new (std::nothrow) char[i * 10];
        bytes[0] = 1;
        delete[] bytes;
        Wide *wide = new Wide;
        sum += wide->values[3];
        delete wide;
        delete new Pooled;
    }
    return sum;
}

static FRAME long grown()
{
    char *p = nullptr;
    size_t size = 0;
    for (int i = 1; i < 200; i++) {
        p = static_cast<char *>(realloc(p, size_t(i) * 37));
        require(p != nullptr, "memory");
        memset(p + size, i, size_t(i) * 37 - size);
        size = size_t(i) * 37;
    }
    long last = p[size - 1];
    free(p);
    return last;
}

static FRAME void worker(std::vector<std::unique_ptr<std::string>> *given,
                         std::shared_ptr<std::map<int, std::string>> all)
{
    given->clear();
    for (int i = 0; i < 100; i++)
        (*all)[i] = std::string(50, 'a');
}

int main()
{
    long sum = arrays() + grown();
    std::vector<std::unique_ptr<std::string>> given;
    auto all = std::make_shared<std::map<int, std::string>>();
    for (int i = 0; i < 300; i++)
        given.push_back(std::make_unique<std::string>(60, 'b'));
    std::thread t(worker, &given, all);
    t.join();
    void *aligned = nullptr;
    require(posix_memalign(&aligned, 256, 1000) == 0, "memory");
    free(aligned);
    free(aligned_alloc(64, 128));
    free(nullptr);
    std::printf("%ld %zu\n", sum, all->size());
    return 0;
}
