/* flushes.c - how often anything in this program flushes to the disk, and how
 * long that takes at least: these stand in front of the C library's, for SQLite
 * too, and so for the server as for the raw limits. */
#include "bench.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_long flushes;
static atomic_long at_least_us;

/* Sleeping leaves the processor to others, as a disk does. */
static int flush(long call, int fd)
{
	long us = at_least_us;
	struct timespec until;
	int rc, why;

	flushes++;
	clock_gettime(CLOCK_MONOTONIC, &until);
	rc = (int)syscall(call, fd);
	why = errno;
	if (us) {
		prctl(PR_SET_TIMERSLACK, 1UL);
		until.tv_nsec += us * 1000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	}
	errno = why;
	return rc;
}

int fsync(int fd)
{
	return flush(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return flush(SYS_fdatasync, fd);
}

long flushes_so_far(void)
{
	return flushes;
}

void flushes_last(long us)
{
	at_least_us = us;
}
