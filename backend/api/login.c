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
/* Under way or waiting, each in a worker's place: one at a time, since it costs
 * 64 MiB. Addresses that were wrong lately leave some to those that were not.
 */
#define CHECKS_MAX 12
#define CHECKS_MAX_WRONG 8
#define NAME_ADDRESSES 20 /* that were wrong for a name until it waits */
#define PROVED 1024
#define PROVED_MS (30 * INT64_C(86400000))
#define PAIR_SIZE (2 * SHA256_BYTES + 1)

struct remembered {
	unsigned char hash[SHA256_BYTES];
	int64_t password_version; /* another one is not remembered */
	int64_t until; /* monotonic ms; 0: free */
};

struct login {
	const struct host *host;
	struct backoff *pairs; /* a name from an address */
	struct backoff *names; /* a name, by the addresses that are wrong */
	struct backoff *networks;
	unsigned char key[32]; /* of this process */
	pthread_mutex_t lock; /* what stands below */
	struct remembered known[REMEMBERED], wrong[REMEMBERED];
	size_t next, next_wrong;
	struct remembered proved[PROVED]; /* pairs that were right */
	size_t next_proved;
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
	if (backoff_new(&l->pairs, host, BACKOFF_FREE, err) != RC_OK ||
	    backoff_new(&l->names, host, NAME_ADDRESSES, err) != RC_OK ||
	    backoff_new(&l->networks, host, 1, err) != RC_OK)
		return err->code;
	return RC_OK;
}

void login_free(struct login *l)
{
	if (!l)
		return;
	pthread_mutex_destroy(&l->lock);
	pthread_mutex_destroy(&l->checking);
	backoff_free(l->pairs);
	backoff_free(l->names);
	backoff_free(l->networks);
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
		     size_t n, const unsigned char hash[SHA256_BYTES],
		     int64_t version)
{
	int64_t now = host_monotonic_ms(l->host);
	bool is = false;

	for (size_t i = 0; i < n; i++)
		is |= all[i].until > now &&
		      all[i].password_version == version &&
		      !memcmp(all[i].hash, hash, SHA256_BYTES);
	return is;
}

/* Is it known? */
static enum known look(struct login *l, const unsigned char hash[SHA256_BYTES],
		       int64_t version)
{
	enum known known = KNOWN_NOT;

	pthread_mutex_lock(&l->lock);
	if (is_among(l, l->known, REMEMBERED, hash, version))
		known = KNOWN_RIGHT;
	else if (is_among(l, l->wrong, REMEMBERED, hash, version))
		known = KNOWN_WRONG;
	pthread_mutex_unlock(&l->lock);
	return known;
}

/* May it be checked now, or wait for it? */
static bool check_begin(struct login *l, bool was_wrong)
{
	bool may;

	pthread_mutex_lock(&l->lock);
	may = l->checks < (was_wrong ? CHECKS_MAX_WRONG : CHECKS_MAX);
	l->checks += may;
	pthread_mutex_unlock(&l->lock);
	return may;
}

static void remember(struct login *l, struct remembered *r,
		     const unsigned char hash[SHA256_BYTES], int64_t version,
		     int64_t for_ms)
{
	memcpy(r->hash, hash, SHA256_BYTES);
	r->password_version = version;
	r->until = host_monotonic_ms(l->host) + for_ms;
}

static void checked(struct login *l, const unsigned char hash[SHA256_BYTES],
		    int64_t version, enum rc came)
{
	pthread_mutex_lock(&l->lock);
	l->checks--;
	if (came == RC_DENIED)
		remember(l, &l->wrong[l->next_wrong++ % REMEMBERED], hash,
			 version, REMEMBERED_MS);
	pthread_mutex_unlock(&l->lock);
}

/* Before the next is checked, which may be the same. */
static void known_put(struct login *l, const unsigned char hash[SHA256_BYTES],
		      int64_t version)
{
	pthread_mutex_lock(&l->lock);
	if (!is_among(l, l->known, REMEMBERED, hash, version))
		remember(l, &l->known[l->next++ % REMEMBERED], hash, version,
			 REMEMBERED_MS);
	pthread_mutex_unlock(&l->lock);
}

/* -- who tries from where -- */

struct pair {
	const char *name, *network; /* network: "-" where nobody says */
	char text[PAIR_SIZE];
	unsigned char hash[SHA256_BYTES];
};

static void pair_of(const struct login *l, const char *name,
		    const char *network, struct pair *out)
{
	out->name = name;
	out->network = network ? network : "-";
	credential_hash(l, out->network, name, out->hash);
	hex_encode(out->text, out->hash, SHA256_BYTES);
}

/* Who was right from there is not made to wait by what others do elsewhere. */
static bool is_proved(struct login *l, const struct pair *p)
{
	bool is;

	pthread_mutex_lock(&l->lock);
	is = is_among(l, l->proved, PROVED, p->hash, 0);
	pthread_mutex_unlock(&l->lock);
	return is;
}

static void proved_put(struct login *l, const struct pair *p)
{
	if (is_proved(l, p))
		return;
	pthread_mutex_lock(&l->lock);
	remember(l, &l->proved[l->next_proved++ % PROVED], p->hash, 0,
		 PROVED_MS);
	pthread_mutex_unlock(&l->lock);
}

static enum rc pair_check(struct login *l, const struct pair *p, int *wait_s,
			  struct err *err)
{
	enum rc rc = backoff_check(l->pairs, p->text, wait_s, err);

	return rc == RC_OK && !is_proved(l, p)
		       ? backoff_check(l->names, p->name, wait_s, err)
		       : rc;
}

static void pair_came(struct login *l, const struct pair *p, enum rc rc)
{
	if (rc == RC_OK) {
		backoff_passed(l->pairs, p->text);
		backoff_passed(l->networks, p->network);
		proved_put(l, p);
	} else if (rc == RC_DENIED) {
		/* The name counts each address once. */
		if (backoff_failed(l->pairs, p->text) == 1)
			(void)backoff_failed(l->names, p->name);
		(void)backoff_failed(l->networks, p->network);
	}
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

/* Names that exist and names that do not wait alike, and cost the same. Who
 * waited for others may find that one of them asked the same. */
static enum rc password_check(struct login *l, struct store *store,
			      const struct pair *p, const char *password,
			      const unsigned char hash[SHA256_BYTES],
			      struct account *out, int *wait_s, struct err *err)
{
	enum rc rc = pair_check(l, p, wait_s, err);

	if (rc != RC_OK)
		return rc;
	pthread_mutex_lock(&l->checking);
	if (look(l, hash, version_of(store, p->name)) == KNOWN_RIGHT)
		rc = account_get(store, p->name, out, err);
	else
		rc = account_proves(store, p->name, password, out, err);
	if (rc == RC_OK || rc == RC_DENIED)
		pair_came(l, p, rc);
	if (rc == RC_OK)
		known_put(l, hash, out->password_version);
	pthread_mutex_unlock(&l->checking);
	return rc;
}

/* The address pays before the check, so that nobody has several at once for
 * one, and gets it back for what was right. */
static enum rc guess_check(struct login *l, struct store *store,
			   const struct pair *p, const char *password,
			   const unsigned char hash[SHA256_BYTES],
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
	rc = password_check(l, store, p, password, hash, out, &try->wait_s,
			    err);
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
	struct pair p;
	int was_wrong;
	enum rc rc;

	try->is_guess = false;
	try->wait_s = 0;
	credential_hash(l, name, password, hash);
	pair_of(l, name, try->network, &p);
	known = look(l, hash, version);
	(void)backoff_check(l->networks, p.network, &was_wrong,
			    &(struct err){ 0 });
	if (known == KNOWN_RIGHT) {
		rc = account_get(store, name, out, err);
	} else if (known == KNOWN_WRONG) {
		rc = err_set(err, RC_DENIED, LOGIN_WRONG);
	} else if (!check_begin(l, was_wrong > 0)) {
		try->wait_s = 1;
		rc = err_set(err, RC_BUSY,
			     "other passwords are being checked: try again");
	} else {
		rc = guess_check(l, store, &p, password, hash, out, try, err);
		checked(l, hash, version, rc);
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
