/* search/search_impl.h - what the files of this room share. */
#ifndef SEARCH_SEARCH_IMPL_H
#define SEARCH_SEARCH_IMPL_H

#include "search/search.h"
#include "sql_search.gen.h"

#define WORDS_MAX 8
#define DOC_BYTES_MAX (64u << 10)
/* A document's number: its part, and the position of its version. */
#define PART_SHIFT 40

struct search {
	struct db *db; /* NULL after a failure to open it again */
	uint64_t file; /* which file it is: others may replace it */
	bool is_damaged; /* seen by the last call */
};

/* What of a record is searched, folded. */
struct doc {
	struct buf name; /* of the first field */
	struct buf rest; /* of the others, a line each */
	const char *agency; /* borrowed from the record, or NULL */
};
void doc_make(struct doc *d, const struct kind *k, const json_t *record);
void doc_release(struct doc *d);

/* The words of a question, folded; `whole` is all of it in one. */
struct words {
	struct buf text[WORDS_MAX];
	size_t n;
	struct buf whole;
};
enum rc words_make(struct words *w, const char *text, struct err *err);
void words_release(struct words *w);
/* MATCH__MAX where a word is missing. `name` and `rest` as doc_make has them.
 */
enum search_match words_match(const struct words *w, const char *id,
			      const char *name, const char *rest);

/* Is the file still there and ours? Opens it again where it is not. */
enum rc search_ready(struct search *s, struct store *store, struct err *err);
/* A failure of the index itself: remember whether it is damaged. */
enum rc index_failed(struct search *s, const struct err *why, struct err *err);

/* The number of a part in the index; 0 where it has none (yet). `seen` may be
 * NULL. RC_CORRUPT when it was made from other fields. */
enum rc part_find(struct search *s, const struct search_part *part,
		  int64_t *number, int64_t *seen, struct err *err);

#endif
