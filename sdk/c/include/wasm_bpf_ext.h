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

/* More errors a guest may want to tell apart, as the kernel numbers them. */
enum wasm_bpf_ext_errno {
	WASM_BPF_ENOMEM = 12,
	WASM_BPF_EBUSY = 16,
	WASM_BPF_ENOSPC = 28,
	WASM_BPF_EOPNOTSUPP = 95,
	WASM_BPF_ESTALE = 116,
};

/* ---- events without a callback ------------------------------------------------------------- */

/* One event as wasm_bpf_buffer_read() writes it; the next one follows, 8-byte aligned. */
struct wasm_bpf_record {
	uint32_t size; /* of data, in bytes */
	uint32_t cpu;  /* that sent it, for a perf event array; 0 for a ring buffer */
	unsigned char data[];
};

/* What a buffer has seen since it was first polled or read. */
struct wasm_bpf_buffer_stats {
	uint64_t delivered;
	uint64_t lost;	    /* dropped by the kernel, which tells for perf event arrays only */
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
 *         to end; -WASM_BPF_ENOSPC when the first event does not fit: `buf` holds its header, which
 *         says the size, and the event stays for the next call
 */
WASM_BPF_EXT_IMPORT("buffer_read")
int32_t wasm_bpf_buffer_read(uint64_t obj, int32_t fd, void *buf, int32_t buf_size,
			     int32_t timeout_ms);

/** @brief Counts of a ring buffer or perf event array; zeros before its first poll or read. */
WASM_BPF_EXT_IMPORT("buffer_stats")
int32_t wasm_bpf_buffer_stats(uint64_t obj, int32_t fd, struct wasm_bpf_buffer_stats *out);

/** @brief The record behind one: for (r = first; r < end; r = wasm_bpf_record__next(r)). */
static inline const struct wasm_bpf_record *
wasm_bpf_record__next(const struct wasm_bpf_record *record)
{
	return (const struct wasm_bpf_record *)(record->data + ((record->size + 7) & ~7U));
}

/* ---- errors in words ----------------------------------------------------------------------- */

/**
 * @brief The text of the last failure that has one: a load, an attach, a name that is not there, a
 *        refusal. Calls that fail with a mere number (no such element, a stale handle) leave it.
 * @param buf gets the text, cut to `size` and ended by NUL; may be NULL when `size` is 0
 * @return bytes of the whole text without the NUL; 0 when nothing has failed
 *
 * The first line says what and why. A hint and the verifier's log follow where there are any.
 */
WASM_BPF_EXT_IMPORT("last_error")
int32_t wasm_bpf_last_error(char *buf, int32_t size);

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_EXT_H */
