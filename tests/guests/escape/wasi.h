/* SPDX-License-Identifier: MIT */
/*
 * wasi_snapshot_preview1 as WebAssembly sees it: paths with their length, so that they may hold
 * anything, and rights as they are.
 */
#ifndef ESCAPE_WASI_H
#define ESCAPE_WASI_H

#include <stdint.h>

#define WASI(name)                                                                                 \
	__attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))               \
	int32_t raw_##name

struct raw_iovec {
	void *buf;
	uint32_t size;
};

struct raw_filestat {
	uint64_t dev, ino;
	uint8_t type;
	uint64_t nlink, size, atim, mtim, ctim;
};

struct raw_fdstat {
	uint8_t type;
	uint16_t flags;
	uint64_t base, inheriting;
};

WASI(fd_advise)(int32_t fd, uint64_t offset, uint64_t size, int32_t advice);
WASI(fd_allocate)(int32_t fd, uint64_t offset, uint64_t size);
WASI(fd_close)(int32_t fd);
WASI(fd_fdstat_get)(int32_t fd, struct raw_fdstat *out);
WASI(fd_fdstat_set_flags)(int32_t fd, int32_t flags);
WASI(fd_fdstat_set_rights)(int32_t fd, uint64_t base, uint64_t inheriting);
WASI(fd_filestat_get)(int32_t fd, struct raw_filestat *out);
WASI(fd_filestat_set_size)(int32_t fd, uint64_t size);
WASI(fd_filestat_set_times)(int32_t fd, uint64_t atim, uint64_t mtim, int32_t flags);
WASI(fd_pread)(int32_t fd, struct raw_iovec *iovs, uint32_t count, uint64_t at, uint32_t *out);
WASI(fd_prestat_get)(int32_t fd, void *out);
WASI(fd_prestat_dir_name)(int32_t fd, char *path, uint32_t size);
WASI(fd_pwrite)(int32_t fd, struct raw_iovec *iovs, uint32_t count, uint64_t at, uint32_t *out);
WASI(fd_read)(int32_t fd, struct raw_iovec *iovs, uint32_t count, uint32_t *out);
WASI(fd_readdir)(int32_t fd, void *buf, uint32_t size, uint64_t cookie, uint32_t *out);
WASI(fd_renumber)(int32_t from, int32_t to);
WASI(fd_write)(int32_t fd, struct raw_iovec *iovs, uint32_t count, uint32_t *out);
WASI(path_create_directory)(int32_t fd, const char *path, uint32_t size);
WASI(path_filestat_get)
(int32_t fd, int32_t lookup, const char *path, uint32_t size, struct raw_filestat *out);
WASI(path_filestat_set_times)
(int32_t fd, int32_t lookup, const char *path, uint32_t size, uint64_t atim, uint64_t mtim,
 int32_t flags);
WASI(path_link)
(int32_t from, int32_t lookup, const char *path, uint32_t size, int32_t to, const char *to_path,
 uint32_t to_size);
WASI(path_open)
(int32_t dir, int32_t lookup, const char *path, uint32_t size, int32_t oflags, uint64_t base,
 uint64_t inheriting, int32_t fdflags, int32_t *out);
WASI(path_readlink)
(int32_t fd, const char *path, uint32_t size, char *buf, uint32_t room, uint32_t *out);
WASI(path_remove_directory)(int32_t fd, const char *path, uint32_t size);
WASI(path_rename)
(int32_t from, const char *path, uint32_t size, int32_t to, const char *to_path, uint32_t to_size);
WASI(path_symlink)
(const char *text, uint32_t text_size, int32_t fd, const char *path, uint32_t size);
WASI(path_unlink_file)(int32_t fd, const char *path, uint32_t size);
WASI(sock_accept)(int32_t fd, int32_t flags, int32_t *out);
WASI(sock_recv)
(int32_t fd, struct raw_iovec *iovs, uint32_t count, int32_t flags, uint32_t *out,
 uint16_t *out_flags);
WASI(sock_send)(int32_t fd, struct raw_iovec *iovs, uint32_t count, int32_t flags, uint32_t *out);
WASI(sock_shutdown)(int32_t fd, int32_t how);

#endif
