// SPDX-License-Identifier: MIT
/*
 * Quiet events: a second perf event per CPU, which writes to the same ring as the first and wakes
 * the reader only when half of the ring was written. The array's element holds one of the two:
 * exchanging them is one atomic update in the kernel, so no record is lost.
 *
 * A wake-up per record costs the traced program an interrupt each, whether anything waits or not;
 * an event's attributes are fixed when it is opened.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "perf_quiet.h"

int perf_quiet_open(struct perf_quiet *quiet, int map_fd, size_t count)
{
	quiet->cpus = calloc(count, sizeof(*quiet->cpus));
	if (!quiet->cpus)
		return -ENOMEM;
	quiet->map_fd = map_fd;
	quiet->count = count;
	for (size_t i = 0; i < count; i++)
		quiet->cpus[i].fd = -1;
	return 0;
}

void perf_quiet_close(struct perf_quiet *quiet)
{
	for (size_t i = 0; i < quiet->count; i++)
		if (quiet->cpus[i].fd >= 0)
			close(quiet->cpus[i].fd);
	free(quiet->cpus);
	*quiet = (struct perf_quiet){0};
}

static int open_event(struct perf_quiet_cpu *cpu, int first_fd)
{
	struct perf_event_attr attr = {
	    .size = sizeof(attr),
	    .type = PERF_TYPE_SOFTWARE,
	    .config = PERF_COUNT_SW_BPF_OUTPUT,
	    .sample_type = PERF_SAMPLE_RAW,
	    .sample_period = 1,
	};
	int fd, err;

	fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu->cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, first_fd) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0)) {
		err = -errno;
		close(fd);
		return err;
	}
	cpu->fd = fd;
	return 0;
}

void perf_quiet_note(struct perf_quiet *quiet, size_t index, int cpu)
{
	struct perf_quiet_cpu *one = &quiet->cpus[index];

	one->cpu = cpu;
	if (one->is_quiet || one->is_busy)
		return;
	one->is_busy = true;
	quiet->busy_count++;
}

static int put_event(const struct perf_quiet *quiet, int cpu, int fd)
{
	return bpf_map_update_elem(quiet->map_fd, &cpu, &fd, BPF_ANY);
}

int perf_quiet_start(struct perf_quiet *quiet, const struct perf_buffer *buffer)
{
	int err = 0;

	for (size_t i = 0; i < quiet->count && !err; i++) {
		struct perf_quiet_cpu *cpu = &quiet->cpus[i];

		if (!cpu->is_busy)
			continue;
		if (cpu->fd < 0)
			err = open_event(cpu, perf_buffer__buffer_fd(buffer, i));
		if (!err)
			err = put_event(quiet, cpu->cpu, cpu->fd);
		if (err)
			break;
		cpu->is_busy = false;
		cpu->is_quiet = true;
		quiet->busy_count--;
		quiet->quiet_count++;
	}
	return err;
}

int perf_quiet_end(struct perf_quiet *quiet, const struct perf_buffer *buffer)
{
	int result = 0;

	for (size_t i = 0; i < quiet->count; i++) {
		struct perf_quiet_cpu *cpu = &quiet->cpus[i];
		int err;

		cpu->is_busy = false;
		if (!cpu->is_quiet)
			continue;
		err = put_event(quiet, cpu->cpu, perf_buffer__buffer_fd(buffer, i));
		if (err) {
			result = err;
			continue;
		}
		cpu->is_quiet = false;
		quiet->quiet_count--;
	}
	quiet->busy_count = 0;
	return result;
}
