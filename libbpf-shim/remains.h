/* SPDX-License-Identifier: MIT */
/* Parts of a run that stay in the kernel after everything of it was closed; see remains.c. */
#ifndef LIBBPF_SHIM_REMAINS_H
#define LIBBPF_SHIM_REMAINS_H

#include "internal.h"

/* TCP_CA_NAME_MAX of the kernel, with its NUL. */
#define SHIM_CONGESTION_SIZE 16

/* Remembers the struct_ops maps of a loaded object, before it is closed. On the broker's thread. */
void shim_remains_note(const struct bpf_object *object);

/* Users of a TCP congestion control, in all network namespaces that can be reached. */
struct shim_congestion_users {
	/* Sockets that were given another one. */
	uint32_t restored;
	/* Sockets that still have it: of no process, or of one that cannot be reached. */
	uint32_t left;
};

/*
 * Gives sockets that use a congestion control their namespace's default in its place, and
 * namespaces whose default it is another default. Ends after `deadline_ns` of CLOCK_MONOTONIC, with
 * what was done by then.
 */
void shim_congestion_restore(const char *name, int64_t deadline_ns,
			     struct shim_congestion_users *users);

/*
 * Finds each socket of each process that uses it, also MPTCP's and those in namespaces without a
 * process. Duplicates each socket, so it comes second. Adds to `users`.
 */
void shim_congestion_restore_rest(const char *name, int64_t deadline_ns,
				  struct shim_congestion_users *users);

#endif
