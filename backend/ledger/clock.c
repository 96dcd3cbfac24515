/* ledger/clock.c - when a packet was made. */
#include "ledger/clock.h"

#include <string.h>

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
