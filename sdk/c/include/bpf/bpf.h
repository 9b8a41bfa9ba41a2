/* SPDX-License-Identifier: MIT */
/*
 * The elements of maps, by libbpf's names. A map's descriptor, as bpf_map__fd() gives it, is a
 * token in the guest's own table: not a WASI descriptor, and nothing to close.
 *
 * As in libbpf 1.x: 0 or more, or -errno with errno set, by the numbers of this libc's <errno.h>.
 */
#ifndef WASM_BPF_BPF_H
#define WASM_BPF_BPF_H

#include "libbpf_common.h"
#include "libbpf_descriptors.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline int bpf_map_lookup_elem_flags(int fd, const void *key, void *value, __u64 flags)
{
	return libbpf_wasm_result(
	    wasm_bpf_map_operate(fd, WASM_BPF_MAP_LOOKUP, key, value, NULL, flags));
}

/** @brief Copies an element's value out; for a per-CPU map those of all CPUs. @return 0, -ENOENT */
static inline int bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	return bpf_map_lookup_elem_flags(fd, key, value, 0);
}

/** @brief Writes an element; flags BPF_ANY, BPF_NOEXIST, BPF_EXIST. @return 0, -EEXIST, -E2BIG … */
static inline int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)
{
	/* One parameter serves lookup and update; an update only reads it. */
	return libbpf_wasm_result(
	    wasm_bpf_map_operate(fd, WASM_BPF_MAP_UPDATE, key, (void *)value, NULL, flags));
}

static inline int bpf_map_delete_elem_flags(int fd, const void *key, __u64 flags)
{
	return libbpf_wasm_result(
	    wasm_bpf_map_operate(fd, WASM_BPF_MAP_DELETE, key, NULL, NULL, flags));
}

static inline int bpf_map_delete_elem(int fd, const void *key)
{
	return bpf_map_delete_elem_flags(fd, key, 0);
}

/** @brief The key after @p key, the first for NULL. @return 0, or -ENOENT at the end */
static inline int bpf_map_get_next_key(int fd, const void *key, void *next_key)
{
	return libbpf_wasm_result(
	    wasm_bpf_map_operate(fd, WASM_BPF_MAP_GET_NEXT_KEY, key, NULL, next_key, 0));
}

static inline int bpf_map_lookup_and_delete_elem_flags(int fd, const void *key, void *value,
						       __u64 flags)
{
	return libbpf_wasm_result(wasm_bpf_map_lookup_and_delete(fd, key, value, flags));
}

/** @brief Copies a value out and deletes the element in one step; pops from a queue or stack. */
static inline int bpf_map_lookup_and_delete_elem(int fd, const void *key, void *value)
{
	return bpf_map_lookup_and_delete_elem_flags(fd, key, value, 0);
}

/* ---- many at once (Linux 5.6) -------------------------------------------------------------- */

struct bpf_map_batch_opts {
	size_t sz;
	__u64 elem_flags;
	__u64 flags; /* the kernel knows none */
};

static inline int libbpf_wasm_batch(int fd, int cmd, void *in_batch, void *out_batch, void *keys,
				    void *values, __u32 *count,
				    const struct bpf_map_batch_opts *opts)
{
	return libbpf_wasm_result(wasm_bpf_map_batch(fd, cmd, in_batch, out_batch, keys, values,
						     count, opts ? opts->elem_flags : 0));
}

/**
 * @brief Copies many elements out.
 * @param in_batch where to go on: NULL at first, then what `out_batch` was given
 * @param out_batch where it stopped: as large as a key, at least 4 bytes
 * @param count in: elements there is room for; out: how many there are
 * @return 0; -ENOENT at the end, when `count` elements are good as well
 */
static inline int bpf_map_lookup_batch(int fd, void *in_batch, void *out_batch, void *keys,
				       void *values, __u32 *count,
				       const struct bpf_map_batch_opts *opts)
{
	return libbpf_wasm_batch(fd, WASM_BPF_BATCH_LOOKUP, in_batch, out_batch, keys, values,
				 count, opts);
}

/** @brief Looks a batch up, and deletes what it copies. */
static inline int bpf_map_lookup_and_delete_batch(int fd, void *in_batch, void *out_batch,
						  void *keys, void *values, __u32 *count,
						  const struct bpf_map_batch_opts *opts)
{
	return libbpf_wasm_batch(fd, WASM_BPF_BATCH_LOOKUP_AND_DELETE, in_batch, out_batch, keys,
				 values, count, opts);
}

/** @brief Writes many elements; `count` is set to the number written. */
static inline int bpf_map_update_batch(int fd, const void *keys, const void *values, __u32 *count,
				       const struct bpf_map_batch_opts *opts)
{
	return libbpf_wasm_batch(fd, WASM_BPF_BATCH_UPDATE, NULL, NULL, (void *)keys,
				 (void *)values, count, opts);
}

static inline int bpf_map_delete_batch(int fd, const void *keys, __u32 *count,
				       const struct bpf_map_batch_opts *opts)
{
	return libbpf_wasm_batch(fd, WASM_BPF_BATCH_DELETE, NULL, NULL, (void *)keys, NULL, count,
				 opts);
}

/* ---- iterators ------------------------------------------------------------------------------ */

/**
 * @brief A pass of an attached iterator. One at a time a link.
 * @param link_fd of bpf_link__fd()
 * @return a descriptor for read() and close() of sdk/c/compat; without them, call
 *         wasm_bpf_iter_read() with the link's own
 */
static inline int bpf_iter_create(int link_fd)
{
	struct libbpf_wasm_descriptor *made;

	if (link_fd < 0)
		return libbpf_wasm_fail(EBADF);
	made = libbpf_wasm_descriptor__new(LIBBPF_WASM_ITERATOR, -1, "");
	if (!made)
		return libbpf_wasm_fail(ENOMEM);
	made->link = link_fd;
	return made->fd;
}

/* ---- probes of the kernel -------------------------------------------------------------------- */

struct bpf_map_create_opts {
	size_t sz;
	__u32 map_flags;
};

/* Not a map's token: every call that is given it returns -EBADF. */
#define LIBBPF_WASM_NO_MAP 0x3fffffff

/**
 * @brief Tries whether the kernel has a type of map. A guest's maps are those of its objects: what
 *        is returned can only be closed.
 * @return -EINVAL when the kernel has no such type
 */
static inline int bpf_map_create(enum bpf_map_type map_type, const char *map_name, __u32 key_size,
				 __u32 value_size, __u32 max_entries,
				 const struct bpf_map_create_opts *opts)
{
	const int supported = wasm_bpf_kernel_supports(WASM_BPF_SUPPORTS_MAP, (int)map_type);

	(void)map_name;
	(void)key_size;
	(void)value_size;
	(void)max_entries;
	(void)opts;
	if (supported < 0)
		return libbpf_wasm_result(supported);
	return supported ? LIBBPF_WASM_NO_MAP : libbpf_wasm_fail(EINVAL);
}

struct bpf_prog_load_opts {
	size_t sz;
	int attempts;
	enum bpf_attach_type expected_attach_type;
	__u32 prog_btf_fd;
	__u32 prog_flags;
	__u32 prog_ifindex;
	__u32 kern_version;
	__u32 attach_btf_id;
	__u32 attach_prog_fd;
};

/** @brief A guest's programs are those of its objects. @return -EOPNOTSUPP */
static inline int bpf_prog_load(enum bpf_prog_type prog_type, const char *prog_name,
				const char *license, const struct bpf_insn *insns, size_t insn_cnt,
				struct bpf_prog_load_opts *opts)
{
	(void)prog_type;
	(void)prog_name;
	(void)license;
	(void)insns;
	(void)insn_cnt;
	(void)opts;
	return libbpf_wasm_fail(EOPNOTSUPP);
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_BPF_H */
