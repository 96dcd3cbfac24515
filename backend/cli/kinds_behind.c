/* kinds_behind.c - compare what is in force with what came with the program. */
#include "cli/kinds_behind.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/jcs.h"
#include "cli/schema_dir.h"

#define NAMES_MAX 4096

/* Has `shipped` a member, at any depth of objects, that `ours` has not? */
static bool has_more(const json_t *shipped, const json_t *ours)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)shipped, name, value)
	{
		const json_t *its = json_object_get(ours, name);

		if (!its || (json_is_object(value) && has_more(value, its)))
			return true;
	}
	return false;
}

static const json_t *field_of(const json_t *definition, const char *name)
{
	const json_t *fields = json_object_get(definition, "fields");

	for (size_t i = 0; i < json_array_size(fields); i++) {
		const json_t *f = json_array_get(fields, i);
		const char *its = json_text(f, "name");

		if (its && name && !strcmp(its, name))
			return f;
	}
	return NULL;
}

/* What an office changed or added itself is not behind. */
static bool is_behind(const json_t *shipped, const struct kind *k)
{
	const json_t *fields = json_object_get(shipped, "fields");

	if (!k || has_more(shipped, k->definition))
		return true;
	for (size_t i = 0; i < json_array_size(fields); i++) {
		const json_t *f = json_array_get(fields, i);
		const json_t *ours =
			field_of(k->definition, json_text(f, "name"));

		if (!ours || has_more(f, ours))
			return true;
	}
	return false;
}

static void look_at(struct cli *c, const char *path, struct buf *names)
{
	json_t *shipped = json_load_file(path, 0, NULL);
	const char *name = json_text(shipped, "kind");

	if (name && is_behind(shipped, registry_kind(c->store->kinds, name)))
		buf_printf(names, "%s%s", names->len ? ", " : "", name);
	json_decref(shipped);
}

void kinds_behind_say(struct cli *c)
{
	struct err ignored = { 0 };
	char *schema = schema_dir(NULL, &ignored), path[4400], *real;
	struct dirent **entries;
	struct buf names;
	int n;

	if (!schema)
		return;
	buf_init(&names, NAMES_MAX);
	snprintf(path, sizeof(path), "%s/kinds", schema);
	n = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		const char *dot = strrchr(entries[i]->d_name, '.');

		snprintf(path, sizeof(path), "%s/kinds/%s", schema,
			 entries[i]->d_name);
		if (dot && !strcmp(dot, ".json"))
			look_at(c, path, &names);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	snprintf(path, sizeof(path), "%s/kinds", schema);
	real = realpath(path, NULL);
	if (names.len)
		fprintf(stderr,
			"%s: kinds of this data folder are older than the "
			"program's (%s): run 'hufud kind load %s'\n",
			c->program, names.data, real ? real : path);
	free(real);
	buf_release(&names);
	free(schema);
}
