/* wire/bundle.c - a file of boxes, read strictly and as a whole: a file that
 * was cut or altered is told before anything of it is used. */
#include "wire/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"

#define HEAD_BYTES_MAX 512

static const char *const types[BUNDLE__MAX] = { "request", "answer", "peer",
						"rescue" };

static enum bundle_type type_of(const char *word)
{
	enum bundle_type type = BUNDLE_REQUEST;

	while (type < BUNDLE__MAX && strcmp(types[type], word) != 0)
		type++;
	return type;
}

static enum rc altered(struct err *err)
{
	return err_set(err, RC_CORRUPT,
		       "the bundle was cut or altered on its way: copy it "
		       "again, or have it made again");
}

/* The line at *at as JSON. */
static enum rc head_read(const char *p, size_t n, size_t *at, json_t **out,
			 struct err *err)
{
	size_t left = n - *at;
	const char *from = p + *at;
	const char *end = memchr(from, '\n',
				 left < HEAD_BYTES_MAX ? left : HEAD_BYTES_MAX);
	struct err why = { 0 };

	*out = NULL;
	if (!end || json_read(from, (size_t)(end - from), out, &why) != RC_OK)
		return err_set(err, RC_CORRUPT, "no line of a bundle");
	*at += (size_t)(end - from) + 1;
	return RC_OK;
}

static enum rc item_read(const char *p, size_t n, size_t *at,
			 struct bundle_item *out, struct err *err)
{
	json_t *head = NULL;
	struct err why = { 0 };
	const char *type, *terminal, *digest, *hash;
	char found[65];
	int64_t bytes;
	enum rc rc = head_read(p, n, at, &head, &why);

	if (rc != RC_OK)
		return altered(err);
	type = json_text(head, "type");
	terminal = json_text(head, "terminal");
	digest = json_text(head, "digest");
	hash = json_text(head, "sha256");
	bytes = json_int(head, "bytes", -1);
	if (!type || !hash || !terminal || !name_is_id(terminal) || !digest ||
	    strlen(digest) != 64 || bytes < SEAL_TO_BYTES ||
	    (uint64_t)bytes > n - *at) {
		json_decref(head);
		return altered(err);
	}
	out->type = type_of(type);
	snprintf(out->terminal, sizeof(out->terminal), "%s", terminal);
	snprintf(out->digest, sizeof(out->digest), "%s", digest);
	out->box = p + *at;
	out->box_bytes = (size_t)bytes;
	*at += (size_t)bytes;
	sha256_hex(found, out->box, out->box_bytes);
	if (strcmp(found, hash) != 0 || out->type == BUNDLE__MAX)
		rc = altered(err);
	json_decref(head);
	return rc;
}

/* How many items does the file say it has? */
static enum rc top_read(const char *p, size_t n, size_t *at, size_t *items,
			struct err *err)
{
	json_t *top = NULL;
	struct err why = { 0 };
	const char *name = NULL;
	int64_t format, count;
	enum rc rc = head_read(p, n, at, &top, &why);

	if (rc == RC_OK)
		name = json_text(top, "hufu");
	format = json_int(top, "format", 0);
	count = json_int(top, "items", -1);
	if (!name || strcmp(name, "bundle") != 0)
		rc = err_set(err, RC_INVALID, "this file is no bundle");
	else if (format != BUNDLE_FORMAT)
		rc = err_set(err, RC_INVALID,
			     "the bundle is of a later version: update this "
			     "program");
	else if (count < 1 || count > BUNDLE_ITEMS_MAX)
		rc = altered(err);
	*items = rc == RC_OK ? (size_t)count : 0;
	json_decref(top);
	return rc;
}

enum rc bundle_read(const void *p, size_t n, struct bundle_item **out,
		    size_t *nitems, struct err *err)
{
	size_t at = 0;
	enum rc rc = top_read(p, n, &at, nitems, err);

	*out = NULL;
	if (rc != RC_OK)
		return rc;
	*out = calloc(*nitems, sizeof(**out));
	if (!*out)
		return err_set(err, RC_NOMEM, "out of memory");
	for (size_t i = 0; i < *nitems && rc == RC_OK; i++)
		rc = item_read(p, n, &at, &(*out)[i], err);
	if (rc == RC_OK && at != n)
		rc = altered(err);
	if (rc != RC_OK) {
		free(*out);
		*out = NULL;
		*nitems = 0;
	}
	return rc;
}

enum rc bundle_write(struct buf *out, const struct bundle_item *items, size_t n,
		     struct err *err)
{
	if (n > BUNDLE_ITEMS_MAX)
		return err_set(err, RC_NOMEM, "a bundle has %d items at most",
			       BUNDLE_ITEMS_MAX);
	buf_printf(out, "{\"format\":%d,\"hufu\":\"bundle\",\"items\":%zu}\n",
		   BUNDLE_FORMAT, n);
	for (size_t i = 0; i < n; i++) {
		const struct bundle_item *it = &items[i];
		char hash[65];

		sha256_hex(hash, it->box, it->box_bytes);
		buf_printf(out,
			   "{\"bytes\":%zu,\"digest\":\"%s\",\"sha256\":\"%s\","
			   "\"terminal\":\"%s\",\"type\":\"%s\"}\n",
			   it->box_bytes, it->digest, hash, it->terminal,
			   types[it->type]);
		buf_put(out, it->box, it->box_bytes);
	}
	return buf_status(out, err);
}

enum rc bundle_request_seal(struct buf *box,
			    const unsigned char server[SIGN_PUBLIC_BYTES],
			    const struct host *host,
			    const unsigned char signature[SIGN_BYTES],
			    const struct buf *body, struct err *err)
{
	struct buf plain;
	enum rc rc;

	buf_init(&plain, BUNDLE_BYTES_MAX);
	buf_put(&plain, signature, SIGN_BYTES);
	buf_put(&plain, body->data, body->len);
	rc = buf_status(&plain, err);
	if (rc == RC_OK)
		rc = seal_to(box, server, host, plain.data, plain.len, err);
	buf_release(&plain);
	return rc;
}

enum rc bundle_request_open(struct buf *body, char *signature,
			    const struct sign_key *server,
			    const struct bundle_item *item, struct err *err)
{
	struct err why = { 0 };
	struct buf plain;
	enum rc rc;

	buf_init(&plain, BUNDLE_BYTES_MAX);
	rc = seal_take(&plain, server, item->box, item->box_bytes, &why);
	if (rc == RC_OK && plain.len < SIGN_BYTES)
		rc = RC_CORRUPT;
	if (rc != RC_OK) {
		rc = err_set(err, rc,
			     "the request is not for this server, or was "
			     "altered");
	} else {
		base64_encode(signature, plain.data, SIGN_BYTES);
		buf_put(body, plain.data + SIGN_BYTES, plain.len - SIGN_BYTES);
		rc = buf_status(body, err);
	}
	buf_release(&plain);
	return rc;
}

enum rc bundle_page_add(struct buf *pages, const struct buf *body,
			struct err *err)
{
	const unsigned char length[4] = {
		(unsigned char)(body->len >> 24),
		(unsigned char)(body->len >> 16),
		(unsigned char)(body->len >> 8),
		(unsigned char)body->len,
	};

	buf_put(pages, length, sizeof(length));
	buf_put(pages, body->data, body->len);
	return buf_status(pages, err);
}

enum rc bundle_page_next(const struct buf *pages, size_t *at, const void **page,
			 size_t *n, bool *found, struct err *err)
{
	const unsigned char *p = (const unsigned char *)pages->data + *at;
	size_t left = pages->len - *at;

	*found = left > 0;
	if (!left)
		return RC_OK;
	*n = left < 4 ? left
		      : (size_t)p[0] << 24 | (size_t)p[1] << 16 |
				(size_t)p[2] << 8 | (size_t)p[3];
	if (left < 4 || *n > left - 4)
		return err_set(err, RC_CORRUPT,
			       "the answer is malformed: a page breaks off");
	*page = p + 4;
	*at += 4 + *n;
	return RC_OK;
}
