/* SPDX-License-Identifier: MIT */
/*
 * An object with the programs, maps and buffers that EACH_PROGRAM, EACH_MAP and EACH_BUFFER list;
 * scale_N.bpf.c defines them for N programs.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "scale.h"

char LICENSE[] SEC("license") = "GPL";

/* Applies M to p followed by each number of so many digits in base 4. */
#define EACH_1(M, p) M(p##0) M(p##1) M(p##2) M(p##3)
#define EACH_2(M, p) EACH_1(M, p##0) EACH_1(M, p##1) EACH_1(M, p##2) EACH_1(M, p##3)
#define EACH_3(M, p) EACH_2(M, p##0) EACH_2(M, p##1) EACH_2(M, p##2) EACH_2(M, p##3)
#define EACH_4(M, p) EACH_3(M, p##0) EACH_3(M, p##1) EACH_3(M, p##2) EACH_3(M, p##3)

#define MAP(name)                                                                                  \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_HASH);                                                   \
		__uint(max_entries, 16);                                                           \
		__type(key, unsigned int);                                                         \
		__type(value, unsigned long long);                                                 \
	} name SEC(".maps");

#define BUFFER(name)                                                                               \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_RINGBUF);                                                \
		__uint(max_entries, 65536);                                                        \
	} name SEC(".maps");

#define PROGRAM(name)                                                                              \
	SEC("tp/syscalls/sys_enter_getpgid")                                                       \
	int name(void *ctx)                                                                        \
	{                                                                                          \
		return 0;                                                                          \
	}

/* The kernel allows 64 programs on a tracepoint: more guests than that attach this one. */
SEC("tp/syscalls/sys_exit_getpgid")
int other(void *ctx)
{
	return 0;
}

EACH_MAP(MAP, m)
EACH_BUFFER(BUFFER)
EACH_PROGRAM(PROGRAM, p)
