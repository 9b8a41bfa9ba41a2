// SPDX-License-Identifier: MIT
/* Sockets that a guest was given, and those that it accepts on them. */
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "files.h"
#include "internal.h"
#include "iovec.h"

#define BACKLOG 128

static int listen_at(const struct addrinfo *address)
{
	int fd =
	    socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
	const int on = 1;
	int err;

	if (fd < 0)
		return -errno;
	/* Connections of a run before this one do not keep the port. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, address->ai_addr, address->ai_addrlen) || listen(fd, BACKLOG)) {
		err = -errno;
		close(fd);
		return err;
	}
	return shim_owned_fd(fd);
}

int32_t shim_grant__listener(const char *host, const char *port)
{
	const struct addrinfo wanted = {
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	    .ai_socktype = SOCK_STREAM,
	    .ai_protocol = IPPROTO_TCP,
	};
	struct addrinfo *found;
	int fd;

	if (getaddrinfo(host, port, &wanted, &found))
		return -ENOENT;
	fd = listen_at(found);
	freeaddrinfo(found);
	return fd;
}

int32_t shim_grant__port(int32_t fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &size))
		return -errno;
	/* The port is at the same place in both families. */
	return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

int32_t shim_socket__accept(struct shim_interrupt *interrupt, int32_t fd, int32_t waits)
{
	for (;;) {
		int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		int ready;

		if (accepted >= 0)
			return shim_owned_fd(accepted);
		/* The client may be gone by now. */
		if ((errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) || !waits)
			return -errno;
		ready = shim_wait_deferring(interrupt, fd, POLLIN, -1);
		if (ready < 0)
			return ready;
	}
}

/* Takes the first `bytes` of a list away. */
static void advance(struct msghdr *message, size_t bytes)
{
	while (message->msg_iovlen && bytes >= message->msg_iov->iov_len) {
		bytes -= message->msg_iov->iov_len;
		message->msg_iov++;
		message->msg_iovlen--;
	}
	if (message->msg_iovlen) {
		message->msg_iov->iov_base = (uint8_t *)message->msg_iov->iov_base + bytes;
		message->msg_iov->iov_len -= bytes;
	}
}

int32_t shim_socket__receive(struct shim_interrupt *interrupt, int32_t fd,
			     struct shim_memory *memory, uint32_t iovs, uint32_t count,
			     uint32_t flags, uint32_t out, int32_t waits)
{
	struct iovec iov[IOV_BATCH];
	void *total = shim_memory_at(memory, out, sizeof(uint32_t));
	int used = iovec_gather(memory, iovs, count, UINT64_MAX, iov);
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t)(used < 0 ? 0 : used)};
	/* Waiting is done here, where it can be interrupted. */
	int how = (int)(flags & MSG_PEEK) | MSG_DONTWAIT;
	/* Waits only while the socket reports that more will come; a closed one does not wait. */
	int64_t timeout_ns = 0;
	ssize_t done = 0;

	if (used < 0 || !total)
		return -EFAULT;
	for (;;) {
		int ready = shim_wait_deferring(interrupt, fd, POLLIN, timeout_ns);
		ssize_t got;

		if (ready < 0)
			return done ? iovec_result(done, total) : ready;
		got = recvmsg(fd, &message, how);
		if (got < 0 && (errno == EAGAIN || errno == EINTR) && waits) {
			timeout_ns = -1;
			continue;
		}
		if (got < 0)
			return done ? iovec_result(done, total) : iovec_result(got, total);
		done += got;
		advance(&message, (size_t)got);
		/* Bytes that are only peeked at come again from the start. */
		if (!(flags & MSG_WAITALL) || flags & MSG_PEEK || !got || !message.msg_iovlen) {
			int err = iovec_result(done, total);

			return err ? err : !!(message.msg_flags & MSG_TRUNC);
		}
	}
}

int32_t shim_socket__send(struct shim_interrupt *interrupt, int32_t fd, struct shim_memory *memory,
			  uint32_t iovs, uint32_t count, uint32_t out, int32_t waits)
{
	struct iovec iov[IOV_BATCH];
	void *total = shim_memory_at(memory, out, sizeof(uint32_t));
	int used = iovec_gather(memory, iovs, count, UINT64_MAX, iov);
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t)(used < 0 ? 0 : used)};

	if (used < 0 || !total)
		return -EFAULT;
	for (;;) {
		ssize_t sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
		int ready;

		if (sent >= 0 || (errno != EAGAIN && errno != EINTR) || !waits)
			return iovec_result(sent, total);
		ready = shim_wait_deferring(interrupt, fd, POLLOUT, -1);
		if (ready < 0)
			return ready;
	}
}

int32_t shim_socket__shutdown(int32_t fd, int32_t how)
{
	return shutdown(fd, how) ? -errno : 0;
}

int32_t shim_socket__type(int32_t fd)
{
	socklen_t size = sizeof(int);
	int type = 0;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) ? -errno : type;
}
