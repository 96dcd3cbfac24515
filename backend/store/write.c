/* store/write.c - what the files of this room that write share. */
#include "store/store_impl.h"

#include "base/hex.h"

enum rc store_write_begin(struct store *s, bool *mine, struct err *err)
{
	*mine = !db_in_transaction(s->db);
	if (*mine)
		s->audited_before = s->audited;
	return *mine ? db_begin(s->db, true, err) : RC_OK;
}

enum rc store_write_end(struct store *s, bool mine, enum rc rc, struct err *err)
{
	if (!mine)
		return rc;
	if (rc == RC_OK)
		rc = db_commit(s->db, err);
	if (rc != RC_OK) {
		db_rollback(s->db);
		s->audited = s->audited_before;
	}
	return rc;
}

void secret_new(const struct host *host, char out[SECRET_SIZE])
{
	unsigned char random[32];
	char text[BASE64_SIZE(32)];

	host_random(host, random, sizeof(random));
	base64_encode(text, random, sizeof(random));
	for (size_t i = 0; i < SECRET_SIZE - 1; i++)
		out[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
	out[SECRET_SIZE - 1] = '\0';
	wipe(random, sizeof(random));
	wipe(text, sizeof(text));
}

bool list_has(const char *list, const char *member, size_t n)
{
	for (const char *at = list; *at;) {
		size_t len = strcspn(at, ",");

		if (len == n && !memcmp(at, member, n))
			return true;
		at += len + (at[len] == ',');
	}
	return false;
}

int64_t by_ms(const struct store *s, const struct audit_by *by)
{
	return by->now_ms ? by->now_ms : host_wall_ms(s->host);
}
