/* form/root.c - one hash over the answers that are signed. */
#include "form/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"

/* What is no point of the checklist, or no value of it, was said all the same.
 */
static bool is_said(const char *why)
{
	return !strcmp(why, "no_such_point") || !strcmp(why, "no_such_value");
}

static bool is_unused(const json_t *verdict, const char *id)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(verdict, "unused"), i, one)
	{
		const char *unused = json_text(one, "id");

		if (unused && !strcmp(unused, id))
			return !is_said(json_text(one, "why"));
	}
	return false;
}

static int by_id(const void *a, const void *b)
{
	const char *x = json_text(*(const json_t *const *)a, "id");
	const char *y = json_text(*(const json_t *const *)b, "id");

	return strcmp(x ? x : "", y ? y : "");
}

enum rc verdict_root(char out[ROOT_TEXT_SIZE], const json_t *answers,
		     const json_t *verdict, struct err *err)
{
	size_t n = json_array_size(answers);
	const json_t **sorted = calloc(n + 1, sizeof(*sorted));
	unsigned char root[SHA256_BYTES];
	struct sha256 h;
	struct buf body;
	enum rc rc = RC_OK;

	if (!sorted)
		return err_set(err, RC_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		sorted[i] = json_array_get(answers, i);
	qsort(sorted, n, sizeof(*sorted), by_id);
	buf_init(&body, RECORD_BYTES_MAX);
	sha256_begin(&h);
	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		const char *id = json_text(sorted[i], "id");

		if (!id || is_unused(verdict, id))
			continue;
		buf_reset(&body);
		rc = jcs_write(&body, sorted[i], err);
		sha256_add_record(&h, "answer", id, body.data, body.len);
	}
	sha256_end(&h, root);
	hex_encode(out, root, sizeof(root));
	buf_release(&body);
	free(sorted);
	return rc;
}
