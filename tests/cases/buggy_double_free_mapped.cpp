// expect: double-free CRITICAL
// where: double-free image_close
// status: any
// about: two handles of an image each free its pixels, a block so large that it has a mapping of its own: the second free meets no memory
#include "case.h"

struct Image {
    unsigned char *pixels;
    size_t size;
};

static FRAME void image_close(Image *image)
{
    delete[] image->pixels;
    image->size = 0;
}

int main()
{
    for (int i = 0; i < 30; i++) {
        Image image = {new unsigned char[3000000], 3000000};
        memset(image.pixels, i, image.size);
        Image shown = image;
        image_close(&image);
        if (i == 25)
            image_close(&shown);
    }
    puts("done");
    return 0;
}
