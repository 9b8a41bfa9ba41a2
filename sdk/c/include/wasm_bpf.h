/* SPDX-License-Identifier: MIT */
/*
 * Drives eBPF from WebAssembly, for guests in C and C++: the six imports of the module
 * `wasm_bpf`, a thin typed layer over them, and WASM_BPF_EMBED(), which puts a compiled eBPF
 * object into the guest. Header only; clang 14 or newer, --target=wasm32-wasi.
 *
 *	struct wasm_bpf_object obj;
 *
 *	WASM_BPF_EMBED(minimal, "minimal.bpf.o");
 *	...
 *	if (wasm_bpf_object__load(&obj, minimal, WASM_BPF_SIZE(minimal)))
 *		return 1;
 *	if (wasm_bpf_object__attach(obj, "handle_exec"))
 *		return 1;
 *
 * Rules that hold for every call:
 *
 * - Strings are NUL-terminated UTF-8. Memory passed in is read or written during the call only;
 *   the host keeps none of it, so it may be on the stack.
 * - A range that does not lie wholly in the guest's memory is -WASM_BPF_EFAULT, and nothing is
 *   written.
 * - Errors are negative numbers of the *kernel's* errno table (enum wasm_bpf_errno below). WASI
 *   counts differently: -EINTR with the EINTR of wasi-libc's <errno.h> never matches.
 * - Why a load or an attach failed stands on the host's stderr, the verifier's words included, so
 *   a guest need not explain it again.
 */
#ifndef WASM_BPF_H
#define WASM_BPF_H

#ifndef __wasm32__
#error "wasm_bpf.h is for WebAssembly guests: compile with clang --target=wasm32-wasi"
#endif

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WASM_BPF_IMPORT(name) __attribute__((import_module("wasm_bpf"), import_name(name)))

/* Commands of wasm_bpf_map_operate(): the kernel's `enum bpf_cmd` numbers. */
enum wasm_bpf_map_cmd {
	WASM_BPF_MAP_LOOKUP = 1,
	WASM_BPF_MAP_UPDATE = 2,
	WASM_BPF_MAP_DELETE = 3,
	WASM_BPF_MAP_GET_NEXT_KEY = 4,
};

/* Flags of an update. */
enum wasm_bpf_update_flag {
	WASM_BPF_ANY = 0,     /* create the element or replace it */
	WASM_BPF_NOEXIST = 1, /* create only: -WASM_BPF_EEXIST if it is there */
	WASM_BPF_EXIST = 2,   /* replace only: -WASM_BPF_ENOENT if it is not */
};

/* Errors that a guest is likely to handle, by the kernel's numbers. */
enum wasm_bpf_errno {
	WASM_BPF_EPERM = 1,
	WASM_BPF_ENOENT = 2,
	WASM_BPF_EINTR = 4,
	WASM_BPF_EIO = 5,
	WASM_BPF_E2BIG = 7,
	WASM_BPF_EBADF = 9,
	WASM_BPF_EAGAIN = 11,
	WASM_BPF_EFAULT = 14,
	WASM_BPF_EEXIST = 17,
	WASM_BPF_EINVAL = 22,
};

/**
 * @brief Receives one event. Called by the host from inside wasm_bpf_buffer_poll(), never between.
 * @param ctx what was given to the poll
 * @param data the buffer given to the poll; holds this event until the callback returns
 * @param size bytes of the event that are in @p data: at most the poll's max_size. A longer event
 *        was cut to that
 * @return 0 or positive to go on; a negative number stops the batch and becomes the poll's result.
 *         Events not yet delivered stay for the next poll
 *
 * The signature is libbpf's ring_buffer_sample_fn. The callback may call any import, may close the
 * object (which takes effect when the poll returns), and may exit().
 */
typedef int (*wasm_bpf_sample_fn)(void *ctx, void *data, size_t size);

/* ---- the imports ------------------------------------------------------------------------- */

/**
 * @brief Opens a compiled eBPF object and loads its maps and programs into the kernel.
 * @param obj_buf the bytes of the ELF file
 * @param obj_buf_sz how many
 * @return a handle, never 0; 0 on failure
 *
 * Nothing is attached yet. Everything the object owns lives until wasm_close_bpf_object(), or the
 * end of the guest, whichever way it ends.
 */
WASM_BPF_IMPORT("wasm_load_bpf_object")
uint64_t wasm_load_bpf_object(const void *obj_buf, uint32_t obj_buf_sz);

/**
 * @brief Detaches the object's programs, frees its buffers and unloads it.
 * @param obj the handle; it and every map token of the object are invalid afterwards
 * @return 0; -WASM_BPF_EINVAL if there is no such object
 */
WASM_BPF_IMPORT("wasm_close_bpf_object")
int32_t wasm_close_bpf_object(uint64_t obj);

/**
 * @brief Attaches one program.
 * @param obj the object's handle
 * @param name the program's function name in the eBPF source
 * @param attach_target the target in the form of the program's type (an interface, a cgroup
 * directory, ...); NULL or "" for the section's
 * @return 0; -WASM_BPF_ENOENT if the object has no such program, -WASM_BPF_EINVAL if the type does
 * not support the target, or the kernel's errno
 *
 * It stays attached until the object is closed.
 */
WASM_BPF_IMPORT("wasm_attach_bpf_program")
int32_t wasm_attach_bpf_program(uint64_t obj, const char *name, const char *attach_target);

/**
 * @brief Looks a map up.
 * @param obj the object's handle
 * @param name the map's name in the eBPF source
 * @return a token for the calls below, 0 or positive, valid until the object is closed;
 *         -WASM_BPF_ENOENT if the object has no such map. It is not a file descriptor of WASI
 */
WASM_BPF_IMPORT("wasm_bpf_map_fd_by_name")
int32_t wasm_bpf_map_fd_by_name(uint64_t obj, const char *name);

/**
 * @brief Waits for events of a ring buffer or perf event array and hands each to a callback.
 * @param obj the object's handle
 * @param fd the map's token. The first poll of a map makes its buffer, so what a perf event array
 *        sends before that is lost
 * @param sample_func called once an event, in order
 * @param ctx passed to it as it is
 * @param data where each event is copied; aligned as the event's type wants it
 * @param max_size bytes at @p data; longer events are cut
 * @param timeout_ms how long to wait for the first event; 0 looks and returns, -1 waits for ever
 * @return the number of events handled, 0 on time-out; the callback's result if that was negative;
 *         -WASM_BPF_EINTR when the guest is asked to end (Ctrl-C, a time-out of the command line)
 */
WASM_BPF_IMPORT("wasm_bpf_buffer_poll")
int32_t wasm_bpf_buffer_poll(uint64_t obj, int32_t fd, wasm_bpf_sample_fn sample_func, void *ctx,
			     void *data, int32_t max_size, int32_t timeout_ms);

/**
 * @brief Reads or changes one element of a map.
 * @param fd the map's token; anything else is -WASM_BPF_EBADF
 * @param cmd one of enum wasm_bpf_map_cmd
 * @param key as large as the map's key; NULL for maps without keys (queue, stack), and to get the
 *        first key
 * @param value as large as the map's value. For per-CPU maps: the value's size rounded up to 8,
 *        times the number of possible CPUs. NULL for delete and get_next_key
 * @param next_key as large as the map's key; where get_next_key writes. NULL otherwise
 * @param flags enum wasm_bpf_update_flag for an update, else 0
 * @return 0; -WASM_BPF_ENOENT if there is no such element (or no next key)
 */
WASM_BPF_IMPORT("wasm_bpf_map_operate")
int32_t wasm_bpf_map_operate(int32_t fd, int32_t cmd, const void *key, void *value, void *next_key,
			     uint64_t flags);

/* ---- the typed layer: a loaded object, its maps, the events of one map --------------------- */

/* A loaded object. One number, passed by value; close it once. */
struct wasm_bpf_object {
	uint64_t handle;
};

/* A map of a loaded object; valid as long as that. */
struct wasm_bpf_map {
	int32_t token;
};

/* The events of one ring buffer or perf event array, and where they go. */
struct wasm_bpf_events {
	struct wasm_bpf_object object;
	struct wasm_bpf_map map;
	wasm_bpf_sample_fn handle_event;
	void *ctx;
	void *buffer; /* each event is copied here before handle_event is called */
	uint32_t buffer_size;
};

/**
 * @brief Opens and loads an object.
 * @return 0, or -1: the reason stands on stderr already
 */
static inline int wasm_bpf_object__load(struct wasm_bpf_object *obj, const void *elf, size_t size)
{
	obj->handle = wasm_load_bpf_object(elf, (uint32_t)size);
	return obj->handle ? 0 : -1;
}

/** @brief Attaches a program where its section name specifies. @return 0 or negative */
static inline int wasm_bpf_object__attach(struct wasm_bpf_object obj, const char *program)
{
	return wasm_attach_bpf_program(obj.handle, program, NULL);
}

/** @brief Attaches a program to a target: an interface, a cgroup, ... @return 0 or negative */
static inline int wasm_bpf_object__attach_to(struct wasm_bpf_object obj, const char *program,
					     const char *target)
{
	return wasm_attach_bpf_program(obj.handle, program, target);
}

/** @brief Finds a map by its name. @return 0, or -WASM_BPF_ENOENT */
static inline int wasm_bpf_object__find_map(struct wasm_bpf_object obj, const char *name,
					    struct wasm_bpf_map *map)
{
	map->token = wasm_bpf_map_fd_by_name(obj.handle, name);
	return map->token < 0 ? map->token : 0;
}

/** @brief Detaches, frees and unloads everything of the object. @return 0 or negative */
static inline int wasm_bpf_object__close(struct wasm_bpf_object obj)
{
	return wasm_close_bpf_object(obj.handle);
}

/** @brief Copies the element's value out. @return 0, or -WASM_BPF_ENOENT */
static inline int wasm_bpf_map__lookup(struct wasm_bpf_map map, const void *key, void *value)
{
	return wasm_bpf_map_operate(map.token, WASM_BPF_MAP_LOOKUP, key, value, NULL, 0);
}

/** @brief Writes an element; flags as in enum wasm_bpf_update_flag. @return 0 or negative */
static inline int wasm_bpf_map__update(struct wasm_bpf_map map, const void *key, const void *value,
				       uint64_t flags)
{
	/* One parameter serves lookup and update; an update only reads it. */
	return wasm_bpf_map_operate(map.token, WASM_BPF_MAP_UPDATE, key, (void *)value, NULL,
				    flags);
}

/** @brief Removes an element. @return 0, or -WASM_BPF_ENOENT */
static inline int wasm_bpf_map__delete(struct wasm_bpf_map map, const void *key)
{
	return wasm_bpf_map_operate(map.token, WASM_BPF_MAP_DELETE, key, NULL, NULL, 0);
}

/** @brief The key after @p key, or the first if NULL. @return 0, or -WASM_BPF_ENOENT at the end */
static inline int wasm_bpf_map__next_key(struct wasm_bpf_map map, const void *key, void *next_key)
{
	return wasm_bpf_map_operate(map.token, WASM_BPF_MAP_GET_NEXT_KEY, key, NULL, next_key, 0);
}

/** @brief One wasm_bpf_buffer_poll(). @return events handled, 0 on time-out, or negative */
static inline int wasm_bpf_events__poll(const struct wasm_bpf_events *events, int timeout_ms)
{
	return wasm_bpf_buffer_poll(events->object.handle, events->map.token, events->handle_event,
				    events->ctx, events->buffer, (int32_t)events->buffer_size,
				    timeout_ms);
}

/* ---- embedding ----------------------------------------------------------------------------- */

/*
 * WASM_BPF_EMBED(symbol, "file");
 *
 * At file scope: puts the file's bytes into the guest's data, 8-byte aligned, as
 * `const unsigned char symbol[]`. The assembler looks for the file in the working directory and
 * along -I. The linker drops what nothing refers to. Other files of the guest can use it after
 * `extern const unsigned char symbol[], symbol_end[];`.
 *
 * The compiler cannot help with two things: its dependencies for make (-MD) lack the file, and
 * clang's -flto takes symbols made by assembly for functions, so compile the file that embeds
 * without -flto.
 */
#define WASM_BPF_EMBED(symbol, file)                                                               \
	__asm__(".section .rodata." #symbol ",\"\",@\n"                                            \
		".p2align 3\n"                                                                     \
		".globl " #symbol "\n"                                                             \
		".type " #symbol ", @object\n"                                                     \
		"" #symbol ":\n"                                                                   \
		".incbin \"" file "\"\n"                                                           \
		".globl " #symbol "_end\n"                                                         \
		".type " #symbol "_end, @object\n"                                                 \
		"" #symbol "_end:\n"                                                               \
		".size " #symbol ", " #symbol "_end - " #symbol "\n"                               \
		".size " #symbol "_end, 0\n");                                                     \
	WASM_BPF_EXTERN_C const unsigned char symbol[], symbol##_end[]

/* Bytes of what WASM_BPF_EMBED() embedded. */
#define WASM_BPF_SIZE(symbol) ((size_t)(symbol##_end - symbol))

#ifdef __cplusplus
#define WASM_BPF_EXTERN_C extern "C"
#else
#define WASM_BPF_EXTERN_C extern
#endif

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_H */
