/* import_ids.c - credit codes, and the ids that follow from them or from keys.
 */
#include "domain/import_ids.h"

#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "domain/uscc.h"
#include "sql_store.gen.h"

#define KEYS_MAX 8

static bool is_subject(const struct kind *k)
{
	return strcmp(k->name, "subject") == 0;
}

/* What identifies a subject that the register gave neither a valid credit code
 * nor a number, the strongest first. */
static const char *const surrogates[][3] = { { "registration_no" },
					     { "uscc" },
					     { "name", "address" } };

#define SURROGATES (sizeof(surrogates) / sizeof(*surrogates))

static bool id_of_surrogate(const struct kind *k, const char *source,
			    const json_t *given, char id[33])
{
	for (size_t s = 0; is_subject(k) && s < SURROGATES; s++) {
		const char *keys[4] = { 0 };
		size_t n = 0;

		for (; surrogates[s][n]; n++)
			if (!(keys[n] = json_text(given, surrogates[s][n])))
				break;
		if (surrogates[s][n])
			continue;
		import_id(id, source, "subject", keys);
		return true;
	}
	return false;
}

static enum rc id_of_keys(const struct kind *k, const char *source,
			  const json_t *given, char id[33], struct err *why)
{
	const char *keys[KEYS_MAX + 1];
	char numbers[KEYS_MAX][24];
	size_t n = 0;

	for (; k->keys && k->keys[n]; n++) {
		const json_t *value = json_object_get(given, k->keys[n]);

		if (n == KEYS_MAX)
			return err_set(why, RC_INVALID, "too many keys");
		if (json_is_integer(value)) {
			snprintf(numbers[n], sizeof(numbers[n]), "%lld",
				 (long long)json_integer_value(value));
			keys[n] = numbers[n];
		} else if (json_is_string(value)) {
			keys[n] = json_string_value(value);
		} else if (id_of_surrogate(k, source, given, id)) {
			return RC_OK;
		} else {
			return err_set(why, RC_INVALID,
				       "the key '%s' is empty, and so is the "
				       "id",
				       k->keys[n]);
		}
	}
	if (n == 0)
		return err_set(why, RC_INVALID, "the id is empty");
	keys[n] = NULL;
	import_id(id, source, k->name, keys);
	return RC_OK;
}

enum rc import_find_id(const struct kind *k, const char *source, json_t *given,
		       char id[33], struct err *why)
{
	const char *text = json_text(given, "id");
	const char *code = json_text(given, "uscc");
	enum rc rc = RC_OK;

	if (text && strlen(text) < 33) {
		snprintf(id, 33, "%s", text);
		entry_lower_code(id);
	}
	if (text && (strlen(text) > 32 || !name_is_id(id)))
		rc = err_set(why, RC_INVALID,
			     "id '%.40s' is not 1 to 32 of a-z and 0-9", text);
	else if (!text && is_subject(k) && code && uscc_is_valid(code))
		uscc_id(id, code);
	else if (!text)
		rc = id_of_keys(k, source, given, id, why);
	json_object_del(given, "id");
	return rc;
}

enum rc import_known_id(struct op *op, const char *scope, const char *source,
			const struct kind *k, const json_t *given, char id[33],
			struct err *err)
{
	const char *number = json_text(given, "source_id");
	const char *named = json_text(given, "source");
	char known[33] = "";
	struct query *q;
	int n = 0;

	if (!is_subject(k) || !number)
		return RC_OK;
	q = query_begin(op->store->db, SQL_SUBJECTS_OF_SOURCE);
	query_text(q, 1, scope);
	query_text(q, 2, number);
	query_text(q, 3, named ? named : source);
	for (; query_row(q); n++)
		snprintf(known, sizeof(known), "%s", query_get_text(q, 0));
	if (n == 1)
		memcpy(id, known, sizeof(known));
	return query_end(q, err);
}

bool import_has_surrogate(const struct import_map *map, const struct kind *k)
{
	for (size_t s = 0; is_subject(k) && s < SURROGATES; s++) {
		size_t n = 0;

		while (surrogates[s][n] &&
		       import_map_has(map, k, surrogates[s][n]))
			n++;
		if (!surrogates[s][n])
			return true;
	}
	return false;
}
