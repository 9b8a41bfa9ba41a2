// SPDX-License-Identifier: MIT
/*
 * Reads a BPF ring buffer without a call per record. libbpf's consumer calls back for each, and
 * moves past it whatever the callback returns; here a record that does not fit stays where it is.
 *
 * The kernel's layout (Documentation/bpf/ringbuf.rst): a page that user space writes, with the
 * consumer's position; a page that the kernel writes, with the producer's; then the data, mapped
 * twice in a row, so that a record never wraps. A record is { u32 length and two flag bits; u32
 * page offset; payload padded to 8 bytes }, which is our own layout except the second word.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring.h"

/* Space goes back to the kernel after so many bytes: often enough for producers, and in cache. */
#define CHUNK 16384
#define SMALL_RECORD 512
/* Bytes that are copied in one go: four vector registers, then one. */
#define LINE 64
#define WORDS 16
/* So much may be written past a small record. */
#define SPARE WORDS

/* Maps it at addresses of its own. */
static int ring_map(struct ring *ring, uint32_t size)
{
	const int fd = ring->fd;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *consumer, *producer;

	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (consumer == MAP_FAILED)
		return -errno;
	producer = mmap(NULL, page + 2 * (size_t)size, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (producer == MAP_FAILED) {
		int err = -errno;

		munmap(consumer, page);
		return err;
	}
	ring->consumer = consumer;
	ring->producer = producer;
	ring->data = (const uint8_t *)producer + page;
	return 0;
}

int ring_open(struct ring *ring, int fd, uint32_t size)
{
	int err;

	ring->fd = fd;
	ring->mask = (uint64_t)size - 1;
	err = ring_map(ring, size);
	if (err)
		return err;
	ring->own_cursor = *ring->consumer;
	ring->cursor = &ring->own_cursor;
	return 0;
}

void ring_close(struct ring *ring)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	/* A memory that still shows it is unmapped by its owner, or is by now. */
	if (!ring->consumer || ring->shown)
		return;
	munmap(ring->consumer, page);
	munmap((void *)ring->producer, page + 2 * (size_t)(ring->mask + 1));
	ring->consumer = NULL;
}

/* Puts empty pages in the place of the ring's, in a memory that others use. */
static void clear_pages(uint8_t *memory, size_t size)
{
	mmap(memory, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

int ring_show(struct ring *ring, uint8_t *memory, uint64_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), data = (size_t)ring->mask + 1;
	uint64_t *state;

	if ((uintptr_t)memory % page || size < 3 * page + 2 * (uint64_t)data)
		return -EINVAL;
	if (mmap(memory, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ring->fd, 0) ==
		MAP_FAILED ||
	    mmap(memory + page, page + 2 * data, PROT_READ, MAP_SHARED | MAP_FIXED, ring->fd,
		 (off_t)page) == MAP_FAILED) {
		int err = -errno;

		clear_pages(memory, 2 * page + 2 * data);
		return err;
	}
	/* One mapping is enough: a second one counts as resident once more. */
	munmap(ring->consumer, page);
	munmap((void *)ring->producer, page + 2 * data);
	ring->shown = memory;
	ring->consumer = (uint64_t *)memory;
	ring->producer = (const uint64_t *)(memory + page);
	ring->data = memory + 2 * page;
	state = (uint64_t *)(memory + 2 * page + 2 * data);
	memset(state, 0, page);
	*state = *ring->cursor;
	ring->cursor = state;
	return (int)page;
}

void ring_hide(struct ring *ring)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!ring->shown)
		return;
	ring->own_cursor = *ring->cursor;
	ring->cursor = &ring->own_cursor;
	clear_pages(ring->shown, 2 * page + 2 * (size_t)(ring->mask + 1));
	ring->shown = NULL;
	ring->consumer = NULL;
	/* For the stage, or to be closed; without memory, the ring has no more records. */
	ring_map(ring, (uint32_t)(ring->mask + 1));
}

bool ring_has_records(const struct ring *ring)
{
	return ring->consumer && *ring->cursor < __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
}

void ring_release(struct ring *ring)
{
	if (!ring->consumer)
		return;
	__atomic_store_n(ring->consumer, *ring->cursor, __ATOMIC_RELEASE);
}

/* The header of the record at this address. */
static uint32_t header_of(const uint8_t *record)
{
	/* Pairs with the kernel's commit: a complete record can be read. */
	return __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
}

/* The second word is the kernel's own business in the ring, and the CPU's number here. */
static void write_header(uint8_t *to, uint32_t length)
{
	/* In one go, as it is read: both words in the order of a little-endian machine. */
	const uint64_t header = length;

	memcpy(to, &header, RECORD_HEADER);
}

/* Words in line beat a call of memcpy(3), and may write a little too far. */
static void copy_small(uint8_t *to, const uint8_t *from, uint64_t size)
{
	uint64_t at = RECORD_HEADER;

	for (; at + LINE <= size; at += LINE)
		memcpy(to + at, from + at, LINE);
	for (; at < size; at += WORDS)
		memcpy(to + at, from + at, WORDS);
}

static void refuse_record(struct batch *batch, uint32_t length)
{
	const uint32_t header[2] = {length, 0};

	memcpy(batch->to, header, sizeof(header));
	batch->too_long = 1;
}

uint64_t ring_end(const struct ring *ring)
{
	return __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
}

uint64_t ring_position(const struct ring *ring)
{
	return *ring->cursor;
}

bool ring_is_lean(const struct ring *ring, uint64_t end)
{
	uint64_t position = *ring->cursor;
	uint32_t length;

	if (position >= end)
		return true;
	length = header_of(ring->data + (position & ring->mask)) &
		 ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
	return position + record_size(length) >= end;
}

/* Gives space back to the kernel now and then; the position up to which it has it. */
static uint64_t release_chunk(const struct ring *ring, uint64_t position, uint64_t released)
{
	if (position - released < CHUNK)
		return released;
	__atomic_store_n(ring->consumer, position, __ATOMIC_RELEASE);
	return position;
}

void ring_take(struct ring *ring, struct batch *batch)
{
	/* Copies: for the compiler, a byte that is written to the batch may be part of any field.
	 */
	uint8_t *const to = batch->to;
	const uint8_t *const data = ring->data;
	const uint64_t mask = ring->mask, capacity = batch->capacity;
	uint64_t position, end, released, used = batch->used, count = 0;

	if (!ring->consumer)
		return;
	position = released = *ring->cursor;
	end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);

	while (position < end) {
		const uint8_t *from = data + (position & mask);
		const uint32_t header = header_of(from);
		const uint32_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		const uint64_t size = record_size(length);
		const bool is_discarded = header & BPF_RINGBUF_DISCARD_BIT;

		if (header & BPF_RINGBUF_BUSY_BIT)
			break;
		if (!is_discarded && size > capacity - used) {
			if (!used)
				refuse_record(batch, length);
			break;
		}
		if (is_discarded || size > SMALL_RECORD || size + SPARE > capacity - used) {
			if (!is_discarded) {
				write_header(to + used, length);
				memcpy(to + used + RECORD_HEADER, from + RECORD_HEADER,
				       size - RECORD_HEADER);
				used += size;
				count++;
			}
			position += size;
			released = release_chunk(ring, position, released);
			continue;
		}
		/*
		 * A run of records of one size: from each, the processor goes on to the next
		 * without the header, which it compares when that has come from memory. A loop that
		 * takes the size from the header waits for memory at each record.
		 */
		do {
			write_header(to + used, length);
			copy_small(to + used, data + (position & mask), size);
			used += size;
			count++;
			position += size;
			released = release_chunk(ring, position, released);
		} while (position < end && size + SPARE <= capacity - used &&
			 header_of(data + (position & mask)) == header);
	}
	batch->used = used;
	batch->count += count;
	*ring->cursor = position;
	ring_release(ring);
}
