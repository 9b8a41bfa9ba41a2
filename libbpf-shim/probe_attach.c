// SPDX-License-Identifier: MIT
/*
 * Attaching to code in user space, at places that were checked on the descriptor that is attached.
 *
 * libbpf gets offsets, so it looks no symbol up a second time. It finds the places of USDT probes
 * itself: the linker puts what is here in the place of the functions that it attaches them with
 * (see third_party/libbpf/symbols.json), so the places are those that the kernel gets. Their notes
 * can be in a file that a guest wrote, and a probe's semaphore is a number that the kernel
 * raises in the memory of each process that has the file mapped.
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "attach_gate.h"
#include "broker.h"
#include "link.h"
#include "probe.h"

/* The libbpf that replaces a newer one where that cannot be fetched has no such sections, either.
 */
#if LIBBPF_MAJOR_VERSION > 1 || LIBBPF_MINOR_VERSION >= 6
#define HAS_UPROBE_SESSIONS
#endif

/* The file that libbpf attaches USDT probes to at the moment. */
static const struct shim_elf *usdt_file;

struct bpf_link *__real_bpf_program__attach_uprobe_opts(const struct bpf_program *program,
							pid_t pid, const char *path, size_t offset,
							const struct bpf_uprobe_opts *opts);
struct bpf_link *__wrap_bpf_program__attach_uprobe_opts(const struct bpf_program *program,
							pid_t pid, const char *path, size_t offset,
							const struct bpf_uprobe_opts *opts);
struct bpf_link *__real_bpf_program__attach_uprobe_multi(const struct bpf_program *program,
							 pid_t pid, const char *path,
							 const char *pattern,
							 const struct bpf_uprobe_multi_opts *opts);
struct bpf_link *__wrap_bpf_program__attach_uprobe_multi(const struct bpf_program *program,
							 pid_t pid, const char *path,
							 const char *pattern,
							 const struct bpf_uprobe_multi_opts *opts);

static struct bpf_link *fail(int err)
{
	errno = -err;
	return NULL;
}

/* The gate of attaching, by the file that is open and the places in it. */
static int check_places(const struct shim_target *target, const char *symbol,
			const unsigned long *offsets, size_t count)
{
	char called[1024];
	const struct place place = {.kind = PLACE_UPROBE,
				    .fd = target->fd,
				    .offsets = offsets,
				    .count = count,
				    .called = called};

	snprintf(called, sizeof(called), "%s:%s", target->called, symbol);
	return attach_gate_check(&place);
}

/* ---- functions ------------------------------------------------------------------------------- */

static int find_place(int fd, const char *symbol, uint64_t offset, size_t *place)
{
	struct shim_function function;
	struct shim_elf file;
	int err = shim_elf__open(fd, &file);

	if (err)
		return err;
	err = shim_elf__find_function(&file, symbol, &function);
	if (!err)
		err = shim_probe_check_offset(&file, &function, offset);
	shim_elf__close(&file);
	if (!err)
		*place = function.offset + offset;
	return err;
}

struct bpf_link *shim_probe_attach_function(const struct bpf_program *program,
					    const struct shim_target *target, const char *symbol,
					    uint64_t offset, bool may_write)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .retprobe = target->on_return);
	size_t place;
	int err;

	/* A return address is on top of the stack at the entry only. */
	if (offset && target->on_return)
		return fail(-EINVAL);
	if (offset && !may_write)
		return fail(shim_probe_refuse(SHIM_REFUSED_OFFSET, -EPERM));
	err = find_place(target->fd, symbol, offset, &place);
	if (!err)
		err = check_places(target, symbol, &(unsigned long){place}, 1);
	if (err)
		return fail(err);
	return __real_bpf_program__attach_uprobe_opts(program, target->pid, target->path, place,
						      &opts);
}

static int find_places(int fd, const char *pattern, unsigned long **places, size_t *count)
{
	struct shim_elf file;
	int err = shim_elf__open(fd, &file);

	if (err)
		return err;
	err = shim_elf__match_functions(&file, pattern, places, count);
	shim_elf__close(&file);
	return err;
}

struct bpf_link *shim_probe_attach_pattern(const struct bpf_program *program,
					   const struct shim_target *target, const char *pattern)
{
	LIBBPF_OPTS(bpf_uprobe_multi_opts, opts, .retprobe = target->on_return);
	struct bpf_link *link;
	unsigned long *places;
	int err = find_places(target->fd, pattern, &places, &opts.cnt);

	if (err)
		return fail(err);
	err = check_places(target, pattern, places, opts.cnt);
	if (err) {
		free(places);
		return fail(err);
	}
	opts.offsets = places;
#ifdef HAS_UPROBE_SESSIONS
	opts.session = bpf_program__expected_attach_type(program) == BPF_TRACE_UPROBE_SESSION;
#endif
	link = __real_bpf_program__attach_uprobe_multi(program, target->pid, target->path, NULL,
						       &opts);
	err = link ? 0 : -errno;
	free(places);
	return link ? link : fail(err);
}

/* ---- USDT ------------------------------------------------------------------------------------ */

/* Returns 0, or the error that libbpf gets in place of the kernel's result. */
static int check_probe(size_t place, size_t semaphore)
{
	if (!usdt_file)
		return -EPERM;
	if (!shim_elf__is_code(usdt_file, place) || !shim_probe_is_no_op(usdt_file, place))
		return shim_probe_refuse(SHIM_REFUSED_PROBE_PLACE, -EPERM);
	if (semaphore && !shim_elf__is_semaphore(usdt_file, semaphore))
		return shim_probe_refuse(SHIM_REFUSED_SEMAPHORE, -EPERM);
	return 0;
}

struct bpf_link *__wrap_bpf_program__attach_uprobe_opts(const struct bpf_program *program,
							pid_t pid, const char *path, size_t offset,
							const struct bpf_uprobe_opts *opts)
{
	const int err = check_probe(offset, opts ? opts->ref_ctr_offset : 0);

	if (err || (opts && opts->func_name))
		return fail(err ? err : -EPERM);
	return __real_bpf_program__attach_uprobe_opts(program, pid, path, offset, opts);
}

struct bpf_link *__wrap_bpf_program__attach_uprobe_multi(const struct bpf_program *program,
							 pid_t pid, const char *path,
							 const char *pattern,
							 const struct bpf_uprobe_multi_opts *opts)
{
	if (pattern || !opts || !opts->offsets)
		return fail(-EPERM);
	for (size_t i = 0; i < opts->cnt; i++) {
		const int err = check_probe(opts->offsets[i],
					    opts->ref_ctr_offsets ? opts->ref_ctr_offsets[i] : 0);

		if (err)
			return fail(err);
	}
	return __real_bpf_program__attach_uprobe_multi(program, pid, path, NULL, opts);
}

struct bpf_link *shim_probe_attach_usdt(const struct bpf_program *program,
					const struct shim_target *target, const char *provider,
					const char *name)
{
	char probe[512], called[1024];
	const struct place place = {
	    .kind = PLACE_USDT, .fd = target->fd, .name = probe, .called = called};
	struct bpf_link *link;
	struct shim_elf file;
	int err;

	if ((size_t)snprintf(probe, sizeof(probe), "%s:%s", provider, name) >= sizeof(probe))
		return fail(-ENOENT);
	snprintf(called, sizeof(called), "%s:%s", target->called, probe);
	err = attach_gate_check(&place);
	if (!err)
		err = shim_elf__open(target->fd, &file);
	if (err)
		return fail(err);
	attach_gate_set_probe(probe);
	usdt_file = &file;
	link = bpf_program__attach_usdt(program, target->pid, target->path, provider, name, NULL);
	err = link ? 0 : -errno;
	usdt_file = NULL;
	shim_elf__close(&file);
	return link ? link : fail(err);
}

/* ---- entry points ------------------------------------------------------------------ */

static int32_t attach_uprobe(struct shim_program *program, const char *binary, const char *symbol,
			     uint64_t offset, int32_t pid, int32_t on_return, uint32_t allowed,
			     struct shim_link **out)
{
	ATTACHING(program->object);
	char path[SHIM_PATH_SIZE];
	struct shim_target target = {
	    .path = path, .called = binary, .pid = pid, .on_return = on_return != 0};
	int err = shim_path_open_binary(binary, path, &target.fd);

	if (err)
		return err;
	err = shim_link_wrap(shim_probe_attach_function(program->program, &target, symbol, offset,
							allowed & SHIM_ALLOW_WRITE_USER),
			     out);
	close(target.fd);
	return err;
}

ON_BROKER_8(shim_program__attach_uprobe, attach_uprobe, struct shim_program *, const char *,
	    const char *, uint64_t, int32_t, int32_t, uint32_t, struct shim_link **);

static int32_t attach_uprobe_multi(struct shim_program *program, const char *binary,
				   const char *pattern, int32_t pid, int32_t on_return,
				   struct shim_link **out)
{
	ATTACHING(program->object);
	char path[SHIM_PATH_SIZE];
	struct shim_target target = {
	    .path = path, .called = binary, .pid = pid, .on_return = on_return != 0};
	int err = shim_path_open_binary(binary, path, &target.fd);

	if (err)
		return err;
	err = shim_link_wrap(shim_probe_attach_pattern(program->program, &target, pattern), out);
	close(target.fd);
	return err;
}

ON_BROKER_6(shim_program__attach_uprobe_multi, attach_uprobe_multi, struct shim_program *,
	    const char *, const char *, int32_t, int32_t, struct shim_link **);

static int32_t attach_usdt(struct shim_program *program, const char *binary, const char *provider,
			   const char *name, int32_t pid, struct shim_link **out)
{
	ATTACHING(program->object);
	char path[SHIM_PATH_SIZE];
	struct shim_target target = {.path = path, .called = binary, .pid = pid};
	int err = shim_path_open_binary(binary, path, &target.fd);

	if (err)
		return err;
	err =
	    shim_link_wrap(shim_probe_attach_usdt(program->program, &target, provider, name), out);
	close(target.fd);
	return err;
}

ON_BROKER_6(shim_program__attach_usdt, attach_usdt, struct shim_program *, const char *,
	    const char *, const char *, int32_t, struct shim_link **);
