// SPDX-License-Identifier: MIT
/* Links: the owners of what was attached. */
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <unistd.h>

#include "broker.h"
#include "internal.h"
#include "link.h"

static int32_t destroy_link(void *object)
{
	struct shim_link *link = object;

	for (uint32_t i = 0; i < link->count; i++)
		bpf_link__destroy(link->links[i]);
	free(link->links);
	if (link->fd >= 0)
		close(link->fd);
	free(link);
	return 0;
}

/* The descriptors are those of the thread that attached. */
static void release_link(void *object)
{
	shim_broker_run(destroy_link, object);
}

struct shim_link *shim_link_new(uint32_t count)
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

int shim_link_wrap(struct bpf_link *made, struct shim_link **out)
{
	struct shim_link *link;

	if (!made)
		return -errno;
	link = shim_link_new(1);
	if (!link) {
		bpf_link__destroy(made);
		return -ENOMEM;
	}
	link->links[link->count++] = made;
	*out = link;
	return 0;
}

int shim_link_wrap_fd(int fd, struct shim_link **out)
{
	struct shim_link *link;

	if (fd < 0)
		return fd;
	link = shim_link_new(0);
	if (!link) {
		close(fd);
		return -ENOMEM;
	}
	link->fd = fd;
	*out = link;
	return 0;
}
