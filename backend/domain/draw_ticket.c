/* domain/draw_ticket.c - hash, put into drawers by the ticket's first bits,
 * sort each drawer.
 *
 * A lot is one word: the ticket's first 40 bits above the id's 24-bit place.
 * Two lots that agree in 40 bits (some fifty pairs of ten million) are told
 * apart by their whole tickets, hashed again. */
#include "domain/draw_ticket.h"

#include <stdbool.h>

#include "base/hash.h"

#define US "\x1f"
#define DRAWER_SHARE 16384
#define CELL_BITS 10
#define CELLS (1 << CELL_BITS)
#define FEW 48
#define MESSAGE_MAX (DRAW_SEED_MAX + 2 * DRAW_ID_MAX + 4)

struct lots {
	char message[MESSAGE_MAX]; /* seed US, or seed US m US subject US */
	size_t prefix;
	const char *const *ids;
};

static enum rc lots_begin(struct lots *l, const char *seed, const char *subject,
			  const char *const *ids, struct err *err)
{
	int n = subject ? snprintf(l->message, sizeof(l->message),
				   "%s" US "m" US "%s" US, seed, subject)
			: snprintf(l->message, sizeof(l->message), "%s" US,
				   seed);

	if (n < 0 || strlen(seed) > DRAW_SEED_MAX ||
	    (size_t)n + DRAW_ID_MAX > sizeof(l->message))
		return err_set(err, RC_INVALID, "a seed has at most %d bytes",
			       DRAW_SEED_MAX);
	l->prefix = (size_t)n;
	l->ids = ids;
	return RC_OK;
}

static uint32_t lot_index(uint64_t lot)
{
	return (uint32_t)(lot & (DRAW_IDS_MAX - 1));
}

/* One call of the hash over one stretch of bytes: to copy a state that has
 * taken the seed already is slower. */
static void ticket_of(struct lots *l, uint32_t index,
		      unsigned char out[SHA256_BYTES])
{
	size_t n = strlen(l->ids[index]);

	n = n < DRAW_ID_MAX ? n : DRAW_ID_MAX;
	memcpy(l->message + l->prefix, l->ids[index], n);
	sha256(out, l->message, l->prefix + n);
}

static uint64_t lot_draw(struct lots *l, uint32_t index)
{
	unsigned char ticket[SHA256_BYTES];
	uint64_t head = 0;

	ticket_of(l, index, ticket);
	for (int i = 0; i < 8; i++)
		head = head << 8 | ticket[i];
	return (head & ~(uint64_t)(DRAW_IDS_MAX - 1)) | index;
}

static bool lot_less(struct lots *l, uint64_t a, uint64_t b)
{
	unsigned char x[SHA256_BYTES], y[SHA256_BYTES];

	if ((a ^ b) >> DRAW_INDEX_BITS)
		return a < b;
	ticket_of(l, lot_index(a), x);
	ticket_of(l, lot_index(b), y);
	return memcmp(x, y, SHA256_BYTES) < 0;
}

static void sort_few(struct lots *l, uint64_t *lots, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint64_t x = lots[i];
		size_t j = i;

		for (; j > 0 && lot_less(l, x, lots[j - 1]); j--)
			lots[j] = lots[j - 1];
		lots[j] = x;
	}
}

/* Sort n lots that agree in their first `skip` bits, through `spare` of the
 * same room, by the next bits: what lands in one cell is a handful. */
static void sort_drawer(struct lots *l, uint64_t *lots, uint64_t *spare,
			size_t n, int skip)
{
	uint32_t ends[CELLS] = { 0 }, sum = 0;

	if (n <= FEW) {
		sort_few(l, lots, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		ends[lots[i] << skip >> (64 - CELL_BITS)]++;
	for (size_t c = 0; c < CELLS; c++) {
		uint32_t size = ends[c];

		ends[c] = sum;
		sum += size;
	}
	for (size_t i = 0; i < n; i++)
		spare[ends[lots[i] << skip >> (64 - CELL_BITS)]++] = lots[i];
	for (size_t c = 0, first = 0; c < CELLS; first = ends[c++])
		sort_few(l, spare + first, ends[c] - first);
	memcpy(lots, spare, n * sizeof(*lots));
}

/* 2^bits drawers of 8,192 to 16,384 lots, which a cache holds. SHA-256 fills
 * them evenly, so each has room for eight standard deviations more than its
 * share; more than that in one drawer are not different ids. */
struct drawers {
	int bits;
	size_t room; /* of each */
	uint64_t *lots; /* and one drawer more, as spare */
	uint32_t *filled;
};

static bool drawers_new(struct drawers *d, size_t n)
{
	size_t share, deviation = 1;

	d->bits = 0;
	while (n >> d->bits > DRAWER_SHARE)
		d->bits++;
	share = n >> d->bits;
	while (deviation * deviation < share)
		deviation++;
	d->room = share + 8 * deviation + 16;
	d->lots = malloc((((size_t)1 << d->bits) + 1) * d->room *
			 sizeof(*d->lots));
	d->filled = calloc((size_t)1 << d->bits, sizeof(*d->filled));
	return d->lots && d->filled;
}

static bool drawers_fill(struct drawers *d, struct lots *l, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t lot = lot_draw(l, (uint32_t)i);
		size_t k = d->bits ? lot >> (64 - d->bits) : 0;

		if (d->filled[k] == d->room)
			return false;
		d->lots[k * d->room + d->filled[k]++] = lot;
	}
	return true;
}

static void drawers_empty(struct drawers *d, struct lots *l, uint32_t *out)
{
	uint64_t *spare = d->lots + (d->room << d->bits);

	for (size_t k = 0; k < (size_t)1 << d->bits; k++) {
		uint64_t *lots = d->lots + k * d->room;

		sort_drawer(l, lots, spare, d->filled[k], d->bits);
		for (size_t i = 0; i < d->filled[k]; i++)
			*out++ = lot_index(lots[i]);
	}
}

enum rc draw_order(const char *seed, const char *const *ids, size_t n,
		   uint32_t **out, struct err *err)
{
	struct drawers d = { 0 };
	struct lots l;
	enum rc rc;

	*out = NULL;
	if (n > DRAW_IDS_MAX)
		return err_set(err, RC_INVALID, "a draw has at most %u ids",
			       DRAW_IDS_MAX);
	rc = lots_begin(&l, seed, NULL, ids, err);
	if (rc != RC_OK)
		return rc;
	*out = malloc((n + 1) * sizeof(**out));
	if (!drawers_new(&d, n) || !*out)
		rc = err_set(err, RC_NOMEM, "no memory for %zu tickets", n);
	else if (!drawers_fill(&d, &l, n))
		rc = err_set(err, RC_INVALID, "the ids of a draw repeat");
	else
		drawers_empty(&d, &l, *out);
	free(d.lots);
	free(d.filled);
	if (rc != RC_OK) {
		free(*out);
		*out = NULL;
	}
	return rc;
}

enum rc draw_order_officers(const char *seed, const char *subject,
			    const char *const *officers, size_t n,
			    uint32_t *out, struct err *err)
{
	uint64_t lots[DRAW_OFFICERS_MAX], spare[DRAW_OFFICERS_MAX];
	struct lots l;
	enum rc rc;

	if (n > DRAW_OFFICERS_MAX)
		return err_set(err, RC_INVALID,
			       "a pool has at most %d officers",
			       DRAW_OFFICERS_MAX);
	rc = lots_begin(&l, seed, subject, officers, err);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < n; i++)
		lots[i] = lot_draw(&l, (uint32_t)i);
	sort_drawer(&l, lots, spare, n, 0);
	for (size_t i = 0; i < n; i++)
		out[i] = lot_index(lots[i]);
	return RC_OK;
}
