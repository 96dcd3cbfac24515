/* ledger/snapshot.c - prepared clones. */
#include "ledger/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/jcs.h"
#include "ledger/ledger.h"
#include "sql_store.gen.h"
#include "wire/group.h"
#include "wire/message.h"

#define GROUP_RECORDS 2000
#define PIECE_BYTES (64u << 20)
#define STALE_CHANGES_MIN 1000

struct snapping {
	struct store *s;
	const char *scope;
	struct head head;
	int fd;
	struct buf out;
	struct line_writer w;
	struct groups groups;
	struct err *err;
};

static enum rc out_flush(struct snapping *p)
{
	size_t done = 0;

	while (done < p->out.len) {
		ssize_t n = write(p->fd, p->out.data + done, p->out.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(p->err, RC_IO,
				       "cannot write a snapshot: %s",
				       strerror(errno));
		done += (size_t)n;
	}
	buf_reset(&p->out);
	return RC_OK;
}

static enum rc rows_flush(struct snapping *p)
{
	json_t *line;
	enum rc rc;

	if (!p->groups.records)
		return RC_OK;
	line = json_pack("{s:o}", "rows", groups_take(&p->groups));
	rc = line ? line_writer_put(&p->w, line, p->err)
		  : err_set(p->err, RC_NOMEM, "out of memory");
	json_decref(line);
	return rc == RC_OK ? out_flush(p) : rc;
}

static enum rc kind_put(struct snapping *p, const char *kind)
{
	struct query *q = query_begin(p->s->db, SQL_SNAPSHOT_ROWS);
	enum rc rc = RC_OK;

	query_text(q, 1, p->scope);
	query_text(q, 2, kind);
	while (rc == RC_OK && query_row(q)) {
		json_t *record;

		rc = json_read(query_get_text(q, 1), query_get_len(q, 1),
			       &record, p->err);
		if (rc == RC_OK)
			rc = groups_add_whole(&p->groups, kind, record, p->err);
		json_decref(record);
		if (rc == RC_OK && (p->groups.records == GROUP_RECORDS ||
				    p->groups.bytes > JSON_BYTES_MAX / 2))
			rc = rows_flush(p);
	}
	if (query_end(q, p->err) != RC_OK)
		rc = p->err->code;
	return rc == RC_OK ? rows_flush(p) : rc;
}

static enum rc head_put(struct snapping *p)
{
	char head[OID_HEX_SIZE], root[OID_HEX_SIZE];
	struct query *q = query_begin(p->s->db, SQL_SNAPSHOT_COUNT);
	int64_t records;
	json_t *line;
	enum rc rc;

	query_text(q, 1, p->scope);
	records = query_row(q) ? query_get_int(q, 0) : 0;
	rc = query_end(q, p->err);
	if (rc != RC_OK)
		return rc;
	oid_hex(head, &p->head.commit);
	oid_hex(root, &p->head.root);
	q = query_begin(p->s->db, SQL_MAIN_BODY);
	query_text(q, 1, p->scope);
	query_blob(q, 2, p->head.commit.b, OID_BYTES);
	query_row(q);
	line = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "format",
			 WIRE_FORMAT, "scope", p->scope, "epoch", p->s->epoch,
			 "head", head, "commit", query_get_text(q, 0), "root",
			 root, "position", (json_int_t)p->head.position,
			 "records", (json_int_t)records);
	rc = query_end(q, p->err);
	if (rc == RC_OK)
		rc = line ? line_writer_put(&p->w, line, p->err)
			  : err_set(p->err, RC_NOMEM, "out of memory");
	json_decref(line);
	return rc;
}

static enum rc kinds_put(struct snapping *p)
{
	struct query *q = query_begin(p->s->db, SQL_SNAPSHOT_KINDS);
	enum rc rc = RC_OK;

	query_text(q, 1, p->scope);
	while (rc == RC_OK && query_row(q))
		rc = kind_put(p, query_get_text(q, 0));
	return query_end(q, p->err) == RC_OK ? rc : p->err->code;
}

static enum rc snapshot_write(struct store *s, const char *scope, int fd,
			      struct oid *head, struct err *err)
{
	struct snapping p = { .s = s, .scope = scope, .fd = fd, .err = err };
	enum rc rc;

	buf_init(&p.out, PIECE_BYTES);
	rc = groups_init(&p.groups, err);
	if (rc == RC_OK)
		rc = line_writer_init(&p.w, &p.out, err);
	if (rc == RC_OK)
		rc = db_begin(s->db, false, err);
	if (rc == RC_OK)
		rc = ledger_head(s, scope, &p.head, err);
	if (rc == RC_NOT_FOUND)
		err_set(err, rc, "there is no scope '%s' here", scope);
	if (rc == RC_OK)
		rc = head_put(&p);
	if (rc == RC_OK)
		rc = kinds_put(&p);
	if (rc == RC_OK)
		rc = line_writer_end(&p.w, err);
	if (rc == RC_OK)
		rc = out_flush(&p);
	db_rollback(s->db);
	if (rc == RC_OK && fsync(fd) != 0)
		rc = err_set(err, RC_IO, "cannot write a snapshot: %s",
			     strerror(errno));
	*head = p.head.commit;
	groups_release(&p.groups);
	line_writer_release(&p.w);
	buf_release(&p.out);
	return rc;
}

/* Is a snapshot of this head still worth serving? */
static bool is_fresh(struct store *s, const char *scope, const char *hex)
{
	struct err ignored = { 0 };
	struct query *q;
	struct head then, now;
	struct oid oid;
	int64_t records;

	if (!oid_parse(&oid, hex, strlen(hex)) ||
	    ledger_head_at(s, scope, &oid, &then, &ignored) != RC_OK ||
	    ledger_head(s, scope, &now, &ignored) != RC_OK)
		return false;
	q = query_begin(s->db, SQL_SNAPSHOT_COUNT);
	query_text(q, 1, scope);
	records = query_row(q) ? query_get_int(q, 0) : 0;
	if (query_end(q, &ignored) != RC_OK)
		return false;
	return now.position - then.position <= (records / 20 > STALE_CHANGES_MIN
							? records / 20
							: STALE_CHANGES_MIN);
}

static char *snapshot_path(const struct store *s, const char *scope,
			   const char *suffix)
{
	char name[96];

	snprintf(name, sizeof(name), "snapshots/%s%s", scope, suffix);
	return store_path(s, name);
}

/* The head of the snapshot that is there, from its link; "" when there is none.
 * The link's target names it: <scope>-<head>.snap. */
static void snapshot_head(const char *link, char hex[OID_HEX_SIZE])
{
	char target[128];
	ssize_t n = readlink(link, target, sizeof(target) - 1);
	const char *dash;

	hex[0] = '\0';
	if (n <= 0)
		return;
	target[n] = '\0';
	dash = strrchr(target, '-');
	if (dash && strlen(dash) == 1 + 40 + 5)
		snprintf(hex, OID_HEX_SIZE, "%.40s", dash + 1);
}

static enum rc snapshot_place(const struct store *s, const char *scope,
			      const char *tmp, const char *link,
			      const struct oid *head, char old[OID_HEX_SIZE],
			      struct err *err)
{
	char hex[OID_HEX_SIZE], name[96], linktmp[32];
	char *path, *link2;
	enum rc rc = RC_OK;

	oid_hex(hex, head);
	snprintf(name, sizeof(name), "snapshots/%s-%s.snap", scope, hex);
	path = store_path(s, name);
	snprintf(linktmp, sizeof(linktmp), ".link%ld", (long)getpid());
	link2 = snapshot_path(s, scope, linktmp);
	if (!path || !link2)
		rc = err_set(err, RC_NOMEM, "out of memory");
	else if (rename(tmp, path) != 0 || (unlink(link2), 0) ||
		 symlink(strrchr(path, '/') + 1, link2) != 0 ||
		 rename(link2, link) != 0)
		rc = err_set(err, RC_IO, "cannot place a snapshot: %s",
			     strerror(errno));
	free(path);
	free(link2);
	if (rc == RC_OK && old[0] && strcmp(old, hex) != 0) {
		snprintf(name, sizeof(name), "snapshots/%s-%s.snap", scope,
			 old);
		path = store_path(s, name);
		if (path)
			unlink(path); /* who reads it still has it open */
		free(path);
	}
	snprintf(old, OID_HEX_SIZE, "%s", hex);
	return rc;
}

enum rc snapshot_get(struct store *s, const char *scope, char **path,
		     char etag[80], struct err *err)
{
	char hex[OID_HEX_SIZE], suffix[32];
	char *link = snapshot_path(s, scope, ".current"), *tmp;
	struct oid head;
	enum rc rc = RC_OK;
	int fd;

	*path = NULL;
	snprintf(suffix, sizeof(suffix), ".tmp%ld", (long)getpid());
	tmp = snapshot_path(s, scope, suffix);
	if (!link || !tmp) {
		rc = err_set(err, RC_NOMEM, "out of memory");
		goto out;
	}
	snapshot_head(link, hex);
	if (!hex[0] || !is_fresh(s, scope, hex)) {
		fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd < 0) {
			rc = err_set(err, RC_IO, "cannot write '%s': %s", tmp,
				     strerror(errno));
			goto out;
		}
		rc = snapshot_write(s, scope, fd, &head, err);
		close(fd);
		if (rc == RC_OK)
			rc = snapshot_place(s, scope, tmp, link, &head, hex,
					    err);
		if (rc != RC_OK)
			unlink(tmp);
	}
	if (rc == RC_OK) {
		snprintf(etag, 80, "%s", hex);
		snprintf(suffix, sizeof(suffix), "%s", "");
		free(tmp);
		tmp = NULL;
		*path = malloc(strlen(link) + 64);
		if (*path)
			snprintf(*path, strlen(link) + 64, "%.*s-%s.snap",
				 (int)(strlen(link) - strlen(".current")), link,
				 hex);
		else
			rc = err_set(err, RC_NOMEM, "out of memory");
	}
out:
	free(link);
	free(tmp);
	return rc;
}
