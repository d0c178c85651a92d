/*
 * support_xml.h - is a page or a drawing well formed?
 */
#ifndef MIGCAST_TESTS_REPORTS_SUPPORT_XML_H
#define MIGCAST_TESTS_REPORTS_SUPPORT_XML_H

/* xml_fault - NULL, or what is wrong with @text: tags that do not match, attributes without quotes,
 * unknown references, control characters, or an id that stands twice.  What script and style hold
 * is not looked at.  Valid until the next call. */
const char *xml_fault(const char *text);

/* xml_number_fault - NULL, or where an attribute holds "nan", "inf" or a decimal comma. */
const char *xml_number_fault(const char *text);

#endif
