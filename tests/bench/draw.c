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

struct lots {
	char *room;
	const char **ids;
};

static bool lots_make(struct lots *l, size_t n)
{
	l->room = malloc(n * ID_ROOM);
	l->ids = malloc(n * sizeof(*l->ids));
	for (size_t i = 0; l->room && l->ids && i < n; i++) {
		l->ids[i] = l->room + i * ID_ROOM;
		snprintf(l->room + i * ID_ROOM, ID_ROOM, "%020zu", i);
	}
	return l->room && l->ids;
}

static void lots_free(struct lots *l)
{
	free(l->ids);
	free(l->room);
}

void lots_hash(size_t n)
{
	struct lots l;

	if (lots_make(&l, n))
		hash_all(l.ids, n);
	lots_free(&l);
}

void draw_measure(size_t n, struct draw_figures *f)
{
	struct lots l;
	bool made = lots_make(&l, n);

	*f = (struct draw_figures){ .n = n };
	/* the better of three pairs: the first meets new memory */
	for (int round = 0; made && round < 3; round++) {
		double wall, hash = hash_all(l.ids, n);
		double order = order_all(l.ids, n, &wall);

		if (!round || order / hash < f->order_s / f->hash_s)
			*f = (struct draw_figures){ n, hash, order, wall };
	}
	lots_free(&l);
}
