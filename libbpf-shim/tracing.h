/* SPDX-License-Identifier: MIT */
/*
 * Functions of runs of plain eBPF objects: printed lines, waits for several buffers at once, the
 * command that is traced, and the files that processes have mapped. In a table of their own
 * (ffi/tracing_symbols.ts), which a guest's run does not load. The contract is that of
 * libbpf-shim.h.
 */
#ifndef LIBBPF_SHIM_TRACING_H
#define LIBBPF_SHIM_TRACING_H

#include "libbpf-shim.h"

struct shim_printk;
struct shim_command;
struct shim_screen;

/** @brief Descriptor that is readable when the buffer has records, for poll(2); not to be read. */
SHIM_API int32_t shim_buffer__fd(struct shim_buffer *buffer);

/**
 * @brief Opens a tracefs instance of this process's own with the lines that eBPF programs print
 *        (bpf_trace_printk, Linux 5.10). Instances of processes that have ended are removed.
 * @return 0; -EEXIST for a second one; -ENOENT or -ENODEV where the kernel has no tracefs; -EPERM
 * and -EROFS where it may not be changed
 */
SHIM_API int32_t shim_printk__open(struct shim_printk **out);

/** @brief Descriptor that is readable when there are lines, for poll(2). */
SHIM_API int32_t shim_printk__fd(struct shim_printk *printk);

/** @brief Reads whole lines of trace_pipe, without waiting: bytes, 0 without any, or -errno. */
SHIM_API int32_t shim_printk__read(struct shim_printk *printk, struct shim_memory *memory,
				   uint32_t offset, uint32_t size);

/** @brief Removes the instance. */
SHIM_API void shim_printk__free(struct shim_printk *printk);

/**
 * @brief Makes the process of a command, which waits. Before the caller is confined.
 * @param words `count` strings of `size` bytes together, each with its NUL; the first is looked up
 *        in PATH
 * @return 0; -EINVAL for other bytes; -EAGAIN or -ENOMEM where no process can be made
 */
SHIM_API int32_t shim_command__new(const void *words, uint32_t size, uint32_t count,
				   struct shim_command **out);

/** @brief Lets it begin, once. It has the caller's environment, folder and standard streams. */
SHIM_API int32_t shim_command__start(struct shim_command *command);

/** @brief Descriptor that is readable when it has ended, for poll(2). */
SHIM_API int32_t shim_command__fd(struct shim_command *command);

/** @brief Its process number. */
SHIM_API int32_t shim_command__pid(struct shim_command *command);

/** @brief Its exit code, 128+N after signal N; -EAGAIN while it runs. */
SHIM_API int32_t shim_command__code(struct shim_command *command);

/** @brief Sends it a signal; 0 also when it has ended. */
SHIM_API int32_t shim_command__signal(struct shim_command *command, int32_t number);

/** @brief Forgets it; one that was not started ends. */
SHIM_API void shim_command__free(struct shim_command *command);

/** @brief 0 for a pipe or socket whose reader has closed it, else 1. */
SHIM_API int32_t shim_fd__has_reader(int32_t fd);

/**
 * @brief Keeps the terminal of a screen that is redrawn: a child restores its modes and leaves the
 *        alternate screen after every end of this process, and while the job is stopped. Before the
 *        caller is confined.
 * @param keys 1 to get keys from standard input without Enter, if that is a terminal
 * @return 0; -EAGAIN or -ENOMEM where no process can be made
 */
SHIM_API int32_t shim_screen__open(int32_t keys, struct shim_screen **out);

/** @brief 1 if keys are read, else 0. */
SHIM_API int32_t shim_screen__has_keys(struct shim_screen *screen);

/**
 * @brief Number of times that the terminal was taken or given back: odd while it is not to be
 *        written to. A new even number means that the screen has to be drawn again.
 */
SHIM_API uint32_t shim_screen__turns(struct shim_screen *screen);

/** @brief Notes that the alternate screen is going to be entered. */
SHIM_API void shim_screen__enter(struct shim_screen *screen);

/**
 * @brief Reads the keys that were pressed, without waiting.
 * @return bytes; 0 at the end of input; -EAGAIN without any
 */
SHIM_API int32_t shim_screen__keys(struct shim_screen *screen, void *to, uint32_t size);

/** @brief Restores the terminal's modes; the caller has left the alternate screen. */
SHIM_API void shim_screen__free(struct shim_screen *screen);

/**
 * @brief Lets this process look at the files that others have mapped, for the names of their
 *        functions. Before the caller is confined.
 * @return 0; -EPERM for a confined caller; -EXDEV outside of the first PID namespace, where the
 *         numbers that programs see are those of other processes
 */
SHIM_API int32_t shim_symbols__permit(void);

/**
 * @brief Reads /proc/PID/maps.
 * @return bytes, at most `size`; -ENOENT or -ESRCH without such a process; -EPERM without
 *         shim_symbols__permit()
 */
SHIM_API int32_t shim_symbols__maps(int32_t pid, void *to, uint32_t size);

/**
 * @brief Opens the regular file that a process has mapped from `start` to `end`; of one that has
 *        ended, the file at `path` if it is still the one of that device and inode.
 * @return a descriptor for shim_symbols__read(); -ESTALE for another file; -ENOEXEC for no regular
 *         one; -EPERM without shim_symbols__permit()
 */
SHIM_API int32_t shim_symbols__open(int32_t pid, uint64_t start, uint64_t end, const char *path,
				    uint32_t major, uint32_t minor, uint64_t inode);

/** @brief Reads from a place of the file: bytes, less than `size` at its end, or -errno. */
SHIM_API int32_t shim_symbols__read(int32_t fd, uint64_t offset, void *to, uint32_t size);

/** @brief Closes the file. */
SHIM_API void shim_symbols__close(int32_t fd);

/**
 * @brief Lets this process read control groups, and files in which container engines keep names.
 *        Before the caller is confined.
 * @return 0; -EPERM for a confined caller
 */
SHIM_API int32_t shim_host__permit(void);

/**
 * @brief Reads a regular file of the host as a whole.
 * @return bytes, less than `size`; -EFBIG for a file of `size` bytes or more; -ENOEXEC for no
 * regular one; -EPERM without shim_host__permit(); else the kernel's -errno
 */
SHIM_API int32_t shim_host__read(const char *path, void *to, uint32_t size);

/**
 * @brief Finds the inode number of a path: the id of a control group, or of a namespace.
 * @return 0; -EPERM without shim_host__permit(); else the kernel's -errno
 */
SHIM_API int32_t shim_host__inode(const char *path, uint64_t *out);

/**
 * @brief Lists the control groups below one, each as `{ u64 inode; u16 bytes; path below root }`,
 *        parents first. As many as there is room for.
 * @return bytes; -ENOTSUP where no cgroup file system is mounted; -EPERM without
 *         shim_host__permit(); else the kernel's -errno
 */
SHIM_API int32_t shim_host__groups(const char *root, void *to, uint32_t size);

/* Features that shim_kernel__try() tries. */
enum shim_feature {
	SHIM_TRY_TRACEPOINT = 1,
	SHIM_TRY_RAW_TRACEPOINT = 2,
	SHIM_TRY_KPROBE = 3,
	SHIM_TRY_UPROBE = 4,
	SHIM_TRY_FENTRY = 5,
	SHIM_TRY_TP_BTF = 6,
	SHIM_TRY_ITERATOR = 7,
	SHIM_TRY_LSM = 8,
	SHIM_TRY_PERF_EVENT = 9,
	SHIM_TRY_XDP = 10, /* loaded, not attached */
};

/**
 * @brief Tries a feature of the kernel: loads a program that does nothing, and attaches it for a
 *        moment. Not for a confined thread.
 * @return 0; -EINVAL for another number; else the kernel's -errno
 */
SHIM_API int32_t shim_kernel__try(uint32_t feature);

/**
 * @brief Tries whether programs of a type, BPF_PROG_TYPE_*, may call a helper, BPF_FUNC_*.
 * @return 1 or 0; -EOPNOTSUPP for types that cannot be tried
 */
SHIM_API int32_t shim_kernel__has_helper(uint32_t type, uint32_t helper);

#endif
