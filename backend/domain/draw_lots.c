/* domain/draw_lots.c - lots for the subjects of a draw by grade. */
#include "domain/draw_lots.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/hex.h"

#define US "\x1f"

void draw_key_hash(char out[65], const char *key)
{
	sha256_hex(out, key, strlen(key));
}

static void hash_pair(unsigned char out[SHA256_BYTES], const char *secret,
		      const char *id)
{
	char text[160];
	int n = snprintf(text, sizeof(text), "%.64s" US "%.64s", secret, id);

	sha256(out, text, (size_t)n);
}

void draw_proof(char out[65], const char *key, const char *id)
{
	unsigned char hash[SHA256_BYTES];

	hash_pair(hash, key, id);
	hex_encode(out, hash, SHA256_BYTES);
}

void draw_lot(char out[DRAW_LOT_SIZE], const char *proof, const char *id)
{
	unsigned char hash[SHA256_BYTES];

	hash_pair(hash, proof, id);
	hex_encode(out, hash, DRAW_LOT_SIZE / 2);
}

static int by_lot(const void *a, const void *b)
{
	return strcmp(((const struct named_lot *)a)->lot,
		      ((const struct named_lot *)b)->lot);
}

enum rc lot_names_init(struct lot_names *names, const char *key,
		       const json_t *frame, struct err *err)
{
	char proof[65];

	names->n = json_array_size(frame);
	names->all = malloc((names->n + 1) * sizeof(*names->all));
	if (!names->all)
		return err_set(err, RC_NOMEM, "no memory for %zu lots",
			       names->n);
	for (size_t i = 0; i < names->n; i++) {
		const char *id = json_string_value(json_array_get(frame, i));

		names->all[i].at = (uint32_t)i;
		draw_proof(proof, key, id);
		draw_lot(names->all[i].lot, proof, id);
	}
	qsort(names->all, names->n, sizeof(*names->all), by_lot);
	return RC_OK;
}

void lot_names_release(struct lot_names *names)
{
	free(names->all);
	names->all = NULL;
}

json_t *lot_names_find(const struct lot_names *names, const json_t *frame,
		       const char *lot)
{
	struct named_lot wanted = { 0 };
	const struct named_lot *found;

	snprintf(wanted.lot, sizeof(wanted.lot), "%s", lot);
	found = bsearch(&wanted, names->all, names->n, sizeof(*names->all),
			by_lot);
	return found ? json_array_get(frame, found->at) : NULL;
}

enum rc draw_lots(const char *key, const json_t *frame,
		  const json_t *membership, size_t strata, json_t **out,
		  struct err *err)
{
	struct lot_names names;
	enum rc rc = lot_names_init(&names, key, frame, err);

	*out = json_array();
	for (size_t k = 0; k < strata; k++)
		json_array_append_new(*out, json_array());
	for (size_t i = 0; rc == RC_OK && i < names.n; i++) {
		size_t k = (size_t)json_integer_value(
			json_array_get(membership, names.all[i].at));
		json_t *of = json_array_get(*out, k);

		if (json_array_append_new(of, json_string(names.all[i].lot)))
			rc = err_set(err, RC_NOMEM, "no memory for lots");
	}
	lot_names_release(&names);
	return rc;
}
