/* kind/kind.c - the registry: kinds sorted by name, and where they come from.
 */
#include "kind/kind_impl.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"

struct registry {
	struct kind **kinds; /* owned, by name */
	size_t n, room;
};

enum rc registry_new(struct registry **out, struct err *err)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return err_set(err, RC_NOMEM, "no memory for a registry");
	return RC_OK;
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		kind_free(r->kinds[i]);
	free(r->kinds);
	free(r);
}

/* Where the name stands, or where it belongs. */
static size_t registry_place(const struct registry *r, const char *name)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(r->kinds[mid]->name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool registry_has(const struct registry *r, size_t at, const char *name)
{
	return at < r->n && strcmp(r->kinds[at]->name, name) == 0;
}

/* Tablets hold tables of the old form and packets written under it: what was
 * once declared has to stay readable. */
static enum rc check_extends(const struct kind *old, const struct kind *now,
			     struct err *err)
{
	if (old->is_catalog != now->is_catalog)
		return err_set(err, RC_INVALID, "kind '%s' changes its scope",
			       now->name);
	if (old->is_sealed != now->is_sealed)
		return err_set(err, RC_INVALID,
			       "kind '%s' changes whether it is sealed",
			       now->name);
	for (size_t i = 0; i < old->nfields; i++) {
		const struct field *before = &old->fields[i];
		const struct field *after = kind_field(now, before->name);

		if (!after)
			return err_set(err, RC_INVALID,
				       "kind '%s' loses its field '%s': keep "
				       "it, and call it retired in its label",
				       now->name, before->name);
		if (after->type != before->type)
			return err_set(err, RC_INVALID,
				       "kind '%s': field '%s' changes its "
				       "type: add another field",
				       now->name, before->name);
	}
	return RC_OK;
}

static enum rc registry_insert(struct registry *r, size_t at, struct kind *k,
			       struct err *err)
{
	if (r->n == r->room) {
		size_t room = r->room ? r->room * 2 : 32;
		struct kind **grown = realloc(r->kinds, room * sizeof(*grown));

		if (!grown)
			return err_set(err, RC_NOMEM, "no memory for kind '%s'",
				       k->name);
		r->kinds = grown;
		r->room = room;
	}
	memmove(r->kinds + at + 1, r->kinds + at,
		(r->n - at) * sizeof(*r->kinds));
	r->kinds[at] = k;
	r->n++;
	return RC_OK;
}

enum rc registry_add(struct registry *r, const json_t *definition,
		     struct err *err)
{
	struct kind *k;
	size_t at;
	enum rc rc;

	rc = kind_parse(&k, definition, err);
	if (rc != RC_OK)
		return rc;
	at = registry_place(r, k->name);
	if (!registry_has(r, at, k->name)) {
		rc = registry_insert(r, at, k, err);
	} else {
		rc = check_extends(r->kinds[at], k, err);
		if (rc == RC_OK) {
			kind_free(r->kinds[at]);
			r->kinds[at] = k;
		}
	}
	if (rc != RC_OK)
		kind_free(k);
	return rc;
}

const struct kind *registry_kind(const struct registry *r, const char *name)
{
	size_t at = registry_place(r, name);

	return registry_has(r, at, name) ? r->kinds[at] : NULL;
}

size_t registry_count(const struct registry *r)
{
	return r->n;
}

const struct kind *registry_at(const struct registry *r, size_t i)
{
	return i < r->n ? r->kinds[i] : NULL;
}

static enum rc file_read(struct buf *out, const char *path, struct err *err)
{
	char piece[4096];
	FILE *file = fopen(path, "rb");
	bool failed;
	size_t n;

	if (!file)
		return err_set(err, RC_IO, "cannot open '%s': %s", path,
			       strerror(errno));
	while ((n = fread(piece, 1, sizeof(piece), file)) > 0)
		buf_put(out, piece, n);
	failed = ferror(file) != 0;
	fclose(file);
	if (failed)
		return err_set(err, RC_IO, "cannot read '%s'", path);
	return buf_status(out, err);
}

/* A file and the kind in it bear one name, so that a person finds it. */
static enum rc registry_load_file(struct registry *r, const char *folder,
				  const char *name, struct err *err)
{
	struct err why = { 0 };
	json_t *definition = NULL;
	struct buf path, text;
	const char *kind;
	enum rc rc;

	buf_init(&path, 4096);
	buf_init(&text, RECORD_BYTES_MAX);
	buf_printf(&path, "%s/%s", folder, name);
	rc = buf_status(&path, err);
	if (rc != RC_OK)
		goto out;
	rc = file_read(&text, path.data, &why);
	if (rc == RC_OK)
		rc = json_read(text.data ? text.data : "", text.len,
			       &definition, &why);
	kind = json_text(definition, "kind");
	if (rc == RC_OK &&
	    (!kind || strlen(kind) + strlen(".json") != strlen(name) ||
	     strncmp(kind, name, strlen(kind)) != 0))
		rc = err_set(&why, RC_INVALID, "declares the kind '%s'",
			     kind ? kind : "");
	if (rc == RC_OK)
		rc = registry_add(r, definition, &why);
	if (rc != RC_OK)
		err_set(err, rc, "%s: %s", name, why.text);
out:
	json_decref(definition);
	buf_release(&text);
	buf_release(&path);
	return rc;
}

static int is_kind_file(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 5 && entry->d_name[0] != '.' &&
	       strcmp(entry->d_name + n - 5, ".json") == 0;
}

/* alphasort would follow the locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

enum rc registry_load_folder(struct registry *r, const char *folder,
			     struct err *err)
{
	struct dirent **entries = NULL;
	int n = scandir(folder, &entries, is_kind_file, by_bytes);
	enum rc rc = RC_OK;

	if (n < 0)
		return err_set(err, RC_IO, "cannot list '%s': %s", folder,
			       strerror(errno));
	for (int i = 0; i < n; i++) {
		if (rc == RC_OK)
			rc = registry_load_file(r, folder, entries[i]->d_name,
						err);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

void kind_record_id(char out[33], const char *name)
{
	char hex[65];

	sha256_hex(hex, name, strlen(name));
	memcpy(out, hex, 32);
	out[32] = '\0';
}

void import_id(char out[21], const char *source, const char *kind,
	       const char *const *keys)
{
	unsigned char digest[SHA256_BYTES];
	struct sha256 h;

	sha256_begin(&h);
	sha256_add(&h, source, strlen(source));
	sha256_add(&h, "\x1f", 1);
	sha256_add(&h, kind, strlen(kind));
	for (; *keys; keys++) {
		sha256_add(&h, "\x1f", 1);
		sha256_add(&h, *keys, strlen(*keys));
	}
	sha256_end(&h, digest);
	hex_encode(out, digest, 10);
}
