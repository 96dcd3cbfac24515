/* fuzz_kind.c - [definition, record, ...]: a kind's definition from a catalog,
 * and records that claim to be of it. */
#include "fuzz.h"

#include "base/jcs.h"
#include "kind/kind.h"
#include "kind/sealed.h"

static const unsigned char no_key[SEAL_KEY_BYTES];

static void record_feed(const struct kind *k, const json_t *record)
{
	json_t *copy = json_deep_copy(record), *plain = NULL;
	struct err err = { 0 };

	if (json_is_object(copy)) {
		kind_normalise(k, copy);
		kind_check(k, copy, &err);
		err_clear(&err);
		kind_may_write(k, ROLE_INSPECTOR, record, copy, &err);
		err_clear(&err);
	}
	if (sealed_check(copy, &err) == RC_OK) {
		err_clear(&err);
		FUZZ_HOLDS(sealed_open(&plain, k->name, copy, no_key, &err) !=
			   RC_OK);
	}
	json_decref(plain);
	json_decref(copy);
}

static void definition_feed(struct registry *r, const json_t *definition,
			    const json_t *records)
{
	struct err err = { 0 };
	const struct kind *k;
	json_t *record;
	size_t i;

	if (registry_add(r, definition, &err) != RC_OK) {
		FUZZ_HOLDS(err.code != RC_OK && err.text[0]);
		return;
	}
	/* a definition extends itself */
	FUZZ_HOLDS(registry_add(r, definition, &err) == RC_OK);
	FUZZ_HOLDS(registry_count(r) == 1);
	k = registry_at(r, 0);
	FUZZ_HOLDS(registry_kind(r, k->name) == k);
	for (i = 0; i < k->nfields; i++)
		FUZZ_HOLDS(kind_field(k, k->fields[i].name) == &k->fields[i]);
	json_array_foreach(records, i, record) record_feed(k, record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct registry *r = NULL;
	struct err err = { 0 };
	json_t *value = NULL;

	if (seal_setup(&err) != RC_OK ||
	    json_read((const char *)data, size, &value, &err) != RC_OK)
		return 0;
	FUZZ_HOLDS(registry_new(&r, &err) == RC_OK);
	definition_feed(r,
			json_is_array(value) ? json_array_get(value, 0) : value,
			json_is_array(value) ? value : NULL);
	registry_free(r);
	json_decref(value);
	return 0;
}
