#include "base/host.h"

#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "base/hex.h"

static int64_t clock_ms(clockid_t id)
{
	struct timespec t = { 0 };

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *ctx)
{
	(void)ctx;
	return clock_ms(CLOCK_REALTIME);
}

/* CLOCK_MONOTONIC stands still while a tablet sleeps; this one does not. */
static int64_t system_monotonic_ms(void *ctx)
{
	(void)ctx;
	return clock_ms(CLOCK_BOOTTIME);
}

static void system_boot_id(void *ctx, char out[33])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
	int n = 0, c;

	(void)ctx;
	while (file && n < 32 && (c = getc(file)) != EOF)
		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))
			out[n++] = (char)c;
	if (file)
		fclose(file);
	/* Without one every boot looks the same: times then rest on the
	 * anchor alone. */
	if (n == 0)
		out[n++] = '0';
	out[n] = '\0';
}

static void system_random(void *ctx, void *p, size_t n)
{
	(void)ctx;
	randombytes_buf(p, n);
}

const struct host host_system = {
	.wall_ms = system_wall_ms,
	.monotonic_ms = system_monotonic_ms,
	.boot_id = system_boot_id,
	.random = system_random,
};

int64_t host_wall_ms(const struct host *h)
{
	return h->wall_ms(h->ctx);
}

int64_t host_monotonic_ms(const struct host *h)
{
	return h->monotonic_ms(h->ctx);
}

void host_boot_id(const struct host *h, char out[33])
{
	h->boot_id(h->ctx, out);
}

void host_random(const struct host *h, void *p, size_t n)
{
	h->random(h->ctx, p, n);
}

void host_new_id(const struct host *h, char out[21])
{
	unsigned char bytes[10];

	host_random(h, bytes, sizeof(bytes));
	hex_encode(out, bytes, sizeof(bytes));
}
