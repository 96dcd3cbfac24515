/* ledger/settle_turn.c - who took a record into the state in which it stands,
 * as its versions on the main line tell. */
#include "ledger/settle.h"

#include <string.h>

#include "base/jcs.h"
#include "form/verdict.h"
#include "sql_store.gen.h"

/* A version that is in the state, or, without one, is signed. */
static bool is_it(const json_t *version, const char *state)
{
	const char *is = json_text(version, "state");

	return state ? is && !strcmp(is, state) : visit_is_signed(version);
}

/* Newest first: the oldest in a row that is in the state is the turn. */
enum rc settle_turn(struct settle *s, const char *kind, const char *id,
		    const char *state, struct turn *out)
{
	struct query *q = query_begin(s->b->store->db, SQL_LOG_AUTHORS);
	bool found = false, past = false;
	enum rc rc = RC_OK;

	memset(out, 0, sizeof(*out));
	query_text(q, 1, s->bs->scope);
	query_text(q, 2, kind);
	query_text(q, 3, id);
	while (rc == RC_OK && query_row(q)) {
		json_t *version = NULL;
		const char *was;
		bool is;

		rc = json_read(query_get_text(q, 0), query_get_len(q, 0),
			       &version, s->b->err);
		is = !past && is_it(version, state);
		was = json_text(version, "state");
		if (is)
			log_author_read(&out->by, q);
		else if (found && !past)
			snprintf(out->before, sizeof(out->before), "%s",
				 was ? was : "");
		past |= found && !is;
		found |= is;
		out->was_returned |= was && !strcmp(was, "returned");
		json_decref(version);
	}
	return query_end(q, s->b->err) == RC_OK ? rc : s->b->err->code;
}

void turn_say(json_t *c, const struct turn *t, const char *author,
	      const char *packet, const char *at)
{
	if (t->by.author[0])
		json_object_set_new(c, author, json_string(t->by.author));
	if (t->by.packet[0] && packet)
		json_object_set_new(c, packet, json_string(t->by.packet));
	if (t->by.packet[0] && at)
		json_object_set_new(c, at, json_integer(t->by.received_ms));
}
