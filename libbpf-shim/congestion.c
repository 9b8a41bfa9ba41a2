// SPDX-License-Identifier: MIT
/*
 * Sockets whose congestion control was a program's.
 *
 * A socket keeps the congestion control that it has, and with it the programs, when that is
 * unregistered. Only its own process can set another, or one that gets a copy of its descriptor by
 * pidfd_getfd(2) (Linux 5.6, CAP_SYS_PTRACE).
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "remains.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

/* More namespaces, or sockets with one congestion control, are counted and left. */
#define MAX_NAMESPACES 256
#define MAX_SOCKETS 4096

static const char default_file[] = "/proc/sys/net/ipv4/tcp_congestion_control";

struct search {
	const char *name;
	int64_t deadline_ns;
	struct shim_congestion_users users;
	ino_t namespaces[MAX_NAMESPACES];
	size_t namespace_count;
	/* Those of the namespace that is looked at. */
	ino_t sockets[MAX_SOCKETS];
	size_t socket_count;
	char fallback[SHIM_CONGESTION_SIZE];
	/* Looks at each socket of each process, whatever its namespace. */
	bool is_exhaustive;
};

static bool is_over(const struct search *search)
{
	return shim_now_ns() >= search->deadline_ns;
}

/* ---- the default ----------------------------------------------------------------------------- */

static void read_default(char name[SHIM_CONGESTION_SIZE])
{
	int fd = open(default_file, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, name, SHIM_CONGESTION_SIZE - 1);

	if (fd >= 0)
		close(fd);
	name[length > 0 ? length : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
}

static bool write_default(const char *name)
{
	int fd = open(default_file, O_WRONLY | O_CLOEXEC);
	bool is_written = fd >= 0 && write(fd, name, strlen(name)) > 0;

	if (fd >= 0)
		close(fd);
	return is_written;
}

/* The name that sockets of this namespace get; a default that is to go is changed first. */
static void choose_fallback(struct search *search)
{
	read_default(search->fallback);
	if (*search->fallback && strcmp(search->fallback, search->name))
		return;
	/* Reno is in each kernel that has TCP. */
	strcpy(search->fallback, "cubic");
	if (!write_default(search->fallback)) {
		strcpy(search->fallback, "reno");
		write_default(search->fallback);
	}
}

/* ---- sockets of a namespace ------------------------------------------------------------------ */

static bool has_congestion(const struct nlmsghdr *header, const char *name)
{
	const struct inet_diag_msg *message = NLMSG_DATA(header);
	const char *end = (const char *)header + header->nlmsg_len;
	const char *at = (const char *)(message + 1);

	while (at + sizeof(struct nlattr) <= end) {
		const struct nlattr *attribute = (const struct nlattr *)at;

		if (attribute->nla_len < NLA_HDRLEN || at + attribute->nla_len > end)
			return false;
		if ((attribute->nla_type & NLA_TYPE_MASK) == INET_DIAG_CONG)
			return !strncmp(at + NLA_HDRLEN, name,
					(size_t)attribute->nla_len - NLA_HDRLEN);
		at += NLA_ALIGN(attribute->nla_len);
	}
	return false;
}

static void note_socket(struct search *search, const struct inet_diag_msg *message)
{
	/* Without a process: not accepted yet, or closed and still sending. */
	if (!message->idiag_inode || search->socket_count == MAX_SOCKETS)
		search->users.left++;
	else
		search->sockets[search->socket_count++] = message->idiag_inode;
}

/* Reads responses up to the last; false when more may come. */
static bool read_answers(struct search *search, int fd)
{
	static char buffer[32 << 10] __attribute__((aligned(8)));
	ssize_t length = recv(fd, buffer, sizeof(buffer), 0);
	size_t rest = length > 0 ? (size_t)length : 0;

	for (struct nlmsghdr *header = (struct nlmsghdr *)buffer; NLMSG_OK(header, rest);
	     header = NLMSG_NEXT(header, rest)) {
		if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
			return true;
		if (header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg)) &&
		    has_congestion(header, search->name))
			note_socket(search, NLMSG_DATA(header));
	}
	return length <= 0;
}

static void list_sockets(struct search *search, uint8_t family)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
	    .header = {.nlmsg_len = sizeof(message),
		       .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	    .request = {.sdiag_family = family,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_ext = 1 << (INET_DIAG_CONG - 1),
			.idiag_states = ~0U},
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return;
	if (send(fd, &message, sizeof(message), 0) == sizeof(message)) {
		while (!read_answers(search, fd) && !is_over(search))
			;
	}
	close(fd);
}

/* ---- processes ------------------------------------------------------------------------------- */

static void for_each_number(const char *folder, struct search *search,
			    void (*each)(struct search *search, long number, void *argument),
			    void *argument)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)) && !is_over(search)) {
		char *end;
		long number = strtol(entry->d_name, &end, 10);

		if (end != entry->d_name && !*end)
			each(search, number, argument);
	}
	closedir(dir);
}

static bool is_wanted(const struct search *search, ino_t inode)
{
	if (search->is_exhaustive)
		return true;
	for (size_t i = 0; i < search->socket_count; i++) {
		if (search->sockets[i] == inode)
			return true;
	}
	return false;
}

/* Sets the congestion control of another process's socket by a copy of its descriptor. */
static void restore_socket(struct search *search, int pidfd, long number, ino_t inode)
{
	int fd = (int)syscall(SYS_pidfd_getfd, pidfd, (int)number, 0);
	char name[SHIM_CONGESTION_SIZE] = "";
	socklen_t size = sizeof(name) - 1;
	struct stat status;

	if (fd < 0)
		return;
	/* The number can be another file's by now. */
	if (!fstat(fd, &status) && status.st_ino == inode &&
	    !getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &size) &&
	    !strcmp(name, search->name) &&
	    !setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, search->fallback,
			(socklen_t)strlen(search->fallback)))
		search->users.restored++;
	close(fd);
}

struct process {
	long pid;
	/* -1 until one of its sockets is wanted. */
	int pidfd;
};

static void look_at_descriptor(struct search *search, long number, void *argument)
{
	struct process *process = argument;
	char path[64], target[64];
	unsigned long inode;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%ld/fd/%ld", process->pid, number);
	length = readlink(path, target, sizeof(target) - 1);
	if (length <= 0)
		return;
	target[length] = '\0';
	if (sscanf(target, "socket:[%lu]", &inode) != 1 || !is_wanted(search, inode))
		return;
	if (process->pidfd < 0)
		process->pidfd = (int)syscall(SYS_pidfd_open, (pid_t)process->pid, 0);
	if (process->pidfd >= 0)
		restore_socket(search, process->pidfd, number, inode);
}

static void look_at_process(struct search *search, long pid, void *unused)
{
	struct process process = {pid, -1};
	char path[64];

	(void)unused;
	snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	for_each_number(path, search, look_at_descriptor, &process);
	if (process.pidfd >= 0)
		close(process.pidfd);
}

/* ---- namespaces ------------------------------------------------------------------------------ */

static void restore_in_namespace(struct search *search)
{
	const uint32_t restored = search->users.restored;

	search->socket_count = 0;
	choose_fallback(search);
	list_sockets(search, AF_INET);
	list_sockets(search, AF_INET6);
	if (!search->socket_count)
		return;
	for_each_number("/proc", search, look_at_process, NULL);
	/* Copies of one socket are found more than once, and restored once. */
	search->users.left += (uint32_t)search->socket_count - (search->users.restored - restored);
}

static void enter_namespace(struct search *search, long pid, void *unused)
{
	struct stat status;
	char path[64];
	int fd;

	(void)unused;
	snprintf(path, sizeof(path), "/proc/%ld/ns/net", pid);
	if (stat(path, &status) || search->namespace_count == MAX_NAMESPACES)
		return;
	for (size_t i = 0; i < search->namespace_count; i++) {
		if (search->namespaces[i] == status.st_ino)
			return;
	}
	search->namespaces[search->namespace_count++] = status.st_ino;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!setns(fd, CLONE_NEWNET))
		restore_in_namespace(search);
	close(fd);
}

static void *search_all(void *argument)
{
	for_each_number("/proc", argument, enter_namespace, NULL);
	return NULL;
}

static void *search_processes(void *argument)
{
	struct search *search = argument;

	search->is_exhaustive = true;
	choose_fallback(search);
	for_each_number("/proc", search, look_at_process, NULL);
	return NULL;
}

/* In a thread of its own, which ends in another network namespace than the one it began in. */
static void run(void *(*work)(void *argument), const char *name, int64_t deadline_ns,
		struct shim_congestion_users *users)
{
	struct search *search = calloc(1, sizeof(*search));
	pthread_t thread;

	if (!search)
		return;
	search->name = name;
	search->deadline_ns = deadline_ns;
	search->users = *users;
	if (!pthread_create(&thread, NULL, work, search))
		pthread_join(thread, NULL);
	*users = search->users;
	free(search);
}

void shim_congestion_restore_rest(const char *name, int64_t deadline_ns,
				  struct shim_congestion_users *users)
{
	run(search_processes, name, deadline_ns, users);
}

void shim_congestion_restore(const char *name, int64_t deadline_ns,
			     struct shim_congestion_users *users)
{
	*users = (struct shim_congestion_users){0};
	run(search_all, name, deadline_ns, users);
}
