/* SPDX-License-Identifier: MIT */
/* Limits on the kernel resources of a run, and checks of maps before their creation. */
#ifndef LIBBPF_SHIM_BUDGET_H
#define LIBBPF_SHIM_BUDGET_H

#include "internal.h"

/* One run's limits, and what its live objects take of them. */
struct shim_budget {
	struct shim_interrupt *interrupt;
	/* Bytes; 0 for the default, which is looked up when it matters. */
	uint64_t maps_max;
	uint64_t maps_used;
	uint32_t programs_max;
	uint32_t programs_used;
	/* The run's own reference, and one for each object. */
	uint32_t references;
};

/* A map as the kernel is asked for it. */
struct map_shape {
	uint32_t type;
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
	uint32_t flags;
	uint64_t extra;
};

/*
 * Bytes that the kernel takes for a map when it is full, at most UINT64_MAX.
 *
 * @cpus: possible CPUs of this machine
 */
uint64_t map_memory(const struct map_shape *shape, uint32_t cpus);

/*
 * Returns the reason for refusing a map of this shape, or NULL. Holds for maps that libbpf
 * makes, too.
 */
const char *map_shape_refusal(const struct map_shape *shape);

/*
 * Refuses an object with a map whose type or flags are not on the list for what made it: libbpf
 * chooses pointers by them. Logs the map and the reason. 0 or -EINVAL.
 */
int map_rules_check(const struct bpf_object *object);

/*
 * Refuses an object whose maps and programs would go beyond the budget, before any is made. Logs
 * which, and how large. 0, -ENOMEM for maps, -EMFILE for programs.
 */
int budget_check(struct shim_share *share, const struct bpf_object *object);

/* Checks the time, and takes the memory for one map: 0, -EINTR, -ENOMEM. Logs `name`. */
int budget_take_map(struct shim_share *share, const char *name, uint64_t bytes);

void budget_return_map(struct shim_share *share, uint64_t bytes);

/* Checks the time, and takes one program: 0, -EINTR, -EMFILE. Logs `name`. */
int budget_take_program(struct shim_share *share, const char *name);

void budget_return_program(struct shim_share *share);

/* Counts the programs that a load has left, in place of those it took while it went on. */
void budget_settle(struct shim_share *share, const struct bpf_object *object);

/* Gives back all that an object took; its share is empty then. */
void budget_return(struct shim_share *share);

/* The object that this thread loads takes from `share`; NULL for none. */
void budget_use(struct shim_share *share);

/* Possible CPUs of this machine. */
uint32_t budget_cpus(void);

/* The share in use, or NULL: also while libbpf tries what the kernel supports. */
struct shim_share *budget_in_use(void);

#endif
