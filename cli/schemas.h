/*
 * schemas.h - the texts of docs/schema, built into the program (cmake/embed.cmake).
 */
#ifndef MIGCAST_CLI_SCHEMAS_H
#define MIGCAST_CLI_SCHEMAS_H

extern const char schema_capacity[];
extern const char schema_check[];
extern const char schema_config[];
extern const char schema_defs[];
extern const char schema_explain[];
extern const char schema_diff[];
extern const char schema_lab[];
extern const char schema_order[];
extern const char schema_plan[];
extern const char schema_predict[];
extern const char schema_presets[];
extern const char schema_replay[];
extern const char schema_run[];
extern const char schema_score[];
extern const char schema_sweep[];
extern const char schema_trace[];
extern const char schema_trend[];
extern const char schema_validate[];

#endif
