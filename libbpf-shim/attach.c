// SPDX-License-Identifier: MIT
/* Attaching programs: one function per mechanism, and the link that owns the result. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attach_gate.h"
#include "broker.h"
#include "internal.h"
#include "permissions.h"
#include "probe.h"

/* ---- link: what an attachment is made of --------------------------------------------------- */

/* Everything here goes with its descriptor, so a killed process leaves nothing attached. */
struct shim_link {
	/* libbpf's own, one for each CPU of a perf event, else one or none. */
	struct bpf_link **links;
	uint32_t count;
	/* A link or socket that libbpf knows nothing of, or -1. */
	int fd;
};

static int32_t destroy_link(void *object)
{
	struct shim_link *link = object;

	for (uint32_t i = 0; i < link->count; i++)
		bpf_link__destroy(link->links[i]);
	free(link->links);
	if (link->fd >= 0)
		close(link->fd);
	free(link);
	return 0;
}

/* The descriptors are those of the thread that attached. */
static void release_link(void *object)
{
	shim_broker_run(destroy_link, object);
}

/* One pass over what an iterator visits. */
struct shim_iterator {
	int fd;
	struct shim_interrupt *interrupt;
};

static struct shim_link *new_link(uint32_t count)
{
	struct shim_link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->fd = -1;
	link->links = calloc(count ? count : 1, sizeof(struct bpf_link *));
	if (link->links && !shim_owned_add(link, release_link))
		return link;
	free(link->links);
	free(link);
	return NULL;
}

void shim_link__free(struct shim_link *link)
{
	if (!link)
		return;
	shim_owned_remove(link);
	release_link(link);
}

/* Takes over one link of libbpf's, or NULL with its errno. */
static int wrap_link(struct bpf_link *made, struct shim_link **out)
{
	struct shim_link *link;

	if (!made)
		return -errno;
	link = new_link(1);
	if (!link) {
		bpf_link__destroy(made);
		return -ENOMEM;
	}
	link->links[link->count++] = made;
	*out = link;
	return 0;
}

/* Takes over a descriptor, or a negative errno. */
static int wrap_fd(int fd, struct shim_link **out)
{
	struct shim_link *link;

	if (fd < 0)
		return fd;
	link = new_link(0);
	if (!link) {
		close(fd);
		return -ENOMEM;
	}
	link->fd = fd;
	*out = link;
	return 0;
}

/* ---- places by name ------------------------------------------------------------------------- */

/* Returns -ENOENT for a tracepoint that is not there, and -EPERM for one that is refused. */
static int check_tracepoint(const char *path)
{
	const struct place place = {.kind = PLACE_TP, .name = path, .called = path};
	const int number = attach_tracepoint_id(path);

	if (number == -ENOENT)
		return number;
	attach_gate_set_tracepoint(path);
	return attach_gate_check(&place);
}

static int check_name(enum place_kind kind, const char *name)
{
	const struct place place = {.kind = kind, .name = name, .called = name};

	return attach_gate_check(&place);
}

/* System calls are functions of the kernel with a prefix of the architecture. */
static int check_call(const char *name)
{
	char function[256];

	snprintf(function, sizeof(function), "__x64_sys_%s", name);
	return check_name(PLACE_KPROBE, function);
}

/* The rest of a section's name after a prefix and a slash, or NULL. */
static const char *after_prefix(const char *section, const char *prefix)
{
	const size_t length = strlen(prefix);

	return strncmp(section, prefix, length) || section[length] != '/' ? NULL
									  : section + length + 1;
}

/* The place that libbpf reads from a section's name; what it attaches is looked at again. */
static int check_section(const struct bpf_program *program)
{
	static const struct {
		const char *prefix;
		enum place_kind kind;
	} kinds[] = {
	    {"raw_tp", PLACE_RAW_TP},
	    {"raw_tracepoint", PLACE_RAW_TP},
	    {"raw_tp.w", PLACE_RAW_TP},
	    {"raw_tracepoint.w", PLACE_RAW_TP},
	    {"tp_btf", PLACE_TP_BTF},
	    {"kprobe", PLACE_KPROBE},
	    {"kretprobe", PLACE_KPROBE},
	    {"kprobe.multi", PLACE_KPROBE},
	    {"kretprobe.multi", PLACE_KPROBE},
	    {"kprobe.session", PLACE_KPROBE},
	    {"fentry", PLACE_FENTRY},
	    {"fentry.s", PLACE_FENTRY},
	    {"fexit", PLACE_FENTRY},
	    {"fexit.s", PLACE_FENTRY},
	    {"fmod_ret", PLACE_FENTRY},
	    {"fmod_ret.s", PLACE_FENTRY},
	    {"fsession", PLACE_FENTRY},
	    {"fsession.s", PLACE_FENTRY},
	    {"lsm", PLACE_LSM},
	    {"lsm.s", PLACE_LSM},
	    {"iter", PLACE_ITER},
	    {"iter.s", PLACE_ITER},
	};
	const char *section = bpf_program__section_name(program), *name;

	section += *section == '?';
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		name = after_prefix(section, kinds[i].prefix);
		/* The function of a loaded program may be another than its section has. */
		if (name && kinds[i].kind != PLACE_RAW_TP && kinds[i].kind != PLACE_KPROBE)
			return attach_gate_check_hook(bpf_program__fd(program));
		if (name)
			return check_name(kinds[i].kind, name);
	}
	name = after_prefix(section, "ksyscall");
	if (!name)
		name = after_prefix(section, "kretsyscall");
	return name ? check_call(name) : 0;
}

/* ---- by section name ------------------------------------------------------------------------ */

/* Where "tp/sched/x" or "tracepoint/sched/x" goes on as "sched/x", or NULL. */
static const char *tracepoint_path(const char *section)
{
	static const char *const prefixes[] = {"tp/", "tracepoint/"};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t length = strlen(prefixes[i]);

		if (!strncmp(section, prefixes[i], length))
			return section + length;
	}
	return NULL;
}

/* Characters in names of categories and tracepoints, including user events. */
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

static bool is_name(const char *text, size_t length)
{
	return length && text[0] != '.' && strspn(text, NAME_CHARACTERS) == length;
}

/* Reports whether it is CATEGORY/NAME. libbpf makes a path of any text, "..", too, and opens that.
 */
static bool is_tracepoint(const char *path)
{
	const char *slash = strchr(path, '/');

	return slash && is_name(path, (size_t)(slash - path)) &&
	       is_name(slash + 1, strlen(slash + 1));
}

/*
 * Reports whether libbpf would open a binary that the section names, as it is there. Such programs
 * are attached by the functions below, which look at what they open.
 */
static bool names_binary(const char *section)
{
	return !strncmp(section, "uprobe", strlen("uprobe")) ||
	       !strncmp(section, "uretprobe", strlen("uretprobe")) ||
	       !strncmp(section, "usdt", strlen("usdt"));
}

static int attach_tracepoint_unmounted(struct bpf_program *program, const char *path,
				       struct bpf_link **out)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr)};
	int id = attach_tracepoint_id(path);
	struct bpf_link *link;
	int event;

	if (id < 0)
		return id;
	attr.config = (uint64_t)id;
	/* On CPU 0, of any process: a tracepoint's program runs on every CPU all the same. */
	event =
	    (int)shim_library_syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (event < 0)
		return -errno;
	link = bpf_program__attach_perf_event(program, event);
	if (!link) {
		int err = -errno;

		close(event);
		return err;
	}
	*out = link;
	return 0;
}

static int32_t attach_by_section(struct shim_program *program, struct shim_link **out)
{
	const char *section = bpf_program__section_name(program->program);
	const char *path = tracepoint_path(section);
	struct bpf_link *link = NULL;
	int refused;
	ATTACHING(program->object);

	if (names_binary(section) || (path && !is_tracepoint(path)))
		return -EINVAL;
	refused = path ? check_tracepoint(path) : check_section(program->program);
	if (refused)
		return refused;
	if (path && !shim_tracefs_is_mounted()) {
		int err = attach_tracepoint_unmounted(program->program, path, &link);

		if (err)
			return err;
	} else {
		link = bpf_program__attach(program->program);
	}
	return wrap_link(link, out);
}

ON_BROKER_2(shim_program__attach, attach_by_section, struct shim_program *, struct shim_link **);

/* ---- to a place in the kernel that the caller names ----------------------------------------- */

/* `path` is CATEGORY/NAME. */
static int32_t attach_tracepoint(struct bpf_program *program, const char *path,
				 struct shim_link **out)
{
	struct bpf_link *link = NULL;
	char category[128];
	const char *slash;
	int err;

	if (!is_tracepoint(path))
		return -EINVAL;
	err = check_tracepoint(path);
	if (err)
		return err;
	if (!shim_tracefs_is_mounted()) {
		err = attach_tracepoint_unmounted(program, path, &link);
		return err ? err : wrap_link(link, out);
	}
	slash = strchr(path, '/');
	if ((size_t)(slash - path) >= sizeof(category))
		return -ENAMETOOLONG;
	memcpy(category, path, (size_t)(slash - path));
	category[slash - path] = '\0';
	return wrap_link(bpf_program__attach_tracepoint(program, category, slash + 1), out);
}

static int32_t attach_kprobe(struct bpf_program *program, const char *function, uint64_t offset,
			     bool on_return, struct shim_link **out)
{
	LIBBPF_OPTS(bpf_kprobe_opts, opts, .offset = offset, .retprobe = on_return);
	const int err = check_name(PLACE_KPROBE, function);

	return err ? err
		   : wrap_link(bpf_program__attach_kprobe_opts(program, function, &opts), out);
}

static int32_t attach_ksyscall(struct bpf_program *program, const char *name, bool on_return,
			       struct shim_link **out)
{
	LIBBPF_OPTS(bpf_ksyscall_opts, opts, .retprobe = on_return);
	const int err = check_call(name);

	return err ? err : wrap_link(bpf_program__attach_ksyscall(program, name, &opts), out);
}

static int32_t attach_raw_tracepoint(struct bpf_program *program, const char *name,
				     struct shim_link **out)
{
	const int err = check_name(PLACE_RAW_TP, name);

	return err ? err : wrap_link(bpf_program__attach_raw_tracepoint(program, name), out);
}

static int32_t attach_kernel(struct shim_program *program, uint32_t kind, const char *name,
			     uint64_t offset, struct shim_link **out)
{
	ATTACHING(program->object);

	switch (kind) {
	case SHIM_KERNEL_KPROBE:
	case SHIM_KERNEL_KRETPROBE:
		return attach_kprobe(program->program, name, offset, kind == SHIM_KERNEL_KRETPROBE,
				     out);
	case SHIM_KERNEL_KSYSCALL:
	case SHIM_KERNEL_KRETSYSCALL:
		return attach_ksyscall(program->program, name, kind == SHIM_KERNEL_KRETSYSCALL,
				       out);
	case SHIM_KERNEL_TRACEPOINT:
		return attach_tracepoint(program->program, name, out);
	case SHIM_KERNEL_RAW_TRACEPOINT:
		return attach_raw_tracepoint(program->program, name, out);
	default:
		return -EINVAL;
	}
}

ON_BROKER_5(shim_program__attach_kernel, attach_kernel, struct shim_program *, uint32_t,
	    const char *, uint64_t, struct shim_link **);

/* ---- to an interface, a cgroup, a network namespace ---------------------------------------- */

/* bpf_link_create(), with `target` a descriptor or an interface's number. */
static int create_link(struct shim_program *program, int target, int32_t attach_type,
		       struct shim_link **out)
{
	return wrap_fd(bpf_link_create(bpf_program__fd(program->program), target,
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

static int32_t attach_cgroup(struct shim_program *program, const char *path, struct shim_link **out)
{
	ATTACHING(program->object);
	const struct place place = {
	    .kind = PLACE_CGROUP, .fd = shim_path_open_cgroup(path), .called = path};
	int err;

	if (place.fd < 0)
		return place.fd;
	err = attach_gate_check(&place);
	if (!err)
		err =
		    create_link(program, place.fd,
				(int32_t)bpf_program__expected_attach_type(program->program), out);
	close(place.fd);
	return err;
}

ON_BROKER_3(shim_program__attach_cgroup, attach_cgroup, struct shim_program *, const char *,
	    struct shim_link **);

static int32_t attach_netns(struct shim_program *program, const char *path, struct shim_link **out)
{
	ATTACHING(program->object);
	const struct place place = {
	    .kind = PLACE_NETNS, .fd = shim_path_open_netns(path), .called = path};
	int err;

	if (place.fd < 0)
		return place.fd;
	err = attach_gate_check(&place);
	if (!err)
		err =
		    create_link(program, place.fd,
				(int32_t)bpf_program__expected_attach_type(program->program), out);
	close(place.fd);
	return err;
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
	err = check_name(PLACE_NETFILTER, name);
	return err ? err : wrap_link(bpf_program__attach_netfilter(program->program, &opts), out);
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

	return wrap_fd(open_packet_socket(bpf_program__fd(program->program), interface), out);
}

ON_BROKER_3(shim_program__attach_packet_socket, attach_packet_socket, struct shim_program *,
	    const char *, struct shim_link **);

/* ---- to a perf event ----------------------------------------------------------------------- */

static int attach_to_cpu(struct bpf_program *program, struct perf_event_attr *attr, int cpu,
			 struct bpf_link **out)
{
	int event =
	    (int)shim_library_syscall(SYS_perf_event_open, attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (event < 0)
		return -errno;
	*out = bpf_program__attach_perf_event(program, event);
	if (!*out) {
		int err = -errno;

		close(event);
		return err;
	}
	return 0;
}

static int32_t attach_perf_event(struct shim_program *program, uint32_t type, uint64_t config,
				 uint64_t frequency, int32_t cpu, struct shim_link **out)
{
	struct perf_event_attr attr = {.type = type,
				       .size = sizeof(attr),
				       .config = config,
				       .freq = 1,
				       .sample_freq = frequency};
	int cpus = libbpf_num_possible_cpus();
	ATTACHING(program->object);
	struct shim_link *link;
	char name[64];
	int err;

	if (cpus < 0)
		return cpus;
	if (cpu >= cpus)
		return -ENODEV;
	snprintf(name, sizeof(name), "%u:%llu", type, (unsigned long long)config);
	err = check_name(PLACE_PERF_EVENT, name);
	if (!err)
		err = attach_gate_check_frequency(frequency);
	if (err)
		return err;
	link = new_link((uint32_t)cpus);
	if (!link)
		return -ENOMEM;
	for (int i = cpu < 0 ? 0 : cpu; i < (cpu < 0 ? cpus : cpu + 1); i++) {
		err = attach_to_cpu(program->program, &attr, i, &link->links[link->count]);
		if (!err)
			link->count++;
		/* A CPU that is possible need not be there. */
		else if (err != -ENODEV || cpu >= 0)
			goto err_out;
	}
	if (!link->count)
		goto err_out;
	*out = link;
	return 0;

err_out:
	shim_link__free(link);
	return err;
}

ON_BROKER_6(shim_program__attach_perf_event, attach_perf_event, struct shim_program *, uint32_t,
	    uint64_t, uint64_t, int32_t, struct shim_link **);

/* ---- to code in user space ------------------------------------------------------------------ */

static int32_t attach_uprobe(struct shim_program *program, const char *binary, const char *symbol,
			     uint64_t offset, int32_t pid, int32_t on_return, uint32_t allowed,
			     struct shim_link **out)
{
	ATTACHING(program->object);
	char path[SHIM_PATH_SIZE];
	struct shim_target target = {
	    .path = path, .called = binary, .pid = pid, .on_return = on_return != 0};
	int err = shim_path_open_binary(binary, path, &target.fd);

	if (err)
		return err;
	err = wrap_link(shim_probe_attach_function(program->program, &target, symbol, offset,
						   allowed & SHIM_ALLOW_WRITE_USER),
			out);
	close(target.fd);
	return err;
}

ON_BROKER_8(shim_program__attach_uprobe, attach_uprobe, struct shim_program *, const char *,
	    const char *, uint64_t, int32_t, int32_t, uint32_t, struct shim_link **);

static int32_t attach_uprobe_multi(struct shim_program *program, const char *binary,
				   const char *pattern, int32_t pid, int32_t on_return,
				   struct shim_link **out)
{
	ATTACHING(program->object);
	char path[SHIM_PATH_SIZE];
	struct shim_target target = {
	    .path = path, .called = binary, .pid = pid, .on_return = on_return != 0};
	int err = shim_path_open_binary(binary, path, &target.fd);

	if (err)
		return err;
	err = wrap_link(shim_probe_attach_pattern(program->program, &target, pattern), out);
	close(target.fd);
	return err;
}

ON_BROKER_6(shim_program__attach_uprobe_multi, attach_uprobe_multi, struct shim_program *,
	    const char *, const char *, int32_t, int32_t, struct shim_link **);

static int32_t attach_usdt(struct shim_program *program, const char *binary, const char *provider,
			   const char *name, int32_t pid, struct shim_link **out)
{
	ATTACHING(program->object);
	char path[SHIM_PATH_SIZE];
	struct shim_target target = {.path = path, .called = binary, .pid = pid};
	int err = shim_path_open_binary(binary, path, &target.fd);

	if (err)
		return err;
	err = wrap_link(shim_probe_attach_usdt(program->program, &target, provider, name), out);
	close(target.fd);
	return err;
}

ON_BROKER_6(shim_program__attach_usdt, attach_usdt, struct shim_program *, const char *,
	    const char *, const char *, int32_t, struct shim_link **);

/* ---- iterators and struct_ops ---------------------------------------------------------------- */

static int32_t attach_map_iterator(struct shim_program *program, struct shim_map *map,
				   struct shim_link **out)
{
	ATTACHING(program->object);
	union bpf_iter_link_info info = {.map.map_fd = (uint32_t)bpf_map__fd(map->map)};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));
	const int err = check_section(program->program);

	return err ? err : wrap_link(bpf_program__attach_iter(program->program, &opts), out);
}

ON_BROKER_3(shim_program__attach_map_iterator, attach_map_iterator, struct shim_program *,
	    struct shim_map *, struct shim_link **);

static void release_iterator(void *object)
{
	struct shim_iterator *iterator = object;

	close(iterator->fd);
	free(iterator);
}

static int32_t create_iterator(void *link)
{
	return bpf_iter_create(bpf_link__fd(link));
}

int32_t shim_iterator__open(struct shim_link *link, struct shim_interrupt *interrupt,
			    struct shim_iterator **out)
{
	struct shim_iterator *iterator;

	if (link->count != 1)
		return -EINVAL;
	iterator = calloc(1, sizeof(*iterator));
	if (!iterator)
		return -ENOMEM;
	iterator->interrupt = interrupt;
	iterator->fd = shim_broker_open(create_iterator, link->links[0]);
	if (iterator->fd < 0) {
		int err = iterator->fd;

		free(iterator);
		return err;
	}
	if (shim_owned_add(iterator, release_iterator)) {
		release_iterator(iterator);
		return -ENOMEM;
	}
	*out = iterator;
	return 0;
}

int32_t shim_iterator__read(struct shim_iterator *iterator, struct shim_memory *memory,
			    uint32_t offset, uint32_t size)
{
	void *to = shim_memory_at(memory, offset, size);

	if (!to)
		return -EFAULT;
	for (;;) {
		ssize_t length = read(iterator->fd, to, size > INT32_MAX ? INT32_MAX : size);
		int taken;

		if (length >= 0)
			return (int32_t)length;
		/* EAGAIN: a million elements went by without a word, or the program asks for this
		 * one again, for ever if it likes.
		 */
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		taken = shim_interrupt_take(iterator->interrupt);
		if (taken)
			return taken;
	}
}

void shim_iterator__free(struct shim_iterator *iterator)
{
	if (!iterator)
		return;
	shim_owned_remove(iterator);
	release_iterator(iterator);
}

static int32_t attach_struct_ops(struct shim_map *map, struct shim_link **out)
{
	ATTACHING(map->object);
	char name[FUNCTION_NAME_SIZE];
	int err;

	/* Without a link it would stay when this process is killed. */
	if (!(bpf_map__map_flags(map->map) & BPF_F_LINK))
		return -EOPNOTSUPP;
	err = map->object->attach_rules ? attach_structure_name(bpf_map__fd(map->map), name) : 0;
	if (!err && map->object->attach_rules)
		err = check_name(PLACE_STRUCT_OPS, name);
	if (err)
		return err;
	return wrap_link(bpf_map__attach_struct_ops(map->map), out);
}

ON_BROKER_2(shim_map__attach, attach_struct_ops, struct shim_map *, struct shim_link **);
