/* cli/schema_dir.h - where the declarations are: --schema, HUFU_SCHEMA, beside
 * the program (a checkout: build/MODE/hufud), or installed. */
#ifndef CLI_SCHEMA_DIR_H
#define CLI_SCHEMA_DIR_H

#include "base/err.h"

/* malloc'd, or NULL after an error that names the places tried. */
char *schema_dir(const char *given, struct err *err);

#endif
