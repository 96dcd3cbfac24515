/* import_seen.c - open addressing with linear probes, at most half full. */
#include "domain/import_seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/hash.h"
#include "domain/import.h"

#define ROOM_FIRST 1024

uint64_t seen_key(const char *const *parts)
{
	unsigned char digest[SHA256_BYTES];
	struct sha256 h;
	uint64_t key;

	sha256_begin(&h);
	for (; *parts; parts++)
		sha256_add(&h, *parts, strlen(*parts) + 1);
	sha256_end(&h, digest);
	memcpy(&key, digest, sizeof(key));
	return key ? key : 1;
}

static struct seen_slot *probe(const struct seen *s, uint64_t key)
{
	size_t at = (size_t)key & (s->room - 1);

	while (s->slots[at].key != 0 && s->slots[at].key != key)
		at = (at + 1) & (s->room - 1);
	return &s->slots[at];
}

static enum rc grow(struct seen *s, struct err *err)
{
	struct seen old = *s;

	s->room = old.room ? old.room * 2 : ROOM_FIRST;
	s->slots = fault_hit(FAULT_ALLOC) ? NULL
					  : calloc(s->room, sizeof(*s->slots));
	if (!s->slots) {
		*s = old;
		return err_set(err, RC_NOMEM, "out of memory");
	}
	for (size_t i = 0; i < old.room; i++)
		if (old.slots[i].key != 0)
			*probe(s, old.slots[i].key) = old.slots[i];
	free(old.slots);
	return RC_OK;
}

enum rc seen_at(struct seen *s, uint64_t key, struct seen_slot **out,
		struct err *err)
{
	if (s->used >= IMPORT_ROWS_MAX)
		return err_set(err, RC_NOMEM, "more than %u rows in one file",
			       IMPORT_ROWS_MAX);
	if (s->used >= s->room / 2) {
		enum rc rc = grow(s, err);

		if (rc != RC_OK)
			return rc;
	}
	*out = probe(s, key);
	if ((*out)->key == 0) {
		(*out)->key = key;
		s->used++;
	}
	return RC_OK;
}

const struct seen_slot *seen_find(const struct seen *s, uint64_t key)
{
	const struct seen_slot *slot = s->room ? probe(s, key) : NULL;

	return slot && slot->key ? slot : NULL;
}

void seen_release(struct seen *s)
{
	free(s->slots);
	*s = (struct seen){ 0 };
}
