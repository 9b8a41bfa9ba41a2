/* SPDX-License-Identifier: MIT */
/*
 * libbpf's bpf_tc_*: classifiers on an interface. A guest's are tcx links (Linux 6.6), which need
 * no qdisc and go when the guest ends; handles and priorities only name them.
 */
#ifndef WASM_BPF_LIBBPF_TC_H
#define WASM_BPF_LIBBPF_TC_H

#include "libbpf_attach.h"

#ifdef __cplusplus
extern "C" {
#endif

enum bpf_tc_attach_point {
	BPF_TC_INGRESS = 1 << 0,
	BPF_TC_EGRESS = 1 << 1,
	BPF_TC_CUSTOM = 1 << 2,
};

enum bpf_tc_flags {
	BPF_TC_F_REPLACE = 1 << 0,
};

struct bpf_tc_hook {
	size_t sz;
	int ifindex;
	enum bpf_tc_attach_point attach_point;
	__u32 parent;
};

struct bpf_tc_opts {
	size_t sz;
	int prog_fd;
	__u32 flags;
	__u32 prog_id;
	__u32 handle;
	__u32 priority;
};

struct libbpf_wasm_classifier {
	struct libbpf_wasm_classifier *next;
	struct bpf_link *link;
	int ifindex;
	enum bpf_tc_attach_point attach_point;
	__u32 handle, priority;
};

__attribute__((weak)) struct libbpf_wasm_classifier *libbpf_wasm_classifiers;

static inline struct libbpf_wasm_classifier **
libbpf_wasm_classifier__find(const struct bpf_tc_hook *hook, const struct bpf_tc_opts *opts)
{
	struct libbpf_wasm_classifier **at = &libbpf_wasm_classifiers;

	while (*at &&
	       ((*at)->ifindex != hook->ifindex || (*at)->attach_point != hook->attach_point ||
		(*at)->handle != opts->handle || (*at)->priority != opts->priority))
		at = &(*at)->next;
	return at;
}

/** @brief Nothing to create. @return 0; -EOPNOTSUPP for custom places, -ENODEV */
static inline int bpf_tc_hook_create(struct bpf_tc_hook *hook)
{
	if (hook->attach_point & BPF_TC_CUSTOM)
		return libbpf_wasm_fail(EOPNOTSUPP);
	return libbpf_wasm_interface_name((unsigned int)hook->ifindex) ? 0
								       : libbpf_wasm_fail(ENODEV);
}

static inline int bpf_tc_hook_destroy(struct bpf_tc_hook *hook)
{
	return bpf_tc_hook_create(hook);
}

/**
 * @brief Attaches a classifier of a section that leaves the direction open ("tc").
 * @return 0; -EEXIST for a handle and priority that are taken; -EOPNOTSUPP with flags; -errno
 */
static inline int bpf_tc_attach(const struct bpf_tc_hook *hook, struct bpf_tc_opts *opts)
{
	const struct bpf_program *program = libbpf_wasm_program_of(opts->prog_fd);
	struct libbpf_wasm_classifier *made;

	if (!program)
		return -errno;
	if (hook->attach_point != BPF_TC_INGRESS && hook->attach_point != BPF_TC_EGRESS)
		return libbpf_wasm_fail(EINVAL);
	if (opts->flags)
		return libbpf_wasm_fail(EOPNOTSUPP);
	if (*libbpf_wasm_classifier__find(hook, opts))
		return libbpf_wasm_fail(EEXIST);
	made = LIBBPF_WASM_CAST(struct libbpf_wasm_classifier *, calloc(1, sizeof(*made)));
	if (!made)
		return libbpf_wasm_fail(ENOMEM);
	made->link = libbpf_wasm_attach_interface(
	    program, hook->ifindex, hook->attach_point == BPF_TC_EGRESS ? ":egress" : ":ingress");
	if (!made->link) {
		free(made);
		return -errno;
	}
	made->ifindex = hook->ifindex;
	made->attach_point = hook->attach_point;
	made->handle = opts->handle;
	made->priority = opts->priority;
	made->next = libbpf_wasm_classifiers;
	libbpf_wasm_classifiers = made;
	return 0;
}

/** @brief Detaches what has the handle and priority. @return 0; -ENOENT */
static inline int bpf_tc_detach(const struct bpf_tc_hook *hook, const struct bpf_tc_opts *opts)
{
	struct libbpf_wasm_classifier **at = libbpf_wasm_classifier__find(hook, opts), *found = *at;
	int err;

	if (!found)
		return libbpf_wasm_fail(ENOENT);
	*at = found->next;
	err = bpf_link__destroy(found->link);
	free(found);
	return err;
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_TC_H */
