/* SPDX-License-Identifier: MIT */
/*
 * The import module `wasm_bpf_ext`: what wasm-bpf has beyond `wasm_bpf`. A guest that includes
 * wasm_bpf.h alone runs on every runtime of that interface; one that calls a function of this
 * header needs wasm-bpf.
 *
 * The rules of wasm_bpf.h hold here as well. docs/guest-abi.md describes each import with its
 * WebAssembly type, for guests in other languages.
 */
#ifndef WASM_BPF_EXT_H
#define WASM_BPF_EXT_H

#include "wasm_bpf.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WASM_BPF_EXT_IMPORT(name) __attribute__((import_module("wasm_bpf_ext"), import_name(name)))

/* More errors that a guest may handle, by the kernel's numbers. */
enum wasm_bpf_ext_errno {
	WASM_BPF_ENOMEM = 12,
	WASM_BPF_EBUSY = 16,
	WASM_BPF_ENOSPC = 28,
	WASM_BPF_ERANGE = 34,
	WASM_BPF_EOPNOTSUPP = 95,
	WASM_BPF_EALREADY = 114,
	WASM_BPF_ESTALE = 116,
};

/* ---- events without a callback ------------------------------------------------------------- */

/* One event as wasm_bpf_buffer_read() writes it; the next one follows, 8-byte aligned. */
struct wasm_bpf_record {
	uint32_t size; /* of data, in bytes */
	uint32_t cpu;  /* that sent it, for a perf event array; 0 for a ring buffer */
	unsigned char data[];
};

/* Counts of a buffer since it was first polled or read. */
struct wasm_bpf_buffer_stats {
	uint64_t delivered;
	uint64_t lost; /* dropped by the kernel, which counts them for perf event arrays only */
	uint64_t truncated; /* delivered by a callback, but cut to its buffer */
};

/**
 * @brief Waits for events and copies as many as there are and fit.
 * @param obj the object's handle
 * @param fd the map's token; the first poll or read of a map makes its buffer
 * @param buf where the records go, 8-byte aligned
 * @param buf_size at least 8
 * @param timeout_ms how long to wait for the first event; 0 looks and returns, -1 waits for ever
 * @return bytes written, whole records only; 0 on time-out; -WASM_BPF_EINTR when the guest is asked
 *         to end; -WASM_BPF_ENOSPC when the first event does not fit: `buf` holds its header
 *         with the size, and the event stays for the next call
 */
WASM_BPF_EXT_IMPORT("buffer_read")
int32_t wasm_bpf_buffer_read(uint64_t obj, int32_t fd, void *buf, int32_t buf_size,
			     int32_t timeout_ms);

/**
 * @brief Reports whether the guest is asked to end and has not got -WASM_BPF_EINTR for it yet.
 *
 * For loops over what wasm_bpf_buffer_read() wrote, before each record: a batch can be long. The
 * call costs 1 to 2 ns. The next wait of at least 1 ms returns -WASM_BPF_EINTR.
 */
WASM_BPF_EXT_IMPORT("is_interrupted")
int32_t wasm_bpf_is_interrupted(void);

/**
 * @brief Shows the same as a word in the guest's memory, for loops that run for each event.
 * @param page the start of 4 KiB, aligned to that, which the host replaces: its first uint32_t is
 *        not 0 from now on while the guest is asked to end
 * @return 0; -WASM_BPF_EBUSY when there is such a page already; -WASM_BPF_EINVAL when it is not
 *         aligned to the host's pages, which are larger on some machines
 */
WASM_BPF_EXT_IMPORT("interrupt_page")
int32_t wasm_bpf_interrupt_page(void *page);

/** @brief Counts of a ring buffer or perf event array; zeros before its first poll or read. */
WASM_BPF_EXT_IMPORT("buffer_stats")
int32_t wasm_bpf_buffer_stats(uint64_t obj, int32_t fd, struct wasm_bpf_buffer_stats *out);

/** @brief The record after one: for (r = first; r < end; r = wasm_bpf_record__next(r)). */
static inline const struct wasm_bpf_record *
wasm_bpf_record__next(const struct wasm_bpf_record *record)
{
	return (const struct wasm_bpf_record *)(record->data + ((record->size + 7) & ~7U));
}

/* Records of wasm_bpf_buffer_read(), to be taken one by one. */
struct wasm_bpf_cursor {
	const char *at;
	const char *end;
	/* Of the last event: its size, and its bytes with header and padding. */
	uint32_t size;
	uint32_t step;
};

/**
 * @brief Starts with the `bytes` at `records` that wasm_bpf_buffer_read() returned; after a
 * negative result there are no events.
 */
static inline struct wasm_bpf_cursor wasm_bpf_cursor(const void *records, int32_t bytes)
{
	const char *at = (const char *)records;
	const struct wasm_bpf_cursor cursor = {at, at + (bytes > 0 ? bytes : 0), 0, 8};

	return cursor;
}

/**
 * @brief The next event; NULL after the last one.
 *
 * For events of one size it is faster than wasm_bpf_record__next(), which waits for each header
 * before it can tell where the next one is.
 */
static inline const struct wasm_bpf_record *wasm_bpf_cursor__next(struct wasm_bpf_cursor *cursor)
{
	const struct wasm_bpf_record *record = (const struct wasm_bpf_record *)cursor->at;

	if (cursor->at >= cursor->end)
		return NULL;
	/* A branch: the processor goes on by the last step before it knows this size. */
	if (__builtin_expect(record->size != cursor->size, 0)) {
		cursor->size = record->size;
		cursor->step = 8 + ((record->size + 7) & ~7U);
	}
	cursor->at += cursor->step;
	return record;
}

/* ---- records ------------------------------------------------------------------------------- */

/* For wasm_bpf_records_open(): records are rows of an interval that wasm_bpf_records_flush() ends.
 */
#define WASM_BPF_RECORDS_TABLE 1U

/**
 * @brief Starts a source of records, which the host shows as the user requests: columns, JSON,
 * filtered, sorted.
 * @param name of the source, at most 255 bytes
 * @param schema name of a struct in `object`, or C members with formats after @:
 *        "u64 ts @time; u32 pid; char comm[16]"
 * @param object an eBPF object or BTF that has the struct; NULL for members
 * @param object_size its size in bytes; 0 for members
 * @param flags 0 for events, WASM_BPF_RECORDS_TABLE for rows
 * @return an id from 1 on; 0 when the user requested no records, so that the guest prints by
 * itself; or a negative errno: -EIO for a bad schema, which the host reports
 */
WASM_BPF_EXT_IMPORT("records_open")
int32_t wasm_bpf_records_open(const char *name, const char *schema, const void *object,
			      int32_t object_size, uint32_t flags);

/**
 * @brief Hands over records, one after the other, each of the schema's size.
 * @return their number, or a negative errno: -EBADF for an unknown id
 */
WASM_BPF_EXT_IMPORT("records_write")
int32_t wasm_bpf_records_write(int32_t id, const void *records, int32_t size);

/**
 * @brief Ends an interval of a table: its rows are sorted and shown. Ends one of events, too, where
 * they are aggregated.
 * @return 0, or -EBADF for an unknown id
 */
WASM_BPF_EXT_IMPORT("records_flush")
int32_t wasm_bpf_records_flush(int32_t id);

/** @brief Opens a source of events of `type`, a struct of a skeleton's or other object's BTF. */
#define WASM_BPF_RECORDS(name, type, object, object_size)                                          \
	wasm_bpf_records_open(name, #type, object, (int32_t)(object_size), 0)

/* ---- objects step by step ------------------------------------------------------------------ */

/**
 * @brief Opens a compiled eBPF object without loading it, so that its read-only data can be set.
 * @return a handle as wasm_load_bpf_object() gives, never 0; 0 on failure. Until it is loaded, only
 *         the calls below and wasm_close_bpf_object() take it
 */
WASM_BPF_EXT_IMPORT("object_open")
uint64_t wasm_bpf_object_open(const void *obj_buf, uint32_t obj_buf_sz);

/* Settings of wasm_bpf_object_configure(). */
enum wasm_bpf_setting {
	WASM_BPF_PROGRAM_AUTOLOAD = 1, /* whether the load loads the program: 0 or 1 */
	WASM_BPF_MAP_MAX_ENTRIES = 2,
	WASM_BPF_MAP_KEY_SIZE = 3,
	WASM_BPF_MAP_VALUE_SIZE = 4,
	WASM_BPF_MAP_AUTOCREATE = 5, /* whether the load makes the map: 0 or 1 */
	WASM_BPF_MAP_TYPE = 6,	     /* BPF_MAP_TYPE_*, of maps without anything of their own */
	WASM_BPF_PROGRAM_TYPE = 7,   /* BPF_PROG_TYPE_*, except struct_ops and extensions */
	WASM_BPF_PROGRAM_ATTACH_TYPE = 8, /* the expected one, enum bpf_attach_type */
};

/**
 * @brief Sets something of a program or map of an object that was opened, until it is loaded.
 * @return 0; -WASM_BPF_ENOENT if there is none of that name, -WASM_BPF_EBUSY after the load,
 *         -WASM_BPF_EINVAL for another setting and for sections of global variables
 */
WASM_BPF_EXT_IMPORT("object_configure")
int32_t wasm_bpf_object_configure(uint64_t obj, const char *name, uint32_t setting, uint32_t value);

/**
 * @brief Sets which kernel function, hook or iterator a tracing or LSM program is for, instead of
 * its section. Until the load.
 * @return 0; -WASM_BPF_ENOENT without such a program, -WASM_BPF_EBUSY after the load,
 *         -WASM_BPF_EINVAL for a program of another type; -ESRCH (3) without such a function
 */
WASM_BPF_EXT_IMPORT("program_set_target")
int32_t wasm_bpf_program_set_target(uint64_t obj, const char *name, const char *target);

/**
 * @brief Loads an object that was opened. Once: after a failure it can only be closed.
 * @return 0; -WASM_BPF_EALREADY when that was done; or the kernel's errno
 */
WASM_BPF_EXT_IMPORT("object_load")
int32_t wasm_bpf_object_load(uint64_t obj);

/**
 * @brief Writes global variables of the eBPF programs.
 * @param section ".rodata", ".data", ".bss", or a section that the source named ".data.x",
 * ".rodata.x"
 * @param offset where in the section, as the linker laid it out: variables of one section are in
 * one struct for this to be dependable
 * @return 0; -WASM_BPF_ENOENT if there is no such section, -WASM_BPF_ERANGE if the bytes do not lie
 *         in it, -WASM_BPF_EPERM for read-only data of a loaded object
 *
 * Before the load it sets what the variables start with; afterwards what they are, at once and
 * without a system call (a section with nothing but static variables is read and written back).
 */
WASM_BPF_EXT_IMPORT("global_set")
int32_t wasm_bpf_global_set(uint64_t obj, const char *section, uint32_t offset, const void *data,
			    uint32_t size);

/* ---- links --------------------------------------------------------------------------------- */

/**
 * @brief Attaches a program as wasm_attach_bpf_program() does.
 * @return a link, positive, until wasm_bpf_link_detach() or the end of the object; or negative
 */
WASM_BPF_EXT_IMPORT("link_attach")
int32_t wasm_bpf_link_attach(uint64_t obj, const char *name, const char *attach_target);

/** @brief Detaches; the object stays loaded. @return 0; -WASM_BPF_EINVAL if there is no such link
 */
WASM_BPF_EXT_IMPORT("link_detach")
int32_t wasm_bpf_link_detach(int32_t link);

/**
 * @brief Reads on in what an iterator program (section "iter/...") prints.
 * @return bytes written; 0 at the end, and the next call starts anew; -WASM_BPF_EINVAL if the link
 * is not an iterator's
 */
WASM_BPF_EXT_IMPORT("iter_read")
int32_t wasm_bpf_iter_read(int32_t link, void *buf, int32_t size);

/* ---- maps ---------------------------------------------------------------------------------- */

/* Commands of wasm_bpf_map_batch(): the kernel's `enum bpf_cmd` numbers. */
enum wasm_bpf_batch_cmd {
	WASM_BPF_BATCH_LOOKUP = 24,
	WASM_BPF_BATCH_LOOKUP_AND_DELETE = 25,
	WASM_BPF_BATCH_UPDATE = 26,
	WASM_BPF_BATCH_DELETE = 27,
};

struct wasm_bpf_map_info {
	uint32_t type; /* BPF_MAP_TYPE_* */
	uint32_t key_size;
	uint32_t value_size; /* of what one lookup writes: `cpus` values of equal size */
	uint32_t max_entries;
	uint32_t cpus; /* 1, or for a per-CPU map the number of possible CPUs */
	uint32_t reserved;
};

/** @brief Returns the number of possible CPUs: an element of a per-CPU map has so many values. */
WASM_BPF_EXT_IMPORT("possible_cpus")
int32_t wasm_bpf_possible_cpus(void);

/** @brief Returns the PID of the process that runs the guest: tools can leave themselves out. */
WASM_BPF_EXT_IMPORT("host_pid")
int32_t wasm_bpf_host_pid(void);

/**
 * @brief Returns how far the host's local time is ahead of UTC at a moment, in seconds.
 * @param seconds since 1970, as time(NULL) returns them
 */
WASM_BPF_EXT_IMPORT("local_offset")
int32_t wasm_bpf_local_offset(int64_t seconds);

/* Kinds of wasm_bpf_kernel_supports(). */
enum wasm_bpf_supported {
	WASM_BPF_SUPPORTS_MAP = 1,     /* BPF_MAP_TYPE_* */
	WASM_BPF_SUPPORTS_PROGRAM = 2, /* BPF_PROG_TYPE_* */
};

/**
 * @brief Tries whether the running kernel has a type of map or program.
 * @return 1 or 0; -WASM_BPF_EINVAL for another kind, -WASM_BPF_EOPNOTSUPP for what cannot be tried
 */
WASM_BPF_EXT_IMPORT("kernel_supports")
int32_t wasm_bpf_kernel_supports(int32_t kind, int32_t number);

/** @brief Returns the sizes of keys and values. @return 0, or -WASM_BPF_EBADF */
WASM_BPF_EXT_IMPORT("map_info")
int32_t wasm_bpf_map_info(int32_t fd, struct wasm_bpf_map_info *out);

/**
 * @brief Operates on many elements in one system call (Linux 5.6).
 * @param cmd one of enum wasm_bpf_batch_cmd
 * @param in_batch where a lookup goes on: what the last one wrote to `out_batch`; NULL from the
 * start
 * @param out_batch as large as a key, at least 4 bytes; may be the same memory as `in_batch`. Both
 *        are NULL for updates, deletes and maps without keys
 * @param keys, values arrays without gaps; values of map_info's size. A delete has no values
 * @param count in: elements there is room for or to do; out: how many were done, after errors as
 * well
 * @param flags of each element: 0, or BPF_F_LOCK (4)
 * @return 0; -WASM_BPF_ENOENT when a lookup has come to the end (`count` elements are good) or a
 * key to delete is not there; -WASM_BPF_ENOSPC when one hash bucket holds more than `count`: call
 *         again with more; -WASM_BPF_EOPNOTSUPP when the map's type has no such operation
 *
 * A lookup meanwhile changed by others neither repeats nor starts over: hash maps go on by bucket.
 * Queues and stacks pop by lookup-and-delete and push by update, bloom filters add by update, one
 * system call an element.
 */
WASM_BPF_EXT_IMPORT("map_batch")
int32_t wasm_bpf_map_batch(int32_t fd, int32_t cmd, const void *in_batch, void *out_batch,
			   void *keys, void *values, uint32_t *count, uint64_t flags);

/**
 * @brief Copies an element's value out and deletes it in one step; pops from a queue or stack.
 * @param key NULL for queues and stacks
 * @return 0; -WASM_BPF_ENOENT if there is no such element
 */
WASM_BPF_EXT_IMPORT("map_lookup_and_delete")
int32_t wasm_bpf_map_lookup_and_delete(int32_t fd, const void *key, void *value, uint64_t flags);

/**
 * @brief Names a program, to be written as an element of a program array, or into the program field
 *        of a device or CPU map's.
 * @return a token, positive, until the object is closed; -WASM_BPF_ENOENT if there is no such
 * program
 *
 * For maps of maps the token is that of wasm_bpf_map_fd_by_name(). Lookups give tokens, too.
 */
WASM_BPF_EXT_IMPORT("program_token")
int32_t wasm_bpf_program_token(uint64_t obj, const char *name);

/**
 * @brief Copies a sample into a user ring buffer, for the object's programs to drain (Linux 6.1).
 * @param timeout_ms how long to wait for room; 0 not at all, -1 for ever
 * @return 0; -WASM_BPF_ENOSPC without room, -WASM_BPF_E2BIG when the ring is too small for it,
 *         -WASM_BPF_EINTR when the guest is asked to end
 */
WASM_BPF_EXT_IMPORT("user_ring_submit")
int32_t wasm_bpf_user_ring_submit(uint64_t obj, int32_t fd, const void *data, int32_t size,
				  int32_t timeout_ms);

/* ---- errors in words ----------------------------------------------------------------------- */

/**
 * @brief The text of the last failure that has one: a load, an attach, a name that is not there, a
 *        refusal. Calls that fail with a mere number (no such element, a stale handle) leave it.
 * @param buf gets the text, cut to `size` and ended by NUL; may be NULL when `size` is 0
 * @return bytes of the whole text without the NUL; 0 when nothing has failed
 *
 * The first line has the operation and the reason. A hint and the verifier's log may follow.
 */
WASM_BPF_EXT_IMPORT("last_error")
int32_t wasm_bpf_last_error(char *buf, int32_t size);

/**
 * @brief Why wasm_bpf_object_open() or wasm_load_bpf_object() returned 0 last.
 * @return a positive errno of Linux, or of libbpf from 4000 on; 0 when neither has failed
 */
WASM_BPF_EXT_IMPORT("last_errno")
int32_t wasm_bpf_last_errno(void);

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_EXT_H */
