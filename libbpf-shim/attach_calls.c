// SPDX-License-Identifier: MIT
/*
 * Gates of attaching, at the system calls that libbpf makes.
 *
 * attach.c asks before it hands a program to libbpf, with what it opened. Here the system calls
 * are looked at once more, as the kernel gets them: the linker puts shim_library_syscall() in the
 * place of libbpf's syscall(2) (third_party/libbpf/symbols.json). So what libbpf attaches by
 * itself, by the name of a section, passes the same rules.
 */
#include <bpf/bpf.h>
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
#include "budget.h"
#include "internal.h"
#include "permissions.h"
#include "tracefs.h"

/* Newer than the headers of some fallback libbpf versions. */
enum newer_attach_type {
	KPROBE_SESSION = 56,
	UPROBE_SESSION = 57,
	FSESSION = 58,
};

/* Of Linux 6.9; libbpf goes on where it is refused. */
#define TOKEN_CREATE 36

/* ---- perf_event_open(2) -------------------------------------------------------------------------
 */

/* The kernel's number of a dynamic event source, or -1. */
static int source_type(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", name);
	return shim_read_number(AT_FDCWD, path);
}

static bool keep_path(const char *path, void *context)
{
	snprintf(context, NAME_MAX * 2, "%s", path);
	return true;
}

static bool refuse_tracepoint(const struct shim_attach_rules *rules, uint64_t number)
{
	const char *given = attach_in_progress->tracepoint;
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
	struct place place = {.kind = attach_in_progress->probe ? PLACE_USDT : PLACE_UPROBE,
			      .name = attach_in_progress->probe,
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
	if (!attach_in_progress)
		return !(attr->type == PERF_TYPE_SOFTWARE &&
			 attr->config == PERF_COUNT_SW_BPF_OUTPUT);
	rules = attach_in_progress->rules;
	if (attr->type == PERF_TYPE_TRACEPOINT)
		return refuse_tracepoint(rules, attr->config);
	if (attr->type >= PERF_TYPE_MAX && (int)attr->type == source_type("kprobe")) {
		const char *function = (const char *)(uintptr_t)attr->config1;

		/* By an address alone: which function that is in is not looked up. */
		return rules &&
		       (!function || attach_gate_refuses_function(rules, function, attr->config2));
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
	       (!attach_in_progress || attach_rules_refuse(attach_in_progress->rules, &place));
}

/* ---- bpf(2) -------------------------------------------------------------------------------------
 */

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
	if (!attach_in_progress)
		return true;
	rules = attach_in_progress->rules;
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
		return attach_gate_refuses_hook(rules, (int)attr->link_create.prog_fd);
	case BPF_STRUCT_OPS:
		return attach_gate_refuses_structure(rules, (int)attr->link_create.map_fd);
	case BPF_CGROUP_INET_INGRESS ... BPF_CGROUP_SOCK_OPS:
	case BPF_CGROUP_DEVICE:
	case BPF_CGROUP_INET4_BIND ... BPF_CGROUP_UDP6_SENDMSG:
	case BPF_CGROUP_SYSCTL ... BPF_CGROUP_SETSOCKOPT:
	case BPF_CGROUP_INET4_GETPEERNAME ... BPF_CGROUP_INET6_GETSOCKNAME:
	case BPF_CGROUP_INET_SOCK_RELEASE:
	case BPF_CGROUP_UNIX_CONNECT ... BPF_CGROUP_UNIX_GETSOCKNAME:
		place.kind = PLACE_CGROUP;
		break;
	case BPF_LSM_CGROUP:
		if (attach_gate_denies_hook(rules, (int)attr->link_create.prog_fd))
			return true;
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
	if (!attach_in_progress)
		return true;
	return name ? attach_rules_refuse(attach_in_progress->rules, &place)
		    : attach_gate_refuses_hook(attach_in_progress->rules,
					       (int)attr->raw_tracepoint.prog_fd);
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
	/* Maps and types of its own, numbers, facts, statistics: without a gate. */
	case BPF_MAP_LOOKUP_ELEM:
	case BPF_MAP_UPDATE_ELEM:
	case BPF_MAP_DELETE_ELEM:
	case BPF_MAP_GET_NEXT_KEY:
	case BPF_MAP_LOOKUP_AND_DELETE_ELEM:
	case BPF_MAP_LOOKUP_BATCH:
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH:
	case BPF_MAP_UPDATE_BATCH:
	case BPF_MAP_DELETE_BATCH:
	case BPF_MAP_FREEZE:
	case BPF_PROG_BIND_MAP:
	case BPF_ITER_CREATE:
	case BPF_BTF_LOAD:
	case BPF_BTF_GET_FD_BY_ID:
	case BPF_BTF_GET_NEXT_ID:
	case BPF_OBJ_GET_INFO_BY_FD:
	case BPF_PROG_GET_NEXT_ID:
	case BPF_MAP_GET_NEXT_ID:
	case BPF_MAP_GET_FD_BY_ID:
	case BPF_ENABLE_STATS:
	case TOKEN_CREATE:
		return false;
	default:
		/* Pins, programs and links of others, runs by hand, and what newer kernels add. */
		return !shim_is_probing();
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
