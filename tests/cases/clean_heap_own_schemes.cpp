// expect: none
// options: heap=exact
// about: memory managed by schemes of the program's own: an arena per request, a pool of linked objects, alignment by hand, pmr resources, thread-local caches and keys, arrays with a count in front
#include "case.h"

#include <cstdlib>
#include <cstring>
#include <cstdio>
#include <string>
#include <vector>
#include <memory>
#include <memory_resource>
#include <unordered_map>
#include <list>
#include <thread>
#include <new>

// An arena that is reset for each request: placement new, destructors called by hand.
struct arena {
    char *base;
    size_t used, room;
};
FRAME void *arena_take(arena *a, size_t n)
{
    n = (n + 15) & ~size_t(15);
    void *p = a->base + a->used;
    a->used += n;
    return p;
}
struct obj {
    std::string s;
    obj *next;
};
FRAME long request(arena *a)
{
    a->used = 0;
    obj *head = nullptr;
    for (int i = 0; i < 50; i++) {
        obj *o = new (arena_take(a, sizeof(obj))) obj{std::string(5, 'a'), head};
        head = o;
    }
    long n = 0;
    while (head) {
        n += long(head->s.size());
        obj *x = head->next;
        head->~obj();
        head = x;
    }
    return n;
}

// A pool whose free objects are linked through themselves and overwritten.
struct node {
    node *next;
    char data[56];
};
static node *pool;
static std::vector<std::unique_ptr<node[]>> slabs;
FRAME node *node_get()
{
    if (!pool) {
        slabs.emplace_back(new node[64]);
        for (int i = 0; i < 64; i++) {
            slabs.back()[i].next = pool;
            pool = &slabs.back()[i];
        }
    }
    node *n = pool;
    pool = n->next;
    return n;
}
FRAME void node_put(node *n)
{
    memset(n->data, 0xdd, sizeof n->data);
    n->next = pool;
    pool = n;
}

// Aligned by hand: the address of the block stands in front.
FRAME void *my_aligned(size_t n)
{
    char *raw = (char *)malloc(n + 80);
    char *p = (char *)(((size_t)raw + 16 + 63) & ~size_t(63));
    ((void **)p)[-1] = raw;
    return p;
}
FRAME void my_aligned_free(void *p)
{
    free(((void **)p)[-1]);
}

static void *lone; // points into a block, and is all that does
static thread_local std::vector<char> cache;
static pthread_key_t key;
static void drop(void *p)
{
    free(p);
}
FRAME void *worker(void *)
{
    cache.assign(5000, 1);
    pthread_setspecific(key, malloc(300));
    for (int i = 0; i < 1000; i++) {
        std::string s;
        s.reserve(300);
        for (int k = 0; k < 20; k++)
            s += "0123456789";
    }
    return nullptr;
}

static long arena_reset_per_request()
{
    arena a{(char *)malloc(1 << 16), 0, 1 << 16};
    long sum = 0;
    for (int i = 0; i < 2000; i++)
        sum += request(&a);
    return sum;
}

static void pool_of_nodes()
{
    std::list<node *> held;
    for (int i = 0; i < 30000; i++) {
        held.push_back(node_get());
        if (held.size() > 100) {
            node_put(held.front());
            held.pop_front();
        }
    }
    for (node *n : held)
        node_put(n);
}

static void pointers_into_blocks()
{
    for (int i = 0; i < 2000; i++) {
        void *p = my_aligned(100);
        memset(p, 1, 100);
        my_aligned_free(p);
    }
    lone = (char *)malloc(500) + 64;
    for (int i = 0; i < 20; i++) {
        char **keep = new char *[10];
        for (int k = 0; k < 10; k++)
            keep[k] = strdup("kept");
        static std::vector<char **> all;
        all.push_back(keep);
    }
}

static void memory_resources()
{
    std::pmr::monotonic_buffer_resource mono;
    for (int r = 0; r < 200; r++) {
        {
            std::pmr::vector<std::pmr::string> v(&mono);
            for (int i = 0; i < 20; i++)
                v.emplace_back("a string that is long enough to allocate");
        }
        mono.release();
    }
    std::pmr::unsynchronized_pool_resource pools;
    std::pmr::unordered_map<int, std::pmr::string> m(&pools);
    for (int i = 0; i < 5000; i++) {
        m[i % 500] = "another string that is long enough";
        if (i % 3 == 0)
            m.erase(i % 250);
    }
}

static void blocks_that_libc_allocates()
{
    char *line = nullptr;
    size_t cap = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    while (getline(&line, &cap, f) > 0)
        continue;
    free(line);
    fclose(f);
    for (int i = 0; i < 500; i++) {
        char *t;
        if (asprintf(&t, "%d", i) > 0)
            free(t);
    }
}

struct alignas(128) wide {
    char c[200];
    ~wide()
    {
        c[0] = 0;
    }
};

static bool operators_of_every_form()
{
    for (int i = 1; i < 100; i++) {
        wide *w = new wide[size_t(i)];
        delete[] w;
        auto p = std::make_unique<wide>();
    }
    void *raw = ::operator new(100);
    ::operator delete(raw, size_t(100));
    void *ra = ::operator new(100, std::align_val_t(64));
    ::operator delete(ra, std::align_val_t(64));
    std::shared_ptr<obj> sp = std::make_shared<obj>();
    std::weak_ptr<obj> wp = sp;
    sp.reset();
    return wp.expired();
}

int main()
{
    pthread_key_create(&key, drop);
    long sum = arena_reset_per_request();
    pool_of_nodes();
    pointers_into_blocks();
    memory_resources();
    std::vector<std::thread> ts;
    for (int i = 0; i < 4; i++)
        ts.emplace_back(worker, nullptr);
    for (auto &t : ts)
        t.join();
    blocks_that_libc_allocates();
    sum += operators_of_every_form();
    printf("%ld\n", sum);
    return 0;
}
