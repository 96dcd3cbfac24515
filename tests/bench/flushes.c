/* flushes.c - how often anything in this program flushes to the disk: these
 * stand in front of the C library's, for SQLite too. */
#include "bench.h"

#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long flushes;

int fsync(int fd)
{
	flushes++;
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	flushes++;
	return (int)syscall(SYS_fdatasync, fd);
}

long flushes_so_far(void)
{
	return flushes;
}
