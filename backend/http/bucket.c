#include "http/bucket.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/hash.h"

#define NUMBER_MAX 1000000
#define SECONDS_MAX 86400
#define ENTRIES_MAX (1u << 20)
#define US_PER_S INT64_C(1000000)
#define KEY_BYTES 16

/* How full a bucket is follows from when it will be full, which changes only
 * when a token is taken: no entry needs to be visited as time goes by. An entry
 * that is not in use was full at the beginning of time. */
struct entry {
	unsigned char key[KEY_BYTES];
	int64_t full_us;
};

struct bucket_row { /* a class and its entries */
	int64_t token_us; /* in which a token comes */
	int64_t bucket_us; /* in which all of them come */
	size_t nentries;
	struct entry *entries; /* owned */
};

struct bucket_table {
	pthread_mutex_t lock;
	size_t nrows;
	struct bucket_row *rows; /* owned */
};

static bool is_within(int64_t n, int64_t max)
{
	return n >= 1 && n <= max;
}

static enum rc row_init(struct bucket_row *row, const struct bucket_class *c,
			struct err *err)
{
	row->nentries = c->entries > 0 ? c->entries : BUCKET_ENTRIES;
	if (!is_within(c->burst, NUMBER_MAX) ||
	    !is_within(c->tokens, NUMBER_MAX) ||
	    !is_within(c->seconds, SECONDS_MAX) || row->nentries > ENTRIES_MAX)
		return err_set(err, RC_INVALID,
			       "a rate of %d and then %d in %d s is out of "
			       "range",
			       c->burst, c->tokens, c->seconds);
	row->token_us = c->seconds * US_PER_S / c->tokens;
	row->bucket_us = row->token_us * c->burst;
	if (!fault_hit(FAULT_ALLOC))
		row->entries = calloc(row->nentries, sizeof(*row->entries));
	if (!row->entries)
		return err_set(err, RC_NOMEM, "out of memory");
	for (size_t i = 0; i < row->nentries; i++)
		row->entries[i].full_us = INT64_MIN;
	return RC_OK;
}

enum rc bucket_table_new(struct bucket_table **out,
			 const struct bucket_class *classes, size_t nclasses,
			 struct err *err)
{
	struct bucket_table *table = NULL;
	enum rc rc = RC_OK;

	*out = NULL;
	if (!fault_hit(FAULT_ALLOC))
		table = calloc(1, sizeof(*table));
	if (!table)
		return err_set(err, RC_NOMEM, "out of memory");
	pthread_mutex_init(&table->lock, NULL);
	table->rows = calloc(nclasses > 0 ? nclasses : 1, sizeof(*table->rows));
	if (!table->rows)
		rc = err_set(err, RC_NOMEM, "out of memory");
	while (rc == RC_OK && table->nrows < nclasses) {
		rc = row_init(&table->rows[table->nrows],
			      &classes[table->nrows], err);
		table->nrows++;
	}
	if (rc != RC_OK) {
		bucket_table_free(table);
		return rc;
	}
	*out = table;
	return RC_OK;
}

void bucket_table_free(struct bucket_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->nrows; i++)
		free(table->rows[i].entries);
	free(table->rows);
	pthread_mutex_destroy(&table->lock);
	free(table);
}

/* The key's entry, or the one of the fullest bucket made the key's. A walk over
 * 4,096 entries takes some microseconds, and no order needs to be kept. */
static struct entry *entry_of(struct bucket_row *row,
			      const unsigned char key[KEY_BYTES])
{
	struct entry *fullest = &row->entries[0];

	for (size_t i = 0; i < row->nentries; i++) {
		struct entry *e = &row->entries[i];

		if (e->full_us != INT64_MIN &&
		    memcmp(e->key, key, KEY_BYTES) == 0)
			return e;
		if (e->full_us < fullest->full_us)
			fullest = e;
	}
	memcpy(fullest->key, key, KEY_BYTES);
	fullest->full_us = INT64_MIN;
	return fullest;
}

static bool row_take(struct bucket_row *row, const unsigned char *key,
		     int64_t now_us, bool is_look, int64_t *wait_us)
{
	struct entry *e = entry_of(row, key);

	if (e->full_us < now_us)
		e->full_us = now_us;
	/* Emptier than empty only for a clock that went back. */
	if (e->full_us > now_us + row->bucket_us)
		e->full_us = now_us + row->bucket_us;
	*wait_us = e->full_us + row->token_us - row->bucket_us - now_us;
	if (*wait_us > 0)
		return false;
	if (!is_look)
		e->full_us += row->token_us;
	return true;
}

static bool asked(struct bucket_table *table, size_t class, const char *key,
		  int64_t now_ms, bool is_look, int *retry_after_s)
{
	unsigned char hash[SHA256_BYTES];
	int64_t wait_us;
	bool taken;

	assert(class < table->nrows);
	sha256(hash, key, strlen(key));
	pthread_mutex_lock(&table->lock);
	taken = row_take(&table->rows[class], hash, now_ms * 1000, is_look,
			 &wait_us);
	pthread_mutex_unlock(&table->lock);
	*retry_after_s = taken ? 0 : (int)((wait_us + US_PER_S - 1) / US_PER_S);
	return taken;
}

bool bucket_take(struct bucket_table *table, size_t class, const char *key,
		 int64_t now_ms, int *retry_after_s)
{
	return asked(table, class, key, now_ms, false, retry_after_s);
}

bool bucket_has(struct bucket_table *table, size_t class, const char *key,
		int64_t now_ms, int *retry_after_s)
{
	return asked(table, class, key, now_ms, true, retry_after_s);
}

void bucket_give(struct bucket_table *table, size_t class, const char *key)
{
	unsigned char hash[SHA256_BYTES];
	struct bucket_row *row;
	struct entry *e;

	assert(class < table->nrows);
	row = &table->rows[class];
	sha256(hash, key, strlen(key));
	pthread_mutex_lock(&table->lock);
	/* When it is full is told by the time, so that an earlier one is as
	 * good as now. */
	e = entry_of(row, hash);
	if (e->full_us != INT64_MIN)
		e->full_us -= row->token_us;
	pthread_mutex_unlock(&table->lock);
}
