/* kind/telling.c - one table of what rules do, one sentence for each side. */
#include "kind/telling.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/jcs.h"

#define VALUE_BYTES 600 /* of a value that is no text */

/* What the rule or the flag that is named in a conflict did. */
static const struct done {
	const char *rule, *en, *zh;
} dones[] = {
	{ "text",
	  "The texts were laid together line by line, and both changed the "
	  "same place.",
	  "文本按行合并，双方修改了同一处。" },
	{ "once", "This is set once: the first that was merged stands.",
	  "该项只能填写一次：先合并的值有效。" },
	{ "safe", "Until it is decided, the cautious value stands.",
	  "裁决之前，以审慎的值为准。" },
	{ "own",
	  "This is for one person to write: what another writes is kept "
	  "beside it as a suggestion.",
	  "该项只能由责任人填写：他人所写作为建议保留。" },
	{ "set", "Together the codes would contradict each other.",
	  "合并后的代码相互矛盾。" },
	{ "fsm", "From one state there is no way to the other.",
	  "两个状态之间没有可行的转换。" },
	{ "frozen",
	  "One side had been signed: what was signed stands, the other is "
	  "kept beside it.",
	  "一方已签名：已签名的内容有效，另一方保留备查。" },
	{ "done_contested",
	  "The check took place although it had been called off: a second "
	  "person says whether it counts.",
	  "任务已被取消，但检查已经完成：由第二人确认是否有效。" },
	{ "duplicate_visit",
	  "Two checks were made for one order: both are kept, the earlier "
	  "one is the primary.",
	  "同一任务进行了两次检查：两次均保留，以较早的一次为主。" },
	{ NULL, "Both changed it, and neither can stand for the other.",
	  "双方均作了修改，无法自动取舍。" },
};

static const char *say(const struct telling *t, const char *en, const char *zh)
{
	return t->in_chinese ? zh : en;
}

static const char *rule_said(const struct telling *t)
{
	const char *rule = json_text(t->conflict, "rule");
	const struct done *d = dones;

	while (d->rule && (!rule || strcmp(d->rule, rule) != 0))
		d++;
	return say(t, d->en, d->zh);
}

static const char *label(const struct telling *t, const struct field *f,
			 const char *name)
{
	return f ? say(t, f->label_en, f->label_zh) : name;
}

/* What people wrote, on one line and without anything that moves a cursor. */
static void words_put(struct buf *out, const char *text)
{
	const unsigned char *c = (const unsigned char *)(text ? text : "");

	for (; *c; c++) {
		bool is_c1 = c[0] == 0xC2 && c[1] >= 0x80 && c[1] <= 0x9F;

		if (*c == '\n')
			buf_puts(out, " / ");
		else
			buf_byte(out, *c < 0x20 || *c == 0x7F || is_c1
					      ? ' '
					      : (char)*c);
		c += is_c1;
	}
}

static void value_put(struct buf *out, const struct telling *t,
		      const struct field *f, const json_t *value)
{
	char when[25], *text;

	if (!value) {
		buf_puts(out, say(t, "nothing", "（空）"));
	} else if (json_is_string(value)) {
		buf_puts(out, say(t, "\"", "“"));
		words_put(out, json_string_value(value));
		buf_puts(out, say(t, "\"", "”"));
	} else if (f && f->type == FIELD_TIME && json_is_integer(value)) {
		time_format(when, json_integer_value(value));
		buf_printf(out, "%.16sZ", when);
	} else {
		text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS |
						 JSON_ENCODE_ANY);
		buf_printf(out, "%.*s", VALUE_BYTES, text ? text : "");
		free(text);
	}
}

/* Of one field its value; of several each with its label. */
static void values_put(struct buf *out, const struct telling *t,
		       const char *side)
{
	const json_t *values = json_object_get(t->conflict, side);
	const json_t *fields = json_object_get(t->conflict, "fields"), *name;
	size_t n = json_array_size(fields), i;

	json_array_foreach(fields, i, name)
	{
		const char *word = json_string_value(name);
		const struct field *f =
			t->kind && word ? kind_field(t->kind, word) : NULL;

		if (i > 0)
			buf_puts(out, say(t, ", ", "，"));
		if (n > 1)
			buf_printf(out, "%s ", label(t, f, word));
		value_put(out, t, f, json_object_get(values, word));
	}
}

static bool is_me(const struct telling *t, const char *who)
{
	return t->me && who && !strcmp(t->me, who);
}

/* "You", a name with the id, an account, or the server. */
static void who_put(struct buf *out, const struct telling *t, const char *id,
		    const char *name)
{
	if (is_me(t, id)) {
		buf_puts(out, say(t, "You", "我"));
	} else if (id && name) {
		words_put(out, name);
		buf_printf(out, " (%s)", id);
	} else if (id) {
		buf_printf(out, "%s %s", say(t, "Account", "账号"), id);
	} else {
		buf_puts(out, say(t, "The server", "服务器"));
	}
}

static void what_put(struct buf *out, const struct telling *t)
{
	const json_t *fields = json_object_get(t->conflict, "fields"), *name;
	const char *kind = json_text(t->conflict, "record_kind");
	size_t i;

	if (t->kind)
		kind = say(t, t->kind->label_en, t->kind->label_zh);
	buf_printf(out, "%s %s%s", kind ? kind : "",
		   json_text(t->conflict, "record_id"), say(t, ": ", "："));
	json_array_foreach(fields, i, name)
	{
		const char *word = json_string_value(name);

		buf_printf(out, "%s%s", i ? say(t, ", ", "、") : "",
			   label(t, t->kind ? kind_field(t->kind, word) : NULL,
				 word));
	}
	buf_puts(out, say(t, ".\n", "。\n"));
}

static void sides_put(struct buf *out, const struct telling *t)
{
	const json_t *c = t->conflict;

	buf_puts(out, say(t, "Before, it was ", "原值为"));
	values_put(out, t, "base_value");
	buf_puts(out, say(t, ".\n", "。\n"));
	who_put(out, t, json_text(c, "server_author"), t->server_author);
	buf_puts(out, say(t, " wrote ", "写为"));
	values_put(out, t, "server_value");
	buf_puts(out, say(t, ", which was merged first.\n", "，先合并。\n"));
	who_put(out, t, json_text(c, "author"), t->author);
	buf_puts(out, say(t, " wrote ", "写为"));
	values_put(out, t, "terminal_value");
	buf_puts(out, say(t, ", which came later.\n", "，后到达。\n"));
	buf_printf(out, "%s\n", rule_said(t));
}

static void decision_put(struct buf *out, const struct telling *t,
			 const json_t *d)
{
	const char *by = json_text(d, "decided_by");
	const char *reason = json_text(d, "reason");
	const char *appeal = json_text(d, "appeal");
	const char *who = json_text(d, "appealed_by");
	struct telling of = *t;
	json_t *shown = json_pack("{s:O*, s:O*}", "fields",
				  json_object_get(t->conflict, "fields"),
				  "value", json_object_get(d, "decided_value"));

	of.conflict = shown;
	buf_puts(out, by ? by : "?");
	buf_puts(out, say(t, " decided for ", "裁决为"));
	values_put(out, &of, "value");
	buf_puts(out, say(t, ", because: ", "，理由："));
	words_put(out, reason);
	buf_byte(out, '\n');
	if (appeal) {
		if (is_me(t, who))
			who = say(t, "You", "我");
		buf_puts(out, who ? who : say(t, "An officer", "执法人员"));
		buf_puts(out, say(t, " appealed: ", "申诉："));
		words_put(out, appeal);
		buf_byte(out, '\n');
	}
	json_decref(shown);
}

static void ends_put(struct buf *out, const struct telling *t)
{
	const char *state = json_text(t->conflict, "state");
	const json_t *past;
	size_t i;

	json_array_foreach(json_object_get(t->conflict, "history"), i, past)
		decision_put(out, t, past);
	if (json_text(t->conflict, "decided_by"))
		decision_put(out, t, t->conflict);
	if (!state || strcmp(state, "open") != 0)
		return;
	buf_puts(out, say(t, "Until somebody at the office decides, ",
			  "在办公室裁决之前，以"));
	values_put(out, t, "standing_value");
	buf_puts(out, say(t, " stands.\n", "为准。\n"));
}

void telling_write(struct buf *out, const struct telling *t)
{
	what_put(out, t);
	sides_put(out, t);
	ends_put(out, t);
}

bool telling_is_chinese(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strncmp(value, "zh", 2) == 0;
	}
	return false;
}

size_t conflict_decisions(const json_t *conflict)
{
	return json_array_size(json_object_get(conflict, "history")) +
	       (json_text(conflict, "decided_by") != NULL);
}

void conflict_acceptance(char out[CONFLICT_ACCEPTED_SIZE],
			 const json_t *conflict, const char *who)
{
	snprintf(out, CONFLICT_ACCEPTED_SIZE, "%s:%zu", who,
		 conflict_decisions(conflict));
}

bool conflict_is_accepted(const json_t *conflict, const char *who)
{
	const json_t *all = json_object_get(conflict, "accepted_by"), *one;
	char word[CONFLICT_ACCEPTED_SIZE];
	size_t i;

	conflict_acceptance(word, conflict, who);
	json_array_foreach(all, i, one) if (json_is_string(one) &&
					    !strcmp(json_string_value(one),
						    word)) return true;
	return false;
}
