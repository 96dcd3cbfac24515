#include "api/kinds_asked.h"

#include <string.h>

enum rc kinds_asked_check(struct call *c, const json_t *kinds,
			  bool (*fits)(const struct kind *k),
			  const char *otherwise)
{
	const json_t *one;
	enum rc rc = RC_OK;
	size_t i;

	json_array_foreach(kinds, i, one)
	{
		const char *name = json_string_value(one);
		const struct kind *k = registry_kind(c->store->kinds, name);

		if (rc != RC_OK)
			break;
		if (!k)
			rc = call_wrong(c, "kinds",
					"names a kind that there is not");
		else if (!call_may_read(c, k))
			rc = call_refuse(c, RC_DENIED, 403, "denied",
					 "account '%s' may not read records of "
					 "kind '%s'",
					 c->actor.name, name);
		else if (fits && !fits(k))
			rc = call_wrong(c, "kinds", otherwise);
	}
	return rc;
}

bool kind_is_asked(const struct call *c, const json_t *kinds,
		   const struct kind *k)
{
	bool is_asked = !kinds;
	const json_t *one;
	size_t i;

	json_array_foreach(kinds, i, one) is_asked |=
		!strcmp(json_string_value(one), k->name);
	return is_asked && call_may_read(c, k);
}

static bool is_field_of_any(const struct call *c, const json_t *kinds,
			    bool (*fits)(const struct kind *k),
			    const char *name)
{
	for (size_t i = 0; i < registry_count(c->store->kinds); i++) {
		const struct kind *k = registry_at(c->store->kinds, i);

		if (kind_is_asked(c, kinds, k) && (!fits || fits(k)) &&
		    kind_field(k, name))
			return true;
	}
	return false;
}

enum rc fields_asked_check(struct call *c, const json_t *kinds,
			   bool (*fits)(const struct kind *k))
{
	const json_t *fields = json_object_get(c->args, "fields"), *one;
	size_t i;

	json_array_foreach(fields, i, one)
	{
		if (!is_field_of_any(c, kinds, fits, json_string_value(one)))
			return call_wrong(c, "fields",
					  "names a field that no kind that is "
					  "asked for has");
	}
	return RC_OK;
}
