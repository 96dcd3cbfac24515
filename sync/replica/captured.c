/* replica/captured.c - a kind's statements over its table and its shadow. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "kind/rows.h"
#include "wire/message.h"

#define SQL_BYTES_MAX (256u << 10)

/* Take the text and make the buffer empty; NULL sticks in *failed. */
static char *text_take(struct buf *b, bool *failed)
{
	char *text = b->rc == RC_OK && b->data ? strdup(b->data) : NULL;

	*failed |= !text;
	buf_reset(b);
	return text;
}

/* Records that should have a live row, or a shadow, and have neither. */
static void gone_write(struct buf *b, const struct kind *k)
{
	buf_puts(b, "SELECT id FROM (");
	if (k->is_sealed)
		buf_printf(b,
			   "SELECT id FROM hufu_sealed WHERE kind='%s' AND key "
			   "IN (SELECT key FROM hufu_key)",
			   k->name);
	else
		buf_printf(b, "SELECT id FROM hufu_leaf WHERE kind='%s'",
			   k->name);
	buf_printf(b,
		   " UNION SELECT r.id FROM hufu_packet_record r JOIN "
		   "hufu_packet p ON p.number=r.packet WHERE r.kind='%s' AND "
		   "(p.state IN ('local','sent') OR p.state='acknowledged' AND "
		   "p.applied=0)) WHERE id NOT IN (SELECT id FROM %s) AND id "
		   "NOT IN (SELECT id FROM old_%s) ORDER BY id",
		   k->name, k->name, k->name);
}

/* Every pattern is in the id or in a field that the kind declares as searched;
 * between the fields stands what nobody types. */
static void find_write(struct buf *b, const struct kind *k)
{
	buf_printf(b, "SELECT id,%s FROM %s WHERE 1", k->search[0], k->name);
	for (int n = 1; n <= FIND_WORDS_MAX; n++) {
		buf_printf(b, " AND (?%d IS NULL OR id", n);
		for (size_t i = 0; k->search[i]; i++)
			buf_printf(b, "||char(31)||ifnull(%s,'')",
				   k->search[i]);
		buf_printf(b, " LIKE ?%d ESCAPE '\\')", n);
	}
	buf_printf(b, " ORDER BY id LIMIT ?%d", FIND_WORDS_MAX + 1);
}

/* A row whose cells are no record, as SQL would write them. */
static void cells_write(struct buf *b, const struct kind *k)
{
	buf_puts(b, "SELECT 'id='||quote(id)||char(10)||'scope='||quote(scope)"
		    "||char(10)||'town='||quote(town)");
	for (size_t i = 0; i < k->nfields; i++)
		buf_printf(b, "||char(10)||'%s='||quote(%s)", k->fields[i].name,
			   k->fields[i].name);
	buf_printf(b, " FROM %s WHERE id=?1", k->name);
}

enum rc captured_make(struct captured *c, const struct kind *k, struct err *err)
{
	const char *subject = k->companion_key ? k->companion_key : "id";
	bool failed = false;
	struct buf b;

	memset(c, 0, sizeof(*c));
	c->kind = k;
	buf_init(&b, SQL_BYTES_MAX);
	buf_puts(&b, "SELECT hufu_base,hufu_new,");
	rows_columns(&b, k, "");
	buf_printf(&b, " FROM old_%s WHERE id=?1", k->name);
	c->shadow_get = text_take(&b, &failed);
	buf_printf(&b, "SELECT id FROM old_%s WHERE id>?1 ORDER BY id LIMIT 1",
		   k->name);
	c->shadow_next = text_take(&b, &failed);
	buf_printf(&b, "DELETE FROM old_%s WHERE id=?1", k->name);
	c->shadow_drop = text_take(&b, &failed);
	buf_printf(&b, "INSERT OR REPLACE INTO %s(", k->name);
	rows_columns(&b, k, "");
	buf_puts(&b, ") SELECT ");
	rows_columns(&b, k, "");
	buf_printf(&b, " FROM old_%s WHERE id=?1", k->name);
	c->shadow_restore = text_take(&b, &failed);
	capture_copy_write(&b, k);
	buf_puts(&b, "?1");
	c->shadow_copy = text_take(&b, &failed);
	buf_printf(&b,
		   "INSERT INTO old_%s(id,hufu_base,hufu_new,scope) SELECT id,"
		   "(SELECT head FROM hufu_scope WHERE hufu_scope.scope="
		   "%s.scope),1,scope FROM %s WHERE id=?1",
		   k->name, k->name, k->name);
	c->shadow_mark = text_take(&b, &failed);
	buf_printf(&b, "SELECT hufu_new FROM old_%s WHERE id=?1", k->name);
	c->shadow_new = text_take(&b, &failed);
	buf_printf(&b, "SELECT id FROM %s WHERE id>?1 ORDER BY id LIMIT 1",
		   k->name);
	c->live_next = text_take(&b, &failed);
	buf_printf(&b, "SELECT scope FROM %s WHERE id=?1", k->name);
	c->live_scope = text_take(&b, &failed);
	buf_printf(&b, "SELECT count(*) FROM old_%s WHERE scope=?1", k->name);
	c->shadow_count = text_take(&b, &failed);
	buf_printf(&b,
		   "SELECT id FROM %s WHERE %s=?1 AND id>?2 ORDER BY id LIMIT "
		   "1",
		   k->name, subject);
	c->by_subject = text_take(&b, &failed);
	buf_printf(&b,
		   "SELECT DISTINCT k.%s FROM old_%s AS o CROSS JOIN %s AS k "
		   "WHERE k.id=o.id AND k.scope=?1 AND k.%s IS NOT NULL AND "
		   "NOT EXISTS (SELECT 1 FROM hufu_key AS h WHERE h.subject="
		   "k.%s AND h.scope=?1) "
		   "ORDER BY 1 LIMIT %d",
		   subject, k->name, k->name, subject, subject,
		   WIRE_WANTED_MAX);
	c->keyless = text_take(&b, &failed);
	gone_write(&b, k);
	c->gone = text_take(&b, &failed);
	cells_write(&b, k);
	c->cells = text_take(&b, &failed);
	if (k->search) {
		find_write(&b, k);
		c->find = text_take(&b, &failed);
	}
	buf_release(&b);
	return failed ? out_of_memory(err) : RC_OK;
}

void captured_release(struct captured *c)
{
	free(c->shadow_get);
	free(c->shadow_next);
	free(c->shadow_drop);
	free(c->shadow_restore);
	free(c->shadow_copy);
	free(c->shadow_mark);
	free(c->shadow_new);
	free(c->live_next);
	free(c->live_scope);
	free(c->shadow_count);
	free(c->by_subject);
	free(c->keyless);
	free(c->gone);
	free(c->find);
	free(c->cells);
	memset(c, 0, sizeof(*c));
}
