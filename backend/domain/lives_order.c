/* lives_order.c - a sorted list of two hashes a row. */
#include "domain/lives_order.h"

#include <stdlib.h>

#include "base/fault.h"
#include "domain/import.h"

#define ROOM_FIRST 1024

enum rc order_add(struct lives_order *o, uint64_t key, uint64_t content,
		  struct err *err)
{
	if (o->n >= IMPORT_ROWS_MAX)
		return err_set(err, RC_NOMEM, "more than %u rows in one file",
			       IMPORT_ROWS_MAX);
	if (o->n == o->room) {
		size_t room = o->room ? o->room * 2 : ROOM_FIRST;
		struct lives_place *places =
			fault_hit(FAULT_ALLOC)
				? NULL
				: realloc(o->places, room * sizeof(*places));

		if (!places)
			return err_set(err, RC_NOMEM, "out of memory");
		o->places = places;
		o->room = room;
	}
	o->places[o->n++] =
		(struct lives_place){ .key = key, .content = content };
	return RC_OK;
}

static int compare(const void *left, const void *right)
{
	const struct lives_place *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->content < b->content ? -1 : a->content > b->content;
}

void order_sort(struct lives_order *o)
{
	if (o->n > 0)
		qsort(o->places, o->n, sizeof(*o->places), compare);
}

/* The first place that is not before this one. */
static size_t find(const struct lives_order *o, uint64_t key, uint64_t content)
{
	const struct lives_place want = { .key = key, .content = content };
	size_t low = 0, high = o->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare(&o->places[mid], &want) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint32_t order_number(struct lives_order *o, uint64_t key, uint64_t content,
		      uint32_t *copy)
{
	size_t first = find(o, key, 0), at = find(o, key, content);

	*copy = 1;
	if (at == o->n || o->places[at].key != key ||
	    o->places[at].content != content)
		return 1;
	*copy = ++o->places[at].taken;
	return (uint32_t)(at - first) + *copy;
}

void order_release(struct lives_order *o)
{
	free(o->places);
	*o = (struct lives_order){ 0 };
}
