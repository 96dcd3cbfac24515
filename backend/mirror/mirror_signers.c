/* mirror/mirror_signers.c - whose signatures stock git shall accept: the file
 * for gpg.ssh.allowedSignersFile (ssh-keygen(1), ALLOWED SIGNERS).
 *
 * Keys of revoked terminals stay in it: what they signed before is history. */
#include "mirror/mirror_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/jcs.h"
#include "object/sshsig.h"
#include "sql_store.gen.h"

#define SIGNERS_BYTES_MAX (64u << 20)

struct signers {
	struct mirror *m;
	struct buf text;
	char (*keys)[SSH_PUBLIC_TEXT_MAX]; /* of the server; owned */
	size_t nkeys;
	struct err *err;
};

static void line_put(struct signers *s, const char *who, const char *where,
		     const char *key)
{
	buf_printf(&s->text, "%s@%s namespaces=\"git\" %s\n", who, where, key);
}

typedef enum rc signer_fn(struct signers *s, const json_t *record);

/* The newest version of every record of a kind. */
static enum rc records_each(struct signers *s, const char *scope,
			    const char *kind, signer_fn *fn)
{
	struct query *q = query_begin(s->m->store->db, SQL_LOG_KIND_LATEST);
	enum rc rc = RC_OK;

	query_text(q, 1, scope);
	query_text(q, 2, kind);
	while (rc == RC_OK && query_row(q)) {
		json_t *record = NULL;

		rc = json_read(query_get_text(q, 1), query_get_len(q, 1),
			       &record, s->err);
		if (rc == RC_OK)
			rc = fn(s, record);
		json_decref(record);
	}
	return query_end(q, s->err) == RC_OK ? rc : s->err->code;
}

/* Only what is a key becomes part of a line. */
static bool key_text(char out[SSH_PUBLIC_TEXT_MAX], const char *text)
{
	unsigned char public[SIGN_PUBLIC_BYTES];
	struct err ignored = { 0 };

	if (!text || ssh_public_parse(public, text, &ignored) != RC_OK)
		return false;
	ssh_public_text(out, public);
	return true;
}

static enum rc server_key_note(struct signers *s, const json_t *record)
{
	char(*grown)[SSH_PUBLIC_TEXT_MAX] =
		realloc(s->keys, (s->nkeys + 1) * sizeof(*grown));

	if (!grown)
		return err_set(s->err, RC_NOMEM, "out of memory");
	s->keys = grown;
	if (key_text(grown[s->nkeys], json_text(record, "public_key")))
		s->nkeys++;
	return RC_OK;
}

static enum rc enrolment_note(struct signers *s, const json_t *record)
{
	const char *officer = json_text(record, "officer");
	const char *terminal = json_text(record, "terminal");
	char key[SSH_PUBLIC_TEXT_MAX];

	if (officer && terminal &&
	    key_text(key, json_text(record, "officer_key")))
		line_put(s, officer, terminal, key);
	return buf_status(&s->text, s->err);
}

static enum rc office_write(struct signers *s)
{
	struct query *q;

	for (size_t i = 0; i < s->nkeys; i++)
		line_put(s, "hufu", "server", s->keys[i]);
	q = query_begin(s->m->db, SQL_MIRROR_AUTHOR_ALL);
	while (query_row(q))
		for (size_t i = 0; i < s->nkeys; i++)
			line_put(s, query_get_text(q, 0), "server", s->keys[i]);
	return query_end(q, s->err);
}

static enum rc scopes_write(struct signers *s)
{
	struct query *q = query_begin(s->m->store->db, SQL_SCOPES_ALL);
	enum rc rc = RC_OK;

	while (rc == RC_OK && query_row(q))
		rc = records_each(s, query_get_text(q, 0), "enrolment",
				  enrolment_note);
	return query_end(q, s->err) == RC_OK ? rc : s->err->code;
}

/* -- the file -- */

static bool is_there(const char *path, const struct buf *text)
{
	FILE *f = fopen(path, "rb");
	char piece[8192];
	size_t at = 0, n;
	bool same = f != NULL;

	while (same && (n = fread(piece, 1, sizeof(piece), f)) > 0) {
		same = n <= text->len - at &&
		       !memcmp(text->data + at, piece, n);
		at += n;
	}
	if (f)
		fclose(f);
	return same && at == text->len;
}

static bool write_whole(const char *path, const struct buf *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t at = 0;
	bool ok = fd >= 0;

	while (ok && at < text->len) {
		ssize_t n = write(fd, text->data + at, text->len - at);

		if (n < 0 && errno == EINTR)
			continue;
		ok = n > 0;
		at += ok ? (size_t)n : 0;
	}
	ok = ok && fsync(fd) == 0;
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	return ok;
}

static enum rc file_write(struct signers *s)
{
	char *path = store_path(s->m->store, "mirror.git/allowed_signers");
	char *tmp = store_path(s->m->store, "mirror.git/allowed_signers.tmp");
	enum rc rc = buf_status(&s->text, s->err);

	if (rc == RC_OK && (!path || !tmp))
		rc = err_set(s->err, RC_NOMEM, "out of memory");
	if (rc == RC_OK && !is_there(path, &s->text) &&
	    (!write_whole(tmp, &s->text) || rename(tmp, path) != 0)) {
		rc = err_set(s->err, RC_IO, "cannot write '%s': %s", path,
			     strerror(errno));
		unlink(tmp);
	}
	free(path);
	free(tmp);
	return rc;
}

enum rc mirror_signers(struct mirror *m, struct err *err)
{
	struct signers s = { .m = m, .err = err };
	enum rc rc;

	buf_init(&s.text, SIGNERS_BYTES_MAX);
	rc = records_each(&s, "catalog", "server_key", server_key_note);
	if (rc == RC_OK)
		rc = office_write(&s);
	if (rc == RC_OK)
		rc = scopes_write(&s);
	if (rc == RC_OK)
		rc = file_write(&s);
	buf_release(&s.text);
	free(s.keys);
	return rc;
}
