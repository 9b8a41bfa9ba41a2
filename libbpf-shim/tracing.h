/* SPDX-License-Identifier: MIT */
/*
 * Functions of runs of plain eBPF objects: printed lines, waits for several buffers at once, and
 * the command that is traced. In a table of their own (ffi/tracing_symbols.ts), which a guest's run
 * does not load. The contract is that of libbpf-shim.h.
 */
#ifndef LIBBPF_SHIM_TRACING_H
#define LIBBPF_SHIM_TRACING_H

#include "libbpf-shim.h"

struct shim_printk;
struct shim_command;

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

#endif
