/* ledger/record.c - records between their stored, plain and canonical forms. */
#include "ledger/batch.h"

#include "base/jcs.h"
#include "kind/sealed.h"

enum rc record_bytes(const json_t *record, char **out, size_t *len,
		     struct err *err)
{
	struct buf b;
	enum rc rc;

	*out = NULL;
	buf_init(&b, RECORD_BYTES_MAX);
	rc = jcs_write(&b, record, err);
	if (rc == RC_OK)
		rc = buf_status(&b, err);
	if (rc == RC_OK) {
		*out = b.data;
		*len = b.len;
	} else {
		buf_release(&b);
	}
	return rc;
}

enum rc record_plain(struct store *s, const struct kind *k,
		     const json_t *stored, json_t **out, struct err *err)
{
	unsigned char key[SEAL_KEY_BYTES];
	const char *key_id;
	enum rc rc;

	*out = NULL;
	if (!stored)
		return RC_OK;
	if (!k || !k->is_sealed) {
		*out = json_incref((json_t *)(uintptr_t)stored);
		return RC_OK;
	}
	key_id = json_text(stored, "key");
	rc = store_key_by_id(s, key_id ? key_id : "", key, err);
	if (rc == RC_NOT_FOUND)
		return err_set(err, RC_DENIED,
			       "the key of %s '%s' was destroyed", k->name,
			       json_text(stored, "id"));
	if (rc == RC_OK)
		rc = sealed_open(out, k->name, stored, key, err);
	wipe(key, sizeof(key));
	return rc;
}

enum rc record_sealed(struct store *s, const struct kind *k, const char *scope,
		      const json_t *plain, bool mint, json_t **out,
		      struct err *err)
{
	unsigned char key[SEAL_KEY_BYTES];
	char key_id[21];
	const char *subject;
	enum rc rc;

	if (!k || !k->is_sealed) {
		*out = json_incref((json_t *)(uintptr_t)plain);
		return RC_OK;
	}
	subject = json_text(plain, k->companion_key ? k->companion_key : "id");
	if (!subject)
		return err_set(err, RC_INVALID, "%s '%s' names no subject",
			       k->name, json_text(plain, "id"));
	rc = mint ? store_key_mint(s, scope, subject, key_id, key, err)
		  : store_key_of(s, scope, subject, key_id, key, err);
	if (rc == RC_NOT_FOUND)
		return err_set(err, RC_DENIED,
			       "there is no key for subject '%s'", subject);
	if (rc == RC_OK)
		rc = sealed_make(out, k->name, plain, key_id, key, err);
	wipe(key, sizeof(key));
	return rc;
}

void take_release(struct take *t)
{
	for (size_t i = 0; i < t->nrecords; i++) {
		json_decref(t->records[i].terminal);
		json_decref(t->records[i].base);
		json_decref(t->records[i].found);
		json_decref(t->records[i].seen);
		free(t->records[i].body);
	}
	free(t->records);
	json_decref(t->receipt);
	t->records = NULL;
	t->nrecords = 0;
	t->receipt = NULL;
}
