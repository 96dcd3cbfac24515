#include "contract/example.h"

#include <string.h>

#include "base/jcs.h"
#include "contract/document.h"

#define SOME_ID "3f2a9c0b7d1e4a5f6b8c"

/* The first value that the field's table of codes has, or NULL. */
static const char *first_code(const struct field *f)
{
	const json_t *list = json_object_get(f->codes, "list");

	return json_text(json_array_get(list, 0), "code");
}

static json_t *text_for(const struct field *f)
{
	const char *text = first_code(f);

	if (f->values)
		return json_string(f->values[0]);
	if (!text)
		text = f->max && (size_t)f->max < strlen(f->label_zh)
			       ? "1"
			       : f->label_zh;
	return json_string(text);
}

static json_t *value_for(const struct field *f)
{
	const char *code = first_code(f);

	switch (f->type) {
	case FIELD_BOOL: return json_true();
	case FIELD_DATE: return json_string("2026-09-01");
	case FIELD_TIME: return json_string("2026-09-01T08:30:00.000Z");
	case FIELD_REF: return json_string(SOME_ID);
	case FIELD_SET: return json_pack("[s]", code ? code : SOME_ID);
	case FIELD_JSON: return json_object();
	case FIELD_COORDINATE: return json_integer(302595000);
	case FIELD_INT:
	case FIELD_MONEY:
		return json_integer(json_is_integer(f->least)
					    ? json_integer_value(f->least)
					    : 1);
	default: return text_for(f);
	}
}

json_t *example_record(const struct kind *k)
{
	json_t *out = json_object();

	for (size_t i = 0; i < k->nfields; i++)
		if (k->fields[i].required &&
		    !document_is_read_only(&k->fields[i]))
			json_object_set_new(out, k->fields[i].name,
					    value_for(&k->fields[i]));
	return out;
}

/* A word that an account may change, rather than a number. */
static bool is_likely(const struct field *f)
{
	return f->type == FIELD_TEXT && f->rule != MERGE_FSM && !f->required &&
	       !document_is_read_only(f);
}

json_t *example_patch(const struct kind *k)
{
	json_t *out = json_object();

	for (size_t i = 0; i < k->nfields && !json_object_size(out); i++)
		if (is_likely(&k->fields[i]))
			json_object_set_new(out, k->fields[i].name,
					    value_for(&k->fields[i]));
	for (size_t i = 0; i < k->nfields && !json_object_size(out); i++)
		if (k->fields[i].rule != MERGE_FSM &&
		    !document_is_read_only(&k->fields[i]))
			json_object_set_new(out, k->fields[i].name,
					    value_for(&k->fields[i]));
	return out;
}
