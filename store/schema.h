/* schema.h - schema.sql, put into the program by cmake/embed.cmake. */
#ifndef MIGCAST_STORE_SCHEMA_H
#define MIGCAST_STORE_SCHEMA_H

extern const char store_schema_text[];

#endif
