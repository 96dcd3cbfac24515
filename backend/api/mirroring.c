/* api/mirroring.c - the mirror for auditors with stock git: who may have it,
 * and that the audit log says who had it. */
#include "api/service_impl.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/login.h"
#include "api/misses.h"
#include "mirror/mirror.h"
#include "store/audit.h"

#define MIRROR_DETAIL_BYTES 1500 /* what an entry has room for */

static enum rc mirror_reader(struct service *s, struct store *store,
			     const struct mirror_input *in,
			     struct account *account, bool *is_known,
			     int *wait_s, struct err *err)
{
	struct login_try try = { .service = s, .network = in->network };
	char name[LOGIN_NAME_SIZE];
	enum rc rc;

	rc = login_basic(s->login, store, in->authorization, name, account,
			 &try, err);
	*is_known = rc != RC_DENIED;
	/* git asks once without a password before it asks with one. */
	if (rc == RC_DENIED && in->authorization)
		misses_note(s->misses, store,
			    &(struct miss){ .operation = "getMirrorRefs",
					    .account = name,
					    .remote = in->remote,
					    .network = in->network,
					    .request_id = in->request_id,
					    .why = "a wrong password" });
	*wait_s = try.wait_s;
	if (rc != RC_OK)
		return rc;
	snprintf(account->with, sizeof(account->with), "password");
	if (!account_may(account, ROLE_AUDITOR | ROLE_ADMINISTRATOR, "*") ||
	    account->agency[0])
		return err_set(err, RC_DENIED,
			       "the mirror holds every scope: it is for "
			       "auditors and administrators of all of them, "
			       "and of all agencies");
	return RC_OK;
}

struct mirror_entry {
	struct store *store;
	struct audit_entry e;
	struct buf detail;
};

static enum rc mirror_told(struct mirror_entry *m, struct err *err)
{
	enum rc rc = buf_status(&m->detail, err);

	m->e.detail = m->detail.data;
	if (rc == RC_OK)
		rc = audit_put(m->store, &m->e, err);
	buf_reset(&m->detail);
	return rc;
}

/* Each scope and how far it is; more entries than one where they are many. */
static enum rc mirror_scope_say(void *m_, const struct mirror_scope *at,
				struct err *err)
{
	struct mirror_entry *m = m_;

	buf_printf(&m->detail, " %s=%lld", at->scope, (long long)at->position);
	return m->detail.len > MIRROR_DETAIL_BYTES ? mirror_told(m, err)
						   : RC_OK;
}

/* A fetch begins, and it has every rating and every sealed record. */
static enum rc mirror_say(struct store *store, struct mirror *mirror,
			  const struct account *account,
			  const struct mirror_input *in, struct err *err)
{
	struct mirror_entry m = {
		.store = store,
		.e = { .by = { .who = account->name,
			       .with = account->with,
			       .via = VIA_API,
			       .request_id = in->request_id },
		       .operation = "getMirrorRefs" },
	};
	enum rc rc;

	buf_init(&m.detail, 2 * MIRROR_DETAIL_BYTES);
	if (in->remote)
		buf_printf(&m.detail, "from %s;", in->remote);
	buf_puts(&m.detail, mirror ? " positions"
				   : " brought up to date by "
				     "another program");
	rc = mirror ? mirror_each(mirror, mirror_scope_say, &m, err) : RC_OK;
	if (rc == RC_OK && m.detail.len)
		rc = mirror_told(&m, err);
	buf_release(&m.detail);
	return rc;
}

/* Another program that is at it makes the same. */
static enum rc mirror_refresh(struct store *store,
			      const struct account *account,
			      const struct mirror_input *in, struct err *err)
{
	struct mirror *mirror = NULL;
	enum rc rc = mirror_open(&mirror, store, err);

	if (rc == RC_OK)
		rc = mirror_update(mirror, NULL, NULL, err);
	if (rc == RC_OK)
		rc = mirror_say(store, mirror, account, in, err);
	mirror_close(mirror);
	if (rc != RC_BUSY)
		return rc;
	err_clear(err);
	return mirror_say(store, NULL, account, in, err);
}

enum rc service_mirror(struct service *s, const struct mirror_input *in,
		       char **file, bool *is_known, int *wait_s,
		       struct err *err)
{
	struct account account = { .roles = 0 };
	struct store *store = NULL;
	char path[128];
	enum rc rc = reader_take(s, &store, err);

	*file = NULL;
	*is_known = true;
	*wait_s = 0;
	if (rc == RC_OK)
		rc = mirror_reader(s, store, in, &account, is_known, wait_s,
				   err);
	if (rc == RC_OK && !strcmp(in->path, "info/refs")) {
		pthread_mutex_lock(&s->mirrors);
		rc = mirror_refresh(store, &account, in, err);
		pthread_mutex_unlock(&s->mirrors);
	}
	if (rc == RC_OK) {
		snprintf(path, sizeof(path), "mirror.git/%s", in->path);
		*file = store_path(store, path);
		if (!*file)
			rc = err_set(err, RC_NOMEM, "out of memory");
		else if (access(*file, R_OK) != 0)
			rc = err_set(err, RC_NOT_FOUND, "there is no %s", path);
	}
	if (rc != RC_OK) {
		free(*file);
		*file = NULL;
	}
	reader_give(s, store);
	return rc;
}
