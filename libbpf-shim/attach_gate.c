// SPDX-License-Identifier: MIT
/*
 * Gates of attaching.
 *
 * attach.c asks before it hands a program to libbpf, with what it opened. Here the system calls
 * that libbpf makes are looked at once more, as the kernel gets them: the linker puts
 * shim_library_syscall() in the place of its syscall(2) (third_party/libbpf/symbols.json). So what
 * libbpf attaches by itself, by the name of a section, passes the same rules.
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attach_gate.h"
#include "broker.h"
#include "budget.h"
#include "internal.h"
#include "permissions.h"
#include "probe.h"

/* Newer than the headers of some fallback libbpf versions. */
enum newer_attach_type {
	KPROBE_SESSION = 56,
	UPROBE_SESSION = 57,
	FSESSION = 58,
};

static _Thread_local struct attaching *in_progress;

void attach_gate_begin(struct attaching *attaching, const struct shim_object *object)
{
	*attaching = (struct attaching){.rules = object->attach_rules, .before = in_progress};
	in_progress = attaching;
}

void attach_gate_end(struct attaching *attaching)
{
	in_progress = (struct attaching *)attaching->before;
	kernel_functions_forget();
}

void attach_gate_set_probe(const char *probe)
{
	if (in_progress)
		in_progress->probe = probe;
}

void attach_gate_set_tracepoint(const char *tracepoint)
{
	if (in_progress)
		in_progress->tracepoint = tracepoint;
}

int attach_gate_check(const struct place *place)
{
	if (gate_is_off(GATE_ATTACH) || !in_progress)
		return 0;
	return attach_rules_refuse(in_progress->rules, place) ? -EPERM : 0;
}

int attach_gate_check_frequency(uint64_t frequency)
{
	if (gate_is_off(GATE_ATTACH) || !in_progress)
		return 0;
	return attach_rules_refuse_frequency(in_progress->rules, frequency) ? -EPERM : 0;
}

/* ---- tracepoints -------------------------------------------------------------------------------
 */

static int read_number(int directory, const char *name)
{
	char digits[32], *end;
	ssize_t length;
	long number;
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	length = read(fd, digits, sizeof(digits) - 1);
	close(fd);
	if (length <= 0)
		return -EIO;
	digits[length] = '\0';
	number = strtol(digits, &end, 10);
	return end == digits || number < 0 || number > INT32_MAX ? -EIO : (int)number;
}

static int number_below(int tracefs, const char *path)
{
	char name[PATH_MAX];

	if ((size_t)snprintf(name, sizeof(name), "events/%s/id", path) >= sizeof(name))
		return -EINVAL;
	return read_number(tracefs, name);
}

static int32_t find_tracepoint(void *path)
{
	int tracefs = shim_file_system_open("tracefs");
	int number;

	if (tracefs < 0)
		return tracefs;
	number = number_below(tracefs, path);
	close(tracefs);
	return number;
}

int attach_tracepoint_id(const char *path)
{
	return shim_broker_run(find_tracepoint, (void *)path);
}

struct visit {
	const char *name;
	int number;
	bool (*visit)(const char *path, void *context);
	void *context;
};

static bool visit_category(int tracefs, const char *category, const struct visit *visit)
{
	char path[2 * NAME_MAX + 16];
	bool is_done = false;
	const struct dirent *entry;
	DIR *directory;
	int fd;

	snprintf(path, sizeof(path), "events/%s", category);
	fd = openat(tracefs, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory = fd < 0 ? NULL : fdopendir(fd);
	if (!directory) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!is_done && (entry = readdir(directory))) {
		snprintf(path, sizeof(path), "%s/%s", category, entry->d_name);
		if (entry->d_name[0] == '.' || entry->d_type == DT_REG ||
		    (visit->name && strcmp(visit->name, entry->d_name)) ||
		    (visit->number >= 0 && number_below(tracefs, path) != visit->number))
			continue;
		is_done = visit->visit(path, visit->context);
	}
	closedir(directory);
	return is_done;
}

static int32_t visit_all(void *argument)
{
	const int tracefs = shim_file_system_open("tracefs");
	const struct dirent *entry;
	bool is_done = false;
	DIR *directory;
	int fd;

	if (tracefs < 0)
		return 0;
	fd = openat(tracefs, "events", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory = fd < 0 ? NULL : fdopendir(fd);
	while (directory && !is_done && (entry = readdir(directory))) {
		if (entry->d_name[0] != '.')
			is_done = visit_category(tracefs, entry->d_name, argument);
	}
	if (directory)
		closedir(directory);
	else if (fd >= 0)
		close(fd);
	close(tracefs);
	return is_done;
}

bool attach_visit_tracepoints(const char *name, int number,
			      bool (*visit)(const char *path, void *context), void *context)
{
	struct visit all = {name, number, visit, context};

	return shim_broker_run(visit_all, &all) > 0;
}

/* ---- perf_event_open(2)
 * -------------------------------------------------------------------------- */

/* The kernel's number of a dynamic event source, or -1. */
static int source_type(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", name);
	return read_number(AT_FDCWD, path);
}

static bool keep_path(const char *path, void *context)
{
	snprintf(context, NAME_MAX * 2, "%s", path);
	return true;
}

static bool refuse_tracepoint(const struct shim_attach_rules *rules, uint64_t number)
{
	const char *given = in_progress->tracepoint;
	char found[NAME_MAX * 2] = "";
	struct place place = {.kind = PLACE_TP, .name = found};

	if (!rules)
		return false;
	if (given && number == (uint64_t)attach_tracepoint_id(given))
		place.name = given;
	else if (number > INT32_MAX ||
		 !attach_visit_tracepoints(NULL, (int)number, keep_path, found))
		place.name = NULL;
	return attach_rules_refuse(rules, &place);
}

static bool refuse_breakpoints(const struct shim_attach_rules *rules, const char *path,
			       const unsigned long *offsets, size_t count)
{
	struct place place = {.kind = in_progress->probe ? PLACE_USDT : PLACE_UPROBE,
			      .name = in_progress->probe,
			      .offsets = offsets,
			      .count = count};
	bool is_refused;

	if (!rules)
		return false;
	place.fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	is_refused = place.fd < 0 || attach_rules_refuse(rules, &place);
	if (place.fd >= 0)
		close(place.fd);
	return is_refused;
}

static bool refuse_other_event(const struct shim_attach_rules *rules,
			       const struct perf_event_attr *attr)
{
	char name[64];
	struct place place = {.kind = PLACE_PERF_EVENT, .name = name};

	/* Output of eBPF programs: perf event arrays, which run no program. */
	if (attr->type == PERF_TYPE_SOFTWARE && attr->config == PERF_COUNT_SW_BPF_OUTPUT)
		return false;
	snprintf(name, sizeof(name), "%u:%llu", attr->type, (unsigned long long)attr->config);
	return attach_rules_refuse(rules, &place) ||
	       (attr->freq && attach_rules_refuse_frequency(rules, attr->sample_freq));
}

static bool refuse_event(const struct perf_event_attr *attr)
{
	const struct shim_attach_rules *rules;

	if (shim_is_probing())
		return false;
	/* libbpf opens events for what it attaches only; the others are the shim's own. */
	if (!in_progress)
		return !(attr->type == PERF_TYPE_SOFTWARE &&
			 attr->config == PERF_COUNT_SW_BPF_OUTPUT);
	rules = in_progress->rules;
	if (attr->type == PERF_TYPE_TRACEPOINT)
		return refuse_tracepoint(rules, attr->config);
	if (attr->type >= PERF_TYPE_MAX && (int)attr->type == source_type("kprobe")) {
		const struct place place = {.kind = PLACE_KPROBE,
					    .name = (const char *)(uintptr_t)attr->config1};

		return attach_rules_refuse(rules, &place);
	}
	if (attr->type >= PERF_TYPE_MAX && (int)attr->type == source_type("uprobe")) {
		const unsigned long offset = attr->config2;

		return refuse_breakpoints(rules, (const char *)(uintptr_t)attr->config1, &offset,
					  1);
	}
	return refuse_other_event(rules, attr);
}

bool attach_gate_refuse_socket(int interface)
{
	const struct place place = {.kind = PLACE_SOCKET, .interface = (uint32_t)interface};

	return !gate_is_off(GATE_SYSTEM_CALL) &&
	       (!in_progress || attach_rules_refuse(in_progress->rules, &place));
}

/* ---- bpf(2)
 * -------------------------------------------------------------------------------------- */

/* The name of what a loaded program is for: a function, tracepoint, hook or iterator. */
static int hooked_name(int program, uint32_t *type, char name[FUNCTION_NAME_SIZE])
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);

	if (bpf_prog_get_info_by_fd(program, &info, &size))
		return -errno;
	*type = info.type;
	return kernel_types_name(info.attach_btf_obj_id, (int32_t)info.attach_btf_id, name);
}

static const char *without_prefix(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) ? name : name + strlen(prefix);
}

static bool refuse_hook(const struct shim_attach_rules *rules, int program)
{
	char name[FUNCTION_NAME_SIZE];
	struct place place = {.kind = PLACE_FENTRY, .name = name};
	uint32_t type = 0;

	if (!rules)
		return false;
	if (hooked_name(program, &type, name))
		return true;
	if (type == BPF_PROG_TYPE_LSM) {
		place.kind = PLACE_LSM;
		place.name = without_prefix(name, "bpf_lsm_");
	} else if (!strncmp(name, "btf_trace_", 10)) {
		place.kind = PLACE_TP_BTF;
		place.name = name + 10;
	} else if (!strncmp(name, "bpf_iter_", 9)) {
		place.kind = PLACE_ITER;
		place.name = name + 9;
	}
	return attach_rules_refuse(rules, &place);
}

int attach_gate_check_hook(int program)
{
	if (gate_is_off(GATE_ATTACH) || !in_progress)
		return 0;
	return refuse_hook(in_progress->rules, program) ? -EPERM : 0;
}

int attach_structure_name(int map, char name[FUNCTION_NAME_SIZE])
{
	static const char prefix[] = "bpf_struct_ops_";
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	int err;

	if (bpf_map_get_info_by_fd(map, &info, &size))
		return -errno;
	err = kernel_types_name(info.btf_vmlinux_id, (int32_t)info.btf_vmlinux_value_type_id, name);
	if (!err && !strncmp(name, prefix, sizeof(prefix) - 1))
		memmove(name, name + sizeof(prefix) - 1, strlen(name) - sizeof(prefix) + 2);
	return err;
}

static bool refuse_structure(const struct shim_attach_rules *rules, int map)
{
	char name[FUNCTION_NAME_SIZE];
	struct place place = {.kind = PLACE_STRUCT_OPS, .name = name};

	if (!rules)
		return false;
	if (attach_structure_name(map, name))
		return true;
	return attach_rules_refuse(rules, &place);
}

/* Looks the names of kernel functions up by their addresses, where libbpf has only these. */
static bool refuse_addresses(const struct shim_attach_rules *rules, const uint64_t *addresses,
			     uint32_t count)
{
	FILE *symbols = addresses ? fopen("/proc/kallsyms", "re") : NULL;
	char line[FUNCTION_NAME_SIZE + 64], name[FUNCTION_NAME_SIZE];
	bool *is_found = calloc(count ? count : 1, sizeof(*is_found));
	bool is_refused = !symbols || !is_found;
	unsigned long long address;

	while (!is_refused && fgets(line, sizeof(line), symbols)) {
		const struct place place = {.kind = PLACE_KPROBE, .name = name};

		if (sscanf(line, "%llx %*c %511s", &address, name) != 2)
			continue;
		for (uint32_t i = 0; i < count && !is_refused; i++) {
			if (addresses[i] != address)
				continue;
			is_found[i] = true;
			is_refused = attach_rules_refuse(rules, &place);
		}
	}
	for (uint32_t i = 0; i < count && !is_refused; i++)
		is_refused = !is_found[i];
	free(is_found);
	if (symbols)
		fclose(symbols);
	return is_refused;
}

/* Functions by names or addresses: each is a place. */
static bool refuse_functions(const struct shim_attach_rules *rules, const union bpf_attr *attr)
{
	const uint32_t count = attr->link_create.kprobe_multi.cnt;
	const char *const *names = (const void *)(uintptr_t)attr->link_create.kprobe_multi.syms;
	const uint64_t *addresses = (const void *)(uintptr_t)attr->link_create.kprobe_multi.addrs;

	if (!rules)
		return false;
	if (!names)
		return refuse_addresses(rules, addresses, count);
	for (uint32_t i = 0; i < count; i++) {
		const struct place place = {.kind = PLACE_KPROBE, .name = names[i]};

		if (attach_rules_refuse(rules, &place))
			return true;
	}
	return false;
}

static bool refuse_netfilter(const struct shim_attach_rules *rules, const union bpf_attr *attr)
{
	char name[64];
	const struct place place = {.kind = PLACE_NETFILTER, .name = name};

	snprintf(name, sizeof(name), "%u:%u:%d", attr->link_create.netfilter.pf,
		 attr->link_create.netfilter.hooknum, attr->link_create.netfilter.priority);
	return attach_rules_refuse(rules, &place);
}

static bool refuse_link(const union bpf_attr *attr)
{
	const int target = (int)attr->link_create.target_fd;
	const struct shim_attach_rules *rules;
	struct place place = {.interface = (uint32_t)target, .fd = target};

	if (shim_is_probing())
		return false;
	if (!in_progress)
		return true;
	rules = in_progress->rules;
	switch ((uint32_t)attr->link_create.attach_type) {
	case BPF_XDP:
		place.kind = PLACE_XDP;
		break;
	case BPF_TCX_INGRESS:
	case BPF_TCX_EGRESS:
		place.kind = PLACE_TC;
		break;
	case BPF_NETKIT_PRIMARY:
	case BPF_NETKIT_PEER:
		place.kind = PLACE_NETKIT;
		break;
	case BPF_SK_LOOKUP:
	case BPF_FLOW_DISSECTOR:
		place.kind = PLACE_NETNS;
		break;
	case BPF_NETFILTER:
		return refuse_netfilter(rules, attr);
	case BPF_PERF_EVENT:
		/* The event was checked when it was opened. */
		return false;
	case BPF_TRACE_KPROBE_MULTI:
	case KPROBE_SESSION:
		return refuse_functions(rules, attr);
	case BPF_TRACE_UPROBE_MULTI:
	case UPROBE_SESSION:
		return refuse_breakpoints(
		    rules, (const char *)(uintptr_t)attr->link_create.uprobe_multi.path,
		    (const unsigned long *)(uintptr_t)attr->link_create.uprobe_multi.offsets,
		    attr->link_create.uprobe_multi.cnt);
	case BPF_TRACE_RAW_TP:
	case BPF_TRACE_FENTRY:
	case BPF_TRACE_FEXIT:
	case FSESSION:
	case BPF_MODIFY_RETURN:
	case BPF_LSM_MAC:
	case BPF_TRACE_ITER:
		return refuse_hook(rules, (int)attr->link_create.prog_fd);
	case BPF_STRUCT_OPS:
		return refuse_structure(rules, (int)attr->link_create.map_fd);
	case BPF_CGROUP_INET_INGRESS ... BPF_CGROUP_SOCK_OPS:
	case BPF_CGROUP_DEVICE:
	case BPF_CGROUP_INET4_BIND ... BPF_CGROUP_UDP6_SENDMSG:
	case BPF_CGROUP_SYSCTL ... BPF_CGROUP_SETSOCKOPT:
	case BPF_CGROUP_INET4_GETPEERNAME ... BPF_CGROUP_INET6_GETSOCKNAME:
	case BPF_CGROUP_INET_SOCK_RELEASE:
	case BPF_LSM_CGROUP:
	case BPF_CGROUP_UNIX_CONNECT ... BPF_CGROUP_UNIX_GETSOCKNAME:
		place.kind = PLACE_CGROUP;
		break;
	default:
		shim_log_add("a link of attach type %u is refused\n",
			     attr->link_create.attach_type);
		return true;
	}
	return attach_rules_refuse(rules, &place);
}

static bool refuse_raw_tracepoint(const union bpf_attr *attr)
{
	const char *name = (const char *)(uintptr_t)attr->raw_tracepoint.name;
	const struct place place = {.kind = PLACE_RAW_TP, .name = name};

	if (shim_is_probing())
		return false;
	if (!in_progress)
		return true;
	return name ? attach_rules_refuse(in_progress->rules, &place)
		    : refuse_hook(in_progress->rules, (int)attr->raw_tracepoint.prog_fd);
}

static bool refuse_command(int command, const union bpf_attr *attr)
{
	switch (command) {
	case BPF_PROG_LOAD:
		return program_load_refuses(attr);
	case BPF_MAP_CREATE:
		return map_create_refuses(attr);
	case BPF_LINK_CREATE:
		return refuse_link(attr);
	case BPF_RAW_TRACEPOINT_OPEN:
		return refuse_raw_tracepoint(attr);
	case BPF_OBJ_PIN:
	case BPF_OBJ_GET:
	case BPF_PROG_ATTACH:
	case BPF_PROG_TEST_RUN:
	case BPF_LINK_UPDATE:
	case BPF_PROG_GET_FD_BY_ID:
	case BPF_LINK_GET_FD_BY_ID:
		/* Nothing here needs them: pins, programs and links of others, runs by hand. */
		return !shim_is_probing();
	default:
		return false;
	}
}

/* Arguments of the calls that libbpf makes; reading more would read the caller's stack. */
static int argument_count(long number)
{
	switch (number) {
	case SYS_memfd_create:
		return 2;
	case SYS_bpf:
		return 3;
	default:
		return 5;
	}
}

long shim_library_syscall(long number, ...)
{
	unsigned long arguments[6] = {0};
	bool is_refused = false;
	va_list list;

	va_start(list, number);
	for (int i = 0, count = argument_count(number); i < count; i++)
		arguments[i] = va_arg(list, unsigned long);
	va_end(list);
	if (number == SYS_bpf)
		is_refused = refuse_command((int)arguments[0], (const void *)arguments[1]);
	else if (number == SYS_perf_event_open)
		is_refused = refuse_event((const void *)arguments[0]);
	if (is_refused && !gate_is_off(GATE_SYSTEM_CALL)) {
		errno = EPERM;
		return -1;
	}
	return syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
		       arguments[5]);
}
