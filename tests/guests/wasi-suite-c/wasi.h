/* SPDX-License-Identifier: MIT */
/*
 * WASI preview 1 as its specification (legacy/preview1/witx) writes it down: numbers, layouts and
 * the 46 functions, declared as WebAssembly sees them. No libc stands between a check and the host.
 *
 * Pointers are typed where every caller has an object, and void where a check passes a made-up one.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/*
 * With WASI_UNSTABLE defined it is the interface of 2019 instead: another name, another order of
 * whence, other layouts of filestat and subscription.
 */
#ifdef WASI_UNSTABLE
#define WASI_MODULE "wasi_unstable"
#else
#define WASI_MODULE "wasi_snapshot_preview1"
#endif

#define IMPORT(name) __attribute__((import_module(WASI_MODULE), import_name(#name))) extern

/* `errno`, in the order that gives the numbers. */
#define WASI_ERRNOS                                                                                \
	SUCCESS, E2BIG, EACCES, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EALREADY, EBADF,  \
	    EBADMSG, EBUSY, ECANCELED, ECHILD, ECONNABORTED, ECONNREFUSED, ECONNRESET, EDEADLK,    \
	    EDESTADDRREQ, EDOM, EDQUOT, EEXIST, EFAULT, EFBIG, EHOSTUNREACH, EIDRM, EILSEQ,        \
	    EINPROGRESS, EINTR, EINVAL, EIO, EISCONN, EISDIR, ELOOP, EMFILE, EMLINK, EMSGSIZE,     \
	    EMULTIHOP, ENAMETOOLONG, ENETDOWN, ENETRESET, ENETUNREACH, ENFILE, ENOBUFS, ENODEV,    \
	    ENOENT, ENOEXEC, ENOLCK, ENOLINK, ENOMEM, ENOMSG, ENOPROTOOPT, ENOSPC, ENOSYS,         \
	    ENOTCONN, ENOTDIR, ENOTEMPTY, ENOTRECOVERABLE, ENOTSOCK, ENOTSUP, ENOTTY, ENXIO,       \
	    EOVERFLOW, EOWNERDEAD, EPERM, EPIPE, EPROTO, EPROTONOSUPPORT, EPROTOTYPE, ERANGE,      \
	    EROFS, ESPIPE, ESRCH, ESTALE, ETIMEDOUT, ETXTBSY, EXDEV, ENOTCAPABLE

enum wasi_errno { WASI_ERRNOS };

_Static_assert(EBADF == 8 && EINVAL == 28 && ENOTCAPABLE == 76, "numbers of errno");

enum clockid { REALTIME, MONOTONIC, PROCESS_CPUTIME, THREAD_CPUTIME };
enum filetype {
	UNKNOWN,
	BLOCK_DEVICE,
	CHARACTER_DEVICE,
	DIRECTORY,
	REGULAR_FILE,
	SOCKET_DGRAM,
	SOCKET_STREAM,
	SYMBOLIC_LINK
};
enum advice { NORMAL, SEQUENTIAL, RANDOM, WILLNEED, DONTNEED, NOREUSE };
enum fdflags { APPEND = 1, DSYNC = 2, NONBLOCK = 4, RSYNC = 8, SYNC = 16 };
enum fstflags { ATIM = 1, ATIM_NOW = 2, MTIM = 4, MTIM_NOW = 8 };
enum lookupflags { FOLLOW = 1 };
enum oflags { CREAT = 1, DIR_ONLY = 2, EXCL = 4, TRUNC = 8 };
#ifdef WASI_UNSTABLE
enum whence { CUR, END, SET };
#else
enum whence { SET, CUR, END };
#endif
enum eventtype { EVENT_CLOCK, EVENT_READ, EVENT_WRITE };
enum { ABSTIME = 1, HANGUP = 1 };
enum riflags { PEEK = 1, WAITALL = 2 };
enum sdflags { SHUT_RD = 1, SHUT_WR = 2 };

typedef uint64_t rights_t;
#define R_FD_DATASYNC ((rights_t)1 << 0)
#define R_FD_READ ((rights_t)1 << 1)
#define R_FD_SEEK ((rights_t)1 << 2)
#define R_FD_FDSTAT_SET_FLAGS ((rights_t)1 << 3)
#define R_FD_SYNC ((rights_t)1 << 4)
#define R_FD_TELL ((rights_t)1 << 5)
#define R_FD_WRITE ((rights_t)1 << 6)
#define R_FD_ADVISE ((rights_t)1 << 7)
#define R_FD_ALLOCATE ((rights_t)1 << 8)
#define R_PATH_CREATE_DIRECTORY ((rights_t)1 << 9)
#define R_PATH_CREATE_FILE ((rights_t)1 << 10)
#define R_PATH_LINK_SOURCE ((rights_t)1 << 11)
#define R_PATH_LINK_TARGET ((rights_t)1 << 12)
#define R_PATH_OPEN ((rights_t)1 << 13)
#define R_FD_READDIR ((rights_t)1 << 14)
#define R_PATH_READLINK ((rights_t)1 << 15)
#define R_PATH_RENAME_SOURCE ((rights_t)1 << 16)
#define R_PATH_RENAME_TARGET ((rights_t)1 << 17)
#define R_PATH_FILESTAT_GET ((rights_t)1 << 18)
#define R_PATH_FILESTAT_SET_SIZE ((rights_t)1 << 19)
#define R_PATH_FILESTAT_SET_TIMES ((rights_t)1 << 20)
#define R_FD_FILESTAT_GET ((rights_t)1 << 21)
#define R_FD_FILESTAT_SET_SIZE ((rights_t)1 << 22)
#define R_FD_FILESTAT_SET_TIMES ((rights_t)1 << 23)
#define R_PATH_SYMLINK ((rights_t)1 << 24)
#define R_PATH_REMOVE_DIRECTORY ((rights_t)1 << 25)
#define R_PATH_UNLINK_FILE ((rights_t)1 << 26)
#define R_POLL_FD_READWRITE ((rights_t)1 << 27)
#define R_SOCK_SHUTDOWN ((rights_t)1 << 28)
#define R_SOCK_ACCEPT ((rights_t)1 << 29)

struct iovec {
	void *buf;
	uint32_t len;
};

struct prestat {
	uint8_t tag;
	uint32_t name_len;
};

struct fdstat {
	uint8_t filetype;
	uint16_t flags;
	rights_t rights;
	rights_t inheriting;
};
_Static_assert(sizeof(struct fdstat) == 24, "fdstat");

struct filestat {
	uint64_t dev;
	uint64_t ino;
	uint8_t filetype;
#ifdef WASI_UNSTABLE
	uint32_t nlink;
#else
	uint64_t nlink;
#endif
	uint64_t size;
	uint64_t atim;
	uint64_t mtim;
	uint64_t ctim;
};

struct dirent {
	uint64_t next;
	uint64_t ino;
	uint32_t namlen;
	uint8_t type;
};
_Static_assert(sizeof(struct dirent) == 24, "dirent");

struct subscription {
	uint64_t userdata;
	uint8_t tag;
	union {
		struct {
#ifdef WASI_UNSTABLE
			uint64_t identifier;
#endif
			uint32_t id;
			uint64_t timeout;
			uint64_t precision;
			uint16_t flags;
		} clock;
		uint32_t fd;
	} u;
};

#ifdef WASI_UNSTABLE
_Static_assert(sizeof(struct filestat) == 56, "filestat");
_Static_assert(sizeof(struct subscription) == 56, "subscription");
#else
_Static_assert(sizeof(struct filestat) == 64, "filestat");
_Static_assert(sizeof(struct subscription) == 48, "subscription");
#endif

struct event {
	uint64_t userdata;
	uint16_t error;
	uint8_t type;
	uint64_t nbytes;
	uint16_t flags;
};
_Static_assert(sizeof(struct event) == 32, "event");

typedef uint32_t fd_t;

IMPORT(args_get) int args_get(void *argv, void *buf);
IMPORT(args_sizes_get) int args_sizes_get(void *count, void *size);
IMPORT(environ_get) int environ_get(void *environ, void *buf);
IMPORT(environ_sizes_get) int environ_sizes_get(void *count, void *size);
IMPORT(clock_res_get) int clock_res_get(uint32_t id, void *out);
IMPORT(clock_time_get) int clock_time_get(uint32_t id, uint64_t precision, void *out);
IMPORT(fd_advise) int fd_advise(fd_t fd, uint64_t offset, uint64_t len, uint32_t advice);
IMPORT(fd_allocate) int fd_allocate(fd_t fd, uint64_t offset, uint64_t len);
IMPORT(fd_close) int fd_close(fd_t fd);
IMPORT(fd_datasync) int fd_datasync(fd_t fd);
IMPORT(fd_fdstat_get) int fd_fdstat_get(fd_t fd, void *out);
IMPORT(fd_fdstat_set_flags) int fd_fdstat_set_flags(fd_t fd, uint32_t flags);
IMPORT(fd_fdstat_set_rights) int fd_fdstat_set_rights(fd_t fd, rights_t base, rights_t inheriting);
IMPORT(fd_filestat_get) int fd_filestat_get(fd_t fd, void *out);
IMPORT(fd_filestat_set_size) int fd_filestat_set_size(fd_t fd, uint64_t size);
IMPORT(fd_filestat_set_times)
int fd_filestat_set_times(fd_t fd, uint64_t atim, uint64_t mtim, uint32_t flags);
IMPORT(fd_pread)
int fd_pread(fd_t fd, const void *iovs, uint32_t count, uint64_t offset, void *nread);
IMPORT(fd_prestat_get) int fd_prestat_get(fd_t fd, void *out);
IMPORT(fd_prestat_dir_name) int fd_prestat_dir_name(fd_t fd, void *path, uint32_t len);
IMPORT(fd_pwrite)
int fd_pwrite(fd_t fd, const void *iovs, uint32_t count, uint64_t offset, void *written);
IMPORT(fd_read) int fd_read(fd_t fd, const void *iovs, uint32_t count, void *nread);
IMPORT(fd_readdir) int fd_readdir(fd_t fd, void *buf, uint32_t len, uint64_t cookie, void *used);
IMPORT(fd_renumber) int fd_renumber(fd_t fd, fd_t to);
IMPORT(fd_seek) int fd_seek(fd_t fd, int64_t offset, uint32_t whence, void *out);
IMPORT(fd_sync) int fd_sync(fd_t fd);
IMPORT(fd_tell) int fd_tell(fd_t fd, void *out);
IMPORT(fd_write) int fd_write(fd_t fd, const void *iovs, uint32_t count, void *written);
IMPORT(path_create_directory) int path_create_directory(fd_t fd, const void *path, uint32_t len);
IMPORT(path_filestat_get)
int path_filestat_get(fd_t fd, uint32_t flags, const void *path, uint32_t len, void *out);
IMPORT(path_filestat_set_times)
int path_filestat_set_times(fd_t fd, uint32_t flags, const void *path, uint32_t len, uint64_t atim,
			    uint64_t mtim, uint32_t fst_flags);
IMPORT(path_link)
int path_link(fd_t old_fd, uint32_t flags, const void *old_path, uint32_t old_len, fd_t new_fd,
	      const void *new_path, uint32_t new_len);
IMPORT(path_open)
int path_open(fd_t fd, uint32_t dirflags, const void *path, uint32_t len, uint32_t oflags,
	      rights_t base, rights_t inheriting, uint32_t fdflags, void *out);
IMPORT(path_readlink)
int path_readlink(fd_t fd, const void *path, uint32_t len, void *buf, uint32_t buf_len, void *used);
IMPORT(path_remove_directory) int path_remove_directory(fd_t fd, const void *path, uint32_t len);
IMPORT(path_rename)
int path_rename(fd_t fd, const void *old_path, uint32_t old_len, fd_t new_fd, const void *new_path,
		uint32_t new_len);
IMPORT(path_symlink)
int path_symlink(const void *old_path, uint32_t old_len, fd_t fd, const void *new_path,
		 uint32_t new_len);
IMPORT(path_unlink_file) int path_unlink_file(fd_t fd, const void *path, uint32_t len);
IMPORT(poll_oneoff) int poll_oneoff(const void *in, void *out, uint32_t count, void *stored);
IMPORT(proc_exit) _Noreturn void proc_exit(uint32_t code);
IMPORT(proc_raise) int proc_raise(uint32_t signal);
IMPORT(sched_yield) int sched_yield(void);
IMPORT(random_get) int random_get(void *buf, uint32_t len);
IMPORT(sock_accept) int sock_accept(fd_t fd, uint32_t flags, void *out);
IMPORT(sock_recv)
int sock_recv(fd_t fd, const void *iovs, uint32_t count, uint32_t flags, void *nread,
	      void *roflags);
IMPORT(sock_send)
int sock_send(fd_t fd, const void *iovs, uint32_t count, uint32_t flags, void *sent);
IMPORT(sock_shutdown) int sock_shutdown(fd_t fd, uint32_t how);
