// SPDX-License-Identifier: MIT
/* Memory that this process may use: of the machine, or of the control groups it is in. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "broker.h"

#define LARGEST_DEFAULT (1ull << 30)

/* One number in a file; UINT64_MAX for "max" and for a file that is not there. */
static uint64_t read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	char text[32] = "";
	uint64_t number = UINT64_MAX;

	if (!file)
		return number;
	if (fgets(text, sizeof(text), file) && *text >= '0' && *text <= '9')
		number = strtoull(text, NULL, 10);
	fclose(file);
	return number;
}

/* The smallest limit of a control group and those it is in. */
static uint64_t smallest(const char *root, char *group, const char *file)
{
	uint64_t least = UINT64_MAX;

	for (;;) {
		char path[PATH_MAX];
		char *end = strrchr(group, '/');
		uint64_t limit;

		if (snprintf(path, sizeof(path), "%s%s/%s", root, group, file) < PATH_MAX) {
			limit = read_number(path);
			least = limit < least ? limit : least;
		}
		if (!end)
			return least;
		*end = 0;
	}
}

/* A line of /proc/self/cgroup: "0::/path", or "N:memory:/path" of version 1. */
static uint64_t limit_of(char *line)
{
	char *names = strchr(line, ':');
	char *group = names ? strchr(names + 1, ':') : NULL;

	if (!group)
		return UINT64_MAX;
	*group++ = 0;
	group[strcspn(group, "\n")] = 0;
	if (!names[1])
		return smallest("/sys/fs/cgroup", group, "memory.max");
	return strstr(names + 1, "memory")
		   ? smallest("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes")
		   : UINT64_MAX;
}

static int32_t read_limits(void *argument)
{
	uint64_t *least = argument;
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX];

	while (file && fgets(line, sizeof(line), file)) {
		const uint64_t limit = limit_of(line);

		*least = limit < *least ? limit : *least;
	}
	if (file)
		fclose(file);
	return 0;
}

uint64_t shim_default_maps_bytes(void)
{
	struct sysinfo info;
	uint64_t memory = UINT64_MAX;

	if (!sysinfo(&info))
		memory = (uint64_t)info.totalram * info.mem_unit;
	shim_broker_run(read_limits, &memory);
	return memory / 4 < LARGEST_DEFAULT ? memory / 4 : LARGEST_DEFAULT;
}
