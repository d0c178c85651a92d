/*
 * support_names.c - names that would break out of a form that does not escape them.
 */
#include "reports/support_names.h"

const char *const support_names[] = {
    "plain",
    "\"quoted\" and 'single'",
    "<script>alert(1)</script>",
    "a & b &amp; c &#60;",
    "pipe | `tick` *star* _under_ [link](http://example.org) www.example.org",
    "back\\slash \\n \\\" ends with \\",
    "100%, 50%25: ::error::forged",
    "@everyone #1 ~~x~~ $x$ {y}",
    "]]> --> <!-- ?>",
    "{vm=\"x\"} 1 # EOF",
    "\xf0\x9f\x9a\x80 rocket \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
    "\xd7\xa9\xd7\xa8\xd7\xaa \xd8\xae\xd8\xa7\xd8\xaf\xd9\x85",
    "  blanks  ",
    /* from here on: not printable */
    "line\nfeed\r\nreturn\ttab",
    "\n# EOF\n::error::forged\n| a | b |",
    "escape \x1b[31m bell \x07 \x7f",
    "turned \xe2\x80\xae"
    "fdp.exe",
    "not UTF-8 \xff\xc3( end\xe2\x82",
    "nothing \xef\xbf\xbe \xef\xbf\xbf",
};

const size_t support_nr_names = sizeof(support_names) / sizeof(support_names[0]);
const size_t support_nr_printable = 13;
