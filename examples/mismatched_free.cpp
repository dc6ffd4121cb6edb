// expect: mismatched-free CRITICAL
// where: mismatched-free drop_window
// options: heap=exact
// status: any
/*
 * Windows of samples are made with new[] in one layer and dropped with plain delete in another.
 *
 * Kiwi, with heap=exact, prints mismatched-free (CRITICAL): how and where it was made, how and where it was freed.
 */
#include <cstdio>

static __attribute__((noinline)) int *make_window(int samples)
{
    int *window = new int[samples];
    for (int i = 0; i < samples; i++)
        window[i] = i * i;
    return window;
}

#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
static __attribute__((noinline)) void drop_window(int *window)
{
    delete window;
    __asm__ volatile("" ::: "memory");
}

int main()
{
    long sum = 0;
    for (int i = 0; i < 10; i++) {
        int *window = make_window(100);
        sum += window[i];
        drop_window(window);
    }
    std::printf("%ld\n", sum);
    return 0;
}
