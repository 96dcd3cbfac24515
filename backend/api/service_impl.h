/* api/service_impl.h - what the files of this room share of the service. */
#ifndef API_SERVICE_IMPL_H
#define API_SERVICE_IMPL_H

#include <pthread.h>

#include "api/service.h"
#include "api/preparer.h"
#include "contract/contract.h"
#include "evidence/evidence.h"
#include "http/bucket.h"

#define READERS_MAX 32

/* A contract while somebody works with it. */
struct contract_held {
	struct contract *contract;
	int64_t catalog_seen; /* of which state of the kinds it was made */
	int users;
};

struct service {
	char *dir;
	char *schema; /* folder of declarations, or NULL */
	const struct host *host;
	struct writer *writer; /* NULL: inline */
	struct store *only; /* inline: borrowed */
	pthread_mutex_t lock;
	pthread_mutex_t mirrors; /* one makes them at a time */
	struct login *login;
	struct misses *misses;
	struct store *idle[READERS_MAX];
	size_t nidle;
	struct contract_held *held; /* the newest; counts as a user */
	struct http_route *routes;
	struct contract_held *routes_of; /* whose words the routes are */
	struct evidence *evidence; /* files of it; one for all threads */
	struct watch *watch; /* inline: NULL, as the next */
	struct finder *finder;
	struct overseer *overseer;
	struct preparer *preparer;
	struct jobs *jobs;
	struct clone_limits clone;
	struct bucket_table *buckets; /* NULL: no limits */
	int limit_login, limit_public, limit_terminal; /* places of them */
};

/* A store for this thread until it is handed back (NULL: nothing to do). */
enum rc reader_take(struct service *s, struct store **out, struct err *err);
void reader_give(struct service *s, struct store *store);
/* The contract of the kinds as the store has them. */
enum rc contract_take(struct service *s, struct store *store,
		      struct contract_held **out, struct err *err);
void contract_give(struct service *s, struct contract_held *held);
/* Take from a bucket; false when it is empty, *wait_s says how long. A limit
 * below 0 is none. */
bool limit_take(struct service *s, int limit, const char *key, int *wait_s);
/* Put one back. */
void limit_give(struct service *s, int limit, const char *key);
/* Seconds until the bucket has a token; 0: it has one now. Takes none. */
int limit_wait_s(struct service *s, int limit, const char *key);

/* Read a sync and have the writer take its packets in, if it has any. *out is
 * the caller's to free, also on failure. */
enum rc sync_receive(struct service *s, struct store *reader,
		     const struct sync_input *in, struct sync **out,
		     struct err *err);

/* The routes of the contract, with the handlers of those that are raw. */
enum rc routes_make(struct service *s, struct err *err);

#endif
