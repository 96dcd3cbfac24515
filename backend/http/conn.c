#include "http/conn.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/host.h"

#define FD_LIMIT 65536
#define POLL_SLICE_MS 100 /* how soon a wait notices that the server stops */
#define LINGER_MS 500
#define LINGER_BYTES (256u << 10)
#define TAKEN_TRIES 8

static int64_t now_ms(void)
{
	return host_monotonic_ms(&host_system);
}

static int address_port(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)address)->sin_port);
	if (address->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
	return -1;
}

static bool is_fd_of(int fd, const char *remote, int remote_port,
		     int local_port)
{
	struct sockaddr_storage address;
	socklen_t n = sizeof(address);
	char text[48];

	if (getpeername(fd, (struct sockaddr *)&address, &n) != 0 ||
	    address_port(&address) != remote_port)
		return false;
	if (getnameinfo((struct sockaddr *)&address, n, text, sizeof(text),
			NULL, 0, NI_NUMERICHOST) != 0 ||
	    strcmp(text, remote) != 0)
		return false;
	n = sizeof(address);
	return getsockname(fd, (struct sockaddr *)&address, &n) == 0 &&
	       address_port(&address) == local_port;
}

/* Descriptors that connections had: of a server in use, nearly all. The kernel
 * gives the lowest that is free, so that these are the ones that come again. */
#define FDS_KNOWN 64
static _Atomic(int) fds_known[FDS_KNOWN]; /* 0: none */

static int fd_learn(int fd)
{
	int none = 0;

	for (int i = 0; i < FDS_KNOWN; i++, none = 0)
		if (atomic_load(&fds_known[i]) == fd ||
		    atomic_compare_exchange_strong(&fds_known[i], &none, fd))
			break;
	return fd;
}

/* CivetWeb hands out no descriptor, but both ends' addresses, and a TCP
 * connection is the only one with its pair of ends. */
int conn_find_fd(const char *remote, int remote_port, int local_port)
{
	struct rlimit limit;
	int end = FD_LIMIT;

	for (int i = 0; i < FDS_KNOWN; i++) {
		int fd = atomic_load(&fds_known[i]);

		if (!fd)
			break;
		if (is_fd_of(fd, remote, remote_port, local_port))
			return fd;
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FD_LIMIT)
		end = (int)limit.rlim_cur;
	for (int fd = 3; fd < end; fd++)
		if (is_fd_of(fd, remote, remote_port, local_port))
			return fd_learn(fd);
	return -1;
}

static bool is_stopping(const struct conn *conn)
{
	return atomic_load(conn->is_stopping);
}

size_t conn_available(const struct conn *conn)
{
	int n = 0;

	if (ioctl(conn->fd, FIONREAD, &n) != 0 || n < 0)
		return 0;
	return (size_t)n;
}

void conn_wait(const struct conn *conn)
{
	struct pollfd poller = { .fd = conn->fd, .events = POLLIN };

	poll(&poller, 1, POLL_SLICE_MS);
}

bool conn_is_ended(const struct conn *conn)
{
	char byte;
	ssize_t n = recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* -1: unknown. tcpi_bytes_received is newer than glibc's own copy of the
 * struct. It counts a FIN as a byte; to read one byte too much at the end of a
 * stream is harmless, because that never waits. */
static int64_t bytes_received(const struct conn *conn)
{
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);
	size_t need = offsetof(struct tcp_info, tcpi_bytes_received) +
		      sizeof(info.tcpi_bytes_received);

	if (getsockopt(conn->fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0 ||
	    n < need || info.tcpi_bytes_received == 0)
		return -1;
	return (int64_t)info.tcpi_bytes_received;
}

int64_t conn_taken(const struct conn *conn)
{
	size_t queued = conn_available(conn);

	/* Only when nothing came in between do the two numbers belong
	 * together. */
	for (int i = 0; i < TAKEN_TRIES; i++) {
		int64_t received = bytes_received(conn);
		size_t again = conn_available(conn);

		if (received < 0)
			return -1;
		if (again == queued)
			return received - (int64_t)queued;
		queued = again;
	}
	return -1;
}

/* A peer that takes less than CONN_RATE_MIN over a whole window is cut, so that
 * a reader of one byte a minute does not hold a worker. A pause within a window
 * is the mobile network. */
struct pace {
	int64_t window_ms; /* when it began */
	size_t window_bytes;
	int64_t stop_ms; /* when the server was first seen stopping, or 0 */
};

static bool is_too_slow(const struct conn *conn, struct pace *pace)
{
	int64_t now = now_ms();
	int64_t elapsed = now - pace->window_ms;
	int64_t window = conn->limits->reply_window_ms;

	if (is_stopping(conn)) {
		if (pace->stop_ms == 0)
			pace->stop_ms = now;
		if (now - pace->stop_ms > conn->stop_grace_ms)
			return true;
	}
	if (elapsed < window)
		return false;
	if ((int64_t)pace->window_bytes < window * CONN_RATE_MIN / 1000)
		return true;
	pace->window_ms = now;
	pace->window_bytes = 0;
	return false;
}

bool conn_send(struct conn *conn, const void *p, size_t n, bool more)
{
	struct pollfd poller = { .fd = conn->fd, .events = POLLOUT };
	struct pace pace = { .window_ms = now_ms() };
	int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0);
	const char *at = p;

	while (n > 0) {
		ssize_t sent = send(conn->fd, at, n, flags);

		if (sent > 0) {
			at += sent;
			n -= (size_t)sent;
			pace.window_bytes += (size_t)sent;
		} else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
			return false;
		} else {
			poll(&poller, 1, POLL_SLICE_MS);
		}
		if (n > 0 && is_too_slow(conn, &pace))
			return false;
	}
	return true;
}

void conn_linger(struct conn *conn)
{
	struct pollfd poller = { .fd = conn->fd, .events = POLLIN };
	int64_t until_ms = now_ms() + LINGER_MS;
	size_t taken = 0;
	char scrap[4096];

	shutdown(conn->fd, SHUT_WR);
	while (taken < LINGER_BYTES && now_ms() < until_ms &&
	       !is_stopping(conn)) {
		ssize_t n = recv(conn->fd, scrap, sizeof(scrap), MSG_DONTWAIT);

		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			break;
		if (n > 0)
			taken += (size_t)n;
		else
			poll(&poller, 1, POLL_SLICE_MS);
	}
}
