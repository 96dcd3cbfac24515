/* base/host.h - what a library may not decide alone: time and randomness.
 *
 * Programs pass `host_system`; tests and the simulator pass their own. */
#ifndef BASE_HOST_H
#define BASE_HOST_H

#include <stddef.h>
#include <stdint.h>

struct host {
	int64_t (*wall_ms)(void *ctx); /* UTC, as the device believes */
	int64_t (*monotonic_ms)(void *ctx); /* since boot */
	/* 1 to 32 hex digits, other after a reboot; writes a NUL */
	void (*boot_id)(void *ctx, char out[33]);
	void (*random)(void *ctx, void *p, size_t n);
	void *ctx;
};

extern const struct host host_system;

int64_t host_wall_ms(const struct host *h);
int64_t host_monotonic_ms(const struct host *h);
void host_boot_id(const struct host *h, char out[33]);
void host_random(const struct host *h, void *p, size_t n);
/* A new id: 20 hex digits and a NUL. */
void host_new_id(const struct host *h, char out[21]);

#endif
