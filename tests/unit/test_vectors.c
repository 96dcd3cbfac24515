/* The files of fixtures/vectors that concern base and object, recomputed. The
 * others hold the formats of rooms above; tests/vectors.py recomputes all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "object/commit.h"
#include "object/commit_text.h"
#include "object/sshsig.h"
#include "object/treeobj.h"

#define LIMIT (4u << 20)
#define ENTRIES_MAX 400

/* What one case may allocate; made and thrown away by run(). */
static struct arena mem;

/* Answers whether `want` holds of `given`. */
typedef bool case_fn(const json_t *given, const json_t *want);

static bool is_refused(const json_t *want)
{
	return json_is_true(json_object_get(want, "refused"));
}

static bool is_text(const json_t *want, const char *member, const char *got)
{
	const char *text = json_text(want, member);

	return text && strcmp(text, got) == 0;
}

static bool is_hex(const json_t *want, const char *member, const void *p,
		   size_t n)
{
	char *hex = arena_alloc(&mem, 2 * n + 1);

	hex_encode(hex, p, n);
	return is_text(want, member, hex);
}

static bool is_oid(const json_t *want, const char *member,
		   const struct oid *oid)
{
	return is_hex(want, member, oid->b, OID_BYTES);
}

static bool is_base64(const json_t *want, const char *member, const void *p,
		      size_t n)
{
	char *text = arena_alloc(&mem, BASE64_SIZE(n));

	base64_encode(text, p, n);
	return is_text(want, member, text);
}

static unsigned char *hex_of(const json_t *object, const char *member,
			     size_t *n)
{
	const char *text = json_text(object, member);
	unsigned char *bytes;

	assert_non_null(text);
	*n = strlen(text) / 2;
	bytes = arena_alloc(&mem, *n + 1);
	assert_true(hex_decode(bytes, *n, text, strlen(text)));
	return bytes;
}

/* "<name>" as text, or "<name>_base64". */
static char *bytes_of(const json_t *object, const char *name, size_t *n)
{
	const char *text = json_text(object, name);
	char *bytes;

	if (text) {
		*n = strlen(text);
		return arena_dup(&mem, text, *n);
	}
	text = json_text(object, arena_printf(&mem, "%s_base64", name));
	assert_non_null(text);
	*n = strlen(text);
	bytes = arena_alloc(&mem, *n + 1);
	assert_true(base64_decode(bytes, n, text, *n));
	return bytes;
}

static struct sign_key key_of(const json_t *given)
{
	struct sign_key key;
	size_t n;

	sign_key_from_seed(&key, hex_of(given, "seed_hex", &n));
	assert_int_equal(n, SIGN_SEED_BYTES);
	return key;
}

static struct oid oid_of_text(const char *text)
{
	struct oid oid;

	assert_non_null(text);
	assert_true(oid_parse(&oid, text, strlen(text)));
	return oid;
}

/* Canonical bytes of a value, which live as long as the case. */
static const char *canonical(const json_t *value, size_t *n)
{
	struct err err = { 0 };
	struct buf out;
	char *copy;

	buf_init(&out, LIMIT);
	assert_int_equal(jcs_write(&out, value, &err), RC_OK);
	*n = out.len;
	copy = arena_dup(&mem, out.data, out.len);
	buf_release(&out);
	return copy;
}

static bool canonical_write(const json_t *given, const json_t *want)
{
	struct err err = { 0 };
	json_t *value = NULL;
	struct buf out;
	bool holds;
	size_t n;
	char *text = bytes_of(given, "json", &n);
	enum rc rc = json_read(text, n, &value, &err);

	buf_init(&out, LIMIT);
	if (rc == RC_OK)
		rc = jcs_write(&out, value, &err);
	if (is_refused(want))
		holds = rc == RC_INVALID;
	else
		holds = rc == RC_OK &&
			is_hex(want, "canonical_hex", out.data, out.len);
	buf_release(&out);
	json_decref(value);
	return holds;
}

static bool canonical_read(const json_t *given, const json_t *want)
{
	struct err err = { 0 };
	json_t *value = NULL;
	size_t n;
	char *text = bytes_of(given, "text", &n);
	enum rc rc = jcs_read(text, n, &value, &err);

	json_decref(value);
	return rc == (is_refused(want) ? RC_CORRUPT : RC_OK);
}

/* The names that a record may have are checked one by one; that a set is sorted
 * is the work of its kind's rules. */
static bool canonical_record(const json_t *given, const json_t *want)
{
	const char *text = json_text(want, "canonical");
	bool named = name_is_id(json_text(given, "id")) &&
		     name_is_scope(json_text(given, "scope")) &&
		     name_is_town(json_text(given, "town"));
	json_t *fields = json_object_get(given, "fields"), *value = NULL;
	struct err err = { 0 };
	const char *field;
	struct oid oid;
	json_t *v;

	json_object_foreach(fields, field, v) named =
		named && name_is_field(field) && strcmp(field, "id");
	if (is_refused(want))
		return !named;
	named = named && text &&
		jcs_read(text, strlen(text), &value, &err) == RC_OK;
	json_decref(value);
	return named &&
	       oid_of(&oid, OBJECT_BLOB, text, strlen(text), &err) == RC_OK &&
	       is_oid(want, "version", &oid);
}

static bool ids_object(const json_t *given, const json_t *want)
{
	bool is_blob = strcmp(json_text(given, "type"), "blob") == 0;
	struct err err = { 0 };
	struct oid oid;
	size_t n;
	char *p = bytes_of(given, "bytes", &n);

	assert_int_equal(
		oid_of(&oid, is_blob ? OBJECT_BLOB : OBJECT_TREE, p, n, &err),
		RC_OK);
	return is_oid(want, "oid", &oid);
}

/* The first digits of SHA-256 over texts with US between them. */
static bool is_hashed(const json_t *want, const char *const *texts, size_t n,
		      size_t digits)
{
	struct sha256 h;
	unsigned char digest[SHA256_BYTES];
	char hex[65];

	sha256_begin(&h);
	for (size_t i = 0; i < n; i++) {
		if (i)
			sha256_add(&h, "\x1f", 1);
		sha256_add(&h, texts[i], strlen(texts[i]));
	}
	sha256_end(&h, digest);
	hex_encode(hex, digest, sizeof digest);
	hex[digits] = '\0';
	return is_text(want, "id", hex);
}

static bool ids_import(const json_t *given, const json_t *want)
{
	const json_t *keys = json_object_get(given, "keys");
	const char *texts[8] = { json_text(given, "source"),
				 json_text(given, "kind") };
	size_t n = 2;

	for (size_t i = 0; i < json_array_size(keys); i++)
		texts[n++] = json_string_value(json_array_get(keys, i));
	return is_hashed(want, texts, n, 20);
}

static bool ids_kind_file(const json_t *given, const json_t *want)
{
	const char *texts[] = { json_text(given, "kind") };

	return is_hashed(want, texts, 1, 32);
}

static bool ids_conflict(const json_t *given, const json_t *want)
{
	const char *texts[] = { json_text(given, "kind"),
				json_text(given, "id"),
				json_text(given, "group"),
				json_text(given, "packet") };

	return is_hashed(want, texts, 4, 32);
}

static bool sealed_construction(const json_t *given, const json_t *want)
{
	size_t n, aad_bytes, box_bytes;
	unsigned char *key = hex_of(given, "key_hex", &n);
	unsigned char *nonce = hex_of(given, "nonce_hex", &n);
	unsigned char *aad = hex_of(given, "aad_hex", &aad_bytes);
	unsigned char *box = hex_of(want, "box_hex", &box_bytes);
	struct err err = { 0 };
	struct buf inner;
	bool holds;

	buf_init(&inner, LIMIT);
	holds = seal_open(&inner, nonce, key, (char *)aad, aad_bytes, box,
			  box_bytes, &err) == RC_OK &&
		is_hex(given, "plain_hex", inner.data, inner.len);
	buf_release(&inner);
	return holds;
}

static bool sealed_seal(const json_t *given, const json_t *want)
{
	size_t n, aad_bytes, inner_bytes;
	unsigned char nonce[SEAL_NONCE_BYTES];
	unsigned char *key = hex_of(given, "key_hex", &n);
	char *aad = (char *)hex_of(want, "aad_hex", &aad_bytes);
	const char *inner, *record;
	struct err err = { 0 };
	struct buf box;
	struct oid oid;
	json_t *made;
	bool holds;

	buf_init(&box, LIMIT);
	inner = canonical(json_object_get(given, "fields"), &inner_bytes);
	assert_int_equal(seal_box(&box, nonce, key, aad, aad_bytes, inner,
				  inner_bytes, &err),
			 RC_OK);
	holds = is_text(want, "inner", inner) &&
		is_base64(want, "nonce", nonce, sizeof nonce) &&
		is_base64(want, "box", box.data, box.len);
	buf_release(&box);
	made = json_pack(
		"{ss ss ss ss ss ss ss}", "alg", "xchacha20poly1305", "box",
		json_text(want, "box"), "id", json_text(given, "id"), "key",
		json_text(given, "key_id"), "nonce", json_text(want, "nonce"),
		"scope", json_text(given, "scope"), "town",
		json_text(given, "town"));
	record = canonical(made, &n);
	json_decref(made);
	assert_int_equal(oid_of(&oid, OBJECT_BLOB, record, n, &err), RC_OK);
	return holds && is_text(want, "record", record) &&
	       is_oid(want, "version", &oid);
}

static bool sealed_open(const json_t *given, const json_t *want)
{
	const char *text = json_text(given, "record"), *aad;
	unsigned char *key;
	char *box, *nonce;
	size_t n, box_bytes;
	struct err err = { 0 };
	struct buf inner;
	json_t *record;
	bool holds;
	enum rc rc;

	buf_init(&inner, LIMIT);
	key = hex_of(given, "key_hex", &n);
	assert_int_equal(jcs_read(text, strlen(text), &record, &err), RC_OK);
	json_object_set_new(record, "box_base64",
			    json_string(json_text(record, "box")));
	json_object_set_new(record, "nonce_base64",
			    json_string(json_text(record, "nonce")));
	json_object_del(record, "box");
	json_object_del(record, "nonce");
	box = bytes_of(record, "box", &box_bytes);
	nonce = bytes_of(record, "nonce", &n);
	assert_int_equal(n, SEAL_NONCE_BYTES);
	aad = arena_printf(&mem, "%s\x1f%s\x1f%s\x1f%s",
			   json_text(given, "kind"), json_text(record, "id"),
			   json_text(record, "scope"),
			   json_text(record, "town"));
	rc = strcmp(json_text(record, "alg"), "xchacha20poly1305") == 0
		     ? seal_open(&inner, (unsigned char *)nonce, key, aad,
				 strlen(aad), box, box_bytes, &err)
		     : RC_CORRUPT; /* only one is known */
	holds = is_refused(want)
			? rc == RC_CORRUPT
			: rc == RC_OK && is_text(want, "inner", inner.data);
	buf_release(&inner);
	json_decref(record);
	return holds;
}

static bool tree_node(const json_t *given, const json_t *want)
{
	const json_t *list = json_object_get(given, "entries");
	struct tree_entry entries[ENTRIES_MAX];
	size_t n = json_array_size(list);
	struct err err = { 0 };
	struct buf bytes;
	struct oid oid;
	bool holds;
	enum rc rc;

	assert_true(n <= ENTRIES_MAX);
	for (size_t i = 0; i < n; i++) {
		const json_t *e = json_array_get(list, i);

		entries[i] = (struct tree_entry){
			.name = json_string_value(json_array_get(e, 1)),
			.is_tree =
				strcmp(json_string_value(json_array_get(e, 0)),
				       "40000") == 0,
			.is_marked =
				strcmp(json_string_value(json_array_get(e, 0)),
				       "100755") == 0,
			.oid = oid_of_text(
				json_string_value(json_array_get(e, 2))),
		};
	}
	buf_init(&bytes, LIMIT);
	rc = treeobj_make(&oid, &bytes, entries, n, &err);
	holds = is_refused(want) ? rc == RC_INVALID
				 : rc == RC_OK && is_oid(want, "oid", &oid) &&
					   is_hex(want, "bytes_hex", bytes.data,
						  bytes.len);
	buf_release(&bytes);
	return holds;
}

/* How records are spread over directories is the tree room's work; here every
 * directory that comes of it. */
static bool tree_nodes(const json_t *given, const json_t *want)
{
	const json_t *nodes = json_object_get(want, "nodes");
	size_t n = json_array_size(nodes);

	(void)given;
	for (size_t i = 0; i < n; i++) {
		const json_t *node = json_array_get(nodes, i);

		if (!tree_node(node, node))
			return false;
	}
	return n > 0 && strcmp(json_text(json_array_get(nodes, n - 1), "oid"),
			       json_text(want, "root")) == 0;
}

static int text_cmp(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Content-SHA256 of [kind, record] pairs, in order of their paths or as they
 * stand; `previous` may be NULL. */
static void content_of(unsigned char out[32], const json_t *list, bool sorted,
		       const unsigned char *previous)
{
	const char *paths[ENTRIES_MAX];
	size_t n = json_array_size(list);
	struct sha256 h;

	assert_true(n <= ENTRIES_MAX);
	for (size_t i = 0; i < n; i++) {
		const json_t *pair = json_array_get(list, i);

		/* the place in the list rides behind the NUL */
		paths[i] = arena_printf(
			&mem, "%s/%s%c%zu",
			json_string_value(json_array_get(pair, 0)),
			json_text(json_array_get(pair, 1), "id"), 0, i);
	}
	if (sorted)
		qsort(paths, n, sizeof *paths, text_cmp);
	sha256_begin(&h);
	if (previous)
		sha256_add(&h, previous, 32);
	for (size_t i = 0; i < n; i++) {
		size_t at = strtoul(paths[i] + strlen(paths[i]) + 1, NULL, 10);
		const json_t *pair = json_array_get(list, at);
		size_t body_bytes;
		const char *body =
			canonical(json_array_get(pair, 1), &body_bytes);

		sha256_add_record(&h,
				  json_string_value(json_array_get(pair, 0)),
				  json_text(json_array_get(pair, 1), "id"),
				  body, body_bytes);
	}
	sha256_end(&h, out);
}

static bool oid_if(const json_t *object, const char *member, struct oid *oid)
{
	const char *text = json_text(object, member);

	if (text)
		*oid = oid_of_text(text);
	return text;
}

static struct packet_commit packet_of(const json_t *given, const json_t *want)
{
	const json_t *g = json_object_get(given, "commit");
	struct packet_commit c = {
		.format = (int)json_int(g, "format", 1),
		.tree = oid_of_text(json_text(want, "tree")),
		.author = json_text(g, "author"),
		.terminal = json_text(g, "terminal"),
		.seconds = json_int(g, "seconds", -1),
		.message = json_text(g, "message"),
		.scope = json_text(g, "scope"),
		.journal = json_text(g, "journal"),
		.sequence = json_int(g, "sequence", -1),
		.operation = json_text(g, "operation"),
		.wall_ms = json_int(g, "wall", -1),
		.monotonic_ms = json_int(g, "monotonic", -1),
		.boot = json_text(g, "boot"),
		.anchor_ms = json_int(g, "anchor", -1),
	};

	c.has_parent = oid_if(g, "parent", &c.parent);
	c.has_base = oid_if(g, "base", &c.base);
	c.has_supersedes = oid_if(g, "supersedes", &c.supersedes);
	content_of(c.content, json_object_get(given, "records"), true, NULL);
	return c;
}

static bool packet_make(const json_t *given, const json_t *want)
{
	struct packet_commit c = packet_of(given, want), again;
	struct sign_key key = key_of(given);
	struct oid oid, oid_again;
	struct err err = { 0 };
	struct buf text, bare;
	bool holds;

	buf_init(&text, LIMIT);
	buf_init(&bare, LIMIT);
	holds = packet_commit_write(&text, &oid, &c, &key, &err) == RC_OK &&
		packet_commit_text(&bare, &c, NULL, 0, &err) == RC_OK &&
		is_hex(want, "content_sha256", c.content, 32) &&
		is_text(want, "signed_text", bare.data) &&
		is_text(want, "commit", text.data) &&
		is_oid(want, "oid", &oid) &&
		packet_commit_read(&again, &oid_again, text.data, text.len,
				   &mem, &err) == RC_OK &&
		oid_equal(&oid, &oid_again);
	buf_release(&bare);
	buf_release(&text);
	return holds;
}

static bool packet_read(const json_t *given, const json_t *want)
{
	const char *text = json_text(given, "commit");
	struct err err = { 0 };
	struct packet_commit c;
	struct oid oid;
	size_t n;
	unsigned char *public = hex_of(given, "public_hex", &n);
	enum rc rc =
		packet_commit_read(&c, &oid, text, strlen(text), &mem, &err);

	if (rc == RC_OK)
		rc = commit_verify(text, strlen(text), public, &err);
	if (is_refused(want))
		return rc == RC_CORRUPT || rc == RC_INVALID;
	return rc == RC_OK && is_oid(want, "oid", &oid);
}

static struct oid *oids_of(const json_t *object, const char *member, size_t *n)
{
	const json_t *list = json_object_get(object, member);
	struct oid *oids = arena_alloc(&mem, 64 * sizeof *oids);

	*n = json_array_size(list);
	assert_true(*n <= 64);
	for (size_t i = 0; i < *n; i++)
		oids[i] =
			oid_of_text(json_string_value(json_array_get(list, i)));
	return oids;
}

static void quarantined_of(struct main_commit *c, const json_t *list)
{
	c->nquarantined = json_array_size(list);
	c->quarantined =
		arena_alloc(&mem, c->nquarantined * sizeof *c->quarantined);
	for (size_t i = 0; i < c->nquarantined; i++) {
		const json_t *q = json_array_get(list, i);

		c->quarantined[i] = (struct main_quarantined){
			oid_of_text(json_string_value(json_array_get(q, 0))),
			json_string_value(json_array_get(q, 1)),
			json_string_value(json_array_get(q, 2)),
		};
	}
}

static bool main_make(const json_t *given, const json_t *want)
{
	const json_t *g = json_object_get(given, "commit");
	struct sign_key key = key_of(given);
	struct main_commit c = {
		.tree = oid_of_text(json_text(want, "tree")),
		.seconds = json_int(g, "seconds", -1),
		.scope = json_text(g, "scope"),
		.epoch = json_text(g, "epoch"),
		.position = json_int(g, "position", -1),
		.time_ms = json_int(g, "time", -1),
	};
	struct main_commit again;
	struct oid oid, oid_again;
	struct err err = { 0 };
	struct buf text, bare;
	bool holds;
	size_t n;

	c.parents = oids_of(g, "parents", &c.nparents);
	c.merged = oids_of(g, "merged", &c.nmerged);
	quarantined_of(&c, json_object_get(g, "quarantined"));
	content_of(c.content, json_object_get(given, "entries"), false,
		   hex_of(given, "previous_content", &n));
	buf_init(&text, LIMIT);
	buf_init(&bare, LIMIT);
	holds = main_commit_write(&text, &oid, &c, &key, &err) == RC_OK &&
		main_commit_text(&bare, &c, NULL, 0, &err) == RC_OK &&
		is_hex(want, "content_sha256", c.content, 32) &&
		is_text(want, "signed_text", bare.data) &&
		is_text(want, "commit", text.data) &&
		is_oid(want, "oid", &oid) &&
		main_commit_read(&again, &oid_again, text.data, text.len, &mem,
				 &err) == RC_OK &&
		oid_equal(&oid, &oid_again);
	buf_release(&bare);
	buf_release(&text);
	return holds;
}

static bool main_read(const json_t *given, const json_t *want)
{
	const char *text = json_text(given, "commit");
	struct err err = { 0 };
	struct main_commit c;
	struct oid oid;
	size_t n;
	unsigned char *public = hex_of(given, "public_hex", &n);
	enum rc rc = main_commit_read(&c, &oid, text, strlen(text), &mem, &err);

	if (rc == RC_OK)
		rc = commit_verify(text, strlen(text), public, &err);
	if (is_refused(want))
		return rc == RC_CORRUPT || rc == RC_INVALID;
	return rc == RC_OK && is_oid(want, "oid", &oid);
}

static bool signature_ed25519(const json_t *given, const json_t *want)
{
	struct sign_key key = key_of(given);
	unsigned char signature[SIGN_BYTES];
	size_t n;
	unsigned char *message = hex_of(given, "message_hex", &n);

	sign(signature, &key, message, n);
	return is_hex(want, "public_hex", key.public, sizeof key.public) &&
	       is_hex(want, "signature_hex", signature, sizeof signature) &&
	       sign_is_valid(signature, key.public, message, n);
}

static bool signature_sshsig(const json_t *given, const json_t *want)
{
	struct sign_key key = key_of(given);
	char text[SSH_PUBLIC_TEXT_MAX];
	struct err err = { 0 };
	struct buf armour;
	bool holds;
	size_t n;
	char *message = bytes_of(given, "message", &n);

	ssh_public_text(text, key.public);
	buf_init(&armour, LIMIT);
	holds = sshsig_sign(&armour, &key, message, n, &err) == RC_OK &&
		is_text(want, "armour", armour.data) &&
		is_text(want, "public_text", text) &&
		sshsig_verify(armour.data, armour.len, key.public, message, n,
			      &err) == RC_OK;
	buf_release(&armour);
	return holds;
}

static bool signature_verify(const json_t *given, const json_t *want)
{
	const char *armour = json_text(given, "armour");
	struct err err = { 0 };
	size_t n, message_bytes;
	unsigned char *public = hex_of(given, "public_hex", &n);
	char *message = bytes_of(given, "message", &message_bytes);
	enum rc rc = sshsig_verify(armour, strlen(armour), public, message,
				   message_bytes, &err);

	return rc == (is_refused(want) ? RC_CORRUPT : RC_OK);
}

static const struct kind {
	const char *file, *kind;
	case_fn *fn; /* NULL: the work of another room */
} kinds[] = {
	{ "canonical", "write", canonical_write },
	{ "canonical", "read", canonical_read },
	{ "canonical", "record", canonical_record },
	{ "ids", "object", ids_object },
	{ "ids", "import", ids_import },
	{ "ids", "kind_file", ids_kind_file },
	{ "ids", "conflict", ids_conflict },
	{ "ids", "subject", NULL },
	{ "ids", "keys", NULL },
	{ "sealed", "construction", sealed_construction },
	{ "sealed", "seal", sealed_seal },
	{ "sealed", "open", sealed_open },
	{ "tree", "node", tree_node },
	{ "tree", "packet", tree_nodes },
	{ "tree", "main", tree_nodes },
	{ "packet", "make", packet_make },
	{ "packet", "read", packet_read },
	{ "main", "make", main_make },
	{ "main", "read", main_read },
	{ "signature", "ed25519", signature_ed25519 },
	{ "signature", "sshsig", signature_sshsig },
	{ "signature", "verify", signature_verify },
};

static const struct kind *kind_find(const char *file, const char *kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].file, file) == 0 &&
		    strcmp(kinds[i].kind, kind) == 0)
			return &kinds[i];
	fail_msg("%s.json has cases of an unknown kind '%s'", file, kind);
	return NULL;
}

static json_t *file_read(const char *file)
{
	struct err err = { 0 };
	json_t *json = NULL;
	struct buf text;
	char path[80], piece[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "fixtures/vectors/%s.json", file);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("cannot open %s", path);
	buf_init(&text, LIMIT);
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		buf_put(&text, piece, n);
	fclose(f);
	if (json_read(text.data, text.len, &json, &err) != RC_OK)
		fail_msg("%s: %s", path, err.text);
	buf_release(&text);
	return json;
}

static void run(const char *file)
{
	json_t *json = file_read(file);
	json_t *cases = json_object_get(json, "cases");
	size_t failed = 0, checked = 0, i;
	json_t *c;

	json_array_foreach(cases, i, c)
	{
		const struct kind *kind = kind_find(file, json_text(c, "kind"));

		if (!kind->fn)
			continue;
		arena_init(&mem, 16 * LIMIT);
		checked++;
		if (!kind->fn(json_object_get(c, "given"),
			      json_object_get(c, "want"))) {
			print_error("%s.json: %s\n", file,
				    json_text(c, "name"));
			failed++;
		}
		arena_release(&mem);
	}
	json_decref(json);
	assert_true(checked > 0);
	assert_int_equal(failed, 0);
}

#define FILE_TEST(name, file)                                                  \
	static void name(void **state)                                         \
	{                                                                      \
		(void)state;                                                   \
		run(file);                                                     \
	}

FILE_TEST(canonical_bytes_are_those_of_the_vectors, "canonical")
FILE_TEST(ids_are_those_of_the_vectors, "ids")
FILE_TEST(sealed_records_are_those_of_the_vectors, "sealed")
FILE_TEST(trees_are_those_of_the_vectors, "tree")
FILE_TEST(packets_are_those_of_the_vectors, "packet")
FILE_TEST(main_commits_are_those_of_the_vectors, "main")
FILE_TEST(signatures_are_those_of_the_vectors, "signature")

static int setup(void **state)
{
	struct err err = { 0 };

	(void)state;
	return seal_setup(&err) == RC_OK && object_setup(&err) == RC_OK ? 0
									: -1;
}

static int teardown(void **state)
{
	(void)state;
	object_teardown();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical_bytes_are_those_of_the_vectors),
		cmocka_unit_test(ids_are_those_of_the_vectors),
		cmocka_unit_test(sealed_records_are_those_of_the_vectors),
		cmocka_unit_test(trees_are_those_of_the_vectors),
		cmocka_unit_test(packets_are_those_of_the_vectors),
		cmocka_unit_test(main_commits_are_those_of_the_vectors),
		cmocka_unit_test(signatures_are_those_of_the_vectors),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
