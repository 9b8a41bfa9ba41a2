// SPDX-License-Identifier: MIT
/* Statistics of a program's runs and run time. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker.h"
#include "internal.h"

struct shim_stats {
	/*
	 * The kernel counts while it is open; -1 where it counts anyway. This thread's: a run
	 * enables them before it is confined.
	 */
	int fd;
};

/* True if a supervisor holds the statistics, and this process with it. */
static bool is_inherited;

static void release(void *object)
{
	struct shim_stats *stats = object;

	if (stats->fd >= 0)
		close(stats->fd);
	free(stats);
}

static int32_t open_stats(void *unused)
{
	(void)unused;
	return bpf_enable_stats(BPF_STATS_RUN_TIME);
}

/* Reports whether kernel.bpf_stats_enabled is set. */
static int32_t is_enabled_for_all(void *unused)
{
	int fd = open("/proc/sys/kernel/bpf_stats_enabled", O_RDONLY | O_CLOEXEC);
	char digit = '0';

	(void)unused;
	if (fd < 0)
		return false;
	if (read(fd, &digit, 1) != 1)
		digit = '0';
	close(fd);
	return digit == '1';
}

int32_t shim_stats__enable(struct shim_stats **out)
{
	struct shim_stats *stats;
	int fd = shim_broker_open(open_stats, NULL);

	if (fd < 0 && !is_inherited && !shim_broker_run(is_enabled_for_all, NULL))
		return fd;
	stats = calloc(1, sizeof(*stats));
	if (!stats || shim_owned_add(stats, release)) {
		if (fd >= 0)
			close(fd);
		free(stats);
		return -ENOMEM;
	}
	stats->fd = fd;
	*out = stats;
	return 0;
}

int32_t shim_stats__hold(void)
{
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	if (fd < 0)
		return fd;
	return fcntl(fd, F_SETFD, 0) ? -errno : 0;
}

void shim_stats__inherit(void)
{
	DIR *descriptors = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (descriptors && (entry = readdir(descriptors))) {
		char target[32] = "";

		if (readlinkat(dirfd(descriptors), entry->d_name, target, sizeof(target) - 1) < 0)
			continue;
		if (strcmp(target, "anon_inode:bpf-stats"))
			continue;
		fcntl(atoi(entry->d_name), F_SETFD, FD_CLOEXEC);
		is_inherited = true;
	}
	if (descriptors)
		closedir(descriptors);
}

void shim_stats__free(struct shim_stats *stats)
{
	if (!stats)
		return;
	shim_owned_remove(stats);
	release(stats);
}

static int32_t program_stats(struct shim_program *program, void *out)
{
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	int err = bpf_prog_get_info_by_fd(bpf_program__fd(program->program), &info, &size);
	uint64_t counts[3];

	if (err)
		return err;
	counts[0] = info.run_cnt;
	counts[1] = info.run_time_ns;
	counts[2] = info.recursion_misses;
	memcpy(out, counts, sizeof(counts));
	return 0;
}

ON_BROKER_2(shim_program__stats, program_stats, struct shim_program *, void *);
