/* html_assets.h - html.css and html.js as text, embedded by the build. */
#ifndef MIGCAST_REPORTS_HTML_ASSETS_H
#define MIGCAST_REPORTS_HTML_ASSETS_H

extern const char html_style_text[];
extern const char html_script_text[];

#endif
