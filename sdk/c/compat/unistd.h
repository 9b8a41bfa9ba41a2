/* SPDX-License-Identifier: MIT */
/*
 * Sleeps in which the global variables of eBPF programs are exchanged, as shared memory would have
 * them afterwards, and read() and close() of what libbpf's functions give for descriptors.
 */
#ifndef WASM_BPF_COMPAT_UNISTD_H
#define WASM_BPF_COMPAT_UNISTD_H

#ifndef _WASI_EMULATED_GETPID
#define _WASI_EMULATED_GETPID
#endif
#include_next <unistd.h>

#include <sys/syscall.h>
#include <time.h>

#include <bpf/libbpf_descriptors.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline unsigned int libbpf_wasm_sleep(unsigned int seconds)
{
	struct timespec span;

	memset(&span, 0, sizeof(span));
	span.tv_sec = (time_t)seconds;
	return libbpf_wasm_nanosleep(&span, NULL) ? 1 : 0;
}
#define sleep(seconds) libbpf_wasm_sleep(seconds)

static inline int libbpf_wasm_usleep(unsigned int us)
{
	struct timespec span;

	span.tv_sec = (time_t)(us / 1000000);
	span.tv_nsec = (long)(us % 1000000 * 1000);
	return libbpf_wasm_nanosleep(&span, NULL);
}
#define usleep(us) libbpf_wasm_usleep(us)

/* Waits until Ctrl-C, after SIGINT's handler. Returns -1 with EINTR. */
static inline int libbpf_wasm_pause(void)
{
	struct timespec day;

	memset(&day, 0, sizeof(day));
	day.tv_sec = 86400;
	while (!libbpf_wasm_nanosleep(&day, NULL))
		;
	return -1;
}
#define pause() libbpf_wasm_pause()

static inline ssize_t libbpf_wasm_read(int fd, void *buf, size_t size)
{
	const struct libbpf_wasm_descriptor *iterator;
	int result;

	if (fd < LIBBPF_WASM_FIRST_DESCRIPTOR)
		return read(fd, buf, size);
	iterator = libbpf_wasm_descriptor__find(fd, LIBBPF_WASM_ITERATOR);
	if (!iterator)
		return -1;
	result =
	    wasm_bpf_iter_read(iterator->link, buf, (int32_t)(size > INT32_MAX ? INT32_MAX : size));
	return libbpf_wasm_result(result) < 0 ? -1 : result;
}
#define read(fd, buf, size) libbpf_wasm_read(fd, buf, size)

static inline int libbpf_wasm_close(int fd)
{
	const bool is_known = libbpf_wasm_descriptor__close(fd);

	if (fd < LIBBPF_WASM_FIRST_DESCRIPTOR)
		return close(fd);
	if (is_known)
		return 0;
	errno = EBADF;
	return -1;
}
#define close(fd) libbpf_wasm_close(fd)

/** @brief That of the eBPF maps' sizes, not WebAssembly's of 64 KiB. */
static inline int libbpf_wasm_getpagesize(void)
{
	return 4096;
}
#undef getpagesize
#define getpagesize() libbpf_wasm_getpagesize()

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_COMPAT_UNISTD_H */
