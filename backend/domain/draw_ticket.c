/* domain/draw_ticket.c - hash, put into drawers by the ticket's first bits,
 * sort each drawer.
 *
 * A lot is one word: the ticket's first 40 bits above the id's 24-bit place.
 * Two lots that agree in 40 bits (some fifty pairs of ten million) are told
 * apart by their whole tickets, hashed again. */
#include "domain/draw_ticket.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/hash.h"

#define US "\x1f"
#define DRAWER_SHARE 16384
#define CELL_BITS 10
#define CELLS (1 << CELL_BITS)
#define FEW 48
#define HANDS 2
#define ALONE 50000 /* ids below which one hand is quicker */
#define MESSAGE_MAX (DRAW_SEED_MAX + 2 * DRAW_ID_MAX + 4)

struct lots {
	/* seed US, or seed US m US subject US; then an id */
	unsigned char message[MESSAGE_MAX];
	size_t prefix;
	size_t padded; /* length that the block is padded for, 0: none */
	const char *const *ids;
};

static enum rc lots_begin(struct lots *l, const char *seed, const char *subject,
			  const char *const *ids, struct err *err)
{
	char *text = (char *)l->message;
	int n = subject ? snprintf(text, sizeof(l->message),
				   "%s" US "m" US "%s" US, seed, subject)
			: snprintf(text, sizeof(l->message), "%s" US, seed);

	if (n < 0 || strlen(seed) > DRAW_SEED_MAX ||
	    (size_t)n + DRAW_ID_MAX > sizeof(l->message))
		return err_set(err, RC_INVALID, "a seed has at most %d bytes",
			       DRAW_SEED_MAX);
	l->prefix = (size_t)n;
	l->padded = 0;
	l->ids = ids;
	return RC_OK;
}

static uint32_t lot_index(uint64_t lot)
{
	return (uint32_t)(lot & (DRAW_IDS_MAX - 1));
}

/* One call of the hash over one stretch of bytes: to copy a state that has
 * taken the seed already is slower. Most fit one block, and are as long as the
 * one before. */
static void ticket_of(struct lots *l, uint32_t index,
		      unsigned char out[SHA256_BYTES])
{
	size_t n = strlen(l->ids[index]);

	n = l->prefix + (n < DRAW_ID_MAX ? n : DRAW_ID_MAX);
	memcpy(l->message + l->prefix, l->ids[index], n - l->prefix);
	if (n > SHA256_ONE_MAX) {
		sha256(out, l->message, n);
		l->padded = 0;
		return;
	}
	if (n != l->padded)
		sha256_block_pad(l->message, n);
	l->padded = n;
	sha256_block(out, l->message);
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

/* One of the hands that draw together: it draws its share of the ids into
 * drawers of its own, and later sorts its share of everybody's drawers. */
struct hand {
	struct lots l;
	size_t from, to; /* ids */
	int bits; /* 2^bits drawers */
	size_t room; /* of each drawer */
	uint64_t *lots; /* owned */
	uint32_t *filled; /* owned: of each drawer */
	struct hand *all;
	size_t first, last; /* drawers to sort */
	uint32_t *out; /* where the first of them begins */
	bool failed;
};

/* A drawer of all hands together holds 8,192 to 16,384 lots, which a cache
 * holds. SHA-256 fills drawers evenly, so each has room for eight standard
 * deviations more than its share; more in one are not different ids. */
static bool hand_begin(struct hand *h, size_t n)
{
	size_t share, deviation = 1;

	while (n >> h->bits > DRAWER_SHARE)
		h->bits++;
	share = (h->to - h->from) >> h->bits;
	while (deviation * deviation < share)
		deviation++;
	h->room = share + 8 * deviation + 16;
	h->lots = malloc((h->room << h->bits) * sizeof(*h->lots));
	h->filled = calloc((size_t)1 << h->bits, sizeof(*h->filled));
	return h->lots && h->filled;
}

static void *hand_draw(void *arg)
{
	struct hand *h = arg;

	for (size_t i = h->from; i < h->to; i++) {
		uint64_t lot = lot_draw(&h->l, (uint32_t)i);
		size_t k = h->bits ? lot >> (64 - h->bits) : 0;

		if (h->filled[k] == h->room) {
			h->failed = true;
			break;
		}
		h->lots[k * h->room + h->filled[k]++] = lot;
	}
	return NULL;
}

/* The drawer k of all hands in one place; answers how many. */
static size_t gather(const struct hand *h, size_t k, uint64_t *to)
{
	size_t n = 0;

	for (size_t i = 0; i < HANDS; i++) {
		const struct hand *other = &h->all[i];

		if (!other->lots)
			continue;
		memcpy(to + n, other->lots + k * other->room,
		       other->filled[k] * sizeof(*to));
		n += other->filled[k];
	}
	return n;
}

static void *hand_sort(void *arg)
{
	struct hand *h = arg;
	size_t room = HANDS * h->all[0].room;
	uint64_t *lots = malloc(2 * room * sizeof(*lots));

	h->failed = !lots;
	for (size_t k = h->first; lots && k < h->last; k++) {
		size_t n = gather(h, k, lots);

		sort_drawer(&h->l, lots, lots + room, n, h->bits);
		for (size_t i = 0; i < n; i++)
			*h->out++ = lot_index(lots[i]);
	}
	free(lots);
	return NULL;
}

/* Each hand in a thread of its own where there is one to have. */
static bool all_do(struct hand *hands, void *(*work)(void *))
{
	pthread_t threads[HANDS];
	bool started[HANDS] = { false }, ok = true;

	for (size_t i = 1; i < HANDS; i++)
		if (hands[i].to > hands[i].from)
			started[i] = pthread_create(&threads[i], NULL, work,
						    &hands[i]) == 0;
	work(&hands[0]);
	for (size_t i = 1; i < HANDS; i++) {
		if (started[i])
			pthread_join(threads[i], NULL);
		else if (hands[i].to > hands[i].from)
			work(&hands[i]);
	}
	for (size_t i = 0; i < HANDS; i++)
		ok = ok && !hands[i].failed;
	return ok;
}

/* The drawers shared out, and where in the order each share begins. */
static void share_drawers(struct hand *hands, size_t busy, uint32_t *out)
{
	size_t drawers = (size_t)1 << hands[0].bits, k = 0;

	for (size_t i = 0; i < busy; i++) {
		hands[i].first = k;
		hands[i].last = drawers * (i + 1) / busy;
		hands[i].out = out;
		for (; k < hands[i].last; k++)
			for (size_t j = 0; j < busy; j++)
				out += hands[j].filled[k];
	}
}

static enum rc order_all(struct hand *hands, size_t n, uint32_t *out,
			 struct err *err)
{
	size_t busy = n < ALONE ? 1 : HANDS;

	for (size_t i = 0; i < busy; i++) {
		struct hand *h = &hands[i];

		h->l = hands[0].l;
		h->all = hands;
		h->from = n * i / busy;
		h->to = n * (i + 1) / busy;
		if (!hand_begin(h, n))
			return err_set(err, RC_NOMEM,
				       "no memory for %zu tickets", n);
	}
	if (!all_do(hands, hand_draw))
		return err_set(err, RC_INVALID, "the ids of a draw repeat");
	share_drawers(hands, busy, out);
	if (!all_do(hands, hand_sort))
		return err_set(err, RC_NOMEM, "no memory for %zu tickets", n);
	return RC_OK;
}

enum rc draw_order(const char *seed, const char *const *ids, size_t n,
		   uint32_t **out, struct err *err)
{
	struct hand hands[HANDS] = { 0 };
	enum rc rc;

	*out = NULL;
	if (n > DRAW_IDS_MAX)
		return err_set(err, RC_INVALID, "a draw has at most %u ids",
			       DRAW_IDS_MAX);
	rc = lots_begin(&hands[0].l, seed, NULL, ids, err);
	if (rc != RC_OK)
		return rc;
	*out = malloc((n + 1) * sizeof(**out));
	rc = *out ? order_all(hands, n, *out, err)
		  : err_set(err, RC_NOMEM, "no memory for %zu tickets", n);
	for (size_t i = 0; i < HANDS; i++) {
		free(hands[i].lots);
		free(hands[i].filled);
	}
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
