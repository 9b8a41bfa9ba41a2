/* SPDX-License-Identifier: MIT */
/* Programs and links of objects, by libbpf's names. */
#ifndef WASM_BPF_LIBBPF_PROGRAM_H
#define WASM_BPF_LIBBPF_PROGRAM_H

#include "libbpf_object.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline const char *bpf_program__name(const struct bpf_program *prog)
{
	return prog->name;
}

static inline const char *bpf_program__section_name(const struct bpf_program *prog)
{
	return prog->section;
}

static inline bool bpf_program__autoload(const struct bpf_program *prog)
{
	return !prog->no_autoload;
}

/** @brief Sets whether the load includes the program. @return 0, or -EBUSY after it */
static inline int bpf_program__set_autoload(struct bpf_program *prog, bool autoload)
{
	int err = wasm_bpf_object_configure(prog->obj->handle, prog->name,
					    WASM_BPF_PROGRAM_AUTOLOAD, autoload);

	if (!err)
		prog->no_autoload = !autoload;
	return libbpf_wasm_result(err);
}

static inline int libbpf_wasm_configure_program(const struct bpf_program *prog, uint32_t setting,
						uint32_t value)
{
	return libbpf_wasm_result(
	    wasm_bpf_object_configure(prog->obj->handle, prog->name, setting, value));
}

/** @brief Until the load; not to or from struct_ops and extensions: -EINVAL. */
static inline int bpf_program__set_type(struct bpf_program *prog, enum bpf_prog_type type)
{
	return libbpf_wasm_configure_program(prog, WASM_BPF_PROGRAM_TYPE, (uint32_t)type);
}

static inline int bpf_program__set_expected_attach_type(struct bpf_program *prog,
							enum bpf_attach_type type)
{
	return libbpf_wasm_configure_program(prog, WASM_BPF_PROGRAM_ATTACH_TYPE, (uint32_t)type);
}

/**
 * @brief Sets which kernel function or hook a tracing or LSM program is for, until the load.
 * @param attach_prog_fd 0: a guest has no descriptors of other programs
 * @return 0; -EOPNOTSUPP for another program, -ESRCH when the kernel has no such function
 */
static inline int bpf_program__set_attach_target(struct bpf_program *prog, int attach_prog_fd,
						 const char *attach_func_name)
{
	if (attach_prog_fd)
		return libbpf_wasm_fail(EOPNOTSUPP);
	if (!attach_func_name)
		return libbpf_wasm_fail(EINVAL);
	return libbpf_wasm_result(
	    wasm_bpf_program_set_target(prog->obj->handle, prog->name, attach_func_name));
}

/** @brief A token for the program, to be written as an element of a program array. */
static inline int bpf_program__fd(const struct bpf_program *prog)
{
	return libbpf_wasm_result(wasm_bpf_program_token(prog->obj->handle, prog->name));
}

static inline bool bpf_program__autoattach(const struct bpf_program *prog)
{
	return !prog->no_autoattach;
}

/** @brief Sets whether attaching the whole object attaches this program. */
static inline void bpf_program__set_autoattach(struct bpf_program *prog, bool autoattach)
{
	prog->no_autoattach = !autoattach;
}

/**
 * @brief Sets the target that the program is attached to, in the form of its type: an interface, a
 * cgroup directory, … libbpf has a function a type instead, most of which take descriptors.
 * @return 0, or -ENOMEM
 */
static inline int bpf_program__set_target(struct bpf_program *prog, const char *target)
{
	char *copy = target ? strdup(target) : NULL;

	if (target && !copy)
		return libbpf_wasm_fail(ENOMEM);
	free(prog->target);
	prog->target = copy;
	return 0;
}

/** @brief Attaches to a target. @return NULL with errno set on failure; the reason is on stderr */
static inline struct bpf_link *bpf_program__attach_to(const struct bpf_program *prog,
						      const char *target)
{
	struct bpf_link *link = LIBBPF_WASM_CAST(struct bpf_link *, calloc(1, sizeof(*link)));

	if (!link)
		return NULL;
	link->token = wasm_bpf_link_attach(prog->obj->handle, prog->name, target);
	if (link->token < 0) {
		libbpf_wasm_result(link->token);
		free(link);
		return NULL;
	}
	return link;
}

/** @brief Attaches to the target of bpf_program__set_target(), or else to the section's. */
static inline struct bpf_link *bpf_program__attach(const struct bpf_program *prog)
{
	return bpf_program__attach_to(prog, prog->target);
}

/* Reports whether a section's name has a place for its programs; libbpf leaves out the others as
   well. */
static inline bool libbpf_wasm_attaches_itself(const char *section)
{
	static const char *const places[] = {
	    "tp/",	 "tracepoint/", "raw_tp",    "raw_tracepoint", "tp_btf/",
	    "kprobe",	 "kretprobe",	"ksyscall/", "kretsyscall/",   "uprobe",
	    "uretprobe", "usdt/",	"fentry",    "fexit",	       "fmod_ret",
	    "freplace",	 "lsm/",	"lsm.s/",    "iter",
	};

	if (!strchr(section, '/'))
		return false;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (!strncmp(section, places[i], strlen(places[i])))
			return true;
	}
	return false;
}

/* Reports whether attaching everything is to attach this one. */
static inline bool libbpf_wasm_autoattaches(const struct bpf_program *prog)
{
	return !prog->no_autoload && !prog->no_autoattach &&
	       (prog->target || libbpf_wasm_attaches_itself(prog->section));
}

/**
 * @brief Attaches every program that has a target or whose section has a place, as a skeleton's
 * attach does; until the object is closed.
 * @return 0, or -errno of the first that failed: the reason stands on stderr
 */
static inline int bpf_object__attach(struct bpf_object *obj)
{
	struct bpf_program *prog;

	for (prog = obj->programs; prog; prog = prog->next) {
		struct bpf_link *link;

		if (!libbpf_wasm_autoattaches(prog))
			continue;
		link = bpf_program__attach(prog);
		if (!link)
			return -errno;
		/* The host keeps it attached. */
		free(link);
	}
	return 0;
}

/** @brief Detaches; the object stays loaded. @return 0; -EINVAL if its object is closed already */
static inline int bpf_link__destroy(struct bpf_link *link)
{
	int result;

	if (!link)
		return 0;
	result = libbpf_wasm_result(wasm_bpf_link_detach(link->token));
	free(link);
	return result;
}

static inline int bpf_link__fd(const struct bpf_link *link)
{
	return link->token;
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_PROGRAM_H */
