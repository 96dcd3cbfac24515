/* api/login.c - HTTP Basic, with a short memory. */
#include "api/login.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/hex.h"

#define CREDENTIAL_MAX 512
#define REMEMBERED 32
#define REMEMBERED_MS (10 * 60 * 1000)
#define CHECKS_MAX 4 /* under way or waiting; one at a time costs 64 MiB */

struct remembered {
	unsigned char hash[SHA256_BYTES];
	int64_t until; /* monotonic ms; 0: free */
};

struct login {
	const struct host *host;
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
	return RC_OK;
}

void login_free(struct login *l)
{
	if (!l)
		return;
	pthread_mutex_destroy(&l->lock);
	pthread_mutex_destroy(&l->checking);
	wipe(l, sizeof(*l));
	free(l);
}

static void credential_hash(const struct login *l, const char *credential,
			    unsigned char out[SHA256_BYTES])
{
	struct sha256 h;

	sha256_begin(&h);
	sha256_add(&h, l->key, sizeof(l->key));
	sha256_add(&h, credential, strlen(credential));
	sha256_end(&h, out);
}

/* Is it known? If not, may it be checked now? */
static bool is_known(struct login *l, const unsigned char hash[SHA256_BYTES],
		     bool *may_check)
{
	int64_t now = host_monotonic_ms(l->host);
	bool known = false;

	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < REMEMBERED; i++)
		known |= l->known[i].until > now &&
			 !memcmp(l->known[i].hash, hash, SHA256_BYTES);
	*may_check = !known && l->checks < CHECKS_MAX;
	l->checks += *may_check;
	pthread_mutex_unlock(&l->lock);
	return known;
}

static void checked(struct login *l, const unsigned char hash[SHA256_BYTES],
		    bool is_right)
{
	struct remembered *r;

	pthread_mutex_lock(&l->lock);
	l->checks--;
	if (is_right) {
		r = &l->known[l->next++ % REMEMBERED];
		memcpy(r->hash, hash, SHA256_BYTES);
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

enum rc login_basic(struct login *l, struct store *store,
		    const char *authorization, struct account *out,
		    struct err *err)
{
	char credential[CREDENTIAL_MAX + 1], *password;
	unsigned char hash[SHA256_BYTES];
	bool may_check;
	enum rc rc;

	if (!credential_read(authorization, credential))
		return err_set(err, RC_DENIED,
			       "name an account and its "
			       "password");
	credential_hash(l, credential, hash);
	password = strchr(credential, ':');
	*password++ = '\0';
	if (is_known(l, hash, &may_check)) {
		rc = account_get(store, credential, out, err);
	} else if (!may_check) {
		rc = err_set(err, RC_BUSY, "other passwords are being checked");
	} else {
		pthread_mutex_lock(&l->checking);
		rc = account_proves(store, credential, password, out, err);
		pthread_mutex_unlock(&l->checking);
		checked(l, hash, rc == RC_OK);
	}
	wipe(credential, sizeof(credential));
	return rc;
}
