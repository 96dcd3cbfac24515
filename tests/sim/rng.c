/* sim/rng.c - all chance and all clocks of a history. */
#include "sim/sim.h"

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = (*x += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void rng_seed(struct rng *r, uint64_t seed, uint64_t stream)
{
	uint64_t x = seed ^ (stream * UINT64_C(0xd1342543de82ef95));

	for (int i = 0; i < 4; i++)
		r->s[i] = splitmix(&x);
}

static uint64_t rotl(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

uint64_t rng_next(struct rng *r)
{
	uint64_t *s = r->s, result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

int rng_below(struct rng *r, int n)
{
	return (int)((rng_next(r) >> 33) % (uint64_t)n);
}

bool rng_chance(struct rng *r, int percent)
{
	return rng_below(r, 100) < percent;
}

static int64_t device_wall(void *ctx)
{
	struct device *d = ctx;

	return *d->now_ms + d->skew_ms;
}

static int64_t device_monotonic(void *ctx)
{
	struct device *d = ctx;

	return *d->now_ms - d->booted_ms;
}

static void device_boot(void *ctx, char out[33])
{
	struct device *d = ctx;

	snprintf(out, 33, "%016llx", (unsigned long long)d->boot);
}

static void device_random(void *ctx, void *p, size_t n)
{
	struct device *d = ctx;
	unsigned char *out = p;

	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)(rng_next(&d->rng) >> 24);
}

void device_init(struct device *d, const int64_t *now_ms, uint64_t seed,
		 uint64_t stream)
{
	rng_seed(&d->rng, seed, stream);
	d->now_ms = now_ms;
	d->skew_ms = 0;
	d->host = (struct host){ .wall_ms = device_wall,
				 .monotonic_ms = device_monotonic,
				 .boot_id = device_boot,
				 .random = device_random,
				 .ctx = d };
	device_reboot(d);
}

void device_reboot(struct device *d)
{
	d->booted_ms = *d->now_ms - rng_below(&d->rng, 100000);
	d->boot = rng_next(&d->rng);
}
