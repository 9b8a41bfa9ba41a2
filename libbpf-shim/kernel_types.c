// SPDX-License-Identifier: MIT
/*
 * The kernel's types (BTF), read before they are asked for.
 *
 * Loading an object with CO-RE begins with them: some megabytes, 6 ms of a processor. A thread
 * takes them in while the guest is still being prepared. The linker puts what is here in the place
 * of libbpf's btf__load_vmlinux_btf(), for libbpf itself as well; see
 * third_party/libbpf/symbols.json.
 */
#include <bpf/btf.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "internal.h"

_Thread_local bool shim_is_reading_ahead;

static pthread_t reader;
static bool is_reading;
static struct btf *read_ahead;
static struct shim_names *names_ahead;

struct btf *__real_btf__load_vmlinux_btf(void);
struct btf *__wrap_btf__load_vmlinux_btf(void);

/*
 * With a table of descriptors of its own: what is open here for a moment is not to be found open
 * elsewhere. What fails is tried again when it is needed, and explained then.
 */
static void *read_types(void *unused)
{
	(void)unused;
	shim_is_reading_ahead = true;
	if (!unshare(CLONE_FILES))
		read_ahead = __real_btf__load_vmlinux_btf();
	if (read_ahead)
		names_ahead = shim_names_list(read_ahead);
	return NULL;
}

int32_t shim_kernel__read_types_ahead(void)
{
	sigset_t all, former;
	int err;

	if (is_reading)
		return 0;
	shim_log_start();
	/* Signals are for the threads that expect them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	err = pthread_create(&reader, NULL, read_types, NULL);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	is_reading = !err;
	return -err;
}

/* Gives what was read to the first who asks, to be freed there; others read for themselves. */
struct btf *__wrap_btf__load_vmlinux_btf(void)
{
	struct btf *types;

	if (is_reading) {
		pthread_join(reader, NULL);
		is_reading = false;
	}
	types = read_ahead;
	read_ahead = NULL;
	shim_names_use(names_ahead);
	names_ahead = NULL;
	return types ? types : __real_btf__load_vmlinux_btf();
}
