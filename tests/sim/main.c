/* sim/main.c - run seeds, report the first promise that each one broke.
 *
 * usage: sim [--seeds N] [--from K] [--seed X] [--verbose] [--twice PERCENT]
 * Run in the top folder (it reads ./schema). */
#include "sim/sim.h"

#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/seal.h"

static volatile unsigned long long running;

void say(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (fmt[0] != ' ')
		vsnprintf(s->what, sizeof(s->what), fmt, ap);
	va_end(ap);
	if (!s->verbose)
		return;
	printf("%4d ", s->step);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void broke(struct sim *s, const char *promise, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	if (s->failed)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->failed = true;
	snprintf(s->broken, sizeof(s->broken), "step %d (%.150s): \"%s\": %s",
		 s->step, s->what, promise, text);
	if (s->verbose)
		printf("%4d BROKEN: %s\n", s->step, s->broken);
}

bool must(struct sim *s, enum rc rc, const char *doing)
{
	if (rc != RC_OK)
		broke(s, "what is legal succeeds", "cannot %s: %s: %s", doing,
		      rc_name(rc), s->err.text);
	return !s->failed;
}

void forget(struct sim *s)
{
	if (!s->failed)
		err_clear(&s->err);
}

struct outcome {
	char heads[SCOPES][OID_HEX_SIZE];
	bool failed;
	char broken[900];
};

struct total {
	long seeds, failed, steps, syncs, packets, conflicts, quarantined;
	long crashes, forks, replays, quiets, reassigned, adopted, wiped;
};

static void total_add(struct total *t, const struct sim *s)
{
	t->steps += s->step;
	t->syncs += s->syncs;
	t->packets += s->packets_made;
	t->conflicts += s->conflicts;
	t->quarantined += s->quarantined;
	t->crashes += s->crashes;
	t->reassigned += s->reassigned;
	t->adopted += s->adopted;
	t->wiped += s->wiped;
	t->forks += s->forks;
	t->replays += s->replays;
	t->quiets += s->quiets;
}

static void history(uint64_t seed, bool verbose, struct total *t,
		    struct outcome *out)
{
	struct sim *s = calloc(1, sizeof(*s));
	struct head heads[SCOPES] = { 0 };
	int steps, until_quiet;

	running = seed;
	s->seed = seed;
	s->verbose = verbose;
	if (world_make(s)) {
		steps = 60 + rng_below(&s->rng, 90);
		until_quiet = 15 + rng_below(&s->rng, 30);
		for (s->step = 1; s->step <= steps && !s->failed; s->step++) {
			step_any(s);
			if (!s->failed && --until_quiet == 0) {
				quiet(s, false);
				until_quiet = 15 + rng_below(&s->rng, 30);
			}
		}
		if (!s->failed)
			quiet(s, true);
		if (!s->failed && rng_chance(&s->rng, 50))
			wipe_last(s);
		if (!s->failed)
			heads_get(s, heads);
	}
	for (int i = 0; i < SCOPES; i++)
		oid_hex(out->heads[i], &heads[i].commit);
	out->failed = s->failed;
	snprintf(out->broken, sizeof(out->broken), "%s", s->broken);
	total_add(t, s);
	world_free(s);
	free(s);
}

static void seed_run(uint64_t seed, bool verbose, bool twice, struct total *t)
{
	struct outcome first, second;

	history(seed, verbose, t, &first);
	if (!first.failed && twice) {
		struct total ignored = { 0 };

		history(seed, false, &ignored, &second);
		for (int i = 0; i < SCOPES; i++)
			if (strcmp(first.heads[i], second.heads[i]) != 0) {
				first.failed = true;
				snprintf(first.broken, sizeof(first.broken),
					 "\"4 the same inputs give the same "
					 "bytes\": scope %s ended in %s, "
					 "played again in %s",
					 scopes[i], first.heads[i],
					 second.heads[i]);
			}
	}
	t->seeds++;
	if (!first.failed)
		return;
	t->failed++;
	printf("seed %llu failed at %s\n  replay: build/debug/sim --seed %llu "
	       "--verbose\n",
	       (unsigned long long)seed, first.broken,
	       (unsigned long long)seed);
	fflush(stdout);
}

static void died(int signal_number)
{
	char text[120];
	int n = snprintf(text, sizeof(text),
			 "seed %llu died of signal %d\n  replay: "
			 "build/debug/sim --seed %llu --verbose\n",
			 running, signal_number, running);

	if (write(1, text, (size_t)n) < 0)
		_exit(2);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static unsigned long long number_of(const char *text)
{
	return text ? strtoull(text, NULL, 10) : 0;
}

int main(int argc, char **argv)
{
	unsigned long long seeds = 20, from = 1, twice = 5;
	bool verbose = false;
	struct total t = { 0 };
	struct err err = { 0 };

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--verbose"))
			verbose = true;
		else if (!strcmp(argv[i], "--seeds"))
			seeds = number_of(argv[++i]);
		else if (!strcmp(argv[i], "--from"))
			from = number_of(argv[++i]);
		else if (!strcmp(argv[i], "--twice"))
			twice = number_of(argv[++i]);
		else if (!strcmp(argv[i], "--seed")) {
			from = number_of(argv[++i]);
			seeds = 1;
		} else {
			fprintf(stderr, "usage: sim [--seeds N] [--from K] "
					"[--seed X] [--verbose] "
					"[--twice PERCENT]\n");
			return 2;
		}
	}
	signal(SIGSEGV, died);
	signal(SIGABRT, died);
	pin_cost_for_tests();
	if (seal_setup(&err) != RC_OK || object_setup(&err) != RC_OK) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	for (unsigned long long seed = from; seed < from + seeds; seed++)
		seed_run(seed, verbose,
			 seeds == 1 || (twice && seed % (100 / twice) == 0),
			 &t);
	printf("sim: %ld seeds, %ld failed; %ld steps, %ld syncs, %ld packets, "
	       "%ld conflicts, %ld quarantined, %ld crashes, %ld forks, %ld "
	       "replays, %ld quiet periods, %ld reassigned, %ld adopted, "
	       "%ld wiped\n",
	       t.seeds, t.failed, t.steps, t.syncs, t.packets, t.conflicts,
	       t.quarantined, t.crashes, t.forks, t.replays, t.quiets,
	       t.reassigned, t.adopted, t.wiped);
	object_teardown();
	return t.failed ? 1 : 0;
}
