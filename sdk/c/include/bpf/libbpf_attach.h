/* SPDX-License-Identifier: MIT */
/*
 * libbpf's functions that attach a program to a place of the caller's choice. Each writes a target
 * in the host's words (docs/attach-targets.md), so the host checks what it names.
 *
 * As in libbpf: a link, or NULL with errno set. Cookies other than 0 are EOPNOTSUPP.
 */
#ifndef WASM_BPF_LIBBPF_ATTACH_H
#define WASM_BPF_LIBBPF_ATTACH_H

#include "libbpf_descriptors.h"
#include "libbpf_interface.h"
#include "libbpf_program.h"
#include "libbpf_symbol.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LIBBPF_WASM_TARGET_BYTES 4200

static inline struct bpf_link *libbpf_wasm_no_link(int error)
{
	errno = error;
	return NULL;
}

/* Attaches to a target that is put together like printf(). */
__attribute__((format(printf, 2, 3))) static inline struct bpf_link *
libbpf_wasm_attach_to(const struct bpf_program *prog, const char *format, ...)
{
	char target[LIBBPF_WASM_TARGET_BYTES];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(target, sizeof(target), format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(target))
		return libbpf_wasm_no_link(ENAMETOOLONG);
	return bpf_program__attach_to(prog, target);
}

/* The program that a token of bpf_program__fd() names; NULL with errno EBADF. */
static inline const struct bpf_program *libbpf_wasm_program_of(int prog_fd)
{
	struct bpf_object *obj;
	struct bpf_program *program;

	for (obj = libbpf_wasm_objects; obj; obj = obj->next) {
		for (program = obj->programs; program; program = program->next) {
			if (obj->loaded && !program->no_autoload &&
			    bpf_program__fd(program) == prog_fd)
				return program;
		}
	}
	errno = EBADF;
	return NULL;
}

/* ---- in the kernel ------------------------------------------------------------------------- */

enum probe_attach_mode {
	PROBE_ATTACH_MODE_DEFAULT = 0,
	PROBE_ATTACH_MODE_LEGACY,
	PROBE_ATTACH_MODE_PERF,
	PROBE_ATTACH_MODE_LINK,
};

struct bpf_kprobe_opts {
	size_t sz;
	__u64 bpf_cookie;
	size_t offset; /* of an instruction, in bytes after the function's start */
	bool retprobe;
	enum probe_attach_mode attach_mode; /* the host chooses */
};

static inline struct bpf_link *bpf_program__attach_kprobe_opts(const struct bpf_program *prog,
							       const char *func_name,
							       const struct bpf_kprobe_opts *opts)
{
	const size_t offset = opts ? opts->offset : 0;

	if (opts && opts->bpf_cookie)
		return libbpf_wasm_no_link(EOPNOTSUPP);
	if (opts && opts->retprobe)
		return offset ? libbpf_wasm_no_link(EINVAL)
			      : libbpf_wasm_attach_to(prog, "kretprobe:%s", func_name);
	return libbpf_wasm_attach_to(prog, "kprobe:%s+%zu", func_name, offset);
}

static inline struct bpf_link *bpf_program__attach_kprobe(const struct bpf_program *prog,
							  bool retprobe, const char *func_name)
{
	struct bpf_kprobe_opts opts;

	memset(&opts, 0, sizeof(opts));
	opts.retprobe = retprobe;
	return bpf_program__attach_kprobe_opts(prog, func_name, &opts);
}

struct bpf_ksyscall_opts {
	size_t sz;
	__u64 bpf_cookie;
	bool retprobe;
};

/** @param syscall_name without the architecture's prefix: "openat" */
static inline struct bpf_link *bpf_program__attach_ksyscall(const struct bpf_program *prog,
							    const char *syscall_name,
							    const struct bpf_ksyscall_opts *opts)
{
	if (opts && opts->bpf_cookie)
		return libbpf_wasm_no_link(EOPNOTSUPP);
	return libbpf_wasm_attach_to(
	    prog, "%s:%s", opts && opts->retprobe ? "kretsyscall" : "ksyscall", syscall_name);
}

struct bpf_tracepoint_opts {
	size_t sz;
	__u64 bpf_cookie;
};

static inline struct bpf_link *
bpf_program__attach_tracepoint_opts(const struct bpf_program *prog, const char *tp_category,
				    const char *tp_name, const struct bpf_tracepoint_opts *opts)
{
	if (opts && opts->bpf_cookie)
		return libbpf_wasm_no_link(EOPNOTSUPP);
	return libbpf_wasm_attach_to(prog, "%s/%s", tp_category, tp_name);
}

static inline struct bpf_link *bpf_program__attach_tracepoint(const struct bpf_program *prog,
							      const char *tp_category,
							      const char *tp_name)
{
	return bpf_program__attach_tracepoint_opts(prog, tp_category, tp_name, NULL);
}

static inline struct bpf_link *bpf_program__attach_raw_tracepoint(const struct bpf_program *prog,
								  const char *tp_name)
{
	return bpf_program__attach_to(prog, tp_name);
}

/** @param pfd of perf_event_open(), as sdk/c/compat has it: EBADF for others */
static inline struct bpf_link *bpf_program__attach_perf_event(const struct bpf_program *prog,
							      int pfd)
{
	const struct libbpf_wasm_descriptor *event =
	    libbpf_wasm_descriptor__find(pfd, LIBBPF_WASM_PERF_EVENT);

	return event ? bpf_program__attach_to(prog, event->text) : NULL;
}

/** @brief For fentry, fexit and their like: the section or the attach target names the place. */
static inline struct bpf_link *bpf_program__attach_trace(const struct bpf_program *prog)
{
	return bpf_program__attach_to(prog, NULL);
}

static inline struct bpf_link *bpf_program__attach_lsm(const struct bpf_program *prog)
{
	return bpf_program__attach_to(prog, NULL);
}

union bpf_iter_link_info {
	struct {
		__u32 map_fd;
	} map;
};

struct bpf_iter_attach_opts {
	size_t sz;
	union bpf_iter_link_info *link_info;
	__u32 link_info_len;
};

/** @brief Attaches an iterator; over the elements of a map of its own object, when that is given.
 */
static inline struct bpf_link *bpf_program__attach_iter(const struct bpf_program *prog,
							const struct bpf_iter_attach_opts *opts)
{
	const struct bpf_map *map;

	if (!opts || !opts->link_info)
		return bpf_program__attach_to(prog, NULL);
	for (map = prog->obj->maps; map; map = map->next) {
		if (map->token >= 0 && (__u32)map->token == opts->link_info->map.map_fd)
			return bpf_program__attach_to(prog, map->name);
	}
	return libbpf_wasm_no_link(EBADF);
}

/* ---- in user space -------------------------------------------------------------------------- */

struct bpf_uprobe_opts {
	size_t sz;
	size_t ref_ctr_offset; /* must be 0 */
	__u64 bpf_cookie;      /* must be 0 */
	bool retprobe;
	const char *func_name; /* what the offset counts from */
	enum probe_attach_mode attach_mode;
};

static inline void libbpf_wasm_pid(char *text, size_t size, int pid)
{
	text[0] = '\0';
	if (pid >= 0)
		snprintf(text, size, "@%d", pid);
}

/**
 * @brief Probes a function of a file.
 * @param pid one process, or -1 for all; 0, the caller itself, is EINVAL: a guest has no native
 * code
 * @param func_offset bytes after `func_name`, which there must be (EINVAL): other than 0 only with
 *        the permission to write to processes
 */
static inline struct bpf_link *bpf_program__attach_uprobe_opts(const struct bpf_program *prog,
							       int pid, const char *binary_path,
							       size_t func_offset,
							       const struct bpf_uprobe_opts *opts)
{
	const char *kind = opts && opts->retprobe ? "uretprobe" : "uprobe";
	char process[16];

	if (!opts || !opts->func_name)
		return libbpf_wasm_no_link(EINVAL);
	if (opts->bpf_cookie || opts->ref_ctr_offset)
		return libbpf_wasm_no_link(EOPNOTSUPP);
	libbpf_wasm_pid(process, sizeof(process), pid);
	if (!func_offset)
		return libbpf_wasm_attach_to(prog, "%s:%s:%s%s", kind, binary_path, opts->func_name,
					     process);
	return libbpf_wasm_attach_to(prog, "%s:%s:%s+%zu%s", kind, binary_path, opts->func_name,
				     func_offset, process);
}

/**
 * @brief Probes a function by its place in a file.
 * @param func_offset in the file, at the start of a function: the name is looked up in the file,
 *        which the guest must be given to read. ENOENT when no function starts there
 */
static inline struct bpf_link *bpf_program__attach_uprobe(const struct bpf_program *prog,
							  bool retprobe, pid_t pid,
							  const char *binary_path,
							  size_t func_offset)
{
	char name[LIBBPF_WASM_SYMBOL_BYTES];
	struct bpf_uprobe_opts opts;

	if (libbpf_wasm_symbol_at(binary_path, func_offset, name))
		return NULL;
	memset(&opts, 0, sizeof(opts));
	opts.retprobe = retprobe;
	opts.func_name = name;
	return bpf_program__attach_uprobe_opts(prog, pid, binary_path, 0, &opts);
}

struct bpf_usdt_opts {
	size_t sz;
	__u64 usdt_cookie; /* must be 0 */
};

/** @brief Probes a USDT probe of a file. @param pid as for a uprobe */
static inline struct bpf_link *bpf_program__attach_usdt(const struct bpf_program *prog, pid_t pid,
							const char *binary_path,
							const char *usdt_provider,
							const char *usdt_name,
							const struct bpf_usdt_opts *opts)
{
	char process[16];

	if (opts && opts->usdt_cookie)
		return libbpf_wasm_no_link(EOPNOTSUPP);
	libbpf_wasm_pid(process, sizeof(process), pid);
	return libbpf_wasm_attach_to(prog, "usdt:%s:%s:%s%s", binary_path, usdt_provider, usdt_name,
				     process);
}

/* ---- to the network and to cgroups ---------------------------------------------------------- */

/* Attaches to an interface by number; `direction` is "" or ":egress". */
static inline struct bpf_link *libbpf_wasm_attach_interface(const struct bpf_program *prog,
							    int ifindex, const char *direction)
{
	const char *name = libbpf_wasm_interface_name((unsigned int)ifindex);

	return name ? libbpf_wasm_attach_to(prog, "%s%s", name, direction) : NULL;
}

/** @param ifindex of if_nametoindex(), or 1 for the loopback interface */
static inline struct bpf_link *bpf_program__attach_xdp(const struct bpf_program *prog, int ifindex)
{
	return libbpf_wasm_attach_interface(prog, ifindex, "");
}

struct bpf_tcx_opts {
	size_t sz;
	__u32 flags; /* these four must be 0: a guest's programs go after those that are there */
	__u32 relative_fd;
	__u32 relative_id;
	__u64 expected_revision;
};

/** @brief The section has the direction: "tcx/ingress" or "tcx/egress". */
static inline struct bpf_link *bpf_program__attach_tcx(const struct bpf_program *prog, int ifindex,
						       const struct bpf_tcx_opts *opts)
{
	if (opts &&
	    (opts->flags || opts->relative_fd || opts->relative_id || opts->expected_revision))
		return libbpf_wasm_no_link(EOPNOTSUPP);
	return libbpf_wasm_attach_interface(prog, ifindex, "");
}

/** @param cgroup_fd of open() as sdk/c/compat has it, which knows the path: EBADF for others */
static inline struct bpf_link *bpf_program__attach_cgroup(const struct bpf_program *prog,
							  int cgroup_fd)
{
	const struct libbpf_wasm_descriptor *directory =
	    libbpf_wasm_descriptor__find(cgroup_fd, LIBBPF_WASM_DIRECTORY);

	return directory ? bpf_program__attach_to(prog, directory->text) : NULL;
}

struct bpf_netfilter_opts {
	size_t sz;
	__u32 pf;      /* NFPROTO_IPV4 (2) or NFPROTO_IPV6 (10) */
	__u32 hooknum; /* enum nf_inet_hooks */
	__s32 priority;
	__u32 flags; /* must be 0 */
};

static inline struct bpf_link *bpf_program__attach_netfilter(const struct bpf_program *prog,
							     const struct bpf_netfilter_opts *opts)
{
	static const char *const hooks[] = {"prerouting", "local_in", "forward", "local_out",
					    "postrouting"};

	if (!opts || (opts->pf != 2 && opts->pf != 10) ||
	    opts->hooknum >= sizeof(hooks) / sizeof(hooks[0]))
		return libbpf_wasm_no_link(EINVAL);
	if (opts->flags)
		return libbpf_wasm_no_link(EOPNOTSUPP);
	return libbpf_wasm_attach_to(prog, "ipv%d:%s:%d", opts->pf == 2 ? 4 : 6,
				     hooks[opts->hooknum], opts->priority);
}

#ifdef __cplusplus
}
#endif

#endif /* WASM_BPF_LIBBPF_ATTACH_H */
