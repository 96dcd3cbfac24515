/* The mirror, as stock git sees it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "base/fault.h"
#include "lib/field.h"
#include "mirror/mirror.h"

#define TEXT_MAX 16384

static int world_make(void **state)
{
	struct field_world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	field_begin(w, 1);
	*state = w;
	return 0;
}

static int world_free(void **state)
{
	field_end(*state);
	free(*state);
	return 0;
}

/* What a command prints, both streams; it ends with the status `want`. */
static char *run(int want, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static char *run(int want, const char *fmt, ...)
{
	static char text[TEXT_MAX];
	char command[1024], whole[1200];
	va_list ap;
	FILE *p;
	size_t n;
	int status;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	snprintf(whole, sizeof(whole),
		 "export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null "
		 "HOME=/nonexistent; { %s; } 2>&1",
		 command);
	p = popen(whole, "r");
	assert_non_null(p);
	n = fread(text, 1, sizeof(text) - 1, p);
	text[n] = '\0';
	while (fgetc(p) != EOF)
		;
	status = pclose(p);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != want)
		fail_msg("%s: status %d\n%s", command, status, text);
	return text;
}

static enum rc update(struct loop *l, struct err *err)
{
	struct mirror *m;
	enum rc rc = mirror_open(&m, l->store, err);

	if (rc == RC_OK)
		rc = mirror_update(m, NULL, NULL, err);
	mirror_close(m);
	return rc;
}

static void update_ok(struct field_world *w)
{
	if (update(&w->loop, &w->err) != RC_OK)
		fail_msg("%s", w->err.text);
}

#define GIT "git --git-dir=%s/mirror.git "

static char *refs(const char *dir)
{
	return strdup(run(0, GIT "for-each-ref", dir));
}

/* A tablet's packets, a conflict, office writes. */
static void history_make(struct field_world *w)
{
	field_exec(w, 0,
		   "UPDATE assignment SET state='accepted' WHERE id='a1'");
	field_exec(w, 0, "UPDATE subject SET address='x' WHERE id='s1'");
	field_office(w, "subject", "s1",
		     "{\"name\":\"subject 1\",\"address\":\"y\","
		     "\"state\":\"in_business\",\"town\":\"003\"}");
	field_sync(w, 0);
	field_exec(w, 0, "UPDATE subject SET name='z' WHERE id='s2'");
	field_sync(w, 0);
	field_office(w, "subject_private", "s1", "{\"phone\":\"138\"}");
}

static void stock_git_accepts_every_object_and_signature(void **state)
{
	struct field_world *w = *state;
	const char *dir = w->loop.dir;
	char *out;

	history_make(w);
	update_ok(w);
	out = run(0, GIT "fsck --strict --full --no-dangling", dir);
	assert_null(strstr(out, "error"));
	assert_null(strstr(out, "warning"));
	run(0,
	    GIT "-c gpg.ssh.allowedSignersFile=%s/mirror.git/allowed_signers "
		"verify-commit $(git --git-dir=%s/mirror.git rev-list --all)",
	    dir, dir, dir);
	out = run(0,
		  GIT "-c "
		      "gpg.ssh.allowedSignersFile=%s/mirror.git/allowed_signers"
		      " verify-commit -v refs/heads/" FIELD_SCOPE,
		  dir, dir);
	assert_non_null(strstr(out, "\"git\" signature for hufu@server"));
	out = run(0,
		  GIT "-c "
		      "gpg.ssh.allowedSignersFile=%s/mirror.git/allowed_signers"
		      " log -1 --format='%%GS|%%G?' $(git "
		      "--git-dir=%s/mirror.git for-each-ref "
		      "--format='%%(refname)' 'refs/journals/**' | grep -v "
		      "office)",
		  dir, dir, dir);
	assert_int_equal(strncmp(out, "o1@", 3), 0);
	assert_non_null(strstr(out, "|G"));
}

static void stock_git_clones_it(void **state)
{
	struct field_world *w = *state;
	const char *dir = w->loop.dir;
	char *out;

	history_make(w);
	update_ok(w);
	run(0, "git clone -q %s/mirror.git %s/clone", dir, w->dir);
	out = run(0, "git -C %s/clone log --graph --oneline -3 origin/catalog",
		  w->dir);
	assert_int_equal(out[0], '*');
	out = run(0,
		  "git -C %s/clone show origin/" FIELD_SCOPE ":003/subject/s1",
		  w->dir);
	assert_non_null(strstr(out, "\"address\":\"y\""));
	out = run(0, GIT "symbolic-ref HEAD", dir);
	assert_string_equal(out, "refs/heads/catalog\n");
	/* what a client over plain HTTP asks for first */
	run(0,
	    "test -s %s/mirror.git/info/refs && grep -q pack- "
	    "%s/mirror.git/objects/info/packs",
	    dir, dir);
}

static void every_main_commit_has_the_tree_of_its_root(void **state)
{
	struct field_world *w = *state;
	const char *dir = w->loop.dir;
	char head[64], commits[64];

	history_make(w);
	update_ok(w);
	snprintf(head, sizeof(head), "%s\n",
		 field_server(w, "SELECT lower(hex(root)) FROM main_commit "
				 "WHERE scope='" FIELD_SCOPE
				 "' ORDER BY number DESC LIMIT 1"));
	assert_string_equal(
		run(0, GIT "rev-parse refs/heads/" FIELD_SCOPE "^{tree}", dir),
		head);
	snprintf(commits, sizeof(commits), "%s\n",
		 field_server(w, "SELECT count(*) FROM main_commit WHERE "
				 "scope='" FIELD_SCOPE "'"));
	assert_string_equal(
		run(0, GIT "rev-list --count --author=hufu@server " FIELD_SCOPE,
		    dir),
		commits);
}

static void in_steps_or_at_once_the_ids_are_the_same(void **state)
{
	struct field_world *w = *state;
	const char *dir = w->loop.dir;
	char *first, *steps;

	update_ok(w);
	first = refs(dir);
	history_make(w);
	update_ok(w);
	steps = refs(dir);
	assert_string_not_equal(first, steps);
	free(first);
	run(0, "rm -rf %s/mirror.git %s/mirror.db", dir, dir);
	update_ok(w);
	first = refs(dir);
	assert_string_equal(first, steps);
	free(first);
	run(0, "rm -rf %s/mirror.git", dir);
	update_ok(w);
	first = refs(dir);
	assert_string_equal(first, steps);
	free(first);
	run(0, "rm %s/mirror.db", dir);
	update_ok(w);
	first = refs(dir);
	assert_string_equal(first, steps);
	free(first);
	free(steps);
	run(0, GIT "fsck --strict --full", dir);
}

static void an_update_without_news_writes_nothing(void **state)
{
	struct field_world *w = *state;
	const char *dir = w->loop.dir;
	char *before;

	update_ok(w);
	before = strdup(run(0,
			    "cd %s/mirror.git && find . -type f | sort | "
			    "grep -v info/ | xargs stat -c '%%n %%i %%Y'",
			    dir));
	update_ok(w);
	assert_string_equal(run(0,
				"cd %s/mirror.git && find . -type f | sort | "
				"grep -v info/ | xargs stat -c '%%n %%i %%Y'",
				dir),
			    before);
	free(before);
}

static void many_updates_leave_few_packs(void **state)
{
	struct field_world *w = *state;
	char json[64];

	for (int i = 0; i < 24; i++) {
		snprintf(json, sizeof(json), "{\"name\":\"v%d\"}", i);
		field_office(w, "subject", "s9", json);
		update_ok(w);
	}
	assert_true(strtol(run(0,
			       "ls %s/mirror.git/objects/pack/*.pack | wc "
			       "-l",
			       w->loop.dir),
			   NULL, 10) <= 8);
	run(0, GIT "fsck --strict --full", w->loop.dir);
}

static void a_log_that_gives_another_root_is_named(void **state)
{
	struct field_world *w = *state;
	int64_t position;

	position = strtoll(field_server(w, "SELECT max(position) FROM log "
					   "WHERE scope='" FIELD_SCOPE "'"),
			   NULL, 10);
	assert_int_equal(
		db_script(w->loop.store->db,
			  "UPDATE log SET body=replace(body,'road 40','x') "
			  "WHERE scope='" FIELD_SCOPE "' AND id='s40'",
			  &w->err),
		RC_OK);
	assert_true(position > 40);
	assert_int_equal(update(&w->loop, &w->err), RC_CORRUPT);
	assert_non_null(strstr(w->err.text, "scope " FIELD_SCOPE));
}

static void a_mirror_of_another_log_is_refused(void **state)
{
	struct field_world *w = *state;

	update_ok(w);
	assert_int_equal(
		db_script(w->loop.store->db,
			  "DELETE FROM main_commit WHERE scope='" FIELD_SCOPE
			  "' AND number > 10",
			  &w->err),
		RC_OK);
	assert_int_equal(update(&w->loop, &w->err), RC_CORRUPT);
	assert_non_null(strstr(w->err.text, "delete mirror.git"));
}

static void a_damaged_pack_is_noticed_and_made_again(void **state)
{
	struct field_world *w = *state;
	char *before, *after;

	history_make(w);
	update_ok(w);
	before = refs(w->loop.store->dir);
	run(0,
	    "cd %s/mirror.git/objects/pack && p=$(ls *.pack | head -n 1) && "
	    "chmod u+w $p && n=$(($(stat -c %%s $p) / 2)) && "
	    "b=$(od -An -tu1 -j $n -N 1 $p) && printf \"\\\\$(printf %%03o "
	    "$((b ^ 1)))\" | dd of=$p bs=1 seek=$n conv=notrunc",
	    w->loop.store->dir);
	assert_int_equal(update(&w->loop, &w->err), RC_CORRUPT);
	assert_non_null(strstr(w->err.text, "remove mirror.git"));
	run(0, "rm %s/mirror.git/objects/pack/*", w->loop.store->dir);
	err_clear(&w->err);
	assert_int_equal(update(&w->loop, &w->err), RC_CORRUPT);
	assert_non_null(strstr(w->err.text, "a head is not there"));
	run(0, "rm -r %s/mirror.git", w->loop.store->dir);
	err_clear(&w->err);
	update_ok(w);
	after = refs(w->loop.store->dir);
	assert_string_equal(after, before);
	free(after);
	free(before);
}

static void two_programs_do_not_write_it_at_once(void **state)
{
	struct field_world *w = *state;
	struct mirror *m;

	assert_int_equal(mirror_open(&m, w->loop.store, &w->err), RC_OK);
	assert_int_equal(update(&w->loop, &w->err), RC_BUSY);
	mirror_close(m);
	err_clear(&w->err);
	update_ok(w);
}

#ifdef WITH_FAULTS
struct small {
	struct loop loop;
	char dir[64];
	struct err err;
};

static int small_make(void **state)
{
	struct small *w = calloc(1, sizeof(*w));
	static const char *const names[] = { "a", "b", "a" };
	char json[64];

	assert_non_null(w);
	snprintf(w->dir, sizeof(w->dir), "/tmp/hufu-mirror-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(seal_setup(&w->err), RC_OK);
	assert_int_equal(object_setup(&w->err), RC_OK);
	assert_int_equal(loop_init(&w->loop, w->dir, &host_system, &w->err),
			 RC_OK);
	for (size_t i = 0; i < 3; i++) {
		snprintf(json, sizeof(json), "{\"name\":\"%zu\"}", i);
		assert_int_equal(loop_write(&w->loop, "330106", "subject",
					    names[i], json, &w->err),
				 RC_OK);
	}
	*state = w;
	return 0;
}

static int small_free(void **state)
{
	struct small *w = *state;

	loop_release(&w->loop);
	run(0, "rm -rf %s", w->dir);
	free(w);
	return 0;
}

static void a_crash_at_any_store_call_is_finished_by_the_next(void **state)
{
	struct small *w = *state;
	char *want, *is;
	enum rc rc = RC_IO;

	assert_int_equal(update(&w->loop, &w->err), RC_OK);
	want = refs(w->dir);
	for (long nth = 1; rc != RC_OK; nth++) {
		char command[160];

		snprintf(command, sizeof(command),
			 "rm -rf %s/mirror.git %s/mirror.db*", w->dir, w->dir);
		assert_int_equal(system(command), 0);
		fault_arm(FAULT_STORE, nth, true);
		rc = update(&w->loop, &w->err);
		fault_clear(FAULT_STORE);
		if (rc == RC_OK)
			break;
		assert_int_equal(rc, RC_IO);
		err_clear(&w->err);
		if (update(&w->loop, &w->err) != RC_OK)
			fail_msg("call %ld: %s", nth, w->err.text);
		is = refs(w->dir);
		assert_string_equal(is, want);
		free(is);
		assert_true(nth < 5000);
	}
	free(want);
	run(0, GIT "fsck --strict --full", w->dir);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_make, world_free)
		TEST(stock_git_accepts_every_object_and_signature),
		TEST(stock_git_clones_it),
		TEST(every_main_commit_has_the_tree_of_its_root),
		TEST(in_steps_or_at_once_the_ids_are_the_same),
		TEST(an_update_without_news_writes_nothing),
		TEST(many_updates_leave_few_packs),
		TEST(a_log_that_gives_another_root_is_named),
		TEST(a_mirror_of_another_log_is_refused),
		TEST(a_damaged_pack_is_noticed_and_made_again),
		TEST(two_programs_do_not_write_it_at_once),
#ifdef WITH_FAULTS
		cmocka_unit_test_setup_teardown(
			a_crash_at_any_store_call_is_finished_by_the_next,
			small_make, small_free),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
