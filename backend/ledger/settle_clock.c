/* ledger/settle_clock.c - a visit that was signed while the terminal's clock
 * was off, or had been set: what it says of times is not the clock's word
 * alone. */
#include "ledger/settle.h"

#include <string.h>

#include "base/date.h"
#include "ledger/clock.h"

/* Half of the interval, in whole seconds, rounded up. */
static long long about(const struct clock_interval *i)
{
	return (long long)((i->latest - i->earliest + 1999) / 2000);
}

enum rc settle_clock(struct settle *s, json_t *visit)
{
	const struct packet_commit *c = &s->t->commit;
	struct clock_interval i;
	char said[25], was[25];
	enum rc rc;

	if (strcmp(c->terminal, "server") == 0)
		return RC_OK;
	rc = clock_load(s->b->store->db, s->bs->scope, c, s->b->now_ms, &i,
			s->b->err);
	if (rc != RC_OK || (!i.is_skewed && !i.has_jumped))
		return rc;
	time_format(said, c->wall_ms);
	time_format(was, i.earliest + (i.latest - i.earliest) / 2);
	if (i.is_skewed)
		rc = settle_remark(
			s, "visit", visit, "clock_skew", "notice",
			arena_printf(&s->b->mem,
				     "the clock of terminal '%s' said %s when "
				     "it was %s +- %lld s",
				     c->terminal, said, was, about(&i)));
	if (rc == RC_OK && i.has_jumped)
		rc = settle_remark(
			s, "visit", visit, "clock_jump", "notice",
			arena_printf(
				&s->b->mem,
				"the clock of terminal '%s' was set since "
				"its packet before: it said %s when it was "
				"%s +- %lld s",
				c->terminal, said, was, about(&i)));
	return rc;
}
