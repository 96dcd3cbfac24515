/* hufu/list.c - lists: entries as lines of JSON, one of them parsed at a time,
 * so that a list of many costs little more than its text. */
#include "hufu/hufu_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/jcs.h"

#define LIST_BYTES_MAX (256u << 20)
#define TEXTS_BYTES_MAX (64u << 20)
#define NAME_MAX_BYTES 64

struct hufu_list {
	struct buf lines; /* each with its line end */
	size_t count;
	size_t at; /* where the next entry begins */
	json_t *entry; /* where the list stands, or NULL */
	struct arena texts; /* what was answered of this entry */
	struct buf all; /* what hufu_list_all answered */
};

static enum rc list_new(struct hufu_list **out, struct err *err)
{
	struct hufu_list *list = calloc(1, sizeof(*list));

	*out = list;
	if (!list)
		return err_set(err, RC_NOMEM, "out of memory");
	buf_init(&list->lines, LIST_BYTES_MAX);
	buf_init(&list->all, LIST_BYTES_MAX + 2);
	arena_init(&list->texts, TEXTS_BYTES_MAX);
	return RC_OK;
}

void hufu_list_free(struct hufu_list *list)
{
	if (!list)
		return;
	json_decref(list->entry);
	arena_release(&list->texts);
	buf_release(&list->lines);
	buf_release(&list->all);
	free(list);
}

enum rc list_take(void *ctx, const json_t *entry, struct err *err)
{
	struct hufu_list *list = ctx;
	enum rc rc;

	if (!entry)
		return err_set(err, RC_NOMEM, "out of memory");
	rc = json_write(&list->lines, entry, err);
	buf_byte(&list->lines, '\n');
	list->count++;
	return rc == RC_OK ? buf_status(&list->lines, err) : rc;
}

enum rc list_add(struct hufu_list *list, json_t *entry, struct err *err)
{
	enum rc rc = list_take(list, entry, err);

	json_decref(entry);
	return rc;
}

enum rc hufu_begin_list(struct hufu *h, struct hufu_list **out,
			struct hufu_list **list)
{
	enum rc rc = hufu_begin(h);

	*list = NULL;
	if (out)
		*out = NULL;
	return rc == RC_OK ? list_new(list, &h->err) : rc;
}

enum hufu_code hufu_end_list(struct hufu *h, struct hufu_list *list,
			     struct hufu_list **out, bool is_report, enum rc rc)
{
	if (rc == RC_OK && is_report && hufu_list_next(list) != HUFU_OK)
		rc = err_set(&h->err, RC_NOMEM, "out of memory");
	if (rc == RC_OK && out)
		*out = list;
	else
		hufu_list_free(list);
	return hufu_end(h, rc);
}

size_t hufu_list_count(const struct hufu_list *list)
{
	return list ? list->count : 0;
}

enum hufu_code hufu_list_next(struct hufu_list *list)
{
	struct err ignored = { 0 };
	const char *line, *end;

	if (!list)
		return HUFU_NOT_FOUND;
	json_decref(list->entry);
	list->entry = NULL;
	arena_reset(&list->texts);
	if (list->at >= list->lines.len) {
		list->at = 0;
		return HUFU_NOT_FOUND;
	}
	line = list->lines.data + list->at;
	end = strchr(line, '\n');
	list->at += (size_t)(end - line) + 1;
	/* We wrote this line: it can only fail for want of memory. */
	return json_read(line, (size_t)(end - line), &list->entry, &ignored) ==
			       RC_OK
		       ? HUFU_OK
		       : HUFU_NOMEM;
}

static const json_t *member_of(const json_t *value, const char *name, size_t n)
{
	char key[NAME_MAX_BYTES];

	if (n >= sizeof(key))
		return NULL;
	memcpy(key, name, n);
	key[n] = '\0';
	if (!json_is_array(value))
		return json_object_get(value, key);
	return strspn(key, "0123456789") == n && n && n < 10
		       ? json_array_get(value, strtoul(key, NULL, 10))
		       : NULL;
}

static const json_t *member(const struct hufu_list *list, const char *name)
{
	const json_t *value = list ? list->entry : NULL;

	for (size_t n; value && name; name = name[n] ? name + n + 1 : NULL) {
		n = strcspn(name, ".");
		value = member_of(value, name, n);
	}
	return value;
}

static const char *json_of(struct hufu_list *list, const json_t *value)
{
	struct err ignored = { 0 };
	const char *text = NULL;
	struct buf b;

	if (!value)
		return NULL;
	buf_init(&b, TEXTS_BYTES_MAX);
	if (json_write(&b, value, &ignored) == RC_OK)
		text = arena_dup(&list->texts, b.data, b.len);
	buf_release(&b);
	return text;
}

const char *hufu_list_json(struct hufu_list *list, const char *name)
{
	return json_of(list, member(list, name));
}

const char *hufu_list_text(struct hufu_list *list, const char *name)
{
	const json_t *value = name ? member(list, name) : NULL;

	if (json_is_string(value))
		return json_string_value(value);
	return json_is_null(value) ? NULL : json_of(list, value);
}

int64_t hufu_list_int(const struct hufu_list *list, const char *name,
		      int64_t otherwise)
{
	const json_t *value = name ? member(list, name) : NULL;

	if (json_is_boolean(value))
		return json_is_true(value);
	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

const char *hufu_list_all(struct hufu_list *list)
{
	struct buf *all;

	if (!list)
		return NULL;
	all = &list->all;
	if (all->len)
		return all->data;
	buf_byte(all, '[');
	buf_put(all, list->lines.data, list->lines.len);
	for (char *p = all->data; p && (p = strchr(p, '\n')); p++)
		*p = ',';
	if (list->count && all->len)
		all->len--; /* the last comma */
	buf_byte(all, ']');
	if (all->rc != RC_OK) {
		buf_reset(all);
		return NULL;
	}
	return all->data;
}

enum hufu_code hufu_list_by(struct hufu *h, struct hufu_list **out,
			    bool is_report, each_fn *each)
{
	struct hufu_list *list;
	enum rc rc = hufu_begin_list(h, out, &list);

	if (rc == RC_OK)
		rc = each(h->r, list_take, list, &h->err);
	return hufu_end_list(h, list, out, is_report, rc);
}
