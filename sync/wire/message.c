/* wire/message.c - requests, answers and their signatures. */
#include "wire/message.h"

#include "base/jcs.h"

static size_t page_bytes = 4u << 20, request_bytes = 3u << 20;

size_t wire_page_bytes(void)
{
	return page_bytes;
}

size_t wire_request_bytes(void)
{
	return request_bytes;
}

#ifdef WITH_FAULTS
void wire_limits_for_tests(size_t page, size_t request)
{
	page_bytes = page ? page : 4u << 20;
	request_bytes = request ? request : 3u << 20;
}
#endif

#define REQUEST_SCOPES_MAX 64

static enum rc malformed(struct err *err, const char *what)
{
	return err_set(err, RC_INVALID, "the request is malformed: %s", what);
}

static enum rc packets_read(struct wire_scope *s, const json_t *packets,
			    struct arena *mem, struct err *err)
{
	size_t n = json_array_size(packets), i;
	const json_t *p;

	s->packets = arena_alloc(mem, (n + 1) * sizeof(*s->packets));
	if (!s->packets)
		return err_set(err, RC_NOMEM, "out of memory");
	json_array_foreach(packets, i, p)
	{
		const json_t *commit = json_object_get(p, "commit");

		s->packets[i].commit = json_string_value(commit);
		s->packets[i].commit_bytes = json_string_length(commit);
		s->packets[i].rows = json_object_get(p, "rows");
		s->packets[i].bases = json_object_get(p, "bases");
		if (!s->packets[i].commit || !json_is_array(s->packets[i].rows))
			return malformed(err, "a packet lacks commit or rows");
		if (s->packets[i].bases && !json_is_array(s->packets[i].bases))
			return malformed(err, "'bases' of a packet is no list");
	}
	s->npackets = n;
	return RC_OK;
}

static bool oid_member(const json_t *object, const char *key, bool *has,
		       struct oid *oid)
{
	const char *hex = json_text(object, key);

	*has = hex != NULL;
	return !json_object_get(object, key) ||
	       (hex && oid_parse(oid, hex, strlen(hex)));
}

static enum rc wanted_read(struct wire_scope *s, json_t *wanted,
			   struct err *err)
{
	const json_t *id;
	size_t i;

	s->wanted = wanted;
	if (wanted && (!json_is_array(wanted) ||
		       json_array_size(wanted) > WIRE_WANTED_MAX))
		return malformed(err, "'wanted' is no list, or too long");
	json_array_foreach(wanted, i, id)
	{
		const char *text = json_string_value(id);

		if (!text || !name_is_id(text))
			return malformed(err, "'wanted' names what is no id");
	}
	return RC_OK;
}

/* A list of lists of `width` strings each. */
static enum rc names_read(json_t **out, json_t *list, size_t width, size_t max,
			  const char *what, struct err *err)
{
	const json_t *entry, *name;
	size_t i, n;

	*out = list;
	if (list && (!json_is_array(list) || json_array_size(list) > max))
		return malformed(err, what);
	json_array_foreach(list, i, entry)
	{
		if (json_array_size(entry) != width)
			return malformed(err, what);
		json_array_foreach(entry, n, name)
		{
			if (!json_is_string(name) ||
			    json_string_length(name) > 32)
				return malformed(err, what);
		}
	}
	return RC_OK;
}

static enum rc known_read(struct wire_scope *s, json_t *known, struct err *err)
{
	const json_t *hex;
	struct oid oid;
	size_t i;

	s->known = known;
	if (known &&
	    (!json_is_array(known) || json_array_size(known) > WIRE_KNOWN_MAX))
		return malformed(err, "'known' is no list, or too long");
	json_array_foreach(known, i, hex)
	{
		const char *text = json_string_value(hex);

		if (!text || !oid_parse(&oid, text, strlen(text)))
			return malformed(err, "'known' names no commit");
	}
	return RC_OK;
}

bool wire_is_comparison(const struct wire_scope *s)
{
	return s->tree || s->whole || s->known;
}

static enum rc comparison_read(struct wire_scope *s, const json_t *o,
			       struct err *err)
{
	enum rc rc = names_read(&s->tree, json_object_get(o, "tree"), 3,
				WIRE_PLACES_MAX, "'tree' names no places", err);

	if (rc == RC_OK)
		rc = names_read(&s->whole, json_object_get(o, "whole"), 2,
				WIRE_WHOLE_MAX, "'whole' names no records",
				err);
	return rc == RC_OK ? known_read(s, json_object_get(o, "known"), err)
			   : rc;
}

static enum rc scope_read(struct wire_scope *s, const json_t *o,
			  struct arena *mem, struct err *err)
{
	const json_t *after = json_object_get(o, "after");

	s->scope = json_text(o, "scope");
	if (!s->scope || !name_is_scope(s->scope))
		return malformed(err, "a scope is not named");
	if (!oid_member(o, "head", &s->has_head, &s->head) ||
	    !oid_member(o, "target", &s->has_target, &s->target))
		return malformed(err, "head or target is no commit id");
	if (after) {
		s->after_kind = json_string_value(json_array_get(after, 0));
		s->after_id = json_string_value(json_array_get(after, 1));
		if (!s->after_kind || !s->after_id || !s->has_target)
			return malformed(err, "'after' is not a kind and id");
	}
	if (wanted_read(s, json_object_get(o, "wanted"), err) != RC_OK ||
	    comparison_read(s, o, err) != RC_OK)
		return err->code;
	return packets_read(s, json_object_get(o, "packets"), mem, err);
}

static enum rc request_check(struct wire_request *r, struct arena *mem,
			     struct err *err)
{
	const json_t *scopes = json_object_get(r->json, "scopes"), *o;
	int64_t format = json_int(r->json, "format", 0);
	size_t i;
	enum rc rc;

	if (format != WIRE_FORMAT)
		return err_set(err, RC_INVALID,
			       "format %lld is not known here (1 is): update "
			       "the older side",
			       (long long)format);
	r->enrolment = json_text(r->json, "enrolment");
	r->time_ms = json_int(r->json, "time", 0);
	r->keys = json_int(r->json, "keys", -1);
	r->nscopes = json_array_size(scopes);
	if (!r->enrolment || !name_is_id(r->enrolment) ||
	    !json_text(r->json, "nonce"))
		return malformed(err, "enrolment or nonce is missing");
	if (!r->nscopes || r->nscopes > REQUEST_SCOPES_MAX)
		return malformed(err, "it names no scope, or too many");
	r->scopes = arena_alloc(mem, r->nscopes * sizeof(*r->scopes));
	if (!r->scopes)
		return err_set(err, RC_NOMEM, "out of memory");
	json_array_foreach(scopes, i, o)
	{
		rc = scope_read(&r->scopes[i], o, mem, err);
		if (rc != RC_OK)
			return rc;
		for (size_t k = 0; k < i; k++)
			if (!strcmp(r->scopes[k].scope, r->scopes[i].scope))
				return malformed(err, "a scope stands twice");
	}
	return RC_OK;
}

enum rc wire_request_read(struct wire_request *r, const void *body, size_t n,
			  struct arena *mem, struct err *err)
{
	struct buf text;
	enum rc rc;

	memset(r, 0, sizeof(*r));
	buf_init(&text, JSON_BYTES_MAX);
	rc = inflate_all(&text, body, n, err);
	if (rc == RC_OK) {
		sha256(r->digest, text.data, text.len);
		rc = json_read(text.data, text.len, &r->json, err);
	}
	buf_release(&text);
	if (rc == RC_OK)
		rc = request_check(r, mem, err);
	if (rc != RC_OK)
		wire_request_release(r);
	return rc;
}

void wire_request_release(struct wire_request *r)
{
	json_decref(r->json);
	memset(r, 0, sizeof(*r));
}

enum rc wire_request_write(struct buf *body, unsigned char digest[SHA256_BYTES],
			   const json_t *request, struct err *err)
{
	struct buf text;
	enum rc rc;

	buf_init(&text, JSON_BYTES_MAX);
	rc = json_write(&text, request, err);
	if (rc == RC_OK) {
		sha256(digest, text.data, text.len);
		rc = deflate_all(body, text.data, text.len, DEFLATE_LEVEL, err);
	}
	buf_release(&text);
	return rc;
}

/* What a signature covers is small and lies on the stack: running out of memory
 * must not look like a forgery. */
struct message {
	char data[4096];
	size_t len; /* above the room: it did not fit */
};

static void message_add(struct message *m, const void *p, size_t n)
{
	if (m->len <= sizeof(m->data) && n <= sizeof(m->data) - m->len)
		memcpy(m->data + m->len, p, n);
	m->len += n;
}

static void request_message(struct message *out, const char *method,
			    const char *path,
			    const unsigned char digest[SHA256_BYTES])
{
	out->len = 0;
	message_add(out, "hufu-request-1\n", 15);
	message_add(out, method, strlen(method));
	message_add(out, "\n", 1);
	message_add(out, path, strlen(path));
	message_add(out, "\n", 1);
	message_add(out, digest, SHA256_BYTES);
}

enum rc request_sign(char out[SIGNATURE_TEXT_SIZE], const struct sign_key *key,
		     const char *method, const char *path, const void *body,
		     size_t n, struct err *err)
{
	unsigned char signature[SIGN_BYTES], digest[SHA256_BYTES];
	struct message message;

	sha256(digest, body, n);
	request_message(&message, method, path, digest);
	if (message.len > sizeof(message.data))
		return err_set(err, RC_NOMEM, "the path is too long");
	sign(signature, key, message.data, message.len);
	base64_encode(out, signature, SIGN_BYTES);
	return RC_OK;
}

static bool signature_covers(const char *text,
			     const unsigned char public[SIGN_PUBLIC_BYTES],
			     const struct message *message)
{
	unsigned char signature[SIGN_BYTES];
	size_t n = sizeof(signature);

	return message->len <= sizeof(message->data) && text &&
	       base64_decode(signature, &n, text, strlen(text)) &&
	       n == SIGN_BYTES &&
	       sign_is_valid(signature, public, message->data, message->len);
}

bool request_is_signed(const char *signature,
		       const unsigned char public[SIGN_PUBLIC_BYTES],
		       const char *method, const char *path, const void *body,
		       size_t n)
{
	unsigned char digest[SHA256_BYTES];

	sha256(digest, body, n);
	return request_head_is_signed(signature, public, method, path, digest);
}

bool request_head_is_signed(const char *signature,
			    const unsigned char public[SIGN_PUBLIC_BYTES],
			    const char *method, const char *path,
			    const unsigned char digest[SHA256_BYTES])
{
	struct message message;

	request_message(&message, method, path, digest);
	return signature_covers(signature, public, &message);
}

void content_digest(char out[CONTENT_DIGEST_SIZE], const void *body, size_t n)
{
	unsigned char digest[SHA256_BYTES];
	char text[BASE64_SIZE(SHA256_BYTES)];

	sha256(digest, body, n);
	base64_encode(text, digest, sizeof(digest));
	snprintf(out, CONTENT_DIGEST_SIZE, "sha-256=:%s:", text);
}

enum rc line_writer_init(struct line_writer *w, struct buf *out,
			 struct err *err)
{
	memset(w, 0, sizeof(*w));
	w->out = out;
	buf_init(&w->line, 4 * JSON_BYTES_MAX);
	w->deflater = deflater_new(DEFLATE_LEVEL);
	return w->deflater ? RC_OK : err_set(err, RC_NOMEM, "out of memory");
}

static enum rc line_flush(struct line_writer *w, bool finish, struct err *err)
{
	buf_byte(&w->line, '\n');
	if (buf_status(&w->line, err) != RC_OK)
		return err->code;
	return deflater_write(w->deflater, w->out, w->line.data, w->line.len,
			      finish, err);
}

enum rc line_writer_put(struct line_writer *w, const json_t *line,
			struct err *err)
{
	enum rc rc;

	buf_reset(&w->line);
	rc = json_write(&w->line, line, err);
	return rc == RC_OK ? line_flush(w, false, err) : rc;
}

enum rc line_writer_bytes(struct line_writer *w, enum deflate_next what,
			  const void *p, size_t n, struct err *err)
{
	enum rc rc = deflater_tune(w->deflater, w->out, what, err);

	return rc == RC_OK && n
		       ? deflater_write(w->deflater, w->out, p, n, false, err)
		       : rc;
}

enum rc line_writer_end(struct line_writer *w, struct err *err)
{
	buf_reset(&w->line);
	buf_puts(&w->line, "{\"end\":1}");
	return line_flush(w, true, err);
}

void line_writer_release(struct line_writer *w)
{
	deflater_free(w->deflater);
	buf_release(&w->line);
	memset(w, 0, sizeof(*w));
}

static void answer_message(struct message *out,
			   const unsigned char request_digest[SHA256_BYTES],
			   const char *line, size_t n)
{
	unsigned char digest[SHA256_BYTES];

	sha256(digest, line, n);
	out->len = 0;
	message_add(out, "hufu-answer-1\n", 14);
	message_add(out, request_digest, SHA256_BYTES);
	message_add(out, digest, sizeof(digest));
}

enum rc answer_begin(struct line_writer *w, const json_t *head,
		     const struct sign_key *server,
		     const unsigned char request_digest[SHA256_BYTES],
		     struct err *err)
{
	unsigned char signature[SIGN_BYTES];
	char text[SIGNATURE_TEXT_SIZE];
	struct message message;
	enum rc rc;

	buf_reset(&w->line);
	rc = json_write(&w->line, head, err);
	if (rc != RC_OK)
		return rc;
	answer_message(&message, request_digest, w->line.data, w->line.len);
	sign(signature, server, message.data, message.len);
	base64_encode(text, signature, SIGN_BYTES);
	rc = line_flush(w, false, err);
	if (rc != RC_OK)
		return rc;
	buf_reset(&w->line);
	buf_printf(&w->line, "{\"signature\":\"%s\"}", text);
	return line_flush(w, false, err);
}

bool answer_is_signed(const char *signature,
		      const unsigned char server[SIGN_PUBLIC_BYTES],
		      const unsigned char request_digest[SHA256_BYTES],
		      const char *line, size_t n)
{
	struct message message;

	answer_message(&message, request_digest, line, n);
	return signature_covers(signature, server, &message);
}

void enroll_message(struct buf *out, const char *code, const char *terminal)
{
	buf_printf(out, "hufu-enroll-1\n%s\n%s", code, terminal);
}
