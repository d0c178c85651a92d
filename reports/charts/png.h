/*
 * png.h - a PNG file from a bitmap drawn too large; for reports/charts/chart.c only.
 */
#ifndef MIGCAST_REPORTS_PNG_H
#define MIGCAST_REPORTS_PNG_H

#include <stddef.h>

#include "base/status.h"
#include "base/strbuf.h"

/* png_add - the binary PPM @bitmap of @len bytes, its sides divided by @scale, as PNG.  Squares of
 * @scale pixels are averaged, which smooths the lines of a plotter that cannot.  Holds no time.
 * Returns ST_OK, ST_ENOMEM, or ST_EINTERNAL for anything but a whole PPM of such sides. */
enum status png_add(struct strbuf *out, const unsigned char *bitmap, size_t len, unsigned scale);

#endif
