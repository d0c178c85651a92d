/*
 * png.c - average a bitmap down and write it with libpng.
 *
 * libpng leaves by longjmp() on failure, so everything that must be freed stands in one struct that
 * the jump cannot touch.  Invariant: the same bitmap gives the same bytes.
 */
#include "reports/charts/png.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

struct image {
    const unsigned char *pixels;
    unsigned width, height; /* of the bitmap */
};

struct writer {
    struct strbuf *out;
    png_structp png;
    png_infop info;
    unsigned char *row;
};

/* A decimal number after blanks and comments; 0 if there is none. */
static unsigned read_number(const unsigned char **at, const unsigned char *end)
{
    unsigned n = 0;

    while (*at < end && (**at == '#' || **at == ' ' || **at == '\n')) {
        if (**at == '#')
            while (*at < end && **at != '\n')
                ++*at;
        if (*at < end)
            ++*at;
    }
    for (; *at < end && **at >= '0' && **at <= '9' && n < 100000; ++*at)
        n = n * 10 + (unsigned)(**at - '0');
    return n;
}

static enum status read_ppm(struct image *image, const unsigned char *bitmap, size_t len)
{
    const unsigned char *at = bitmap + 2, *end = bitmap + len;

    if (len < 2 || memcmp(bitmap, "P6", 2) != 0)
        return ST_EINTERNAL;
    image->width = read_number(&at, end);
    image->height = read_number(&at, end);
    if (read_number(&at, end) != 255 || at >= end)
        return ST_EINTERNAL;
    image->pixels = at + 1;
    return image->width && image->height &&
                   (size_t)(end - image->pixels) == (size_t)3 * image->width * image->height
               ? ST_OK
               : ST_EINTERNAL;
}

static void put(png_structp png, png_bytep data, size_t len)
{
    struct strbuf *out = png_get_io_ptr(png);

    strbuf_add(out, (const char *)data, len);
}

static void flush(png_structp png)
{
    (void)png;
}

static void fail(png_structp png, png_const_charp what)
{
    (void)what;
    png_longjmp(png, 1);
}

static void hush(png_structp png, png_const_charp what)
{
    (void)png;
    (void)what;
}

static void average_row(const struct image *image, unsigned y, unsigned scale, unsigned char *row)
{
    size_t stride = (size_t)3 * image->width;

    for (size_t x = 0; x < image->width / scale; x++)
        for (size_t channel = 0; channel < 3; channel++) {
            unsigned sum = 0;

            for (size_t v = 0; v < scale; v++)
                for (size_t u = 0; u < scale; u++)
                    sum += image->pixels[(y * (size_t)scale + v) * stride + 3 * (x * scale + u) +
                                         channel];
            row[3 * x + channel] = (unsigned char)((sum + scale * scale / 2) / (scale * scale));
        }
}

static enum status write_png(struct writer *w, const struct image *image, unsigned scale)
{
    if (setjmp(png_jmpbuf(w->png)))
        return ST_ENOMEM;
    png_set_write_fn(w->png, w->out, put, flush);
    png_set_IHDR(w->png, w->info, image->width / scale, image->height / scale, 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(w->png, w->info);
    for (unsigned y = 0; y < image->height / scale; y++) {
        average_row(image, y, scale, w->row);
        png_write_row(w->png, w->row);
    }
    png_write_end(w->png, w->info);
    return ST_OK;
}

enum status png_add(struct strbuf *out, const unsigned char *bitmap, size_t len, unsigned scale)
{
    struct image image;
    struct writer w = {.out = out};
    enum status st = read_ppm(&image, bitmap, len);

    if (st != ST_OK || image.width % scale || image.height % scale)
        return ST_EINTERNAL;
    w.row = malloc((size_t)3 * image.width);
    w.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, fail, hush);
    w.info = w.png ? png_create_info_struct(w.png) : NULL;
    st = w.row && w.info ? write_png(&w, &image, scale) : ST_ENOMEM;
    png_destroy_write_struct(&w.png, &w.info);
    free(w.row);
    return strbuf_failed(out) ? ST_ENOMEM : st;
}
