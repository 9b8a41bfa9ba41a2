/* SPDX-License-Identifier: MIT */
/*
 * libbpf's names for guests: the header of programs like libbpf-bootstrap's. README.md lists what
 * is there and what differs. Needs wasm-bpf: it imports the module `wasm_bpf_ext`.
 */
#ifndef WASM_BPF_LIBBPF_H
#define WASM_BPF_LIBBPF_H

#include "libbpf_attach.h"
#include "libbpf_buffer.h"
#include "libbpf_program.h"
#include "libbpf_skeleton.h"
#include "libbpf_tc.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LIBBPF_MAJOR_VERSION 1
#define LIBBPF_MINOR_VERSION 7

enum libbpf_print_level {
	LIBBPF_WARN,
	LIBBPF_INFO,
	LIBBPF_DEBUG,
};

typedef int (*libbpf_print_fn_t)(enum libbpf_print_level level, const char *format, va_list args);

/** @brief Does nothing: the host prints libbpf's log, more of it under --verbose. */
static inline libbpf_print_fn_t libbpf_set_print(libbpf_print_fn_t fn)
{
	(void)fn;
	return NULL;
}

enum libbpf_strict_mode {
	LIBBPF_STRICT_ALL = -1,
	LIBBPF_STRICT_NONE = 0,
};

/** @brief As in libbpf 1.x: strict is all there is. */
static inline int libbpf_set_strict_mode(enum libbpf_strict_mode mode)
{
	(void)mode;
	return 0;
}

/** @brief For what returns pointers: -errno for NULL. */
static inline long libbpf_get_error(const void *pointer)
{
	return pointer ? 0 : -errno;
}

/** @brief Returns the number of possible CPUs: an element of a per-CPU map has so many values. */
static inline int libbpf_num_possible_cpus(void)
{
	return libbpf_wasm_result(wasm_bpf_possible_cpus());
}

/** @brief The kernel's types are not looked up for a guest here. @return -EOPNOTSUPP */
static inline int libbpf_find_vmlinux_btf_id(const char *name, enum bpf_attach_type attach_type)
{
	(void)name;
	(void)attach_type;
	return libbpf_wasm_fail(EOPNOTSUPP);
}

/** @brief 1 when the running kernel has the type of map, else 0. @return also -EOPNOTSUPP */
static inline int libbpf_probe_bpf_map_type(enum bpf_map_type type, const void *opts)
{
	if (opts)
		return libbpf_wasm_fail(EINVAL);
	return libbpf_wasm_result(wasm_bpf_kernel_supports(WASM_BPF_SUPPORTS_MAP, (int)type));
}

static inline int libbpf_probe_bpf_prog_type(enum bpf_prog_type type, const void *opts)
{
	if (opts)
		return libbpf_wasm_fail(EINVAL);
	return libbpf_wasm_result(wasm_bpf_kernel_supports(WASM_BPF_SUPPORTS_PROGRAM, (int)type));
}

/* libbpf's own errors, which the C library does not define. */
enum libbpf_errno {
	LIBBPF_ERRNO__LIBELF = 4000,
	LIBBPF_ERRNO__FORMAT,
	LIBBPF_ERRNO__KVERSION,
	LIBBPF_ERRNO__ENDIAN,
	LIBBPF_ERRNO__INTERNAL,
	LIBBPF_ERRNO__RELOC,
	LIBBPF_ERRNO__LOAD,
	LIBBPF_ERRNO__VERIFY,
	LIBBPF_ERRNO__PROG2BIG,
	LIBBPF_ERRNO__KVER,
	LIBBPF_ERRNO__PROGTYPE,
	LIBBPF_ERRNO__WRNGPID,
	LIBBPF_ERRNO__INVSEQ,
	LIBBPF_ERRNO__NLPARSE,
};

/* Words for one of them, or NULL. */
static inline const char *libbpf_wasm_own_error(int error)
{
	switch (error) {
	case LIBBPF_ERRNO__LIBELF:
		return "Something wrong in libelf";
	case LIBBPF_ERRNO__FORMAT:
		return "BPF object format invalid";
	case LIBBPF_ERRNO__KVERSION:
		return "'version' section incorrect or lost";
	case LIBBPF_ERRNO__ENDIAN:
		return "Endian mismatch";
	case LIBBPF_ERRNO__INTERNAL:
		return "Internal error in libbpf";
	case LIBBPF_ERRNO__RELOC:
		return "Relocation failed";
	default:
		return error >= LIBBPF_ERRNO__LIBELF && error <= LIBBPF_ERRNO__NLPARSE
			   ? "Error of libbpf"
			   : NULL;
	}
}

/** @brief Describes an error, of either sign. @return 0, or -ERANGE when it was cut */
static inline int libbpf_strerror(int err, char *buf, size_t size)
{
	const char *own = libbpf_wasm_own_error(err < 0 ? -err : err);
	int length = snprintf(buf, size, "%s", own ? own : strerror(err < 0 ? -err : err));

	return length < (int)size ? 0 : libbpf_wasm_fail(ERANGE);
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_H */
