/* store/backoff.c - waits after wrong passwords, in fixed memory. */
#include "store/backoff.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define BUCKETS 512
#define PLACES 8 /* of a bucket */
#define FIRST_MS 1000

struct place {
	unsigned char name[16]; /* a keyed hash */
	int failures; /* in a row; 0: free */
	int64_t last_ms; /* monotonic */
};

struct backoff {
	const struct host *host;
	int free_failures;
	unsigned char key[32]; /* of this process */
	pthread_mutex_t lock;
	struct place places[BUCKETS][PLACES];
};

enum rc backoff_new(struct backoff **out, const struct host *host,
		    int free_failures, struct err *err)
{
	struct backoff *b = calloc(1, sizeof(*b));

	*out = b;
	if (!b)
		return err_set(err, RC_NOMEM, "out of memory");
	b->host = host;
	b->free_failures = free_failures;
	host_random(host, b->key, sizeof(b->key));
	pthread_mutex_init(&b->lock, NULL);
	return RC_OK;
}

void backoff_free(struct backoff *b)
{
	if (!b)
		return;
	pthread_mutex_destroy(&b->lock);
	free(b);
}

static int64_t wait_ms(const struct backoff *b, const struct place *p)
{
	int more = p->failures - b->free_failures;
	int64_t ms = FIRST_MS;

	if (more < 0)
		return 0;
	while (more-- > 0 && ms < BACKOFF_MAX_MS)
		ms *= 2;
	return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

/* The name's place, or NULL; *hash is what it is known by. Under the lock. */
static struct place *place_of(struct backoff *b, const char *name,
			      unsigned char hash[16], struct place **bucket)
{
	blake2b_keyed(hash, 16, name, strlen(name), b->key, sizeof(b->key));
	*bucket = b->places[(hash[0] << 8 | hash[1]) % BUCKETS];
	for (size_t i = 0; i < PLACES; i++)
		if ((*bucket)[i].failures &&
		    !memcmp((*bucket)[i].name, hash, 16))
			return &(*bucket)[i];
	return NULL;
}

/* A free place, or the one of the bucket that failed longest ago. */
static struct place *place_take(struct place *bucket)
{
	struct place *best = bucket;

	for (size_t i = 0; i < PLACES; i++) {
		if (!bucket[i].failures)
			return &bucket[i];
		if (bucket[i].last_ms < best->last_ms)
			best = &bucket[i];
	}
	return best;
}

enum rc backoff_check(struct backoff *b, const char *name, int *wait_s,
		      struct err *err)
{
	unsigned char hash[16];
	struct place *bucket, *p;
	int64_t left = 0;

	pthread_mutex_lock(&b->lock);
	p = place_of(b, name, hash, &bucket);
	if (p)
		left = p->last_ms + wait_ms(b, p) - host_monotonic_ms(b->host);
	pthread_mutex_unlock(&b->lock);
	*wait_s = left > 0 ? (int)((left + 999) / 1000) : 0;
	return *wait_s ? err_set(err, RC_BUSY,
				 "too many wrong passwords: try again in %d "
				 "seconds",
				 *wait_s)
		       : RC_OK;
}

int backoff_failed(struct backoff *b, const char *name)
{
	unsigned char hash[16];
	struct place *bucket, *p;
	int64_t now = host_monotonic_ms(b->host);
	int failures;

	pthread_mutex_lock(&b->lock);
	p = place_of(b, name, hash, &bucket);
	if (!p) {
		p = place_take(bucket);
		memcpy(p->name, hash, sizeof(hash));
		p->failures = 0;
	}
	if (now >= p->last_ms + BACKOFF_FORGET_MS)
		p->failures = 0;
	p->last_ms = now;
	failures = p->failures < 1000 ? ++p->failures : p->failures;
	pthread_mutex_unlock(&b->lock);
	return failures;
}

void backoff_passed(struct backoff *b, const char *name)
{
	unsigned char hash[16];
	struct place *bucket, *p;

	pthread_mutex_lock(&b->lock);
	p = place_of(b, name, hash, &bucket);
	if (p)
		memset(p, 0, sizeof(*p));
	pthread_mutex_unlock(&b->lock);
}
