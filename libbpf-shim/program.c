// SPDX-License-Identifier: MIT
/* Programs and how they are attached. */
#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

const char *shim_program__name(struct shim_program *program)
{
	return bpf_program__name(program->program);
}

const char *shim_program__section(struct shim_program *program)
{
	return bpf_program__section_name(program->program);
}

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

/* The number that perf_event_open(2) knows a tracepoint by: the content of its `id` file. */
static int tracepoint_id(int tracefs, const char *path)
{
	char name[512], digits[32], *end;
	ssize_t length;
	long id;
	int fd;

	if (strstr(path, "..") ||
	    (size_t)snprintf(name, sizeof(name), "events/%s/id", path) >= sizeof(name))
		return -EINVAL;
	fd = openat(tracefs, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	length = read(fd, digits, sizeof(digits) - 1);
	close(fd);
	if (length <= 0)
		return -EIO;
	digits[length] = '\0';
	id = strtol(digits, &end, 10);
	return end == digits || id < 0 || id > INT32_MAX ? -EIO : (int)id;
}

static int attach_tracepoint_unmounted(struct bpf_program *program, const char *path,
				       struct bpf_link **out)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr)};
	int tracefs, id, event;
	struct bpf_link *link;

	tracefs = shim_tracefs_open_unmounted();
	if (tracefs < 0)
		return tracefs;
	id = tracepoint_id(tracefs, path);
	close(tracefs);
	if (id < 0)
		return id;
	attr.config = (uint64_t)id;
	/* On CPU 0, of any process: a tracepoint's program runs on every CPU all the same. */
	event = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
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

int32_t shim_program__attach(struct shim_program *program, struct shim_link **out)
{
	const char *path = tracepoint_path(bpf_program__section_name(program->program));
	struct bpf_link *link = NULL;

	if (path && !shim_tracefs_is_mounted()) {
		int err = attach_tracepoint_unmounted(program->program, path, &link);

		if (err)
			return err;
	} else {
		link = bpf_program__attach(program->program);
		if (!link)
			return -errno;
	}
	/* The caller's opaque name for libbpf's opaque link. */
	*out = (struct shim_link *)link;
	return 0;
}

void shim_link__free(struct shim_link *link)
{
	bpf_link__destroy((struct bpf_link *)link);
}
