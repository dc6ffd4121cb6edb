// expect: none
// options: heap=exact
// about: the program's operator new keeps a header in front of each object; arrays come from it by the library's new[] and go back by its delete[]
#include "case.h"

#include <new>
#include <string>
#include <vector>

static const size_t header = 16;

void *operator new(size_t size)
{
    auto *block = static_cast<char *>(std::malloc(size + header));
    if (!block)
        throw std::bad_alloc();
    return block + header;
}

void operator delete(void *object) noexcept
{
    if (object)
        std::free(static_cast<char *>(object) - header);
}

void operator delete(void *object, size_t) noexcept
{
    operator delete(object);
}

static FRAME size_t work(int i)
{
    std::vector<std::string> texts;
    for (int k = 0; k < 10; k++)
        texts.push_back("a text that lies on the heap, number " + std::to_string(i + k));
    auto *numbers = new int[30];
    numbers[3] = i;
    size_t result = texts.size() + static_cast<size_t>(numbers[3]);
    delete[] numbers;
    return result;
}

int main()
{
    size_t sum = 0;
    for (int i = 0; i < 500; i++)
        sum += work(i);
    std::printf("%zu\n", sum);
    return 0;
}
