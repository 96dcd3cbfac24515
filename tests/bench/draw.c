/* draw.c - the lots of a large draw beside a loop that only hashes. */
#include "bench.h"

#include <time.h>

#include "base/hash.h"
#include "domain/draw_ticket.h"

#define SEED "07-11-19-23-28-33+05"
#define ID_ROOM 21

/* Processor time of all threads: other work on the machine does not count. */
static double cpu_s(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static double hash_all(const char *const *ids, size_t n)
{
	unsigned char ticket[SHA256_BYTES];
	char message[sizeof(SEED) + ID_ROOM] = SEED "\x1f";
	double from = cpu_s();

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(ids[i]);

		memcpy(message + sizeof(SEED), ids[i], len);
		sha256(ticket, message, sizeof(SEED) + len);
	}
	return cpu_s() - from;
}

static double order_all(const char *const *ids, size_t n, double *wall)
{
	double from = cpu_s(), wall_from = now_s();
	struct err err = { 0 };
	uint32_t *order;

	must(draw_order(SEED, ids, n, &order, &err), &err, "draw");
	*wall = now_s() - wall_from;
	free(order);
	return cpu_s() - from;
}

void draw_measure(size_t n, struct draw_figures *f)
{
	char *room = malloc(n * ID_ROOM);
	const char **ids = malloc(n * sizeof(*ids));

	*f = (struct draw_figures){ .n = n };
	for (size_t i = 0; room && ids && i < n; i++) {
		ids[i] = room + i * ID_ROOM;
		snprintf(room + i * ID_ROOM, ID_ROOM, "%020zu", i);
	}
	/* the better of three pairs: the first meets new memory */
	for (int round = 0; room && ids && round < 3; round++) {
		double wall, hash = hash_all(ids, n);
		double order = order_all(ids, n, &wall);

		if (!round || order / hash < f->order_s / f->hash_s)
			*f = (struct draw_figures){ n, hash, order, wall };
	}
	free(ids);
	free(room);
}
