// A plugin with a C++ runtime of its own linked in. It is loaded and unloaded again and again.
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

struct Table {
    std::vector<std::string> rows;
    Table()
    {
        for (int i = 0; i < 100; i++)
            rows.emplace_back(200, 'a');
    }
};

static Table &table()
{
    static Table instance; // its destructor ends with a jump to operator delete, called by the C library
    return instance;
}

struct alignas(64) Line {
    int words[16];
};

extern "C" int plugin_work(int n)
{
    int caught = 0;
    for (int i = 0; i < n; i++)
        try {
            std::unique_ptr<Line> line(new Line());
            std::vector<int> numbers(1000 + line->words[3]);
            if (numbers[i] + i % 3 == 0)
                throw std::runtime_error("every third time");
        } catch (const std::exception &) {
            caught++;
        }
    int *several = new int[100]();
    delete[] several;
    return caught + (int)table().rows.size();
}
