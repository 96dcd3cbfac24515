/* wire/columns.h - a block of whole records of one kind, column by column, as
 * docs/protocol.md section 11 states for format 2 of a snapshot:
 *
 *   {"kind":K,"records":n,"columns":[{"field":F,"type":T,"form":...}...]} LF
 *   the bytes of the first column, of the second, ...
 *
 * The first column is `id`. A column's bytes:
 *
 *   marks    n bytes, if it says "marks": what each record has
 *              0 nothing  1 the next value  2 its id in capitals
 *   values   by `form`:
 *     sorted   lengths shared with the id before (n bytes), lengths (n bytes),
 *              what is left of each
 *     text     texts, 0 behind each; 1 to 254 are characters of `alphabet`, 255
 *              stands before a character in UTF-8
 *     dict     `entries` texts as above, then the place of each value in them:
 *              `width` planes
 *     planes   `width` planes; value = min + unit x number
 *
 * A plane is one byte a value; the most significant come first. */
#ifndef WIRE_COLUMNS_H
#define WIRE_COLUMNS_H

#include <jansson.h>

#include "base/arena.h"
#include "base/cell.h"
#include "wire/message.h"

/* A block ends with the record that reaches one of these. */
#define BLOCK_RECORDS 32768
#define BLOCK_BYTES (8u << 20) /* of texts, as they lie in memory */
/* A reader takes no more. */
#define BLOCK_FIELDS_MAX 512
#define BLOCK_CELLS_MAX (2u << 20)
#define BLOCK_BODY_MAX (72u << 20)
#define BLOCK_MEMORY_MAX ((size_t)192 << 20)

enum column_form { FORM_SORTED, FORM_TEXT, FORM_DICT, FORM_PLANES, FORM__MAX };
extern const char *const column_forms[FORM__MAX];
extern const char *const column_types[CELL__MAX];
#define MARK_ABSENT 0
#define MARK_VALUE 1
#define MARK_CAPITALS 2
#define ALPHABET_MAX 254
#define BYTE_UTF8 255

/* -- writing -- */

struct block_writer; /* owned by the caller: block_writer_free */
struct block_writer *block_writer_new(void);
void block_writer_free(struct block_writer *w);
/* A record of `kind` (copied; its scope is left to the head). Ids of a block
 * rise. */
enum rc block_add(struct block_writer *w, const char *kind,
		  const json_t *record, struct err *err);
bool block_is_full(const struct block_writer *w);
/* Write what was added, if anything; then the writer is empty. */
enum rc block_write(struct block_writer *w, struct line_writer *out,
		    struct err *err);

/* -- reading -- */

struct block_column {
	const char *field;
	struct cell *cells; /* one a record */
};

/* A block from outside; all of it lies in its arena. */
struct block {
	struct arena mem;
	const char *kind;
	size_t records, body_bytes;
	struct block_column *columns; /* the first is `id` */
	size_t ncolumns;
	json_t *line; /* owned until it is released */
};

/* Take the block's line (the reference passes to the block): RC_CORRUPT when it
 * is not as it says. block_body comes next, with exactly body_bytes. */
enum rc block_begin(struct block *b, json_t *line, struct err *err);
enum rc block_body(struct block *b, const char *body, struct err *err);
/* Append the canonical bytes of a record, with its id and this scope. The cells
 * are as somebody sent them: hash what this writes before you trust it. */
void block_record(const struct block *b, size_t record, const char *scope,
		  struct buf *out);
void block_release(struct block *b);

#endif
