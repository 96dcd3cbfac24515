/* ledger/sync_impl.h - what sync.c and answer.c share. */
#ifndef LEDGER_SYNC_IMPL_H
#define LEDGER_SYNC_IMPL_H

#include "ledger/intake.h"
#include "ledger/sync.h"

/* Where the pages of a scope stand. */
struct page_place {
	bool is_asked; /* for a page after the first */
	bool has_more;
	struct oid head;
	char kind[33], id[33];
};

struct sync {
	struct arena mem;
	struct enrolled who;
	struct wire_request request;
	struct intake **intakes; /* [scope][packet] */
	size_t rows_down;
	bool is_further; /* pages after the first, without being asked again */
	struct page_place *places; /* one a scope */
};

/* compare.c: the places of the tree and the records that a terminal asks for,
 * as lines of the answer. From one read transaction, like all of the answer. */
enum rc comparison_put(struct store *s, const struct wire_scope *ws,
		       struct line_writer *w, struct err *err);
/* The newest of the commits that a terminal names which is on the main line;
 * RC_NOT_FOUND without a message when none is. */
enum rc comparison_known(struct store *s, const struct wire_scope *ws,
			 struct oid *out, struct err *err);

#endif
