/* SPDX-License-Identifier: MIT */
/* Types, options and errors that the headers with libbpf's names share. */
#ifndef WASM_BPF_LIBBPF_COMMON_H
#define WASM_BPF_LIBBPF_COMMON_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "../wasm_bpf.h"
#include "../wasm_bpf_ext.h"

/* The kernel's names for its integers, and what its <linux/bpf.h> calls things: WASI has neither.
 */
#include "linux_bpf.h"

/*
 * Runs when the host has interrupted a poll or a sleep (Ctrl-C). NULL except in programs that
 * install a handler of SIGINT through sdk/c/compat/signal.h.
 */
__attribute__((weak)) void (*libbpf_wasm_on_interrupt)(void);

static inline void libbpf_wasm_interrupted(void)
{
	if (libbpf_wasm_on_interrupt)
		libbpf_wasm_on_interrupt();
}

#ifdef __cplusplus
#define LIBBPF_WASM_CAST(type, pointer) (static_cast<type>(pointer))
#else
#define LIBBPF_WASM_CAST(type, pointer) ((type)(pointer))
#endif

/* Declares a struct of options with its size and the given fields set, the others zero. */
#define LIBBPF_OPTS(TYPE, NAME, ...) struct TYPE NAME = {.sz = sizeof(struct TYPE), __VA_ARGS__}
#define DECLARE_LIBBPF_OPTS LIBBPF_OPTS

/* The kernel's number of an error, and the one that this libc's <errno.h> has for it. */
static inline int libbpf_wasm_errno(int kernel_errno)
{
	static const unsigned char numbers[][2] = {
	    {1, EPERM},		{2, ENOENT},	     {3, ESRCH},      {4, EINTR},
	    {5, EIO},		{6, ENXIO},	     {7, E2BIG},      {8, ENOEXEC},
	    {9, EBADF},		{11, EAGAIN},	     {12, ENOMEM},    {13, EACCES},
	    {14, EFAULT},	{16, EBUSY},	     {17, EEXIST},    {19, ENODEV},
	    {20, ENOTDIR},	{21, EISDIR},	     {22, EINVAL},    {23, ENFILE},
	    {24, EMFILE},	{25, ENOTTY},	     {27, EFBIG},     {28, ENOSPC},
	    {30, EROFS},	{32, EPIPE},	     {33, EDOM},      {34, ERANGE},
	    {36, ENAMETOOLONG}, {38, ENOSYS},	     {40, ELOOP},     {75, EOVERFLOW},
	    {84, EILSEQ},	{92, ENOPROTOOPT},   {95, ENOTSUP},   {98, EADDRINUSE},
	    {110, ETIMEDOUT},	{111, ECONNREFUSED}, {114, EALREADY}, {116, ESTALE},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i][0] == kernel_errno)
			return numbers[i][1];
	}
	/* libbpf's own stay what they are: see libbpf_strerror(). */
	if (kernel_errno >= 4000 && kernel_errno < 4100)
		return kernel_errno;
	/* 524 is the kernel's own ENOTSUPP, which leaks out of bpf(2). */
	return kernel_errno == 524 ? ENOTSUP : EIO;
}

/* An import's result as libbpf gives it: 0 or more, or -errno with errno set. */
static inline int libbpf_wasm_result(int result)
{
	if (result >= 0)
		return result;
	errno = libbpf_wasm_errno(-result);
	return -errno;
}

/* Fails with an error of this libc's. */
static inline int libbpf_wasm_fail(int error)
{
	errno = error;
	return -error;
}

#endif /* WASM_BPF_LIBBPF_COMMON_H */
