// SPDX-License-Identifier: MIT
/* Iterators: attaching one to a map, and reading what it writes. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach_gate.h"
#include "broker.h"
#include "internal.h"
#include "link.h"

/* One pass over what an iterator visits. */
struct shim_iterator {
	int fd;
	struct shim_interrupt *interrupt;
};

static int32_t attach_map_iterator(struct shim_program *program, struct shim_map *map,
				   struct shim_link **out)
{
	ATTACHING(program->object);
	union bpf_iter_link_info info;
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));
	const int err = attach_gate_check_section(program->program);

	/* An initializer leaves the rest as it is, and older kernels, whose union is smaller,
	 * refuse what is not zero with -E2BIG.
	 */
	memset(&info, 0, sizeof(info));
	info.map.map_fd = (uint32_t)bpf_map__fd(map->map);
	return err ? err : shim_link_wrap(bpf_program__attach_iter(program->program, &opts), out);
}

ON_BROKER_3(shim_program__attach_map_iterator, attach_map_iterator, struct shim_program *,
	    struct shim_map *, struct shim_link **);

static void release_iterator(void *object)
{
	struct shim_iterator *iterator = object;

	close(iterator->fd);
	free(iterator);
}

static int32_t create_iterator(void *link)
{
	return bpf_iter_create(bpf_link__fd(link));
}

int32_t shim_iterator__open(struct shim_link *link, struct shim_interrupt *interrupt,
			    struct shim_iterator **out)
{
	struct shim_iterator *iterator;

	if (link->count != 1)
		return -EINVAL;
	iterator = calloc(1, sizeof(*iterator));
	if (!iterator)
		return -ENOMEM;
	iterator->interrupt = interrupt;
	iterator->fd = shim_broker_open(create_iterator, link->links[0]);
	if (iterator->fd < 0) {
		int err = iterator->fd;

		free(iterator);
		return err;
	}
	if (shim_owned_add(iterator, release_iterator)) {
		release_iterator(iterator);
		return -ENOMEM;
	}
	*out = iterator;
	return 0;
}

int32_t shim_iterator__read(struct shim_iterator *iterator, struct shim_memory *memory,
			    uint32_t offset, uint32_t size)
{
	void *to = shim_memory_at(memory, offset, size);

	if (!to)
		return -EFAULT;
	for (;;) {
		ssize_t length = read(iterator->fd, to, size > INT32_MAX ? INT32_MAX : size);
		int taken;

		if (length >= 0)
			return (int32_t)length;
		/* EAGAIN: a million elements went by without a word, or the program asks for this
		 * one again, for ever if it likes.
		 */
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		taken = shim_interrupt_take(iterator->interrupt);
		if (taken)
			return taken;
	}
}

void shim_iterator__free(struct shim_iterator *iterator)
{
	if (!iterator)
		return;
	shim_owned_remove(iterator);
	release_iterator(iterator);
}
