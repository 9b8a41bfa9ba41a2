// SPDX-License-Identifier: MIT
/* User ring buffers: samples from the guest to its eBPF programs, which drain them. */
#include <bpf/libbpf.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "broker.h"
#include "internal.h"

struct shim_user_ring {
	struct user_ring_buffer *ring;
	/* Readable when a program has drained samples. */
	int epoll_fd;
	struct shim_interrupt *interrupt;
};

static int watch(struct shim_user_ring *ring, int map_fd)
{
	/* By edge: a ring with any room counts as writable, though a sample may want more. */
	struct epoll_event event = {.events = EPOLLOUT | EPOLLET};

	ring->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (ring->epoll_fd < 0)
		return -errno;
	return epoll_ctl(ring->epoll_fd, EPOLL_CTL_ADD, map_fd, &event) ? -errno : 0;
}

static int32_t free_ring(void *ring)
{
	user_ring_buffer__free(ring);
	return 0;
}

/* libbpf asks the kernel for the map's size, which takes more than a map operation. */
static int32_t new_ring(struct shim_user_ring *ring, struct shim_map *map)
{
	ring->ring = user_ring_buffer__new(bpf_map__fd(map->map), NULL);
	return ring->ring ? 0 : -errno;
}

ON_BROKER_2(new_ring_on_broker, new_ring, struct shim_user_ring *, struct shim_map *);

static void release(void *object)
{
	struct shim_user_ring *ring = object;

	shim_broker_run(free_ring, ring->ring);
	if (ring->epoll_fd >= 0)
		close(ring->epoll_fd);
	free(ring);
}

int32_t shim_user_ring__open(struct shim_map *map, struct shim_interrupt *interrupt,
			     struct shim_user_ring **out)
{
	struct shim_user_ring *ring;
	int err;

	if (map->type != BPF_MAP_TYPE_USER_RINGBUF)
		return -EINVAL;
	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	ring->epoll_fd = -1;
	ring->interrupt = interrupt;
	err = new_ring_on_broker(ring, map);
	if (!err)
		err = watch(ring, map->fd);
	if (!err)
		err = shim_owned_add(ring, release);
	if (err) {
		release(ring);
		return err;
	}
	*out = ring;
	return 0;
}

/* Waits for a drain, then forgets that there was one. */
static int wait_for_room(struct shim_user_ring *ring, int64_t timeout_ns)
{
	struct epoll_event event;
	int ready = shim_interrupt_wait(ring->interrupt, ring->epoll_fd, POLLIN, timeout_ns);

	if (ready > 0)
		epoll_wait(ring->epoll_fd, &event, 1, 0);
	return ready;
}

int32_t shim_user_ring__submit(struct shim_user_ring *ring, struct shim_memory *memory,
			       uint32_t offset, uint32_t size, int32_t timeout_ms)
{
	int64_t deadline = timeout_ms > 0 ? shim_now_ns() + (int64_t)timeout_ms * 1000000 : 0;
	const void *source = shim_memory_at(memory, offset, size);

	if (!source)
		return -EFAULT;
	for (;;) {
		void *sample = user_ring_buffer__reserve(ring->ring, size);
		int64_t left = -1;
		int ready;

		if (sample) {
			memcpy(sample, source, size);
			user_ring_buffer__submit(ring->ring, sample);
			return 0;
		}
		if (errno != ENOSPC || !timeout_ms)
			return -errno;
		if (timeout_ms > 0) {
			left = deadline - shim_now_ns();
			if (left <= 0)
				return -ENOSPC;
		}
		ready = wait_for_room(ring, left);
		if (ready < 0)
			return ready;
	}
}

void shim_user_ring__free(struct shim_user_ring *ring)
{
	if (!ring)
		return;
	shim_owned_remove(ring);
	release(ring);
}
