// expect: hot-alloc HIGH|MEDIUM
// where: hot-alloc Rules::words
// allow: alloc-churn
// options: hot=Rules::match<*>,no_such_function
// about: a worker that waits for no events matches texts, and takes each of them apart into strings: named with hot=
#include "case.h"
#include <string>
#include <vector>

static const int texts = 1200, repeats = 20;

class Rules
{
  public:
    template <typename Text> FRAME unsigned long match(const Text &text)
    {
        unsigned long found = 0;

        for (const std::string &word : words(text))
            found += word.size() > 20;
        return found;
    }

  private:
    FRAME std::vector<std::string> words(const std::string &text)
    {
        std::vector<std::string> list;

        for (size_t at = 0; at < text.size(); at += 32)
            list.push_back(text.substr(at, 32));
        return list;
    }
};

static unsigned long matched;

static void *work(void *)
{
    Rules rules;
    const std::string text(640, 'x');

    for (int i = 0; i < texts; i++) {
        for (int k = 0; k < repeats; k++)
            matched += rules.match(text);
        if (i % 2 == 0)
            nap_ms(1);
    }
    return nullptr;
}

int main()
{
    thread_join(thread_start(work, nullptr));
    printf("%lu\n", matched);
    return 0;
}
