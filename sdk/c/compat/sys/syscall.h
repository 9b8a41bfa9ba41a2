/* SPDX-License-Identifier: MIT */
/* The one system call that programs on libbpf make themselves: perf_event_open(2). */
#ifndef WASM_BPF_COMPAT_SYS_SYSCALL_H
#define WASM_BPF_COMPAT_SYS_SYSCALL_H

#include <linux/perf_event.h>

#include <bpf/libbpf_descriptors.h>

#ifdef __cplusplus
extern "C" {
#endif

#define __NR_perf_event_open 298
#define SYS_perf_event_open __NR_perf_event_open

/**
 * @brief Notes an event, which the host opens when a program is attached to it: what the machine
 * has not is refused then.
 * @return a descriptor for bpf_program__attach_perf_event(); -1 with EOPNOTSUPP for events of one
 *         process, of groups, by period, and of types other than hardware, software and raw
 */
static inline long libbpf_wasm_perf_event_open(const struct perf_event_attr *attr, int pid, int cpu,
					       int group_fd)
{
	const char *type = attr->type == PERF_TYPE_HARDWARE   ? "hardware"
			   : attr->type == PERF_TYPE_SOFTWARE ? "software"
			   : attr->type == PERF_TYPE_RAW      ? "raw"
							      : NULL;
	struct libbpf_wasm_descriptor *event;
	char target[96];

	if (!type || pid != -1 || cpu < 0 || group_fd != -1 || !attr->freq || !attr->sample_freq) {
		errno = EOPNOTSUPP;
		return -1;
	}
	snprintf(target, sizeof(target), "%s:%llu@%llu:%d", type, attr->config, attr->sample_freq,
		 cpu);
	event = libbpf_wasm_descriptor__new(LIBBPF_WASM_PERF_EVENT, -1, target);
	if (event)
		return event->fd;
	errno = ENOMEM;
	return -1;
}

/** @brief perf_event_open(2) as above; ENOSYS for other numbers. */
static inline long libbpf_wasm_syscall(long number, ...)
{
	const struct perf_event_attr *attr;
	int pid, cpu, group_fd;
	va_list args;

	if (number != __NR_perf_event_open) {
		errno = ENOSYS;
		return -1;
	}
	va_start(args, number);
	attr = va_arg(args, const struct perf_event_attr *);
	pid = va_arg(args, int);
	cpu = va_arg(args, int);
	group_fd = va_arg(args, int);
	va_end(args);
	return libbpf_wasm_perf_event_open(attr, pid, cpu, group_fd);
}
#define syscall(...) libbpf_wasm_syscall(__VA_ARGS__)

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_COMPAT_SYS_SYSCALL_H */
