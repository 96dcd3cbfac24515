/* import_map.c - headers of field names, and declared mappings. */
#include "domain/import_map.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "domain/import_batch.h"

#define DEFINITION_BYTES_MAX 65536
#define NO_COLUMN SIZE_MAX

static size_t find_column(const struct csv_row *header, const char *name)
{
	for (size_t i = 0; i < header->n; i++)
		if (header_is(&header->cells[i], name))
			return i;
	return NO_COLUMN;
}

/* Where a name of a header or a mapping leads; false when nowhere. */
static bool find_place(struct import_target *t, const struct kind *k,
		       const char *name)
{
	const struct field *f = kind_field(k, name);

	if (strcmp(name, "id") == 0)
		t->place = IMPORT_ID;
	else if (strcmp(name, "scope") == 0)
		t->place = IMPORT_SCOPE;
	else if (strcmp(name, "town") == 0)
		t->place = IMPORT_TOWN;
	else if (f)
		t->field = (size_t)(f - k->fields);
	else
		return false;
	return true;
}

static enum rc refuse_column(const struct kind *k, const struct csv_row *header,
			     const char *name, struct err *err)
{
	char separator = header_separator(header);
	struct buf known;
	enum rc rc;

	if (separator)
		return err_set(err, RC_INVALID,
			       "line %lld: the columns are parted by %s and "
			       "not by commas: save the file with commas",
			       (long long)header->line,
			       separator == '\t'  ? "tabs"
			       : separator == ';' ? "';'"
						  : "'|'");
	buf_init(&known, 4096);
	for (size_t i = 0; i < k->nfields; i++)
		buf_printf(&known, " %s", k->fields[i].name);
	rc = err_set(err, RC_INVALID,
		     "line %lld: column '%.40s' is not known; columns of '%s': "
		     "id town%s",
		     (long long)header->line, name, k->name,
		     known.data ? known.data : "");
	buf_release(&known);
	return rc;
}

/* Names of fields are plain small letters. */
static void column_name(char *out, size_t size, const struct csv_cell *cell)
{
	const char *p = cell->p + strspn(cell->p, " \t\r\n");
	size_t n = 0;

	for (; *p && n + 1 < size; p++)
		out[n++] = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
	while (n > 0 && strchr(" \t\r\n", out[n - 1]))
		n--;
	out[n] = '\0';
}

/* The header as field names. The two columns of a file of refused rows are
 * passed over. */
static enum rc map_names(struct import_map *m, const struct kind *k,
			 const struct csv_row *header, struct err *err)
{
	for (size_t i = 0; i < header->n; i++) {
		struct import_target t = { .columns = { i }, .ncolumns = 1 };
		char name[64];

		column_name(name, sizeof(name), &header->cells[i]);

		if (strcmp(name, "refused_line") == 0 ||
		    strcmp(name, "refused_why") == 0)
			continue;
		if (!find_place(&t, k, name))
			return refuse_column(k, header, name, err);
		m->targets[m->n++] = t;
	}
	return RC_OK;
}

static enum rc bad_mapping(const char *path, const char *name, struct err *err)
{
	return err_set(err, RC_INVALID,
		       "mapping '%s' does not say how to make '%s'", path,
		       name);
}

static enum rc map_field(struct import_map *m, const struct kind *k,
			 const struct csv_row *header, const char *path,
			 const char *name, const json_t *how, struct err *err)
{
	struct import_target t = { .values = json_object_get(how, "values") };
	const json_t *columns = json_object_get(how, "columns");
	const char *column = json_text(how, "column");
	const char *as = json_text(how, "as");
	size_t n = columns ? json_array_size(columns) : 1;

	if (as)
		t.as = import_as_find(as);
	if (!find_place(&t, k, name) || (as && !t.as) || n == 0 ||
	    n > IMPORT_COLUMNS_MAX || (n > 1 && !as) || m->n == CSV_COLUMNS_MAX)
		return bad_mapping(path, name, err);
	for (; t.ncolumns < n; t.ncolumns++) {
		if (columns)
			column = json_string_value(
				json_array_get(columns, t.ncolumns));
		t.columns[t.ncolumns] =
			column ? find_column(header, column) : NO_COLUMN;
		if (t.columns[t.ncolumns] == NO_COLUMN)
			return bad_mapping(path, name, err);
	}
	m->targets[m->n++] = t;
	return RC_OK;
}

static bool is_header_of(const json_t *definition, const struct kind *k,
			 const struct csv_row *header)
{
	const json_t *names = json_object_get(definition, "header");
	const char *kind = json_text(definition, "kind");
	size_t own = find_column(header, "refused_line") == NO_COLUMN ? 0 : 2;

	if (!kind || strcmp(kind, k->name) != 0 ||
	    json_array_size(names) + own != header->n)
		return false;
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));

		if (!name || find_column(header, name) == NO_COLUMN)
			return false;
	}
	return true;
}

static enum rc read_definition(const char *path, json_t **out, struct err *err)
{
	char *text = malloc(DEFINITION_BYTES_MAX);
	FILE *f = fopen(path, "rb");
	struct err why = { 0 };
	size_t n = 0;
	enum rc rc = RC_OK;

	*out = NULL;
	if (text && f)
		n = fread(text, 1, DEFINITION_BYTES_MAX, f);
	if (!text || !f || ferror(f))
		rc = err_set(err, RC_IO, "cannot read mapping '%s'", path);
	else if (json_read(text, n, out, &why) != RC_OK)
		rc = err_set(err, why.code, "mapping '%s': %s", path, why.text);
	if (f)
		fclose(f);
	free(text);
	return rc;
}

/* Take the mapping of one file, when it is this header's. */
static enum rc try_mapping(struct import_map *m, const struct kind *k,
			   const struct csv_row *header, const char *path,
			   struct err *err)
{
	json_t *definition, *fields, *how;
	const char *name;
	enum rc rc = read_definition(path, &definition, err);

	if (rc != RC_OK || !is_header_of(definition, k, header)) {
		json_decref(definition);
		return rc;
	}
	m->definition = definition;
	fields = json_object_get(definition, "fields");
	json_object_foreach(fields, name, how)
	{
		rc = map_field(m, k, header, path, name, how, err);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

/* In byte order of names, so that two mappings of one header behave the same
 * everywhere. */
static enum rc map_declared(struct import_map *m, const struct kind *k,
			    const struct csv_row *header, const char *folder,
			    struct err *err)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, NULL, alphasort);
	enum rc rc = RC_OK;

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		size_t len = strlen(name);
		char path[1024];

		if (rc == RC_OK && !m->definition && len > 5 &&
		    strcmp(name + len - 5, ".json") == 0 &&
		    snprintf(path, sizeof(path), "%s/%s", folder, name) <
			    (int)sizeof(path))
			rc = try_mapping(m, k, header, path, err);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return rc;
}

static enum rc check_header(const struct csv_row *header, struct err *err)
{
	if (header->state == CSV_END)
		return err_set(err, RC_INVALID, "the file is empty");
	if (header->state == CSV_REFUSED)
		return err_set(err, RC_INVALID, "line %lld: %s",
			       (long long)header->line, header->why);
	for (size_t i = 0; i < header->n; i++)
		if (find_column(header, header->cells[i].p) != i)
			return err_set(err, RC_INVALID,
				       "column '%.60s' stands twice",
				       header->cells[i].p);
	return RC_OK;
}

enum rc import_map_open(struct import_map *m, const struct kind *k,
			const struct csv_row *header, const char *folder,
			struct err *err)
{
	enum rc rc = check_header(header, err);

	*m = (struct import_map){ .columns = header->n };
	if (rc == RC_OK && folder)
		rc = map_declared(m, k, header, folder, err);
	if (rc == RC_OK && !m->definition)
		rc = map_names(m, k, header, err);
	return rc;
}

bool import_map_has(const struct import_map *m, const struct kind *k,
		    const char *field)
{
	struct import_target t = { 0 };

	if (!find_place(&t, k, field))
		return false;
	for (size_t i = 0; i < m->n; i++)
		if (m->targets[i].place == t.place &&
		    m->targets[i].field == t.field)
			return true;
	return false;
}

void import_map_close(struct import_map *m)
{
	json_decref(m->definition);
	*m = (struct import_map){ 0 };
}
