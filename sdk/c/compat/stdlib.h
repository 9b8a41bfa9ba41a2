/* SPDX-License-Identifier: MIT */
#include_next <stdlib.h>

#ifndef WASM_BPF_COMPAT_STDLIB_H
#define WASM_BPF_COMPAT_STDLIB_H

#include <errno.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of wait(2), for programs that look at what pclose() and system() give. */
#define WIFEXITED(status) (!((status)&0x7f))
#define WEXITSTATUS(status) (((status) >> 8) & 0xff)

int getentropy(void *buffer, size_t size);
int open(const char *path, int flags, ...);

/* WASI's flags for a new file, open for both; <fcntl.h> has Linux's here. */
#define LIBBPF_WASM_NEW_FILE (0x14000000 | 1 << 12 | 4 << 12)

/** @brief Fails: guests cannot start processes. @return -1 with ENOSYS; 0 for NULL: there is no
    shell */
static inline int libbpf_wasm_system(const char *command)
{
	if (!command)
		return 0;
	errno = ENOSYS;
	return -1;
}

#define system(command) libbpf_wasm_system(command)

/** @brief Creates a file of a new name where the guest may. @return a descriptor, -1 with errno */
static inline int mkostemp(char *name, int flags)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	const size_t length = strlen(name);
	unsigned char bytes[6];

	/* O_CLOEXEC means nothing here, and others were not asked for. */
	(void)flags;
	if (length < 6 || strcmp(name + length - 6, "XXXXXX")) {
		errno = EINVAL;
		return -1;
	}
	for (int attempt = 0; attempt < 100; attempt++) {
		int fd;

		if (getentropy(bytes, sizeof(bytes)))
			return -1;
		for (size_t i = 0; i < sizeof(bytes); i++)
			name[length - 6 + i] = letters[bytes[i] & 31];
		fd = (open)(name, LIBBPF_WASM_NEW_FILE, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

static inline int mkstemp(char *name)
{
	return mkostemp(name, 0);
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_COMPAT_STDLIB_H */
