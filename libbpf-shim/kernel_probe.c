// SPDX-License-Identifier: MIT
/*
 * Probes of the running kernel: each loads a program that does nothing, and attaches it for a
 * moment where that disturbs nothing. Not for a confined thread.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"
#include "tracing.h"

/* Value that lets packets pass in XDP, and is harmless everywhere else but in LSM hooks. */
#define XDP_PASS_VALUE 2

static int load(enum bpf_prog_type type, enum bpf_attach_type attach, int btf_id, int result)
{
	const struct bpf_insn code[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = result},
	    {.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach,
		    .attach_btf_id = (uint32_t)btf_id);

	return bpf_prog_load(type, "shim_probe", "GPL", code, sizeof(code) / sizeof(code[0]),
			     &options);
}

/* Closes what is open; returns the error or 0. */
static int32_t settle(int program, int attached)
{
	const int32_t err = program < 0 ? program : attached < 0 ? attached : 0;

	if (attached >= 0)
		close(attached);
	if (program >= 0)
		close(program);
	return err;
}

static int open_event(struct perf_event_attr *attr, int program)
{
	int event, err;

	attr->size = sizeof(*attr);
	/* Of this thread alone: nothing else takes the way through the program. */
	event = (int)syscall(SYS_perf_event_open, attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (event < 0)
		return -errno;
	if (!ioctl(event, PERF_EVENT_IOC_SET_BPF, program))
		return event;
	err = -errno;
	close(event);
	return err;
}

static int read_number(int fd)
{
	char text[16];
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length <= 0)
		return -EIO;
	text[length] = '\0';
	return atoi(text);
}

/* Also where tracefs is not mounted, as attaching does. */
static int tracepoint_id(void)
{
	int root = shim_file_system_open("tracefs");
	int id;

	if (root < 0)
		return root;
	id = read_number(openat(root, "events/sched/sched_process_exec/id", O_RDONLY | O_CLOEXEC));
	close(root);
	return id;
}

static int32_t try_tracepoint(void)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT, .sample_period = 1};
	int program = load(BPF_PROG_TYPE_TRACEPOINT, 0, 0, 0);
	int id = tracepoint_id();

	if (program < 0)
		return program;
	if (id < 0)
		return settle(program, id);
	attr.config = (uint64_t)id;
	return settle(program, open_event(&attr, program));
}

static int32_t try_raw_tracepoint(void)
{
	int program = load(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0, 0);

	return settle(program, program < 0
				   ? program
				   : bpf_raw_tracepoint_open("sched_process_exec", program));
}

static int32_t try_probe(const char *source, const char *name, uint64_t offset)
{
	struct perf_event_attr attr = {
	    .config1 = (uint64_t)(uintptr_t)name,
	    .config2 = offset,
	    .sample_period = 1,
	};
	char path[96];
	int type, program;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", source);
	type = read_number(open(path, O_RDONLY | O_CLOEXEC));
	program = load(BPF_PROG_TYPE_KPROBE, 0, 0, 0);
	if (type < 0 || program < 0)
		return program < 0 ? program : settle(program, type);
	attr.type = (uint32_t)type;
	return settle(program, open_event(&attr, program));
}

/* At a function of the C library that hardly any program calls. */
static int32_t try_uprobe(void)
{
	Dl_info info;
	void *function = dlsym(RTLD_DEFAULT, "l64a");

	if (!function || !dladdr(function, &info))
		return -ENOENT;
	return try_probe("uprobe", info.dli_fname,
			 (uint64_t)((uintptr_t)function - (uintptr_t)info.dli_fbase));
}

static int32_t try_btf(enum bpf_prog_type type, enum bpf_attach_type attach, const char *name)
{
	int id = libbpf_find_vmlinux_btf_id(name, attach);
	int program;

	if (id < 0)
		return id;
	program = load(type, attach, id, 0);
	return settle(program, program < 0 ? program : bpf_link_create(program, 0, attach, NULL));
}

static int32_t try_perf_event(void)
{
	struct perf_event_attr attr = {
	    .type = PERF_TYPE_SOFTWARE,
	    .config = PERF_COUNT_SW_CPU_CLOCK,
	    .freq = 1,
	    .sample_freq = 1,
	};
	int program = load(BPF_PROG_TYPE_PERF_EVENT, 0, 0, 0);

	return settle(program, program < 0 ? program : open_event(&attr, program));
}

/* Only loaded: attached to an interface it would see the packets of this machine. */
static int32_t try_xdp(void)
{
	int program = load(BPF_PROG_TYPE_XDP, BPF_XDP, 0, XDP_PASS_VALUE);

	if (program < 0)
		return program;
	close(program);
	return 0;
}

static int32_t try_feature(uint32_t feature)
{
	switch (feature) {
	case SHIM_TRY_TRACEPOINT:
		return try_tracepoint();
	case SHIM_TRY_RAW_TRACEPOINT:
		return try_raw_tracepoint();
	case SHIM_TRY_KPROBE:
		return try_probe("kprobe", "do_exit", 0);
	case SHIM_TRY_UPROBE:
		return try_uprobe();
	case SHIM_TRY_FENTRY:
		/* A function that the kernel has for tests of tracing alone. */
		return try_btf(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "bpf_fentry_test1");
	case SHIM_TRY_TP_BTF:
		return try_btf(BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, "sched_process_exec");
	case SHIM_TRY_ITERATOR:
		return try_btf(BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, "task");
	case SHIM_TRY_LSM:
		return try_btf(BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "syslog");
	case SHIM_TRY_PERF_EVENT:
		return try_perf_event();
	case SHIM_TRY_XDP:
		return try_xdp();
	default:
		return -EINVAL;
	}
}

int32_t shim_kernel__try(uint32_t feature)
{
	const bool was_probing = shim_set_probing(true);
	const int32_t result = try_feature(feature);

	shim_set_probing(was_probing);
	return result;
}

int32_t shim_kernel__has_helper(uint32_t type, uint32_t helper)
{
	const bool was_probing = shim_set_probing(true);
	const int32_t result =
	    libbpf_probe_bpf_helper((enum bpf_prog_type)type, (enum bpf_func_id)helper, NULL);

	shim_set_probing(was_probing);
	return result;
}
