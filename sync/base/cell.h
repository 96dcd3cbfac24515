/* base/cell.h - one value of a record outside of JSON: what a clone is made of,
 * where a JSON value each would cost more than all the rest. */
#ifndef BASE_CELL_H
#define BASE_CELL_H

#include <stdint.h>

enum cell_type {
	CELL_ABSENT,
	CELL_TEXT,
	CELL_INT,
	CELL_JSON, /* any other value, as its canonical text */
	CELL__MAX
};

struct cell {
	union {
		const char *text; /* borrowed, NUL behind it */
		int64_t number;
	} v;
	uint32_t len; /* of the text */
	uint8_t type; /* enum cell_type */
};

#endif
