/* search/parts.c - which kinds of which scopes there are to search. */
#include "search/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql_store.gen.h"

struct scopes {
	char (*names)[8];
	size_t n, room;
};

static enum rc scopes_read(struct store *store, struct scopes *out,
			   struct err *err)
{
	struct query *q = query_begin(store->db, SQL_SCOPES_ALL);
	enum rc rc = RC_OK;

	while (rc == RC_OK && query_row(q)) {
		if (out->n == out->room) {
			size_t room = out->room ? out->room * 2 : 16;
			void *grown =
				realloc(out->names, room * sizeof(*out->names));

			if (!grown) {
				rc = err_set(err, RC_NOMEM, "out of memory");
				break;
			}
			out->names = grown;
			out->room = room;
		}
		snprintf(out->names[out->n++], sizeof(*out->names), "%s",
			 query_get_text(q, 0));
	}
	return query_end(q, err) == RC_OK ? rc : err->code;
}

enum rc search_parts(struct store *store, search_may *may, void *ctx,
		     struct search_part **out, size_t *n, char **scopes,
		     struct err *err)
{
	size_t nkinds = registry_count(store->kinds);
	struct scopes s = { 0 };
	enum rc rc = scopes_read(store, &s, err);

	*n = 0;
	*out = NULL;
	*scopes = (char *)s.names;
	if (rc != RC_OK)
		return rc;
	*out = calloc(s.n * nkinds + 1, sizeof(**out));
	if (!*out)
		return err_set(err, RC_NOMEM, "out of memory");
	for (size_t k = 0; k < nkinds; k++) {
		const struct kind *kind = registry_at(store->kinds, k);

		for (size_t i = 0; kind->search && i < s.n; i++) {
			const struct search_part part = { s.names[i], kind };

			if (kind->is_catalog ==
				    !strcmp(part.scope, "catalog") &&
			    (!may || may(ctx, &part)))
				(*out)[(*n)++] = part;
		}
	}
	return RC_OK;
}
