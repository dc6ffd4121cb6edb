// expect: none
// about: a compiler-like program of one thread allocates all the time, builds and drops trees, and is done
#include "case.h"
#include <memory>
#include <string>
#include <vector>

struct Node {
    std::string text;
    std::vector<std::unique_ptr<Node>> children;
};

static FRAME std::unique_ptr<Node> parse(int depth, unsigned seed)
{
    auto n = std::make_unique<Node>();
    n->text = std::string(20 + seed % 30, 'x');
    for (unsigned i = 0; depth && i < 3; i++)
        n->children.push_back(parse(depth - 1, seed * 31 + i));
    return n;
}

static FRAME size_t print(const Node &n)
{
    std::string text = "(" + n.text;
    size_t size = 0;
    for (const auto &child : n.children)
        size += print(*child);
    return size + (text + ")").size();
}

int main()
{
    size_t size = 0;
    timespec t;
    unsigned unit = 0;
    do {
        size += print(*parse(7, unit++));
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    } while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < 900);
    return size ? 0 : 1;
}
