/* tablet.c - an app of one's own around a replica, in C.
 *
 *     cc tablet.c $(pkg-config --cflags --libs libhufu sqlite3) -o tablet
 *     ./tablet FILE PIN URL CODE     enrol and clone into a new FILE
 *     ./tablet FILE PIN              edit, commit, sync, and tell
 *
 * It edits by its own SQLite and by calls of the library, which come to the
 * same. */
#include <hufu.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static struct hufu *h;

/* The example ends with the first failure; an app would tell its user. */
static void need(enum hufu_code code, const char *doing)
{
	if (code == HUFU_OK)
		return;
	fprintf(stderr, "tablet: %s: %s (%s)\n", doing, hufu_message(h),
		hufu_code_name(code));
	hufu_free(h);
	exit(1);
}

/* Answer 1 where the user pressed "stop". */
static int on_progress(void *ctx, const char *what, int64_t done, int64_t total)
{
	int *calls = ctx;

	(void)what;
	(void)done;
	(void)total;
	++*calls;
	return 0;
}

static void clone_new(const char *file, const char *pin, const char *url,
		      const char *code)
{
	struct hufu_list *scopes;

	need(hufu_create(h, file), "make the file");
	need(hufu_enroll(h, url, code, pin), "enrol");
	need(hufu_clone(h), "clone");
	need(hufu_scopes(h, &scopes), "look");
	while (hufu_list_next(scopes) == HUFU_OK)
		printf("cloned %s: %" PRId64 " records\n",
		       hufu_list_text(scopes, "scope"),
		       hufu_list_int(scopes, "records", 0));
	hufu_list_free(scopes);
}

/* What any program with any SQLite may do. */
static void edit_by_sql(const char *file)
{
	char *why = NULL;
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(file, &db, SQLITE_OPEN_READWRITE, NULL) ||
	    sqlite3_exec(db,
			 "UPDATE visit SET summary='written by C' "
			 "WHERE id=(SELECT max(id) FROM visit)",
			 NULL, NULL, &why)) {
		fprintf(stderr, "tablet: %s\n", why ? why : sqlite3_errmsg(db));
		exit(1);
	}
	sqlite3_close(db);
}

/* The same by the library: find a subject, record a visit to it. */
static void edit_by_calls(void)
{
	char fields[256], id[HUFU_ID_SIZE];
	struct hufu_list *found, *subject;
	int undone;

	need(hufu_find(h, "subject", "road 3", 1, &found), "find");
	need(hufu_list_next(found), "find a subject on road 3");
	need(hufu_record(h, "subject", hufu_list_text(found, "id"), HUFU_LIVE,
			 &subject),
	     "read");
	snprintf(fields, sizeof(fields),
		 "{\"subject\":\"%s\",\"town\":\"%s\",\"state\":\"open\","
		 "\"summary\":\"a visit from C\"}",
		 hufu_list_text(subject, "id"),
		 hufu_list_text(subject, "town"));
	need(hufu_put(h, "visit", NULL, fields, id), "record a visit");
	printf("visit to %s\n", hufu_list_text(subject, "name"));

	need(hufu_edit(h, "UPDATE subject SET name='a slip of the finger' "
			  "WHERE id='s4'"),
	     "edit");
	need(hufu_undo(h, "subject", "s4", &undone), "take back");
	printf("took back %d\n", undone);
	hufu_list_free(subject);
	hufu_list_free(found);
}

static void show_changes(void)
{
	struct hufu_list *list;

	need(hufu_status(h, &list), "look");
	printf("%zu records changed\n", hufu_list_count(list));
	hufu_list_free(list);
	need(hufu_diff(h, &list), "compare");
	while (hufu_list_next(list) == HUFU_OK)
		if (!hufu_list_int(list, "new", 0))
			printf("%s %s: %s -> %s\n",
			       hufu_list_text(list, "kind"),
			       hufu_list_text(list, "field"),
			       hufu_list_json(list, "before"),
			       hufu_list_json(list, "after"));
	hufu_list_free(list);
}

static void commit_and_sync(void)
{
	struct hufu_list *report;
	int calls = 0;

	need(hufu_commit(h, "two edits from C", 0, &report), "commit");
	printf("signed %" PRId64 " records in %" PRId64 " packets\n",
	       hufu_list_int(report, "records", 0),
	       hufu_list_int(report, "packets", 0));
	hufu_list_free(report);
	hufu_on_progress(h, on_progress, &calls);
	need(hufu_sync(h, &report), "sync");
	printf("sent %" PRId64 ", received %" PRId64 ", %" PRId64
	       " conflicts, the halves %s\n",
	       hufu_list_int(report, "records_sent", 0),
	       hufu_list_int(report, "records_received", 0),
	       hufu_list_int(report, "conflicts", 0),
	       hufu_list_int(report, "equal", 0) ? "match" : "differ");
	printf("progress was told: %s\n", calls ? "yes" : "no");
	hufu_list_free(report);
}

static void show_rest(void)
{
	struct hufu_list *list;

	need(hufu_conflicts(h, &list), "look for conflicts");
	while (hufu_list_next(list) == HUFU_OK)
		printf("%s: %s %s, mine %s, theirs %s\n",
		       hufu_list_text(list, "what"),
		       hufu_list_text(list, "record_kind"),
		       hufu_list_text(list, "field_group"),
		       hufu_list_json(list, "terminal_value"),
		       hufu_list_json(list, "server_value"));
	hufu_list_free(list);
	need(hufu_log(h, &list), "read the log");
	while (hufu_list_next(list) == HUFU_OK)
		printf("packet %" PRId64 ": %s, %s\n",
		       hufu_list_int(list, "sequence", 0),
		       hufu_list_text(list, "message"),
		       hufu_list_text(list, "state"));
	hufu_list_free(list);
	need(hufu_verify(h), "verify");
	need(hufu_info(h, &list), "look");
	printf("verified; root %s\n", hufu_list_text(list, "scopes.1.root"));
	hufu_list_free(list);
}

int main(int argc, char **argv)
{
	if (argc != 3 && argc != 5) {
		fprintf(stderr, "usage: tablet FILE PIN [URL CODE]\n");
		return 2;
	}
	h = hufu_new();
	if (!h)
		return 1;
	printf("libhufu %s\n", hufu_version());
	if (argc == 5) {
		clone_new(argv[1], argv[2], argv[3], argv[4]);
	} else {
		need(hufu_open(h, argv[1]), "open");
		need(hufu_unlock(h, argv[2]), "unlock");
		edit_by_sql(argv[1]);
		edit_by_calls();
		show_changes();
		commit_and_sync();
		show_rest();
	}
	hufu_free(h);
	return 0;
}
