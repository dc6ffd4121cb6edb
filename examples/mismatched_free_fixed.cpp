// expect: none
// options: heap=exact
/*
 * mismatched_free.cpp, mended: a std::vector owns the samples, and nobody has to know how they were made.
 *
 * Kiwi prints no finding.
 */
#include <cstdio>
#include <vector>

static __attribute__((noinline)) std::vector<int> make_window(int samples)
{
    std::vector<int> window(samples);
    for (int i = 0; i < samples; i++)
        window[i] = i * i;
    return window;
}

int main()
{
    long sum = 0;
    for (int i = 0; i < 10; i++) {
        std::vector<int> window = make_window(100);
        sum += window[i];
    }
    std::printf("%ld\n", sum);
    return 0;
}
