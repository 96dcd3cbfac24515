#include "lib/seeded.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jcs.h"
#include "object/sshsig.h"
#include "replica/replica_impl.h"
#include "wire/group.h"
#include "wire/message.h"

#define EPOCH "00000000000000e1"
#define BYTES_MAX (256u << 20)

static const unsigned char officer_seed[SIGN_SEED_BYTES] = "officer";

/* A test's tool has nobody to answer to. */
static void must(struct seeded *s, enum rc rc, const char *what)
{
	if (rc == RC_OK)
		return;
	fprintf(stderr, "seeded: %s: %s\n", what, s->err.text);
	abort();
}

static json_t *member(json_t *o, const char *key)
{
	json_t *m = json_object_get(o, key);

	if (!m) {
		m = json_object();
		json_object_set_new(o, key, m);
	}
	return m;
}

static void enrol(struct seeded *s, const char *const *scopes)
{
	char server[SSH_PUBLIC_TEXT_MAX], officer[SSH_PUBLIC_TEXT_MAX];
	struct sign_key key;
	json_t *answer, *list = json_array();

	for (; *scopes; scopes++)
		json_array_append_new(list, json_string(*scopes));
	ssh_public_text(server, s->server.public);
	sign_key_from_seed(&key, officer_seed);
	ssh_public_text(officer, key.public);
	answer = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "enrolment", "e1",
			   "officer", "o1", "name", "An", "server_key", server,
			   "epoch", EPOCH, "scopes", list);
	must(s, replica_begin(s->r, &s->err), "begin");
	must(s, meta_put(s->r, "officer_public", officer, &s->err), "key");
	must(s,
	     meta_put(s->r, "terminal_seed",
		      "0101010101010101010101010101010101010101010101010101010"
		      "101010101",
		      &s->err),
	     "key");
	must(s, enrolment_keep(s->r, "http://127.0.0.1:1", answer, &s->err),
	     "enrol");
	must(s, replica_end(s->r, RC_OK, &s->err), "commit");
	must(s, replica_unlock_seed(s->r, officer_seed, &s->err), "unlock");
	json_decref(answer);
}

/* These tests edit subjects, which are the office's otherwise. */
static void kind_add(struct seeded *s, const char *text)
{
	json_t *o = json_loads(text, 0, NULL);
	const char *name = json_text(o, "kind");
	char *changed = NULL;
	json_t *field;
	size_t i;

	if (name && !strcmp(name, "subject")) {
		json_array_append_new(json_object_get(o, "writers"),
				      json_string("inspector"));
		json_array_foreach(json_object_get(o, "fields"), i, field)
			json_object_del(field, "writers");
		changed = json_dumps(o, 0);
	}
	seeded_kind(s, changed ? changed : text);
	free(changed);
	json_decref(o);
}

static void kinds_add(struct seeded *s)
{
	DIR *dir = opendir("schema/kinds");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char path[300], text[65536];
		FILE *file;
		size_t n;

		if (!strstr(entry->d_name, ".json"))
			continue;
		snprintf(path, sizeof(path), "schema/kinds/%s", entry->d_name);
		file = fopen(path, "r");
		n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
		text[n] = '\0';
		if (file)
			fclose(file);
		kind_add(s, text);
	}
	if (dir)
		closedir(dir);
}

static enum rc serve(void *ctx, const struct exchange_request *request,
		     struct exchange_reply *reply, struct err *err);

void seeded_init(struct seeded *s, const char *const *scopes)
{
	const struct db_options options = { .mode = DB_CREATE,
					    .synchronous_off = true };

	memset(s, 0, sizeof(*s));
	snprintf(s->dir, sizeof(s->dir), "/tmp/hufu-seeded-XXXXXX");
	if (!mkdtemp(s->dir))
		abort();
	snprintf(s->path, sizeof(s->path), "%s/replica.db", s->dir);
	must(s, seal_setup(&s->err), "seal");
	must(s, object_setup(&s->err), "object");
	sign_key_new(&s->server, &host_system);
	s->records = json_object();
	s->changed = json_object();
	s->heads = json_object();
	s->extra_lines = json_array();
	s->exchange = (struct exchange){ .perform = serve, .ctx = s };
	must(s, db_open(&s->tree, ":memory:", &options, &s->err), "tree");
	must(s, tree_create(s->tree, &s->err), "tree");
	must(s, replica_create(&s->r, s->path, &host_system, &s->err),
	     "create");
	enrol(s, scopes);
	kinds_add(s);
}

void seeded_release(struct seeded *s)
{
	char command[128];

	replica_close(s->r);
	db_close(s->tree);
	json_decref(s->records);
	json_decref(s->changed);
	json_decref(s->heads);
	json_decref(s->extra_lines);
	snprintf(command, sizeof(command), "rm -rf %s", s->dir);
	if (system(command) != 0)
		fprintf(stderr, "seeded: cannot remove %s\n", s->dir);
}

void seeded_reopen(struct seeded *s, bool unlock)
{
	replica_close(s->r);
	must(s, replica_open(&s->r, s->path, &host_system, &s->err), "open");
	if (unlock)
		must(s, replica_unlock_seed(s->r, officer_seed, &s->err),
		     "unlock");
}

/* The record becomes `after`, in the list and in the tree. */
static void record_set(struct seeded *s, const char *scope, const char *kind,
		       const char *id, json_t *after)
{
	struct tree_change change = { .kind = kind, .id = id };
	json_t *records = member(s->records, scope), *before;
	char path[80], town[4] = "";
	struct oid root;
	struct buf body;

	snprintf(path, sizeof(path), "%s/%s", kind, id);
	before = json_object_get(records, path);
	if (before) {
		snprintf(town, sizeof(town), "%s", json_text(before, "town"));
		change.town_before = town;
	}
	buf_init(&body, RECORD_BYTES_MAX);
	if (after) {
		must(s, jcs_write(&body, after, &s->err), "record");
		must(s,
		     oid_of(&change.oid, OBJECT_BLOB, body.data, body.len,
			    &s->err),
		     "oid");
		change.town_after = json_text(after, "town");
	}
	must(s,
	     tree_update(s->tree, scope, &change, 1, NULL, &root, NULL,
			 &s->err),
	     "tree");
	if (after)
		json_object_set(records, path, after);
	else
		json_object_del(records, path);
	json_object_set_new(member(s->changed, scope), path, json_true());
	buf_release(&body);
}

void seeded_put(struct seeded *s, const char *scope, const char *kind,
		const char *id, const char *fields)
{
	json_t *record = NULL;

	if (fields) {
		must(s, json_read(fields, strlen(fields), &record, &s->err),
		     fields);
		json_object_set_new(record, "id", json_string(id));
		json_object_set_new(record, "scope", json_string(scope));
		if (!json_text(record, "town"))
			json_object_set_new(record, "town", json_string("000"));
	}
	record_set(s, scope, kind, id, record);
	json_decref(record);
}

void seeded_kind(struct seeded *s, const char *definition)
{
	json_t *o = NULL, *record;
	char id[33];

	must(s, json_read(definition, strlen(definition), &o, &s->err),
	     "definition");
	kind_record_id(id, json_text(o, "kind"));
	record = json_pack("{s:s, s:s, s:s, s:s, s:O}", "id", id, "scope",
			   "catalog", "town", "000", "name",
			   json_text(o, "kind"), "definition", o);
	record_set(s, "catalog", "kind", id, record);
	json_decref(record);
	json_decref(o);
}

/* A main commit over what the scope has now, when something changed. */
static json_t *commit_make(struct seeded *s, const char *scope)
{
	json_t *last = json_object_get(s->heads, scope);
	struct oid parent, oid;
	struct main_commit c = { .scope = scope,
				 .epoch = EPOCH,
				 .parents = &parent,
				 .time_ms = 1800000000000,
				 .seconds = 1800000000 };
	char head[OID_HEX_SIZE], root[OID_HEX_SIZE];
	struct buf text;

	if (last && !json_object_size(member(s->changed, scope)))
		return last;
	c.position = json_int(last, "position", 0) +
		     (int64_t)json_object_size(member(s->changed, scope));
	c.nparents = last != NULL;
	if (last)
		oid_parse(&parent, json_text(last, "head"), OID_HEX_SIZE - 1);
	must(s, tree_root(s->tree, scope, &c.tree, &s->err), "root");
	buf_init(&text, BYTES_MAX);
	must(s, main_commit_write(&text, &oid, &c, &s->server, &s->err),
	     "commit");
	oid_hex(head, &oid);
	oid_hex(root, &c.tree);
	json_object_set_new(
		s->heads, scope,
		json_pack("{s:s, s:s, s:I, s:s, s:O}", "head", head, "root",
			  root, "position", (json_int_t)c.position, "commit",
			  text.data, "changed", member(s->changed, scope)));
	json_object_set_new(s->changed, scope, json_object());
	buf_release(&text);
	return json_object_get(s->heads, scope);
}

static void snapshot_write(struct seeded *s, const char *scope, struct buf *out)
{
	json_t *head = commit_make(s, scope), *line, *record;
	json_t *records = member(s->records, scope);
	struct line_writer w;
	struct groups groups;
	const char *path;

	must(s, line_writer_init(&w, out, &s->err), "writer");
	line = json_pack("{s:i, s:s, s:s, s:O, s:O, s:O, s:O, s:I}", "format",
			 1, "scope", scope, "epoch", EPOCH, "head",
			 json_object_get(head, "head"), "commit",
			 json_object_get(head, "commit"), "root",
			 json_object_get(head, "root"), "position",
			 json_object_get(head, "position"), "records",
			 (json_int_t)json_object_size(records));
	must(s, line_writer_put(&w, line, &s->err), "line");
	json_decref(line);
	must(s, groups_init(&groups, &s->err), "groups");
	json_object_foreach(records, path, record)
	{
		char kind[40];

		snprintf(kind, sizeof(kind), "%.*s", (int)strcspn(path, "/"),
			 path);
		must(s, groups_add_whole(&groups, kind, record, &s->err),
		     "row");
		if (groups.records < 2000)
			continue;
		line = json_pack("{s:o}", "rows", groups_take(&groups));
		must(s, line_writer_put(&w, line, &s->err), "line");
		json_decref(line);
	}
	line = json_pack("{s:o}", "rows", groups_take(&groups));
	must(s, line_writer_put(&w, line, &s->err), "line");
	json_decref(line);
	groups_release(&groups);
	must(s, line_writer_end(&w, &s->err), "end");
	line_writer_release(&w);
}

void seeded_clone(struct seeded *s)
{
	struct scope *all;
	size_t n;

	must(s, scope_all(s->r, &all, &n, &s->err), "scopes");
	for (size_t i = 0; i < n; i++) {
		struct buf bytes;

		buf_init(&bytes, BYTES_MAX);
		snapshot_write(s, all[i].scope, &bytes);
		must(s,
		     replica_clone_from_lines(s->r, all[i].scope, bytes.data,
					      bytes.len, &s->err),
		     "clone");
		buf_release(&bytes);
	}
	free(all);
}

/* One packet's rows go over as they are. */
struct taking {
	struct seeded *s;
	const char *scope;
};

static enum rc row_take(void *ctx, const char *kind, enum group_form form,
			const char *name, const json_t *fields, struct err *err)
{
	struct taking *t = ctx;
	json_t *before = NULL, *after;
	char id[33] = "", path[80];
	enum rc rc = RC_OK;

	if (form == GROUP_WHOLE)
		snprintf(id, sizeof(id), "%s", name);
	else
		rc = tree_find(t->s->tree, t->scope, kind, name, id, err);
	if (rc != RC_OK)
		return err_set(err, RC_CORRUPT, "no record for key %s", name);
	t->s->whole_records += form == GROUP_WHOLE;
	t->s->changed_records += form == GROUP_CHANGE;
	snprintf(path, sizeof(path), "%s/%s", kind, id);
	if (form == GROUP_CHANGE)
		before = json_object_get(member(t->s->records, t->scope), path);
	rc = record_rebuild(&after, t->scope, id, before, fields, err);
	if (rc == RC_OK)
		record_set(t->s, t->scope, kind, id, after);
	json_decref(after);
	return rc;
}

static void packet_note(struct seeded *s, const struct packet_commit *c)
{
	s->last_supersedes[0] = s->last_base[0] = '\0';
	if (c->has_supersedes)
		oid_hex(s->last_supersedes, &c->supersedes);
	if (c->has_base)
		oid_hex(s->last_base, &c->base);
}

static json_t *packet_take(struct seeded *s, const char *scope,
			   const struct wire_packet *p)
{
	struct taking t = { .s = s, .scope = scope };
	struct packet_commit c;
	char hex[OID_HEX_SIZE];
	struct arena mem;
	struct oid oid;
	const json_t *group;
	size_t i;

	arena_init(&mem, 1u << 20);
	must(s,
	     packet_commit_read(&c, &oid, p->commit, p->commit_bytes, &mem,
				&s->err),
	     "packet");
	packet_note(s, &c);
	arena_release(&mem);
	oid_hex(hex, &oid);
	if (s->refuse_state && s->refuse_times-- > 0)
		return json_pack("{s:s, s:s, s:s}", "packet", hex, "state",
				 s->refuse_state, "text", "a test");
	json_array_foreach(p->rows, i, group)
		must(s, group_each(group, row_take, &t, &s->err), "rows");
	return json_pack("{s:s, s:s, s:I}", "packet", hex, "state", "merged",
			 "position",
			 (json_int_t)(json_int(json_object_get(s->heads, scope),
					       "position", 0) +
				      1));
}

static json_t *scope_answer(struct seeded *s, const struct wire_scope *scope)
{
	json_t *receipts = json_array(), *o, *head;
	char held[OID_HEX_SIZE] = "";

	for (size_t i = 0; i < scope->npackets; i++)
		json_array_append_new(
			receipts,
			packet_take(s, scope->scope, &scope->packets[i]));
	head = commit_make(s, scope->scope);
	if (scope->has_head)
		oid_hex(held, &scope->head);
	o = json_pack("{s:s, s:o}", "scope", scope->scope, "receipts",
		      receipts);
	if (strcmp(held, json_text(head, "head")) != 0) {
		json_object_set(o, "head", json_object_get(head, "head"));
		json_object_set(o, "root", json_object_get(head, "root"));
		json_object_set(o, "position",
				json_object_get(head, "position"));
		if (s->wrong_root)
			json_object_set_new(o, "root",
					    json_string(OID_EMPTY_TREE));
	}
	return o;
}

/* Whole rows of everything that the last commit changed; what was removed is
 * gone. */
static void rows_write(struct seeded *s, const struct wire_scope *scope,
		       struct line_writer *w)
{
	json_t *head = json_object_get(s->heads, scope->scope), *line, *unused;
	json_t *records = member(s->records, scope->scope);
	struct groups groups;
	char held[OID_HEX_SIZE] = "";
	const char *path;

	if (scope->has_head)
		oid_hex(held, &scope->head);
	if (!strcmp(held, json_text(head, "head")))
		return;
	must(s, groups_init(&groups, &s->err), "groups");
	json_object_foreach(json_object_get(head, "changed"), path, unused)
	{
		json_t *record = json_object_get(records, path);
		const char *slash = strchr(path, '/');
		char kind[40], key[40];

		(void)unused;
		snprintf(kind, sizeof(kind), "%.*s", (int)(slash - path), path);
		snprintf(key, sizeof(key), "=%s", slash + 1);
		must(s,
		     record ? groups_add_whole(&groups, kind, record, &s->err)
			    : groups_add_gone(&groups, kind, key, &s->err),
		     "row");
	}
	line = json_pack("{s:s, s:o}", "scope", scope->scope, "rows",
			 groups_take(&groups));
	must(s, line_writer_put(w, line, &s->err), "line");
	json_decref(line);
	groups_release(&groups);
}

static void answer_write(struct seeded *s, const struct wire_request *q,
			 struct buf *out)
{
	json_t *head, *scopes = json_array(), *line;
	struct sign_key other;
	struct line_writer w;
	size_t i;

	for (i = 0; i < q->nscopes; i++)
		json_array_append_new(scopes, scope_answer(s, &q->scopes[i]));
	head = json_pack("{s:i, s:I, s:s, s:o}", "format", 1, "time",
			 (json_int_t)1800000000000, "epoch", EPOCH, "scopes",
			 scopes);
	sign_key_new(&other, &host_system);
	must(s, line_writer_init(&w, out, &s->err), "writer");
	must(s,
	     answer_begin(&w, head, s->forge ? &other : &s->server, q->digest,
			  &s->err),
	     "head");
	json_decref(head);
	json_array_foreach(s->extra_lines, i, line)
		must(s, line_writer_put(&w, line, &s->err), "line");
	json_array_clear(s->extra_lines);
	for (i = 0; i < q->nscopes; i++)
		rows_write(s, &q->scopes[i], &w);
	must(s, line_writer_end(&w, &s->err), "end");
	line_writer_release(&w);
}

static enum rc serve(void *ctx, const struct exchange_request *request,
		     struct exchange_reply *reply, struct err *err)
{
	struct seeded *s = ctx;
	struct wire_request q;
	struct arena mem;
	enum rc rc;

	if (s->stay_away)
		return err_set(err, RC_IO, "cannot reach the server");
	s->requests++;
	arena_init(&mem, 16u << 20);
	rc = wire_request_read(&q, request->body, request->body_bytes, &mem,
			       err);
	if (rc == RC_OK) {
		reply->status = 200;
		answer_write(s, &q, &reply->body);
		wire_request_release(&q);
	}
	arena_release(&mem);
	return rc;
}
