// SPDX-License-Identifier: MIT
/* Attaching by a section's name, to a place in the kernel, to perf events, and of structures. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attach_gate.h"
#include "broker.h"
#include "internal.h"
#include "link.h"
#include "permissions.h"
#include "tracefs.h"

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
	refused =
	    path ? attach_gate_check_tracepoint(path) : attach_gate_check_section(program->program);
	if (refused)
		return refused;
	if (path && !shim_tracefs_is_mounted()) {
		int err = attach_tracepoint_unmounted(program->program, path, &link);

		if (err)
			return err;
	} else {
		link = bpf_program__attach(program->program);
	}
	return shim_link_wrap(link, out);
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
	err = attach_gate_check_tracepoint(path);
	if (err)
		return err;
	if (!shim_tracefs_is_mounted()) {
		err = attach_tracepoint_unmounted(program, path, &link);
		return err ? err : shim_link_wrap(link, out);
	}
	slash = strchr(path, '/');
	if ((size_t)(slash - path) >= sizeof(category))
		return -ENAMETOOLONG;
	memcpy(category, path, (size_t)(slash - path));
	category[slash - path] = '\0';
	return shim_link_wrap(bpf_program__attach_tracepoint(program, category, slash + 1), out);
}

static int32_t attach_kprobe(struct bpf_program *program, const char *function, uint64_t offset,
			     bool on_return, struct shim_link **out)
{
	LIBBPF_OPTS(bpf_kprobe_opts, opts, .offset = offset, .retprobe = on_return);
	const int err = attach_gate_check_function(function, offset);

	return err ? err
		   : shim_link_wrap(bpf_program__attach_kprobe_opts(program, function, &opts), out);
}

static int32_t attach_ksyscall(struct bpf_program *program, const char *name, bool on_return,
			       struct shim_link **out)
{
	LIBBPF_OPTS(bpf_ksyscall_opts, opts, .retprobe = on_return);
	const int err = attach_gate_check_call(name);

	return err ? err : shim_link_wrap(bpf_program__attach_ksyscall(program, name, &opts), out);
}

static int32_t attach_raw_tracepoint(struct bpf_program *program, const char *name,
				     struct shim_link **out)
{
	const int err = attach_gate_check_name(PLACE_RAW_TP, name);

	return err ? err : shim_link_wrap(bpf_program__attach_raw_tracepoint(program, name), out);
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
	err = attach_gate_check_name(PLACE_PERF_EVENT, name);
	if (!err)
		err = attach_gate_check_frequency(frequency);
	if (err)
		return err;
	link = shim_link_new((uint32_t)cpus);
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

/* ---- struct_ops ---------------------------------------------------------------------------- */

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
		err = attach_gate_check_name(PLACE_STRUCT_OPS, name);
	if (err)
		return err;
	return shim_link_wrap(bpf_map__attach_struct_ops(map->map), out);
}

ON_BROKER_2(shim_map__attach, attach_struct_ops, struct shim_map *, struct shim_link **);
