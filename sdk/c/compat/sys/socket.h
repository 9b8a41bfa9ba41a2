/* SPDX-License-Identifier: MIT */
/*
 * Linux's numbers of address families, which events of the kernel have (WASI counts otherwise), and
 * packet sockets: only to attach a filter to an interface.
 */
#include_next <sys/socket.h>

#ifndef WASM_BPF_COMPAT_SYS_SOCKET_H
#define WASM_BPF_COMPAT_SYS_SOCKET_H

#undef AF_INET
#undef AF_INET6
#undef AF_UNIX
#undef SOL_SOCKET
#define AF_UNIX 1
#define AF_LOCAL AF_UNIX
#define AF_INET 2
#define AF_INET6 10
#define AF_NETLINK 16
#define AF_PACKET 17
#define PF_UNIX AF_UNIX
#define PF_INET AF_INET
#define PF_INET6 AF_INET6
#define PF_PACKET AF_PACKET
#define SOCK_RAW 3
#define SOL_SOCKET 1
#define SO_ATTACH_BPF 50

#include <linux/if_packet.h>

#include <bpf/libbpf_attach.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A raw packet socket. @return a descriptor; -1 with EOPNOTSUPP for others */
static inline int socket(int domain, int type, int protocol)
{
	struct libbpf_wasm_descriptor *made;

	(void)protocol;
	if (domain != AF_PACKET || (type & 0xf) != SOCK_RAW) {
		errno = EOPNOTSUPP;
		return -1;
	}
	/* The name of an interface comes later. */
	made = libbpf_wasm_descriptor__new(LIBBPF_WASM_SOCKET, -1, "               ");
	if (made) {
		made->text[0] = '\0';
		return made->fd;
	}
	errno = ENOMEM;
	return -1;
}

static inline int bind(int fd, const struct sockaddr *address, socklen_t size)
{
	struct libbpf_wasm_descriptor *found = libbpf_wasm_descriptor__find(fd, LIBBPF_WASM_SOCKET);
	struct sockaddr_ll link;
	const char *name;

	if (!found)
		return -1;
	if (size < sizeof(link)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(&link, address, sizeof(link));
	name = libbpf_wasm_interface_name((unsigned int)link.sll_ifindex);
	if (!name)
		return -1;
	memcpy(found->text, name, strlen(name) + 1);
	return 0;
}

/** @brief SO_ATTACH_BPF of a bound packet socket; EOPNOTSUPP for other options. */
static inline int setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
	struct libbpf_wasm_descriptor *found = libbpf_wasm_descriptor__find(fd, LIBBPF_WASM_SOCKET);
	const struct bpf_program *program;
	int prog_fd;

	if (!found)
		return -1;
	if (level != SOL_SOCKET || option != SO_ATTACH_BPF) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (size < sizeof(prog_fd) || !found->text[0]) {
		errno = EINVAL;
		return -1;
	}
	memcpy(&prog_fd, value, sizeof(prog_fd));
	program = libbpf_wasm_program_of(prog_fd);
	if (!program)
		return -1;
	found->link = wasm_bpf_link_attach(program->obj->handle, program->name, found->text);
	return libbpf_wasm_result(found->link) < 0 ? -1 : 0;
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_COMPAT_SYS_SOCKET_H */
