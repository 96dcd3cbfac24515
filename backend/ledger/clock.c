/* ledger/clock.c - when a packet was made. */
#include "ledger/clock.h"

#include <string.h>

#include "sql_store.gen.h"

static bool has_jumped(const struct packet_commit *c,
		       const struct packet_commit *before)
{
	int64_t apart;

	if (!before || !c->boot || !before->boot || !c->boot[0] ||
	    strcmp(c->boot, before->boot) != 0)
		return false;
	apart = (c->wall_ms - before->wall_ms) -
		(c->monotonic_ms - before->monotonic_ms);
	return apart > CLOCK_JUMP_MS || apart < -CLOCK_JUMP_MS;
}

struct clock_interval clock_judge(const struct packet_commit *c,
				  const struct packet_commit *before,
				  int64_t received_ms)
{
	struct clock_interval i = { .earliest = c->seconds * 1000,
				    .latest = received_ms };

	if (i.earliest < c->anchor_ms)
		i.earliest = c->anchor_ms;
	/* A server that was restored may live before what it once said. */
	if (i.earliest > i.latest)
		i.earliest = i.latest;
	i.is_skewed = c->wall_ms < i.earliest - CLOCK_SKEW_MS ||
		      c->wall_ms > i.latest + CLOCK_SKEW_MS;
	i.has_jumped = has_jumped(c, before);
	return i;
}

enum rc clock_load(struct db *db, const char *scope,
		   const struct packet_commit *c, int64_t received_ms,
		   struct clock_interval *out, struct err *err)
{
	struct query *q = query_begin(db, SQL_HISTORY_PACKET_BEFORE);
	struct packet_commit before;
	bool has_before = false;
	struct arena mem;
	struct oid oid;
	enum rc rc = RC_OK;

	arena_init(&mem, PACKET_BYTES_MAX);
	query_text(q, 1, scope);
	query_text(q, 2, c->journal);
	query_int(q, 3, c->sequence);
	if (query_row(q)) {
		has_before = true;
		rc = packet_commit_read(&before, &oid, query_get_text(q, 0),
					query_get_len(q, 0), &mem, err);
	}
	if (query_end(q, err) != RC_OK)
		rc = err->code;
	if (rc == RC_OK)
		*out = clock_judge(c, has_before ? &before : NULL, received_ms);
	arena_release(&mem);
	return rc;
}
