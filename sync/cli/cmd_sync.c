#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static enum rc count_edited(void *ctx, const struct status_entry *e,
			    struct err *err)
{
	int *n = ctx;

	(void)err;
	*n += !strcmp(e->state, "new") || !strcmp(e->state, "edited");
	return RC_OK;
}

/* Uncommitted edits need the key; without a PIN they stay where they are:
 * *edited says how many, and the rest is synced. */
static int unlock_if_needed(struct verb *v, int *edited)
{
	int code = EXIT_DONE;

	*edited = 0;
	if (replica_status(v->r, count_edited, edited, &v->err) != RC_OK)
		return verb_fail(v);
	if ((*edited || v->pin_file) && pin_is_at_hand(v)) {
		*edited = 0;
		code = verb_unlock(v);
	}
	return code;
}

static int json_print(struct verb *v, const struct sync_summary *s, int edited)
{
	json_t *info, *o;

	if (replica_info(v->r, &info, &v->err) != RC_OK)
		return verb_fail(v);
	o = json_pack(
		"{s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:b, s:i,"
		" s:i, s:s, s:s, s:O}",
		"equal", s->all_equal, "requests", s->requests, "packets_sent",
		s->packets_sent, "records_sent", s->records_sent,
		"records_received", s->records_received, "merged", s->merged,
		"conflicts", s->conflicts, "quarantined", s->quarantined,
		"bytes_up", (json_int_t)s->bytes_up, "bytes_down",
		(json_int_t)s->bytes_down, "fork", s->fork, "uncommitted",
		edited, "held_back", s->held.records, "held_why", s->held.why,
		"mended", replica_mended(v->r)->what, "scopes",
		json_object_get(info, "scopes"));
	verb_json(o);
	json_decref(o);
	json_decref(info);
	return EXIT_DONE;
}

static const char *plural(int n)
{
	return n == 1 ? "" : "s";
}

static int text_print(struct verb *v, const struct sync_summary *s)
{
	int code = verb_print_scopes(v, "equal");

	if (code != EXIT_DONE)
		return code;
	printf("%d packet%s, %d record%s up; %d down", s->packets_sent,
	       plural(s->packets_sent), s->records_sent,
	       plural(s->records_sent), s->records_received);
	if (s->merged || s->conflicts || s->quarantined)
		printf("; %d merged, %d conflict%s, %d quarantined", s->merged,
		       s->conflicts, plural(s->conflicts), s->quarantined);
	printf("; %" PRId64 " bytes up, %" PRId64 " down\n", s->bytes_up,
	       s->bytes_down);
	if (s->conflicts || s->quarantined)
		puts("'hufu conflicts' shows what needs a person");
	if (s->held.records)
		printf("%d edited record%s held back: %s\n"
		       "mend it, or take it back with 'hufu undo'\n",
		       s->held.records, s->held.records == 1 ? " is" : "s are",
		       s->held.why);
	if (s->fork)
		puts("the journal began anew: this file and a copy of it both "
		     "synced");
	return EXIT_DONE;
}

int verb_sync(struct verb *v)
{
	struct sync_summary summary;
	int edited, code = verb_connect(v);

	if (code == EXIT_DONE)
		code = verb_mend(v);
	if (code == EXIT_DONE)
		code = unlock_if_needed(v, &edited);
	if (code != EXIT_DONE)
		return code;
	if (replica_sync(v->r, &v->exchange, &summary, &v->err) != RC_OK)
		return verb_fail(v);
	code = v->json ? json_print(v, &summary, edited)
		       : text_print(v, &summary);
	if (code != EXIT_DONE || !edited)
		return code;
	err_set(&v->err, RC_DENIED,
		"%d uncommitted edit%s not sent: there is no PIN (--pin-file)",
		edited, edited == 1 ? " is" : "s are");
	return verb_fail(v);
}
