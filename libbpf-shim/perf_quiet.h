/* SPDX-License-Identifier: MIT */
/* Events of a perf event array that do not wake the reader for each record. */
#ifndef LIBBPF_SHIM_PERF_QUIET_H
#define LIBBPF_SHIM_PERF_QUIET_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>

struct perf_quiet_cpu {
	/* The second event, or -1 before its first use. */
	int fd;
	int cpu;
	/* Has sent records with a wake-up each since the last exchange. */
	bool is_busy;
	/* The second event is in the array. */
	bool is_quiet;
};

struct perf_quiet {
	/* Of the thread that libbpf's descriptors belong to. */
	int map_fd;
	struct perf_quiet_cpu *cpus;
	size_t count;
	size_t busy_count, quiet_count;
};

/* Prepares `count` CPUs; opens no event yet. 0 or -ENOMEM. */
int perf_quiet_open(struct perf_quiet *quiet, int map_fd, size_t count);

/* Notes that `cpu`, the buffer's CPU at `index`, has sent a record. */
void perf_quiet_note(struct perf_quiet *quiet, size_t index, int cpu);

/*
 * Makes the events of busy CPUs quiet. Runs where libbpf's descriptors are. 0 or -errno: some CPUs
 * may be quiet then.
 */
int perf_quiet_start(struct perf_quiet *quiet, const struct perf_buffer *buffer);

/*
 * Puts the first events back. Records that were written before have no wake-up: look once more
 * after this. Runs where libbpf's descriptors are. 0 or -errno: some CPUs are still quiet then.
 */
int perf_quiet_end(struct perf_quiet *quiet, const struct perf_buffer *buffer);

/* Closes the second events; call it when the array no longer holds them. */
void perf_quiet_close(struct perf_quiet *quiet);

#endif
