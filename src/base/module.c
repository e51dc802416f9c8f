/*
 * module.c
 *		The magic block that marks this library as a PostgreSQL module.
 */
#include "postgres.h"
#include "fmgr.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "enablement_metrics", .version = "1.0");
#else
PG_MODULE_MAGIC;
#endif
