/* SPDX-License-Identifier: MIT */
/*
 * Ring buffers and perf buffers, by libbpf's names. Events are read in batches and handed to the
 * callback from the guest's own memory, whole whatever their size; what a callback's negative
 * result leaves comes with the next call. Ctrl-C ends a batch after the current event: the next
 * poll is -EINTR, and the rest comes with the one after it.
 */
#ifndef WASM_BPF_LIBBPF_BUFFER_H
#define WASM_BPF_LIBBPF_BUFFER_H

#include "libbpf_reader.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- ring buffers -------------------------------------------------------------------------- */

struct ring_buffer_opts {
	size_t sz;
};

struct ring_buffer {
	struct libbpf_wasm_reader *readers;
};

static inline void ring_buffer__free(struct ring_buffer *rb)
{
	if (!rb)
		return;
	libbpf_wasm_reader__free_all(rb->readers);
	free(rb);
}

/** @brief Adds another map, with a callback of its own. @return 0 or -errno */
static inline int ring_buffer__add(struct ring_buffer *rb, int map_fd,
				   ring_buffer_sample_fn sample_cb, void *ctx)
{
	struct libbpf_wasm_reader **end = &rb->readers;

	while (*end)
		end = &(*end)->next;
	*end = libbpf_wasm_reader__new(map_fd, ctx);
	if (!*end)
		return -errno;
	(*end)->on_sample = sample_cb;
	return 0;
}

/** @brief Events of a map go to a callback. @return NULL with errno set: -EINVAL for another map */
static inline struct ring_buffer *ring_buffer__new(int map_fd, ring_buffer_sample_fn sample_cb,
						   void *ctx, const struct ring_buffer_opts *opts)
{
	struct ring_buffer *rb = LIBBPF_WASM_CAST(struct ring_buffer *, calloc(1, sizeof(*rb)));

	(void)opts;
	if (rb && ring_buffer__add(rb, map_fd, sample_cb, ctx)) {
		free(rb);
		return NULL;
	}
	return rb;
}

/**
 * @brief Waits for events and hands them over.
 * @return how many, 0 on time-out, the callback's result if that was negative, or -EINTR
 */
static inline int ring_buffer__poll(struct ring_buffer *rb, int timeout_ms)
{
	return libbpf_wasm_readers__poll(rb->readers, timeout_ms);
}

/** @brief Hands over what is there, without waiting. */
static inline int ring_buffer__consume(struct ring_buffer *rb)
{
	return libbpf_wasm_readers__consume(rb->readers);
}

/** @brief As ring_buffer__consume(), at most @p n events. */
static inline int ring_buffer__consume_n(struct ring_buffer *rb, size_t n)
{
	return libbpf_wasm_readers__consume_some(rb->readers, n < INT_MAX ? n : INT_MAX);
}

/**
 * @brief Nothing that poll(2) or epoll(7) would wait for: the events come through the host.
 * @return -EOPNOTSUPP; ring_buffer__poll() with a time-out waits
 */
static inline int ring_buffer__epoll_fd(const struct ring_buffer *rb)
{
	(void)rb;
	return libbpf_wasm_fail(EOPNOTSUPP);
}

/* One of a manager's maps; belongs to it. */
struct ring {
	struct libbpf_wasm_reader reader;
};

/** @brief Map number @p idx, in the order of adding. @return NULL with errno ERANGE without one */
static inline struct ring *ring_buffer__ring(struct ring_buffer *rb, unsigned int idx)
{
	struct libbpf_wasm_reader *reader = rb->readers;

	for (; reader && idx; idx--)
		reader = reader->next;
	if (!reader)
		errno = ERANGE;
	return (struct ring *)reader;
}

static inline int ring__map_fd(const struct ring *r)
{
	return r->reader.token;
}

static inline size_t ring__size(const struct ring *r)
{
	struct wasm_bpf_map_info info;

	return wasm_bpf_map_info(r->reader.token, &info) ? 0 : info.max_entries;
}

static inline int ring__consume(struct ring *r)
{
	return libbpf_wasm_reader__consume(&r->reader, INT_MAX);
}

static inline int ring__consume_n(struct ring *r, size_t n)
{
	return libbpf_wasm_reader__consume(&r->reader, n < INT_MAX ? n : INT_MAX);
}

/* ---- user ring buffers (Linux 6.1) ---------------------------------------------------------- */

struct user_ring_buffer_opts {
	size_t sz;
};

/* Samples from the guest to the programs; one sample at a time is reserved. */
struct user_ring_buffer {
	uint64_t object;
	int token;
	int timeout_ms; /* of the reservation that is open */
	void *sample;	/* in the guest's memory until it is submitted */
	__u32 size;
};

static inline struct user_ring_buffer *
user_ring_buffer__new(int map_fd, const struct user_ring_buffer_opts *opts)
{
	struct user_ring_buffer *rb =
	    LIBBPF_WASM_CAST(struct user_ring_buffer *, calloc(1, sizeof(*rb)));
	struct wasm_bpf_map_info info;

	(void)opts;
	if (!rb)
		return NULL;
	rb->token = map_fd;
	rb->object = libbpf_wasm_object_of(map_fd);
	if (wasm_bpf_map_info(map_fd, &info) || info.type != BPF_MAP_TYPE_USER_RINGBUF) {
		free(rb);
		errno = EINVAL;
		return NULL;
	}
	return rb;
}

static inline void user_ring_buffer__free(struct user_ring_buffer *rb)
{
	if (rb)
		free(rb->sample);
	free(rb);
}

/**
 * @brief Memory for a sample, to be submitted or discarded before the next reservation.
 * @return NULL with errno set: EBUSY while another is reserved, ENOMEM. A full ring is an error of
 *         user_ring_buffer__submit() only, printed on stderr: it copies the guest's sample
 */
static inline void *user_ring_buffer__reserve(struct user_ring_buffer *rb, __u32 size)
{
	if (rb->sample) {
		errno = EBUSY;
		return NULL;
	}
	rb->sample = calloc(1, size ? size : 1);
	rb->size = size;
	rb->timeout_ms = 0;
	return rb->sample;
}

/** @brief Reserves a sample whose submission waits for room up to @p timeout_ms, -1 for ever. */
static inline void *user_ring_buffer__reserve_blocking(struct user_ring_buffer *rb, __u32 size,
						       int timeout_ms)
{
	void *sample = user_ring_buffer__reserve(rb, size);

	rb->timeout_ms = timeout_ms;
	return sample;
}

static inline void user_ring_buffer__discard(struct user_ring_buffer *rb, void *sample)
{
	if (!sample || sample != rb->sample)
		return;
	free(rb->sample);
	rb->sample = NULL;
}

/** @brief Hands the sample over; errno is set and stderr has a line when it found no room. */
static inline void user_ring_buffer__submit(struct user_ring_buffer *rb, void *sample)
{
	int err;

	if (!sample || sample != rb->sample)
		return;
	err = wasm_bpf_user_ring_submit(rb->object, rb->token, sample, (int32_t)rb->size,
					rb->timeout_ms);
	user_ring_buffer__discard(rb, sample);
	if (err < 0) {
		libbpf_wasm_result(err);
		fputs("error: Cannot submit a sample to the user ring buffer\n", stderr);
	}
}

/* ---- perf buffers -------------------------------------------------------------------------- */

struct perf_buffer_opts {
	size_t sz;
};

struct perf_buffer {
	struct libbpf_wasm_reader *reader;
};

static inline void perf_buffer__free(struct perf_buffer *pb)
{
	if (!pb)
		return;
	libbpf_wasm_reader__free_all(pb->reader);
	free(pb);
}

/**
 * @brief Events of all CPUs go to a callback.
 * @param page_cnt not looked at: the host chooses
 * @param lost_cb gets the number of events that found no room; its CPU is -1, the host counts them
 * all
 */
static inline struct perf_buffer *perf_buffer__new(int map_fd, size_t page_cnt,
						   perf_buffer_sample_fn sample_cb,
						   perf_buffer_lost_fn lost_cb, void *ctx,
						   const struct perf_buffer_opts *opts)
{
	struct perf_buffer *pb = LIBBPF_WASM_CAST(struct perf_buffer *, calloc(1, sizeof(*pb)));

	(void)page_cnt;
	(void)opts;
	if (!pb)
		return NULL;
	pb->reader = libbpf_wasm_reader__new(map_fd, ctx);
	if (!pb->reader) {
		free(pb);
		return NULL;
	}
	pb->reader->on_perf_sample = sample_cb;
	pb->reader->on_lost = lost_cb;
	return pb;
}

static inline int perf_buffer__poll(struct perf_buffer *pb, int timeout_ms)
{
	return libbpf_wasm_readers__poll(pb->reader, timeout_ms);
}

/** @brief -EOPNOTSUPP, as ring_buffer__epoll_fd(). */
static inline int perf_buffer__epoll_fd(const struct perf_buffer *pb)
{
	(void)pb;
	return libbpf_wasm_fail(EOPNOTSUPP);
}

static inline int perf_buffer__consume(struct perf_buffer *pb)
{
	return libbpf_wasm_readers__consume(pb->reader);
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_BUFFER_H */
