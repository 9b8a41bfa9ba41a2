/* SPDX-License-Identifier: MIT */
/*
 * open() by Linux's flags, which remembers the paths of what is open, for
 * bpf_program__attach_cgroup().
 */
#include_next <fcntl.h>

#ifndef WASM_BPF_COMPAT_FCNTL_H
#define WASM_BPF_COMPAT_FCNTL_H

#include <bpf/libbpf_descriptors.h>

#ifdef __cplusplus
extern "C" {
#endif

/* wasi-libc's flags for Linux's, which events have as well. */
static inline int libbpf_wasm_open_flags(int flags)
{
	static const int access[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDWR};

	return access[flags & 3] | (flags & 0100 ? O_CREAT : 0) | (flags & 0200 ? O_EXCL : 0) |
	       (flags & 01000 ? O_TRUNC : 0) | (flags & 02000 ? O_APPEND : 0) |
	       (flags & 04000 ? O_NONBLOCK : 0) | (flags & 0200000 ? O_DIRECTORY : 0) |
	       (flags & 0400000 ? O_NOFOLLOW : 0);
}

#undef O_RDONLY
#undef O_WRONLY
#undef O_RDWR
#undef O_ACCMODE
#undef O_CREAT
#undef O_EXCL
#undef O_TRUNC
#undef O_APPEND
#undef O_NONBLOCK
#undef O_DIRECTORY
#undef O_NOFOLLOW
#undef O_CLOEXEC
#undef O_TMPFILE
#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_ACCMODE 3
#define O_CREAT 0100
#define O_EXCL 0200
#define O_TRUNC 01000
#define O_APPEND 02000
#define O_NONBLOCK 04000
#define O_DIRECTORY 0200000
#define O_NOFOLLOW 0400000
#define O_CLOEXEC 02000000
#define O_TMPFILE 020200000

static inline int libbpf_wasm_open(const char *path, int flags, ...)
{
	int fd;

	if ((flags & O_TMPFILE) == O_TMPFILE)
		return libbpf_wasm_fail(EOPNOTSUPP), -1;
	fd = open(path, libbpf_wasm_open_flags(flags), 0666);
	if (fd >= 0 && (flags & O_ACCMODE) == O_RDONLY && path[0] == '/') {
		libbpf_wasm_descriptor__close(fd);
		libbpf_wasm_descriptor__new(LIBBPF_WASM_DIRECTORY, fd, path);
	}
	return fd;
}
#define open(...) libbpf_wasm_open(__VA_ARGS__)

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_COMPAT_FCNTL_H */
