/* api/login.c - passwords, with a short memory and a longer patience. */
#include "api/login.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "api/service_impl.h"
#include "base/hash.h"
#include "base/hex.h"
#include "store/backoff.h"

#define CREDENTIAL_MAX 512
#define LOGIN_WRONG "the account or its password is wrong"
#define REMEMBERED 32
#define REMEMBERED_MS (10 * 60 * 1000)
#define CHECKS_MAX 4 /* under way or waiting; one at a time costs 64 MiB */

struct remembered {
	unsigned char hash[SHA256_BYTES];
	int64_t password_version; /* another one is not remembered */
	int64_t until; /* monotonic ms; 0: free */
};

struct login {
	const struct host *host;
	struct backoff *backoff;
	unsigned char key[32]; /* of this process */
	pthread_mutex_t lock; /* what stands below */
	struct remembered known[REMEMBERED], wrong[REMEMBERED];
	size_t next, next_wrong;
	int checks;
	pthread_mutex_t checking;
};

enum rc login_new(struct login **out, const struct host *host, struct err *err)
{
	struct login *l = calloc(1, sizeof(*l));

	*out = l;
	if (!l)
		return err_set(err, RC_NOMEM, "out of memory");
	l->host = host;
	host_random(host, l->key, sizeof(l->key));
	pthread_mutex_init(&l->lock, NULL);
	pthread_mutex_init(&l->checking, NULL);
	return backoff_new(&l->backoff, host, err);
}

void login_free(struct login *l)
{
	if (!l)
		return;
	pthread_mutex_destroy(&l->lock);
	pthread_mutex_destroy(&l->checking);
	backoff_free(l->backoff);
	wipe(l, sizeof(*l));
	free(l);
}

static void credential_hash(const struct login *l, const char *name,
			    const char *password,
			    unsigned char out[SHA256_BYTES])
{
	struct sha256 h;

	sha256_begin(&h);
	sha256_add(&h, l->key, sizeof(l->key));
	sha256_add(&h, name, strlen(name) + 1);
	sha256_add(&h, password, strlen(password));
	sha256_end(&h, out);
}

/* What an account is known by as long as its password and state stay. */
static int64_t version_of(struct store *store, const char *name)
{
	struct err ignored = { 0 };
	struct account a;

	if (account_look(store, name, &a, &ignored) != RC_OK)
		return -1;
	return a.is_disabled ? -2 - a.password_version : a.password_version;
}

enum known { KNOWN_NOT, KNOWN_RIGHT, KNOWN_WRONG };

static bool is_among(const struct login *l, const struct remembered *all,
		     const unsigned char hash[SHA256_BYTES], int64_t version)
{
	int64_t now = host_monotonic_ms(l->host);
	bool is = false;

	for (size_t i = 0; i < REMEMBERED; i++)
		is |= all[i].until > now &&
		      all[i].password_version == version &&
		      !memcmp(all[i].hash, hash, SHA256_BYTES);
	return is;
}

/* Is it known? If not, may it be checked now? */
static enum known look(struct login *l, const unsigned char hash[SHA256_BYTES],
		       int64_t version, bool *may_check)
{
	enum known known = KNOWN_NOT;

	pthread_mutex_lock(&l->lock);
	if (is_among(l, l->known, hash, version))
		known = KNOWN_RIGHT;
	else if (is_among(l, l->wrong, hash, version))
		known = KNOWN_WRONG;
	*may_check = !known && l->checks < CHECKS_MAX;
	l->checks += *may_check;
	pthread_mutex_unlock(&l->lock);
	return known;
}

static void checked(struct login *l, const unsigned char hash[SHA256_BYTES],
		    int64_t version, enum rc came)
{
	struct remembered *r;

	pthread_mutex_lock(&l->lock);
	l->checks--;
	if (came == RC_OK || came == RC_DENIED) {
		r = came == RC_OK ? &l->known[l->next++ % REMEMBERED]
				  : &l->wrong[l->next_wrong++ % REMEMBERED];
		memcpy(r->hash, hash, SHA256_BYTES);
		r->password_version = version;
		r->until = host_monotonic_ms(l->host) + REMEMBERED_MS;
	}
	pthread_mutex_unlock(&l->lock);
}

/* "Basic <base64 of name:password>" as text; false when it is none. */
static bool credential_read(const char *header, char out[CREDENTIAL_MAX + 1])
{
	size_t n = header ? strlen(header) : 0, len = CREDENTIAL_MAX;

	if (n < 7 || strncasecmp(header, "Basic ", 6) != 0 ||
	    !base64_decode(out, &len, header + 6, n - 6))
		return false;
	out[len] = '\0';
	return strlen(out) == len && strchr(out, ':');
}

/* Names that exist and names that do not wait alike, and cost the same. */
static enum rc password_check(struct login *l, struct store *store,
			      const char *name, const char *password,
			      struct account *out, int *wait_s, struct err *err)
{
	enum rc rc = backoff_check(l->backoff, name, wait_s, err);

	if (rc != RC_OK)
		return rc;
	pthread_mutex_lock(&l->checking);
	rc = account_proves(store, name, password, out, err);
	pthread_mutex_unlock(&l->checking);
	if (rc == RC_OK)
		backoff_passed(l->backoff, name);
	else if (rc == RC_DENIED)
		(void)backoff_failed(l->backoff, name);
	return rc;
}

/* The address pays before the check, so that nobody has several at once for
 * one, and gets it back for what was right. */
static enum rc guess_check(struct login *l, struct store *store,
			   const char *name, const char *password,
			   struct account *out, struct login_try *try,
			   struct err *err)
{
	struct service *s = try->network ? try->service : NULL;
	enum rc rc;

	if (s && !limit_take(s, s->limit_login, try->network, &try->wait_s))
		return err_set(err, RC_BUSY,
			       "too many wrong passwords from this address: "
			       "try again in %d seconds",
			       try->wait_s);
	rc = password_check(l, store, name, password, out, &try->wait_s, err);
	try->is_guess = rc == RC_DENIED;
	if (s && !try->is_guess)
		limit_give(s, s->limit_login, try->network);
	return rc;
}

enum rc login_password(struct login *l, struct store *store, const char *name,
		       const char *password, struct account *out,
		       struct login_try *try, struct err *err)
{
	unsigned char hash[SHA256_BYTES];
	int64_t version = version_of(store, name);
	enum known known;
	bool may_check;
	enum rc rc;

	try->is_guess = false;
	try->wait_s = 0;
	credential_hash(l, name, password, hash);
	known = look(l, hash, version, &may_check);
	if (known == KNOWN_RIGHT) {
		rc = account_get(store, name, out, err);
	} else if (known == KNOWN_WRONG) {
		rc = err_set(err, RC_DENIED, LOGIN_WRONG);
	} else if (!may_check) {
		try->wait_s = 1;
		rc = err_set(err, RC_BUSY,
			     "other passwords are being checked: try again");
	} else {
		rc = guess_check(l, store, name, password, out, try, err);
		checked(l, hash, rc == RC_OK ? out->password_version : version,
			rc);
	}
	/* Disabled since it was remembered, or unknown: one answer. */
	if (rc == RC_DENIED || rc == RC_NOT_FOUND) {
		err_clear(err);
		rc = err_set(err, RC_DENIED, LOGIN_WRONG);
	}
	return rc;
}

enum rc login_basic(struct login *l, struct store *store,
		    const char *authorization, char name[LOGIN_NAME_SIZE],
		    struct account *out, struct login_try *try, struct err *err)
{
	char credential[CREDENTIAL_MAX + 1], *password;
	enum rc rc;

	try->is_guess = false;
	name[0] = '\0';
	if (!credential_read(authorization, credential))
		return err_set(err, RC_DENIED,
			       "name an account and its password");
	password = strchr(credential, ':');
	*password++ = '\0';
	snprintf(name, LOGIN_NAME_SIZE, "%.*s", LOGIN_NAME_SIZE - 1,
		 credential);
	rc = login_password(l, store, credential, password, out, try, err);
	wipe(credential, sizeof(credential));
	return rc;
}
