/* SPDX-License-Identifier: MIT */
#include_next <stdio.h>

#ifndef WASM_BPF_COMPAT_STDIO_H
#define WASM_BPF_COMPAT_STDIO_H

#include <errno.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A guest starts no processes. @return NULL with ENOSYS */
static inline FILE *popen(const char *command, const char *mode)
{
	(void)command;
	(void)mode;
	errno = ENOSYS;
	return NULL;
}

static inline int pclose(FILE *stream)
{
	(void)stream;
	errno = ENOSYS;
	return -1;
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_COMPAT_STDIO_H */
