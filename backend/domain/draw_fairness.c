/* domain/draw_fairness.c - papers into sums, sums into figures. */
#include "domain/draw_fairness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "domain/draw_candidates.h"
#include "domain/draw_paper.h"
#include "domain/draw_replace.h"
#include "domain/draw_stats.h"

struct fairness {
	const json_t *towns;
	int64_t drawn, not_drawn, is_void;
	/* {name: {"frame","drawn","spread","towns":{town: [seen, expected]}}};
	 * spread: sum of n (N - n) / (N - 1) */
	json_t *strata;
	struct runs runs;
	int64_t teams, left_out;
	json_t *pair_seen, *pair_expected; /* {"a+b": number} */
	json_t *exclusions, *replacements; /* {"person US what US reason": n} */
	json_t *seeds; /* {draw: seconds} */
	json_t *frames; /* {frame hash: [[draw, state], ...]} */
	json_t *asked; /* {population: [[draw, state, frame hash, size], ...]}
			*/
};

struct fairness *fairness_new(const json_t *towns)
{
	struct fairness *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->towns = towns;
	f->strata = json_object();
	f->pair_seen = json_object();
	f->pair_expected = json_object();
	f->exclusions = json_object();
	f->replacements = json_object();
	f->seeds = json_object();
	f->frames = json_object();
	f->asked = json_object();
	return f;
}

void fairness_free(struct fairness *f)
{
	if (!f)
		return;
	json_decref(f->strata);
	json_decref(f->pair_seen);
	json_decref(f->pair_expected);
	json_decref(f->exclusions);
	json_decref(f->replacements);
	json_decref(f->seeds);
	json_decref(f->frames);
	json_decref(f->asked);
	free(f);
}

static void tally(json_t *o, const char *key, double by)
{
	json_t *is = json_object_get(o, key);

	if (is)
		json_real_set(is, json_real_value(is) + by);
	else
		json_object_set_new(o, key, json_real(by));
}

static double tallied(const json_t *o, const char *key)
{
	return json_real_value(json_object_get(o, key));
}

/* -- strata and runs -- */

static json_t *stratum_of(struct fairness *f, const char *name)
{
	json_t *s = json_object_get(f->strata, name);

	if (!s) {
		s = json_pack("{s:{}, s:{}}", "seen", "expected");
		json_object_set_new(f->strata, name, s);
	}
	return s;
}

static const char *town_of(const struct fairness *f, const char *subject)
{
	const char *town = json_text(f->towns, subject);

	return town ? town : "000";
}

/* One stratum of one draw: its members in the order of ids as signs. */
static void stratum_add(struct fairness *f, const char *name,
			const json_t *members, const json_t *chosen,
			unsigned char *row)
{
	json_t *s = stratum_of(f, name), *here = json_object(), *size;
	size_t n = json_array_size(members);
	const char *town;
	double drawn = 0;

	for (size_t i = 0; i < n; i++) {
		const char *id = json_string_value(json_array_get(members, i));

		row[i] = json_object_get(chosen, id) != NULL;
		drawn += row[i];
		tally(here, town_of(f, id), 1);
		if (row[i])
			tally(json_object_get(s, "seen"), town_of(f, id), 1);
	}
	json_object_foreach(here, town, size)
		tally(json_object_get(s, "expected"), town,
		      drawn * json_real_value(size) / (double)n);
	tally(s, "frame", (double)n);
	tally(s, "drawn", drawn);
	if (n > 1)
		tally(s, "spread",
		      drawn * ((double)n - drawn) / ((double)n - 1));
	stats_runs_add(&f->runs, row, n);
	json_decref(here);
}

static enum rc strata_add(struct fairness *f, const json_t *paper,
			  struct err *err)
{
	const json_t *strata =
		json_object_get(json_object_get(paper, "committed"), "strata");
	const json_t *frame = json_object_get(paper, "frame");
	const json_t *membership = json_object_get(paper, "membership");
	const json_t *result = json_object_get(paper, "result");
	unsigned char *row = malloc(json_array_size(frame) + 1);
	json_t *chosen = json_object(), *members = json_array(), *of;

	for (size_t i = 0; i < json_array_size(result); i++)
		json_object_set_new(
			chosen, json_string_value(json_array_get(result, i)),
			json_true());
	for (size_t k = 0; k < json_array_size(strata); k++)
		json_array_append_new(members, json_array());
	for (size_t i = 0; i < json_array_size(frame); i++) {
		of = json_array_get(
			members,
			membership ? (size_t)json_integer_value(
					     json_array_get(membership, i))
				   : 0);
		json_array_append(of, json_array_get(frame, i));
	}
	for (size_t k = 0; row && k < json_array_size(strata); k++)
		if (json_array_size(json_array_get(members, k)))
			stratum_add(
				f, json_text(json_array_get(strata, k), "name"),
				json_array_get(members, k), chosen, row);
	free(row);
	json_decref(chosen);
	json_decref(members);
	return row ? RC_OK : err_set(err, RC_NOMEM, "out of memory");
}

/* -- pairs of officers -- */

static void pair_key(char out[72], const char *a, const char *b)
{
	bool turned = strcmp(a, b) > 0;

	snprintf(out, 72, "%.32s+%.32s", turned ? b : a, turned ? a : b);
}

/* How likely a team of w of m holds two candidates, of whom so many lead. */
static double pair_chance(double m, double w, double leads, int of_them)
{
	double later = m > 2 ? (w - 1) * (w - 2) / ((m - 1) * (m - 2)) : 0;
	double first;

	if (leads < 1)
		return w * (w - 1) / (m * (m - 1));
	first = of_them / leads;
	return first * (w - 1) / (m - 1) + (1 - first) * later;
}

static void expected_add(struct fairness *f, const json_t *candidates,
			 const json_t *leads, double teams, double w)
{
	size_t m = json_array_size(candidates);
	double nleads = 0;
	char key[72];

	for (size_t i = 0; i < m; i++)
		nleads += json_is_true(json_array_get(leads, i));
	for (size_t i = 0; i < m; i++)
		for (size_t j = i + 1; j < m; j++) {
			int of_them = json_is_true(json_array_get(leads, i)) +
				      json_is_true(json_array_get(leads, j));

			pair_key(key,
				 json_string_value(
					 json_array_get(candidates, i)),
				 json_string_value(
					 json_array_get(candidates, j)));
			tally(f->pair_expected, key,
			      teams * pair_chance((double)m, w, nleads,
						  of_them));
		}
}

static void seen_add(struct fairness *f, const json_t *pair)
{
	char key[72];

	for (size_t i = 1; i < json_array_size(pair); i++)
		for (size_t j = i + 1; j < json_array_size(pair); j++) {
			pair_key(key,
				 json_string_value(json_array_get(pair, i)),
				 json_string_value(json_array_get(pair, j)));
			tally(f->pair_seen, key, 1);
		}
}

static enum rc pairs_add(struct fairness *f, const json_t *paper,
			 struct err *err)
{
	json_t *teams = json_int(paper, "format", 0) < 3
				? json_incref(json_object_get(paper, "pairs"))
				: draw_pairs_now(paper, err);
	json_t *fit = draw_candidates(paper), *o;
	json_t *candidates = json_array(), *leads = json_array();
	size_t n = json_array_size(teams), k;

	json_array_foreach(fit, k, o)
	{
		json_array_append(candidates, json_object_get(o, "id"));
		json_array_append_new(leads,
				      json_boolean(json_object_get(o, "lead")));
	}
	if (!fit)
		err_set(err, RC_NOMEM, "out of memory");
	json_decref(fit);
	if (json_array_size(candidates) > FAIRNESS_POOL_MAX) {
		f->left_out++;
	} else if (n && json_array_size(candidates) > 1) {
		f->teams += (int64_t)n;
		expected_add(f, candidates, leads, (double)n,
			     (double)json_array_size(json_array_get(teams, 0)) -
				     1);
		for (size_t i = 0; i < n; i++)
			seen_add(f, json_array_get(teams, i));
	}
	json_decref(candidates);
	json_decref(leads);
	json_decref(teams);
	return err->code;
}

/* -- who left out whom, and when -- */

/* A reason without its dates, which differ where the ground is the same. */
static void reason_plain(char out[200], const char *reason)
{
	static const char form[] = "0000-00-00";
	size_t at = 0;

	while (*reason && at < 180) {
		size_t i = 0;

		while (form[i] &&
		       (form[i] == '-' ? reason[i] == '-'
				       : reason[i] >= '0' && reason[i] <= '9'))
			i++;
		if (form[i]) {
			out[at++] = *reason++;
			continue;
		}
		memcpy(out + at, "DATE", 4);
		at += 4;
		reason += i;
	}
	/* No character is cut in two. */
	while (*reason && at && ((unsigned char)out[at - 1] & 0xC0) == 0x80)
		at--;
	if (*reason && at && (unsigned char)out[at - 1] >= 0xC0)
		at--;
	out[at] = '\0';
}

static void ground_add(json_t *to, const char *person, const char *what,
		       const char *reason)
{
	char plain[200], key[400];

	reason_plain(plain, reason);
	snprintf(key, sizeof(key), "%.100s\x1f%s\x1f%s", person, what, plain);
	tally(to, key, 1);
}

/* Of officers whom the office left out the whole paper says why. */
static void grounds_add(struct fairness *f, const struct fairness_draw *d)
{
	const json_t *reasons = json_object_get(d->paper, "reasons");
	const json_t *e;
	size_t i;

	json_array_foreach(json_object_get(d->paper, "excluded"), i, e)
		ground_add(f->exclusions, d->by, "subject",
			   json_text(e, "reason"));
	json_array_foreach(json_object_get(d->paper, "pool"), i, e)
	{
		if (json_text(e, "excluded") &&
		    (!reasons ||
		     strcmp(json_text(e, "excluded"), DRAW_BY_OFFICE) != 0))
			ground_add(f->exclusions, d->by, "officer",
				   json_text(e, "excluded"));
	}
	json_array_foreach(json_object_get(reasons, "officers"), i, e)
		ground_add(f->exclusions, d->by, "officer",
			   json_text(e, "reason"));
	json_array_foreach(json_object_get(d->paper, "replacements"), i, e)
	{
		const char *person =
			json_string_value(json_array_get(d->replaced_by, i));

		ground_add(f->replacements, person ? person : "",
			   json_text(e, "subject") ? "officer" : "subject",
			   json_text(e, "reason"));
	}
}

static json_t *list_of(json_t *lists, const char *key)
{
	json_t *of = json_object_get(lists, key);

	if (!of) {
		of = json_array();
		json_object_set_new(lists, key, of);
	}
	return of;
}

/* Draws that asked for the same. */
static enum rc asked_add(struct fairness *f, const json_t *paper,
			 struct err *err)
{
	const json_t *committed = json_object_get(paper, "committed");
	char population[65];
	enum rc rc = draw_population(population,
				     json_object_get(committed, "rules"), err);

	if (rc == RC_OK)
		json_array_append_new(
			list_of(f->asked, population),
			json_pack("[s, s, s, I]",
				  json_text(draw_announced(paper), "id"),
				  json_text(paper, "state"),
				  json_text(committed, "frame_hash"),
				  (json_int_t)json_array_size(
					  json_object_get(paper, "frame"))));
	return rc;
}

static void times_add(struct fairness *f, const json_t *paper)
{
	const json_t *announced = draw_announced(paper);
	const char *id = json_text(announced, "id");
	const char *frame =
		json_text(json_object_get(paper, "committed"), "frame_hash");
	int64_t from = json_int(announced, "committed_at", 0);
	int64_t to = json_int(paper, "revealed_at", 0);

	if (to)
		json_object_set_new(f->seeds, id,
				    json_integer((to - from) / 1000));
	json_array_append_new(
		list_of(f->frames, frame),
		json_pack("[s, s]", id, json_text(paper, "state")));
}

enum rc fairness_add(struct fairness *f, const struct fairness_draw *d,
		     struct err *err)
{
	bool is_drawn = json_object_get(d->paper, "result");
	enum rc rc = RC_OK;

	f->is_void += !strcmp(json_text(d->paper, "state"), "void");
	f->drawn += is_drawn;
	f->not_drawn += !is_drawn;
	grounds_add(f, d);
	times_add(f, d->paper);
	rc = asked_add(f, d->paper, err);
	if (rc == RC_OK && is_drawn)
		rc = strata_add(f, d->paper, err);
	return rc == RC_OK && is_drawn ? pairs_add(f, d->paper, err) : rc;
}

/* -- figures -- */

static json_t *scaled(double x, double by)
{
	double y = round(x * by);

	return json_integer(y > 9e15    ? (json_int_t)9e15
			    : y < -9e15 ? (json_int_t)-9e15
					: (json_int_t)y);
}

static void set_scaled(json_t *o, const char *e4, double x, double p)
{
	json_object_set_new(o, e4, scaled(x, 1e4));
	json_object_set_new(o, "p_e6", scaled(p, 1e6));
}

static void judge(json_t *unlikely, const char *name, double p)
{
	if (round(p * 1e6) < FAIRNESS_UNLIKELY_E6)
		json_array_append_new(unlikely, json_string(name));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys of an object in the order of their bytes, malloc'd. */
static const char **keys_of(json_t *o, size_t *n)
{
	const char **keys = malloc((json_object_size(o) + 1) * sizeof(*keys));
	const char *key;
	json_t *value;

	*n = 0;
	if (!keys)
		return NULL;
	json_object_foreach(o, key, value) keys[(*n)++] = key;
	qsort(keys, *n, sizeof(*keys), by_text);
	return keys;
}

/* The two tallies of the same keys as cells, tested. */
static struct chi_square cells_test(json_t *expected, const json_t *seen,
				    double factor)
{
	struct chi_square found = { .p = 1 };
	size_t n;
	const char **keys = keys_of(expected, &n);
	double *cells = malloc((2 * n + 1) * sizeof(*cells));

	for (size_t i = 0; keys && cells && i < n; i++) {
		cells[i] = tallied(seen, keys[i]);
		cells[n + i] = tallied(expected, keys[i]);
	}
	if (keys && cells)
		found = stats_chi_square(cells, cells + n, n, factor);
	free(keys);
	free(cells);
	return found;
}

static json_t *chi_json(const struct chi_square *c)
{
	json_t *o = json_pack("{s:I}", "df", (json_int_t)c->df);

	set_scaled(o, "x2_e4", c->x2, c->p);
	return o;
}

static json_t *strata_json(struct fairness *f, json_t *unlikely)
{
	json_t *all = json_array();
	size_t n;
	const char **names = keys_of(f->strata, &n);

	for (size_t i = 0; names && i < n; i++) {
		json_t *s = json_object_get(f->strata, names[i]);
		json_t *expected = json_object_get(s, "expected");
		double drawn = tallied(s, "drawn");
		struct chi_square c = cells_test(
			expected, json_object_get(s, "seen"),
			drawn > 0 ? tallied(s, "spread") / drawn : 0);
		json_t *o = chi_json(&c);
		char name[80];

		json_object_set_new(o, "name", json_string(names[i]));
		json_object_set_new(o, "frame", scaled(tallied(s, "frame"), 1));
		json_object_set_new(o, "drawn", scaled(drawn, 1));
		json_object_set_new(
			o, "towns",
			json_integer((json_int_t)json_object_size(expected)));
		json_array_append_new(all, o);
		snprintf(name, sizeof(name), "stratum %.60s", names[i]);
		judge(unlikely, name, c.p);
	}
	free(names);
	return all;
}

/* Were all strata drawn in one ratio? Their quotas mostly say no. */
static json_t *proportion_json(struct fairness *f)
{
	json_t *seen = json_object(), *expected = json_object(), *s, *o;
	double frame = 0, drawn = 0;
	struct chi_square c;
	const char *name;

	json_object_foreach(f->strata, name, s)
	{
		frame += tallied(s, "frame");
		drawn += tallied(s, "drawn");
	}
	json_object_foreach(f->strata, name, s)
	{
		tally(seen, name, tallied(s, "drawn"));
		tally(expected, name, tallied(s, "frame") * drawn / frame);
	}
	c = cells_test(expected, seen, 1);
	o = chi_json(&c);
	json_decref(seen);
	json_decref(expected);
	return o;
}

static json_t *runs_json(struct fairness *f, json_t *unlikely)
{
	json_t *o = json_pack("{s:I, s:I}", "rows", (json_int_t)f->runs.rows,
			      "seen", (json_int_t)f->runs.seen);
	double p, z = stats_runs_z(&f->runs, &p);

	json_object_set_new(o, "expected_e4", scaled(f->runs.expected, 1e4));
	set_scaled(o, "z_e4", z, p);
	judge(unlikely, "runs", p);
	return o;
}

static json_t *pairs_json(struct fairness *f, json_t *unlikely)
{
	size_t possible, nseen;
	const char **keys = keys_of(f->pair_expected, &possible);
	const char **seen = keys_of(f->pair_seen, &nseen);
	const char *most = NULL;
	double expected_seen = 0, count = 0, mean, p;
	json_t *o;

	for (size_t i = 0; keys && i < possible; i++)
		expected_seen += 1 - exp(-tallied(f->pair_expected, keys[i]));
	for (size_t i = 0; seen && i < nseen; i++)
		if (tallied(f->pair_seen, seen[i]) > count) {
			most = seen[i];
			count = tallied(f->pair_seen, most);
		}
	mean = most ? tallied(f->pair_expected, most) : 0;
	p = stats_largest((int64_t)count, mean, (double)possible);
	o = json_pack("{s:I, s:I, s:I, s:I, s:s, s:I}", "teams",
		      (json_int_t)f->teams, "left_out", (json_int_t)f->left_out,
		      "possible", (json_int_t)possible, "seen",
		      (json_int_t)nseen, "most", most ? most : "", "count",
		      (json_int_t)count);
	json_object_set_new(o, "expected_seen_e4", scaled(expected_seen, 1e4));
	set_scaled(o, "expected_e4", mean, p);
	judge(unlikely, "pairs", p);
	free(keys);
	free(seen);
	return o;
}

static json_t *grounds_json(json_t *tallies)
{
	json_t *all = json_array();
	size_t n;
	const char **keys = keys_of(tallies, &n);

	for (size_t i = 0; keys && i < n; i++) {
		const char *what = strchr(keys[i], '\x1f') + 1;
		const char *reason = strchr(what, '\x1f') + 1;

		json_array_append_new(
			all,
			json_pack("{s:s%, s:s%, s:s, s:o}", "person", keys[i],
				  (size_t)(what - keys[i] - 1), "what", what,
				  (size_t)(reason - what - 1), "reason", reason,
				  "count",
				  scaled(tallied(tallies, keys[i]), 1)));
	}
	free(keys);
	return all;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static json_t *seed_json(struct fairness *f, json_t **list)
{
	size_t n;
	const char **keys = keys_of(f->seeds, &n);
	int64_t *all = malloc((n + 1) * sizeof(*all));
	json_t *o = json_object();

	*list = json_array();
	for (size_t i = 0; keys && all && i < n; i++) {
		all[i] = json_integer_value(json_object_get(f->seeds, keys[i]));
		json_array_append_new(*list,
				      json_pack("{s:s, s:I}", "name", keys[i],
						"seconds", (json_int_t)all[i]));
	}
	if (keys && all && n) {
		qsort(all, n, sizeof(*all), by_number);
		json_object_set_new(o, "least_s", json_integer(all[0]));
		json_object_set_new(o, "median_s",
				    json_integer(all[(n - 1) / 2]));
		json_object_set_new(o, "most_s", json_integer(all[n - 1]));
	}
	free(keys);
	free(all);
	return o;
}

static bool has_another_frame(const json_t *of)
{
	const json_t *first = json_array_get(json_array_get(of, 0), 2);

	for (size_t k = 1; k < json_array_size(of); k++)
		if (!json_equal(json_array_get(json_array_get(of, k), 2),
				first))
			return true;
	return false;
}

/* Draws that asked for the same, and not all with the same frame. */
static json_t *alike_json(struct fairness *f)
{
	json_t *all = json_array(), *one;
	size_t n, k;
	const char **keys = keys_of(f->asked, &n);

	for (size_t i = 0; keys && i < n; i++) {
		const json_t *of = json_object_get(f->asked, keys[i]);

		if (!has_another_frame(of))
			continue;
		json_array_foreach(of, k, one)
		{
			json_array_append_new(
				all,
				json_pack("{s:O, s:s, s:O, s:O}", "name",
					  json_array_get(one, 0), "population",
					  keys[i], "state",
					  json_array_get(one, 1), "frame_size",
					  json_array_get(one, 3)));
		}
	}
	free(keys);
	return all;
}

static json_t *twice_json(struct fairness *f)
{
	json_t *all = json_array();
	size_t n;
	const char **keys = keys_of(f->frames, &n);

	for (size_t i = 0; keys && i < n; i++) {
		const json_t *of = json_object_get(f->frames, keys[i]);

		for (size_t k = 0;
		     json_array_size(of) > 1 && k < json_array_size(of); k++) {
			const json_t *one = json_array_get(of, k);

			json_array_append_new(
				all, json_pack("{s:O, s:s, s:O}", "name",
					       json_array_get(one, 0), "frame",
					       keys[i], "state",
					       json_array_get(one, 1)));
		}
	}
	free(keys);
	return all;
}

json_t *fairness_figures(struct fairness *f)
{
	json_t *unlikely = json_array(), *seeds = NULL;
	json_t *seed = seed_json(f, &seeds);
	json_t *strata = strata_json(f, unlikely);
	json_t *runs = runs_json(f, unlikely);
	json_t *pairs = pairs_json(f, unlikely);

	return json_pack(
		"{s:{s:I, s:I, s:I}, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
		"s:o, s:o, s:o}",
		"draws", "drawn", (json_int_t)f->drawn, "not_drawn",
		(json_int_t)f->not_drawn, "void", (json_int_t)f->is_void,
		"strata", strata, "proportion", proportion_json(f), "runs",
		runs, "pairs", pairs, "exclusions", grounds_json(f->exclusions),
		"replacements", grounds_json(f->replacements), "seed", seed,
		"seeds", seeds, "twice", twice_json(f), "alike", alike_json(f),
		"unlikely", unlikely);
}
