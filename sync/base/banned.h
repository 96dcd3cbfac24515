/* base/banned.h - functions that have a safer neighbour. Included by every .c
 * file through the compiler's command line. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* With clang, _FORTIFY_SOURCE makes macros of the last two. */
#undef alloca
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok       \
	gmtime localtime ctime asctime atoi atol rand srand alloca gets

#endif
