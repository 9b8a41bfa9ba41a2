// SPDX-License-Identifier: MIT
/* How programs are attached: one function a mechanism, and the link that owns what it made. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

/* ---- link: what an attachment is made of --------------------------------------------------- */

/* Everything here goes with its descriptor, so a killed process leaves nothing attached. */
struct shim_link {
	/* libbpf's own, one for each CPU of a perf event, else one or none. */
	struct bpf_link **links;
	uint32_t count;
	/* A link or socket that libbpf knows nothing of, or -1. */
	int fd;
};

static void release_link(void *object)
{
	struct shim_link *link = object;

	for (uint32_t i = 0; i < link->count; i++)
		bpf_link__destroy(link->links[i]);
	free(link->links);
	if (link->fd >= 0)
		close(link->fd);
	free(link);
}

static struct shim_link *new_link(uint32_t count)
{
	struct shim_link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->fd = -1;
	link->links = calloc(count ? count : 1, sizeof(struct bpf_link *));
	if (link->links && !shim_owned_add(link, release_link))
		return link;
	free(link->links);
	free(link);
	return NULL;
}

void shim_link__free(struct shim_link *link)
{
	if (!link)
		return;
	shim_owned_remove(link);
	release_link(link);
}

/* Takes over one link of libbpf's, or NULL with its errno. */
static int wrap_link(struct bpf_link *made, struct shim_link **out)
{
	struct shim_link *link;

	if (!made)
		return -errno;
	link = new_link(1);
	if (!link) {
		bpf_link__destroy(made);
		return -ENOMEM;
	}
	link->links[link->count++] = made;
	*out = link;
	return 0;
}

/* Takes over a descriptor, or a negative errno. */
static int wrap_fd(int fd, struct shim_link **out)
{
	struct shim_link *link;

	if (fd < 0)
		return fd;
	link = new_link(0);
	if (!link) {
		close(fd);
		return -ENOMEM;
	}
	link->fd = fd;
	*out = link;
	return 0;
}

/* ---- as the section says ------------------------------------------------------------------- */

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
	}
	return wrap_link(link, out);
}

/* ---- to an interface ----------------------------------------------------------------------- */

/* bpf_link_create(), with `target` a descriptor or an interface's number. */
static int create_link(struct shim_program *program, int target, int32_t attach_type,
		       struct shim_link **out)
{
	return wrap_fd(bpf_link_create(bpf_program__fd(program->program), target,
				       (enum bpf_attach_type)attach_type, NULL),
		       out);
}

int32_t shim_program__attach_interface(struct shim_program *program, const char *interface,
				       int32_t attach_type, struct shim_link **out)
{
	unsigned int index = if_nametoindex(interface);

	return index ? create_link(program, (int)index, attach_type, out) : -ENODEV;
}
