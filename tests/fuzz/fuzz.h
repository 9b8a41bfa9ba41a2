/* SPDX-License-Identifier: MIT */
/* Fuzz of eBPF objects: shared by the mutator, the stand-in for bpf(2) and the driver. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* splitmix64. An input depends only on the seed and its index, so it can be reproduced. */
struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Returns a number below `limit`; 0 for a limit of 0. */
static inline uint32_t random_below(struct random *random, uint32_t limit)
{
	return limit ? (uint32_t)(random_next(random) % limit) : 0;
}

/* An ELF file. */
struct object {
	uint8_t *bytes;
	size_t size;
};

/* Returns a changed copy of one of `count` objects, to be freed by the caller. */
struct object mutate(const struct object *corpus, size_t count, struct random *random);

/* Selects the kernel or the stand-in to handle bpf(2) for the next input. */
void kernel_use(bool is_real, uint64_t seed);

/* Reads the kernel's types once, and the stand-in's from an object; false if it has none. */
bool kernel_read_types(const char *path);

#endif
