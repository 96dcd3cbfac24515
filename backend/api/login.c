/* api/login.c - passwords, with a short memory and a longer patience. */
#include "api/login.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

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
	struct remembered known[REMEMBERED];
	size_t next;
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

/* Is it known? If not, may it be checked now? */
static bool is_known(struct login *l, const unsigned char hash[SHA256_BYTES],
		     int64_t password_version, bool is_let_in, bool *may_check)
{
	int64_t now = host_monotonic_ms(l->host);
	bool known = false;

	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < REMEMBERED; i++)
		known |= l->known[i].until > now &&
			 l->known[i].password_version == password_version &&
			 !memcmp(l->known[i].hash, hash, SHA256_BYTES);
	*may_check = !known && is_let_in && l->checks < CHECKS_MAX;
	l->checks += *may_check;
	pthread_mutex_unlock(&l->lock);
	return known;
}

static void checked(struct login *l, const unsigned char hash[SHA256_BYTES],
		    int64_t password_version, bool is_right)
{
	struct remembered *r;

	pthread_mutex_lock(&l->lock);
	l->checks--;
	if (is_right) {
		r = &l->known[l->next++ % REMEMBERED];
		memcpy(r->hash, hash, SHA256_BYTES);
		r->password_version = password_version;
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

enum rc login_password(struct login *l, struct store *store, const char *name,
		       const char *password, struct account *out, int *wait_s,
		       struct err *err)
{
	unsigned char hash[SHA256_BYTES];
	struct err ignored = { 0 };
	struct account now = { .password_version = -1 };
	bool may_check;
	enum rc rc;

	credential_hash(l, name, password, hash);
	(void)account_look(store, name, &now, &ignored);
	if (is_known(l, hash, now.password_version, !*wait_s, &may_check)) {
		*wait_s = 0;
		rc = account_get(store, name, out, err);
	} else if (*wait_s) {
		rc = err_set(err, RC_BUSY,
			     "too many wrong passwords from this address: try "
			     "again in %d seconds",
			     *wait_s);
	} else if (!may_check) {
		*wait_s = 1;
		rc = err_set(err, RC_BUSY,
			     "other passwords are being checked: try again");
	} else {
		rc = password_check(l, store, name, password, out, wait_s, err);
		checked(l, hash, rc == RC_OK ? out->password_version : -2,
			rc == RC_OK);
	}
	/* Disabled since it was remembered, or unknown: one answer. */
	if (rc == RC_DENIED || rc == RC_NOT_FOUND) {
		err_clear(err);
		rc = err_set(err, RC_DENIED, LOGIN_WRONG);
	}
	return rc;
}

enum rc login_basic(struct login *l, struct store *store,
		    const char *authorization, struct account *out, int *wait_s,
		    struct err *err)
{
	char credential[CREDENTIAL_MAX + 1], *password;
	enum rc rc;

	if (!credential_read(authorization, credential))
		return err_set(err, RC_DENIED,
			       "name an account and its password");
	password = strchr(credential, ':');
	*password++ = '\0';
	rc = login_password(l, store, credential, password, out, wait_s, err);
	wipe(credential, sizeof(credential));
	return rc;
}
