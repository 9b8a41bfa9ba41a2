/* SPDX-License-Identifier: MIT */
/* Declarations that the shim's files share; nothing here leaves the library. */
#ifndef LIBBPF_SHIM_INTERNAL_H
#define LIBBPF_SHIM_INTERNAL_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libbpf-shim.h"

struct pollfd;
struct bpf_object;
struct bpf_program;
struct bpf_map;
struct shim_policy;
struct shim_attach_rules;
struct shim_object;

struct shim_memory {
	uint8_t *base;
	uint64_t size;
};

struct shim_interrupt {
	/* An eventfd, readable while there may be a flag to see. */
	int fd;
	/* An epoll(7) of the eventfd and of a descriptor whose reader may go; -1 without. */
	int watch;
	/* In a page of its own, which can be shown in a memory of ours. A page for the guest
	 * follows.
	 */
	_Atomic uint32_t *flags;
	bool is_shown_to_guest;
	_Atomic uint32_t references;
	/* Removes the signal handlers that raise it; NULL before shim_signals__install(). */
	void (*_Atomic before_free)(struct shim_interrupt *interrupt);
	_Atomic int64_t waited_ns;
	/* Requests for attention by a signal or a caller, without those of a ticker. */
	_Atomic uint32_t attentions;
	/* The signal that raised it, SIGALRM for the end of its time; 0 for another thread. */
	_Atomic int32_t cause;
	/* Stays: the time limit of the process is over, for a guest that may finish. */
	atomic_bool is_out_of_time;
	/* For the guest's thread alone: when it returned -EINTR, and the waits that the guest
	 * started since. */
	int64_t told_ns;
	uint32_t waits_since;
};

struct shim_program {
	struct bpf_program *program;
	const struct shim_object *object;
};

struct shim_map {
	struct bpf_map *map;
	const struct shim_object *object;
	/* This thread's descriptor; libbpf's, unless it is owned. */
	int fd;
	bool owns_fd;
	uint32_t type;
	uint32_t key_size;
	/* Bytes that the kernel reads or writes for one value: all CPUs' of a per-CPU map. */
	uint64_t value_size;
	/* Values that one lookup gives: 1, or the number of possible CPUs. */
	uint32_t cpus;
};

/* An object's share of its run's budget; see budget.h. */
struct shim_share {
	struct shim_budget *budget;
	uint64_t maps;
	uint32_t programs;
};

struct shim_object {
	struct bpf_object *object;
	struct shim_share share;
	/* libbpf's copy of the ELF bytes refers to these. */
	void *bytes;
	struct shim_program *programs;
	uint32_t program_count;
	/* Permissions of its programs; NULL permits nothing. Set by shim_object__permit(). */
	struct shim_policy *policy;
	/* Where its programs may be attached; NULL for everywhere. */
	struct shim_attach_rules *attach_rules;
	/* libbpf loads an object once, whatever comes of it. */
	bool load_tried;
	/* Filled by load: before it, libbpf may still change a map's sizes. */
	struct shim_map *maps;
	uint32_t map_count;
};

/* The address of `size` bytes at `offset`, or NULL when they do not all lie inside. */
static inline void *shim_memory_at(const struct shim_memory *memory, uint32_t offset, uint64_t size)
{
	if (size > memory->size || offset > memory->size - size)
		return NULL;
	return memory->base + offset;
}

/* Maps the kernel's ENOTSUPP, which user space has no name for, to EOPNOTSUPP. */
static inline int shim_bpf_error(int result)
{
	return result == -524 ? -EOPNOTSUPP : result;
}

/*
 * Sets what this thread's next loads may contain: maps of `object`, and what `policy` allows. Both
 * NULL afterwards.
 */
void shim_programs_allow(const struct bpf_object *object, const struct shim_policy *policy);

/* Reports whether libbpf tries what the kernel supports, on this thread, with things of its own. */
bool shim_is_probing(void);

/* Marks the programs and maps that follow as libbpf's own; returns the previous value. */
bool shim_set_probing(bool is_probing);

/* Starts to collect libbpf's log; idempotent. */
void shim_log_start(void);

/* Adds a line of the shim to libbpf's log. */
void shim_log_add(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bytes that all maps of a run may take by default: at most 1 GiB, and a quarter of the memory. */
uint64_t shim_default_maps_bytes(void);

/*
 * Notes the system call in progress: "creating map" and its name; NULL when it is over. Only one
 * thread at a time makes such calls.
 */
void shim_doing(const char *what, const char *name);

/* Prints the system call in progress, if there is one; async-signal-safe. */
void shim_doing_write(const char *how);

/* Notes that a load was ended, for shim_signals__was_cut(). */
void shim_signals_note_cut(void);

/* Lets other threads take signals while this one loads, and back; in pairs. */
void shim_signals_begin_load(void);
void shim_signals_end_load(void);

/*
 * Waits until `fd` (or nothing, when below 0) has `events`. 1 when it has, 0 when `timeout_ns`
 * (below 0: never) is over; -EINTR and -ERESTART as shim_interrupt_take(), except what was
 * deferred.
 */
int shim_interrupt_wait(struct shim_interrupt *interrupt, int fd, int16_t events,
			int64_t timeout_ns);

/*
 * Waits for any of `count` descriptors, of which the first is used for the interrupt; returns
 * whether any has events.
 */
int shim_interrupt_poll(struct shim_interrupt *interrupt, struct pollfd *fds, uint32_t count,
			int64_t timeout_ns);

/*
 * Reports whether any descriptor but the first is waited for to take output. Such a wait is not
 * one that a guest could end by itself after a signal.
 */
bool shim_interrupt_is_for_output(const struct pollfd *fds, uint32_t count);

/* Like shim_interrupt_wait(), and defers an interrupt that ends it. */
int shim_wait_deferring(struct shim_interrupt *interrupt, int fd, int16_t events,
			int64_t timeout_ns);

/*
 * Counts one more wait of a guest that has seen -EINTR: 0, or -ERESTART when it used up its waits
 * and the caller must end it.
 */
int shim_interrupt_return(struct shim_interrupt *interrupt);

/*
 * Takes a request or a deferred one: -EINTR to end the wait, -ERESTART for the caller's attention,
 * or 0.
 */
int shim_interrupt_take(struct shim_interrupt *interrupt);

/* Takes a request to end, and leaves attention: -EINTR, or 0. For work that cannot return early. */
int shim_interrupt_take_end(struct shim_interrupt *interrupt);

/*
 * Reports whether the run is over: it was terminated, or its time is. An interrupt alone only asks
 * the guest, which still loads what it needs to finish.
 */
bool shim_interrupt_is_over(const struct shim_interrupt *interrupt);

/* Keeps an interrupt that a wait has taken for shim_interrupt_take(); waits do not see it. */
void shim_interrupt_defer(struct shim_interrupt *interrupt);

/* Reports whether it was terminated. */
bool shim_interrupt_is_terminated(const struct shim_interrupt *interrupt);

/* Requests attention that no signal and no caller asked for. */
void shim_interrupt_tick(struct shim_interrupt *interrupt);

/* Gives one reference back. */
void shim_interrupt_release(struct shim_interrupt *interrupt);

/* Remembers something to be released when this thread ends; 0 or -ENOMEM. */
int shim_owned_add(void *object, void (*release)(void *object));

/* The caller releases it now. */
void shim_owned_remove(void *object);

/*
 * Marks the thread that reads the kernel's types ahead: it may open files itself, and its failures
 * are not logged.
 */
extern _Thread_local bool shim_is_reading_ahead;

/* Makes a descriptor one that the end of this thread closes; itself, or closed and -ENOMEM. */
int shim_owned_fd(int fd);

/* The list of system calls of a guest's thread; `with_files` for one with folders. */
struct shim_call_filter;
struct shim_call_filter *shim_call_filter_new(bool with_files);
int shim_call_filter_apply(const struct shim_call_filter *filter);

/*
 * Runs `work`, which makes system calls alone, in each other thread that takes signals; returns how
 * many failed or were late, or -errno.
 */
int shim_in_other_threads(int (*work)(void));

struct stat;

/*
 * fstat(2) as such, 0 or -errno: the C library's asks by an empty path, which a confined thread
 * without folders may not.
 */
int shim_fstat(int fd, struct stat *out);

/* Writes attributes in the layout of shim_file__stat(). */
void shim_put_stat(const struct stat *info, void *out);

/*
 * Unmaps the pages of the program's own file that are as in the file. Those that are used again are
 * mapped again, from the page cache. May be called on any thread; does nothing where the process
 * cannot read its page map.
 */
void shim_trim(void);

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t shim_now_ns(void);

/* Room for a path that shim_path_open_binary() gives back. */
#define SHIM_PATH_SIZE 256

/* Each a descriptor of the kind of thing it is named after, or -errno: -ENOENT for another kind. */
int shim_path_open_cgroup(const char *path);
int shim_path_open_netns(const char *path);

/*
 * An ELF file by a path, or by a bare name that is looked up in the folders of programs or
 * libraries: what to call it in `resolved`, while `opened` is open. 0 or -errno.
 */
int shim_path_open_binary(const char *path, char resolved[SHIM_PATH_SIZE], int *opened);

/* A descriptor of the running kernel's configuration, compressed or not; or below 0. */
int shim_kernel_open_config(void);

/* A descriptor of the root of a file system that is mounted nowhere, such as "tracefs", or -errno.
 */
int shim_file_system_open(const char *type);

struct btf;
struct shim_names;

/* Lists the kernel's types by name, for kernel_names.c; NULL without memory. */
struct shim_names *shim_names_list(const struct btf *types);

/* Takes a list, or NULL, for what this thread loads; the one before is freed. */
void shim_names_use(struct shim_names *names);

/* Reports whether libbpf will find tracefs where it looks. */
bool shim_tracefs_is_mounted(void);

#endif
