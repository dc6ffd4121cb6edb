// expect: invalid-free CRITICAL
// where: invalid-free drop
// options: heap=exact
// status: any
// about: a file is deleted through its second base class, which has no virtual destructor, as the last thing a function does: the address lies inside the block
#include "case.h"

struct Named {
    char name[40];
};

struct Closable {
    int descriptor;
};

struct File : Named, Closable {
    char buffer[100];
};

static FRAME void drop(Closable *c)
{
    delete c;
}

int main()
{
    auto *file = new File;
    file->descriptor = 3;
    drop(file);
    puts("done");
    return 0;
}
