// SPDX-License-Identifier: MIT
/* Attaching where packets pass: interfaces, cgroups, network namespaces, netfilter, sockets. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach_gate.h"
#include "broker.h"
#include "internal.h"
#include "link.h"

/* ---- to an interface, a cgroup, a network namespace ---------------------------------------- */

/* bpf_link_create(), with `target` a descriptor or an interface's number. */
static int create_link(struct shim_program *program, int target, int32_t attach_type,
		       struct shim_link **out)
{
	return shim_link_wrap_fd(bpf_link_create(bpf_program__fd(program->program), target,
						 (enum bpf_attach_type)attach_type, NULL),
				 out);
}

static enum place_kind kind_of_interface(int32_t attach_type)
{
	switch (attach_type) {
	case BPF_XDP:
		return PLACE_XDP;
	case BPF_NETKIT_PRIMARY:
	case BPF_NETKIT_PEER:
		return PLACE_NETKIT;
	default:
		return PLACE_TC;
	}
}

static int32_t attach_interface(struct shim_program *program, const char *interface,
				int32_t attach_type, struct shim_link **out)
{
	ATTACHING(program->object);
	struct place place = {.kind = kind_of_interface(attach_type),
			      .interface = if_nametoindex(interface),
			      .called = interface};
	int err;

	if (!place.interface)
		return -ENODEV;
	err = attach_gate_check(&place);
	return err ? err : create_link(program, (int)place.interface, attach_type, out);
}

ON_BROKER_4(shim_program__attach_interface, attach_interface, struct shim_program *, const char *,
	    int32_t, struct shim_link **);

/* Attaches to what a descriptor is of, which is closed; its number is negative when the open
 * failed. */
static int32_t attach_opened(struct shim_program *program, const struct place *place,
			     struct shim_link **out)
{
	int err;

	if (place->fd < 0)
		return place->fd;
	err = attach_gate_check(place);
	/* A hook that is denied is denied for one cgroup, too. */
	if (!err && bpf_program__expected_attach_type(program->program) == BPF_LSM_CGROUP)
		err = attach_gate_check_denied_hook(bpf_program__fd(program->program));
	if (!err)
		err =
		    create_link(program, place->fd,
				(int32_t)bpf_program__expected_attach_type(program->program), out);
	close(place->fd);
	return err;
}

static int32_t attach_cgroup(struct shim_program *program, const char *path, struct shim_link **out)
{
	ATTACHING(program->object);
	const struct place place = {
	    .kind = PLACE_CGROUP, .fd = shim_path_open_cgroup(path), .called = path};

	return attach_opened(program, &place, out);
}

ON_BROKER_3(shim_program__attach_cgroup, attach_cgroup, struct shim_program *, const char *,
	    struct shim_link **);

static int32_t attach_netns(struct shim_program *program, const char *path, struct shim_link **out)
{
	ATTACHING(program->object);
	const struct place place = {
	    .kind = PLACE_NETNS, .fd = shim_path_open_netns(path), .called = path};

	return attach_opened(program, &place, out);
}

ON_BROKER_3(shim_program__attach_netns, attach_netns, struct shim_program *, const char *,
	    struct shim_link **);

static int32_t attach_netfilter(struct shim_program *program, uint32_t family, uint32_t hook,
				int32_t priority, struct shim_link **out)
{
	LIBBPF_OPTS(bpf_netfilter_opts, opts, .pf = family, .hooknum = hook, .priority = priority);
	ATTACHING(program->object);
	char name[64];
	int err;

	snprintf(name, sizeof(name), "%u:%u:%d", family, hook, priority);
	err = attach_gate_check_name(PLACE_NETFILTER, name);
	return err ? err
		   : shim_link_wrap(bpf_program__attach_netfilter(program->program, &opts), out);
}

ON_BROKER_5(shim_program__attach_netfilter, attach_netfilter, struct shim_program *, uint32_t,
	    uint32_t, int32_t, struct shim_link **);

/* ---- to a packet socket -------------------------------------------------------------------- */

/* Twice, as for other places: by name, and by what the socket is about to be bound to. */
static bool refuse_socket(const char *interface, int index)
{
	const struct place place = {
	    .kind = PLACE_SOCKET, .interface = (uint32_t)index, .called = interface};

	return attach_gate_check(&place) || attach_gate_refuse_socket(index);
}

static int open_packet_socket(int program, const char *interface)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd, smallest = 1;

	address.sll_ifindex = (int)if_nametoindex(interface);
	if (!address.sll_ifindex)
		return -ENODEV;
	if (refuse_socket(interface, address.sll_ifindex))
		return -EPERM;
	/* Of no protocol, so that no packet comes before the filter is there. */
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* The socket is never read: packets that pass the filter should not take memory. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof(smallest)) ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof(program)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static int32_t attach_packet_socket(struct shim_program *program, const char *interface,
				    struct shim_link **out)
{
	ATTACHING(program->object);

	return shim_link_wrap_fd(open_packet_socket(bpf_program__fd(program->program), interface),
				 out);
}

ON_BROKER_3(shim_program__attach_packet_socket, attach_packet_socket, struct shim_program *,
	    const char *, struct shim_link **);
