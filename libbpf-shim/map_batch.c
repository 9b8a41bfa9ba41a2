// SPDX-License-Identifier: MIT
/* Many elements of a map in one call. */
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <string.h>

#include "internal.h"

/* The guest's arrays, checked, and how many elements there is room for. */
struct batch {
	int fd;
	struct shim_interrupt *interrupt;
	uint32_t key_size;
	uint64_t value_size;
	void *in_token;
	void *out_token;
	uint8_t *keys;
	uint8_t *values;
	uint32_t count;
	uint64_t flags;
};

/* Of one bpf(2) each: some milliseconds. */
#define SINGLES_UNINTERRUPTED 4096

static bool is_lookup(int32_t command)
{
	return command == BPF_MAP_LOOKUP_BATCH || command == BPF_MAP_LOOKUP_AND_DELETE_BATCH;
}

/* Maps without keys have no place to go on from, and no batch operations in the kernel. */
static bool has_keys(const struct batch *batch)
{
	return batch->key_size != 0;
}

static int check_tokens(struct batch *batch, struct shim_memory *memory, uint32_t in_token,
			uint32_t out_token)
{
	/* The kernel keeps a key or the number of a hash bucket there. */
	uint64_t size = batch->key_size > 4 ? batch->key_size : 4;

	batch->in_token = in_token ? shim_memory_at(memory, in_token, size) : NULL;
	batch->out_token = shim_memory_at(memory, out_token, size);
	return !batch->out_token || (in_token && !batch->in_token) ? -EFAULT : 0;
}

static int check_arrays(struct batch *batch, struct shim_memory *memory, uint32_t keys,
			uint32_t values, bool with_values)
{
	/* Neither product can overflow: 32 bits times 32, and times what a per-CPU value may be. */
	uint64_t key_bytes = (uint64_t)batch->count * batch->key_size;
	uint64_t value_bytes;

	if (__builtin_mul_overflow((uint64_t)batch->count, batch->value_size, &value_bytes))
		return -EFAULT;
	batch->keys = shim_memory_at(memory, keys, key_bytes);
	if (has_keys(batch) && !batch->keys)
		return -EFAULT;
	batch->values = with_values ? shim_memory_at(memory, values, value_bytes) : NULL;
	return with_values && !batch->values ? -EFAULT : 0;
}

/* Makes one bpf(2). The kernel returns its progress, unless it refused before the first element. */
static int operate(struct batch *batch, int32_t command)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts, .elem_flags = batch->flags);
	uint32_t room = batch->count;
	int err;

	switch (command) {
	case BPF_MAP_LOOKUP_BATCH:
		err = bpf_map_lookup_batch(batch->fd, batch->in_token, batch->out_token,
					   batch->keys, batch->values, &batch->count, &opts);
		break;
	case BPF_MAP_LOOKUP_AND_DELETE_BATCH:
		err = bpf_map_lookup_and_delete_batch(batch->fd, batch->in_token, batch->out_token,
						      batch->keys, batch->values, &batch->count,
						      &opts);
		break;
	case BPF_MAP_UPDATE_BATCH:
		err = bpf_map_update_batch(batch->fd, batch->keys, batch->values, &batch->count,
					   &opts);
		break;
	default:
		err = bpf_map_delete_batch(batch->fd, batch->keys, &batch->count, &opts);
	}
	if (err && err != -ENOENT && batch->count == room)
		batch->count = 0;
	return err;
}

/*
 * Before 6.14 the kernel gives a lookup up with -EINTR when elements vanish under it: those before
 * them are there, and the batch continues after them. It is not an interrupt of the caller.
 */
static int operate_again(struct batch *batch, int32_t command)
{
	const uint32_t room = batch->count;
	int err = operate(batch, command), ended = 0;

	while (err == -EINTR && !batch->count && !ended) {
		ended = shim_interrupt_take_end(batch->interrupt);
		if (ended)
			break;
		batch->count = room;
		err = operate(batch, command);
	}
	return err == -EINTR && !ended ? 0 : err;
}

/* Pops from a queue or stack, or pushes; adds to a bloom filter. */
static int operate_singly(struct batch *batch, int32_t command)
{
	uint32_t done;
	int err = 0;

	if (command != BPF_MAP_LOOKUP_AND_DELETE_BATCH && command != BPF_MAP_UPDATE_BATCH)
		err = -EOPNOTSUPP;
	for (done = 0; !err && done < batch->count; done += !err) {
		void *value = batch->values + done * batch->value_size;

		if (done && done % SINGLES_UNINTERRUPTED == 0)
			err = shim_interrupt_take_end(batch->interrupt);
		if (err)
			break;
		err = command == BPF_MAP_UPDATE_BATCH
			  ? bpf_map_update_elem(batch->fd, NULL, value, batch->flags)
			  : bpf_map_lookup_and_delete_elem_flags(batch->fd, NULL, value,
								 batch->flags);
	}
	batch->count = done;
	return err;
}

int32_t shim_map__batch(struct shim_map *map, struct shim_interrupt *interrupt,
			struct shim_memory *memory, int32_t command, uint32_t in_token,
			uint32_t out_token, uint32_t keys, uint32_t values, uint32_t count,
			uint32_t flags_low, uint32_t flags_high)
{
	struct batch batch = {.fd = map->fd, .interrupt = interrupt, .key_size = map->key_size};
	void *count_at = shim_memory_at(memory, count, sizeof(uint32_t));
	int err = 0;

	if (command < BPF_MAP_LOOKUP_BATCH || command > BPF_MAP_DELETE_BATCH)
		return -EINVAL;
	if (!count_at)
		return -EFAULT;
	memcpy(&batch.count, count_at, sizeof(batch.count));
	batch.value_size = map->value_size;
	batch.flags = (uint64_t)flags_high << 32 | flags_low;
	if (is_lookup(command) && has_keys(&batch))
		err = check_tokens(&batch, memory, in_token, out_token);
	if (!err)
		err = check_arrays(&batch, memory, keys, values, command != BPF_MAP_DELETE_BATCH);
	if (err)
		return err;
	err = has_keys(&batch) ? operate_again(&batch, command) : operate_singly(&batch, command);
	memcpy(count_at, &batch.count, sizeof(batch.count));
	return shim_bpf_error(err);
}
