/* SPDX-License-Identifier: MIT */
/* Tracepoints, as tracefs lists them. */
#ifndef LIBBPF_SHIM_TRACEFS_H
#define LIBBPF_SHIM_TRACEFS_H

#include <stdbool.h>

/* The number of a tracepoint by CATEGORY/NAME, or -errno. */
int attach_tracepoint_id(const char *path);

/*
 * Calls `visit` with CATEGORY/NAME of each tracepoint whose name or number fits, until it returns
 * true; `name` NULL for any. Reports whether one did.
 */
bool attach_visit_tracepoints(const char *name, int number,
			      bool (*visit)(const char *path, void *context), void *context);

/* Reads the decimal number that a file of the kernel has, or -errno. */
int shim_read_number(int directory, const char *name);

#endif
