/* SPDX-License-Identifier: MIT */
/*
 * libbpf-shim, the part for a guest's files and sockets; libbpf-shim.h has the contract. A run
 * that only prints loads none of it.
 *
 * A descriptor that is handed out belongs to the caller until shim_file__close(), or the end of its
 * thread.
 */
#ifndef LIBBPF_SHIM_FILES_H
#define LIBBPF_SHIM_FILES_H

#include "libbpf-shim.h"

struct shim_directory;

/* ---- grants: host resources that are opened for a guest ---------------------------------------
 */

/**
 * @brief Opens a directory of the host for the functions below.
 * @return a descriptor; -ENOSYS where the kernel has no openat2(2)
 */
SHIM_API int32_t shim_grant__directory(const char *path);

/**
 * @brief Opens a file of the host: for reading, or for writing from its start. A FIFO is opened for
 * writing when it has a reader.
 * @param writes 0 to read; 1 creates the file, or empties it; 2 does so, and then writes at its
 * end, wherever that is by then
 * @return a descriptor; -EINTR when the interrupt ended the wait for a reader
 */
SHIM_API int32_t shim_grant__file(struct shim_interrupt *interrupt, const char *path,
				  int32_t writes);

/** @brief A TCP socket that listens at a numeric address or a name, and a port. -ENOENT: no such
 *         address.
 */
SHIM_API int32_t shim_grant__listener(const char *host, const char *port);

/** @brief The TCP port that a socket is bound to. */
SHIM_API int32_t shim_grant__port(int32_t fd);

/**
 * @brief Copies the process's environment, each string with its NUL, as far as it fits.
 * @return the bytes of all of it
 */
SHIM_API int32_t shim_grant__environment(void *buf, uint32_t size);

/**
 * @brief Copies the process's arguments as the kernel has them, each with its NUL, as far as they
 * fit.
 * @return bytes that they have, or -errno
 */
SHIM_API int32_t shim_grant__arguments(void *buf, uint32_t size);

/* ---- paths: resolved by the kernel beneath a directory ------------------------------------
 *
 * A path is `size` bytes of UTF-8 in guest memory, without a NUL. `resolve` are the RESOLVE_ flags
 * of openat2(2): they are what keeps a path beneath `dir`. A path that would lead out is
 * -SHIM_OUTSIDE; one that is not UTF-8 -EILSEQ; one with a NUL in it -EINVAL.
 */

/* Not an errno of the kernel. */
#define SHIM_OUTSIDE 4096

/* Flags of opening: the O_ flags of the same names, whose numbers differ by architecture. */
enum {
	SHIM_OPEN_READ = 1,
	SHIM_OPEN_WRITE = 2,
	SHIM_OPEN_CREATE = 4,
	SHIM_OPEN_EXCLUSIVE = 8,
	SHIM_OPEN_TRUNCATE = 16,
	SHIM_OPEN_DIRECTORY = 32,
	SHIM_OPEN_NO_FOLLOW = 64,
	SHIM_OPEN_APPEND = 128,
	SHIM_OPEN_DSYNC = 256,
	SHIM_OPEN_SYNC = 512,
};

/**
 * @brief openat2(2) with O_CLOEXEC, O_NOCTTY and O_NONBLOCK, and fstat(2)'s mode.
 *
 * @param flags SHIM_OPEN_
 * @param mode u32 st_mode of what was opened
 */
SHIM_API int32_t shim_path__open(int32_t dir, uint32_t resolve, struct shim_memory *memory,
				 uint32_t path, uint32_t size, uint32_t flags, void *mode);

/** @brief mkdirat(2) */
SHIM_API int32_t shim_path__create_directory(int32_t dir, uint32_t resolve,
					     struct shim_memory *memory, uint32_t path,
					     uint32_t size);

/** @brief unlinkat(2) @param flags 0 or AT_REMOVEDIR */
SHIM_API int32_t shim_path__remove(int32_t dir, uint32_t resolve, struct shim_memory *memory,
				   uint32_t path, uint32_t size, uint32_t flags);

/** @brief renameat(2) */
SHIM_API int32_t shim_path__rename(int32_t old_dir, int32_t new_dir, uint32_t resolve,
				   struct shim_memory *memory, uint32_t old_path, uint32_t old_size,
				   uint32_t new_path, uint32_t new_size);

/** @brief linkat(2) @param follow whether a symbolic link at the end of old_path is followed */
SHIM_API int32_t shim_path__link(int32_t old_dir, int32_t new_dir, uint32_t resolve, int32_t follow,
				 struct shim_memory *memory, uint32_t old_path, uint32_t old_size,
				 uint32_t new_path, uint32_t new_size);

/** @brief symlinkat(2); an absolute target is -SHIM_OUTSIDE where `resolve` is not 0 */
SHIM_API int32_t shim_path__symlink(int32_t dir, uint32_t resolve, struct shim_memory *memory,
				    uint32_t target, uint32_t target_size, uint32_t path,
				    uint32_t size);

/** @brief readlinkat(2) to guest memory. @return bytes written */
SHIM_API int32_t shim_path__readlink(int32_t dir, uint32_t resolve, struct shim_memory *memory,
				     uint32_t path, uint32_t size, uint32_t buf, uint32_t buf_size);

/** @brief fstatat(2) @param out as for shim_file__stat() */
SHIM_API int32_t shim_path__stat(int32_t dir, uint32_t resolve, int32_t follow,
				 struct shim_memory *memory, uint32_t path, uint32_t size,
				 void *out);

/** @brief utimensat(2) @param times as for shim_file__set_times() */
SHIM_API int32_t shim_path__set_times(int32_t dir, uint32_t resolve, int32_t follow,
				      struct shim_memory *memory, uint32_t path, uint32_t size,
				      const void *times);

/* ---- descriptors ---------------------------------------------------------------------------- */

SHIM_API int32_t shim_file__close(int32_t fd);

/**
 * @brief readv(2) of `count` WASI iovecs { u32 buf; u32 len } at `iovs`; the number of bytes goes
 *        to guest memory at `out` as u32. For what does not block.
 */
SHIM_API int32_t shim_file__read(int32_t fd, struct shim_memory *memory, uint32_t iovs,
				 uint32_t count, uint32_t out);

/**
 * @brief Reads from a descriptor that may block: waits until there is something to read.
 * @param waits 0: -EAGAIN instead
 * @return -EINTR when interrupted, which the next shim_buffer__poll() reports too; -ERESTART
 */
SHIM_API int32_t shim_file__read_wait(struct shim_interrupt *interrupt, int32_t fd,
				      struct shim_memory *memory, uint32_t iovs, uint32_t count,
				      uint32_t out, int32_t waits);

/** @brief preadv(2) and pwritev(2), likewise. */
SHIM_API int32_t shim_file__pread(int32_t fd, struct shim_memory *memory, uint32_t iovs,
				  uint32_t count, int64_t offset, uint32_t out);

SHIM_API int32_t shim_file__pwrite(int32_t fd, struct shim_memory *memory, uint32_t iovs,
				   uint32_t count, int64_t offset, uint32_t out);

/** @brief fsync(2), or fdatasync(2) */
SHIM_API int32_t shim_file__sync(int32_t fd, int32_t data_only);

/** @brief posix_fadvise(3) with the numbers of Linux */
SHIM_API int32_t shim_file__advise(int32_t fd, int64_t offset, int64_t size, int32_t advice);

/** @brief fallocate(2) */
SHIM_API int32_t shim_file__allocate(int32_t fd, int64_t offset, int64_t size);

/** @brief ftruncate(2) */
SHIM_API int32_t shim_file__set_size(int32_t fd, int64_t size);

/**
 * @brief fstat(2)
 * @param out eight u64: dev, ino, mode, nlink, size, and nanoseconds of atime, mtime and ctime
 */
SHIM_API int32_t shim_file__stat(int32_t fd, void *out);

/**
 * @brief futimens(3)
 * @param times two of { u64 nanoseconds; u64 how }, for access and modification; how is 0 to leave
 *        it, 1 to set it, 2 for now
 */
SHIM_API int32_t shim_file__set_times(int32_t fd, const void *times);

/** @brief Sets or clears O_APPEND. */
SHIM_API int32_t shim_file__set_append(int32_t fd, int32_t append);

/* ---- directory: its entries, as WASI has them ------------------------------------------------ */

/** @brief For the descriptor of a directory, which stays the caller's and outlives it. */
SHIM_API int32_t shim_directory__open(int32_t fd, struct shim_directory **out);

/**
 * @brief Fills guest memory with WASI's dirents { u64 next; u64 ino; u32 name_size; u8 type } and
 *        names, the last one perhaps cut off.
 * @param cookie 0, or the `next` of an entry
 * @return bytes written: less than `size` at the end of the directory
 */
SHIM_API int64_t shim_directory__read(struct shim_directory *directory, struct shim_memory *memory,
				      uint32_t buf, uint32_t size, uint64_t cookie);

SHIM_API void shim_directory__free(struct shim_directory *directory);

/* ---- socket -----------------------------------------------------------------------------------
 */

/** @brief accept4(2) @param waits as for shim_file__read_wait() */
SHIM_API int32_t shim_socket__accept(struct shim_interrupt *interrupt, int32_t fd, int32_t waits);

/**
 * @brief recvmsg(2) of iovecs; the number of bytes goes to `out` as u32.
 * @param flags MSG_PEEK, MSG_WAITALL
 * @return 1 when a message was cut off, 0, or as shim_file__read_wait()
 */
SHIM_API int32_t shim_socket__receive(struct shim_interrupt *interrupt, int32_t fd,
				      struct shim_memory *memory, uint32_t iovs, uint32_t count,
				      uint32_t flags, uint32_t out, int32_t waits);

/** @brief sendmsg(2) of ciovecs, without SIGPIPE. @param waits 0: -EAGAIN where it would wait */
SHIM_API int32_t shim_socket__send(struct shim_interrupt *interrupt, int32_t fd,
				   struct shim_memory *memory, uint32_t iovs, uint32_t count,
				   uint32_t out, int32_t waits);

/** @brief shutdown(2) */
SHIM_API int32_t shim_socket__shutdown(int32_t fd, int32_t how);

/** @brief SO_TYPE of a socket; -ENOTSOCK */
SHIM_API int32_t shim_socket__type(int32_t fd);

#endif
