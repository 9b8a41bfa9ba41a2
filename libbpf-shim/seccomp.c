// SPDX-License-Identifier: MIT
/*
 * Allow-list of system calls of a guest's thread, by seccomp; docs/sandbox.md has its purpose. That
 * these suffice was found by tracing the tests, on every thread of the process.
 *
 * Whatever else it calls is EPERM. The exceptions: clone3(2) is ENOSYS, since its flags cannot be
 * read here and the C library then uses clone(2); a call of another architecture's ends the
 * process, which never makes one.
 *
 * Since Linux 5.11 the kernel runs no filter for calls whose arguments do not matter. bpf(2) with a
 * map command is decided first, for the others and for older kernels the order is by frequency.
 */
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attach_place.h"
#include "internal.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "the filter is written for x86-64 and arm64"
#endif

/* Numbers that the C library's headers may be too old for; the same on both architectures. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
/* The kernel's TCGETS2, whose definition takes a structure that the C library's headers lack. */
#define GET_TERMINAL 0x802c542a

#define LENGTH(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))

/* ---- the calls --------------------------------------------------------------------------------
 */

/* With any arguments: they touch this thread, this process's memory, or what is open already. */
static const uint32_t ALLOWED[] = {
    SYS_ppoll,
    SYS_read,
    SYS_write,
    SYS_writev,
    SYS_readv,
    SYS_futex,
    SYS_epoll_pwait,
#ifdef SYS_epoll_wait
    SYS_epoll_wait,
    SYS_poll,
#endif
    SYS_clock_nanosleep,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_gettimeofday,
    SYS_nanosleep,
    SYS_getrandom,
    SYS_madvise,
    SYS_mprotect,
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_brk,
    SYS_membarrier,
    SYS_pkey_alloc,
    SYS_pkey_free,
    SYS_pkey_mprotect,
    /* Signals of its own. */
    SYS_rt_sigreturn,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_sigaltstack,
    SYS_restart_syscall,
    SYS_setitimer,
    SYS_timer_settime,
    SYS_timer_delete,
    /* Threads and their end. */
    SYS_set_robust_list,
    SYS_rseq,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_sched_getparam,
    SYS_sched_getscheduler,
    SYS_exit,
    SYS_exit_group,
    /* Facts. */
    SYS_getpid,
    SYS_gettid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_getcpu,
    SYS_getcwd,
    SYS_getrusage,
    SYS_sysinfo,
    SYS_uname,
    /* Open descriptors. */
    SYS_close,
    SYS_dup,
    SYS_dup3,
    SYS_fstat,
    SYS_fstatfs,
    SYS_lseek,
    SYS_pread64,
    SYS_pwrite64,
    SYS_preadv,
    SYS_preadv2,
    SYS_pwritev,
    SYS_getdents64,
    SYS_fsync,
    SYS_fdatasync,
    SYS_fadvise64,
    SYS_fallocate,
    SYS_ftruncate,
    SYS_eventfd2,
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_accept4,
    SYS_recvmsg,
    /* Deno's thread for signals, which panics where it cannot read its socket. */
    SYS_recvfrom,
    SYS_shutdown,
    SYS_getsockopt,
};

/* By paths, for guests with folders: Landlock and the resolver are the wall there. */
static const uint32_t ALLOWED_WITH_FILES[] = {
    SYS_openat2,   SYS_newfstatat, SYS_readlinkat, SYS_utimensat, SYS_mkdirat, SYS_unlinkat,
#ifdef SYS_renameat
    SYS_renameat,
#endif
    SYS_renameat2, SYS_linkat,	   SYS_symlinkat,
};

/* The elements of maps that this thread has descriptors of. */
static const uint32_t BPF_COMMANDS[] = {
    BPF_MAP_LOOKUP_ELEM,
    BPF_MAP_UPDATE_ELEM,
    BPF_MAP_DELETE_ELEM,
    BPF_MAP_LOOKUP_AND_DELETE_ELEM,
    BPF_MAP_GET_NEXT_KEY,
    BPF_MAP_LOOKUP_BATCH,
    BPF_MAP_LOOKUP_AND_DELETE_BATCH,
    BPF_MAP_UPDATE_BATCH,
    BPF_MAP_DELETE_BATCH,
};

/* No F_SETOWN nor F_SETSIG, which send signals; no F_NOTIFY and leases. */
static const uint32_t FCNTL_COMMANDS[] = {F_GETFL,	   F_SETFL, F_GETFD, F_SETFD,
					  F_DUPFD_CLOEXEC, F_GETLK, F_SETLK};

/* No TIOCSTI, which types into the user's terminal. */
static const uint32_t IOCTL_REQUESTS[] = {TCGETS,   GET_TERMINAL, TIOCGWINSZ,
					  FIONREAD, FIONBIO,	  FIOCLEX};

static const uint32_t PRCTL_OPTIONS[] = {PR_SET_NAME, PR_GET_NAME, PR_SET_VMA};

/* Flags of clone(2) that create a thread of this process, and nothing else. */
#define THREAD_FLAGS                                                                               \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |        \
	 CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID |          \
	 CLONE_DETACHED)

/* ---- the program ------------------------------------------------------------------------------
 */

#define PROGRAM_MAX 512

struct shim_call_filter {
	struct sock_filter program[PROGRAM_MAX];
	uint32_t length;
};

static void emit(struct shim_call_filter *filter, uint16_t code, uint32_t k, uint8_t if_true,
		 uint8_t if_false)
{
	/* Longer than the buffer: the kernel refuses a program that is cut off. */
	if (filter->length < PROGRAM_MAX)
		filter->program[filter->length] =
		    (struct sock_filter){.code = code, .jt = if_true, .jf = if_false, .k = k};
	filter->length++;
}

static void load(struct shim_call_filter *filter, uint32_t offset)
{
	emit(filter, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

static void answer(struct shim_call_filter *filter, uint32_t action)
{
	emit(filter, BPF_RET | BPF_K, action, 0, 0);
}

#define REFUSE (SECCOMP_RET_ERRNO | EPERM)

/* The low half of an argument; both architectures are little-endian here. */
static uint32_t low(uint32_t argument)
{
	return (uint32_t)offsetof(struct seccomp_data, args[0]) +
	       argument * (uint32_t)sizeof(uint64_t);
}

/* Any number that is not `number` goes past the next `count` instructions. */
static void unless_number_skip(struct shim_call_filter *filter, uint32_t number, uint32_t count)
{
	emit(filter, BPF_JMP | BPF_JEQ | BPF_K, number, 0, (uint8_t)count);
}

static void allow_all(struct shim_call_filter *filter, const uint32_t *numbers, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		unless_number_skip(filter, numbers[i], 1);
		answer(filter, SECCOMP_RET_ALLOW);
	}
}

/* Where the low half of an argument, which is an int, is one of `values`. */
static void allow_values(struct shim_call_filter *filter, uint32_t number, uint32_t argument,
			 const uint32_t *values, uint32_t count)
{
	unless_number_skip(filter, number, count + 3);
	load(filter, low(argument));
	for (uint32_t i = 0; i < count; i++)
		emit(filter, BPF_JMP | BPF_JEQ | BPF_K, values[i], (uint8_t)(count - i), 0);
	answer(filter, REFUSE);
	answer(filter, SECCOMP_RET_ALLOW);
}

/* Where all of an argument, which is as wide as a pointer, is 0. */
static void allow_null(struct shim_call_filter *filter, uint32_t number, uint32_t argument)
{
	unless_number_skip(filter, number, 6);
	load(filter, low(argument));
	emit(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
	load(filter, low(argument) + (uint32_t)sizeof(uint32_t));
	emit(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
	answer(filter, SECCOMP_RET_ALLOW);
	answer(filter, REFUSE);
}

/* Where an argument has all bits of `wanted` and none but those of `allowed`. */
static void allow_bits(struct shim_call_filter *filter, uint32_t number, uint32_t argument,
		       uint32_t wanted, uint32_t allowed)
{
	unless_number_skip(filter, number, 6);
	load(filter, low(argument));
	emit(filter, BPF_JMP | BPF_JSET | BPF_K, ~allowed, 3, 0);
	emit(filter, BPF_ALU | BPF_AND | BPF_K, wanted, 0, 0);
	emit(filter, BPF_JMP | BPF_JEQ | BPF_K, wanted, 0, 1);
	answer(filter, SECCOMP_RET_ALLOW);
	answer(filter, REFUSE);
}

static void build(struct shim_call_filter *filter, bool with_files)
{
	const uint32_t own_pid = (uint32_t)getpid();

	load(filter, offsetof(struct seccomp_data, arch));
	emit(filter, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	answer(filter, SECCOMP_RET_KILL_PROCESS);
	/* x32's numbers have a bit that none of ours has. */
	load(filter, offsetof(struct seccomp_data, nr));
	allow_values(filter, SYS_bpf, 0, BPF_COMMANDS, LENGTH(BPF_COMMANDS));
	allow_all(filter, ALLOWED, LENGTH(ALLOWED));
	allow_values(filter, SYS_fcntl, 1, FCNTL_COMMANDS, LENGTH(FCNTL_COMMANDS));
	allow_values(filter, SYS_ioctl, 1, IOCTL_REQUESTS, LENGTH(IOCTL_REQUESTS));
	allow_values(filter, SYS_prctl, 0, PRCTL_OPTIONS, LENGTH(PRCTL_OPTIONS));
	allow_values(filter, SYS_kill, 0, &own_pid, 1);
	allow_values(filter, SYS_tgkill, 0, &own_pid, 1);
	/* MSG_FASTOPEN connects. */
	allow_bits(filter, SYS_sendmsg, 2, 0, MSG_DONTWAIT | MSG_NOSIGNAL);
	allow_bits(filter, SYS_clone, 0, CLONE_VM | CLONE_THREAD, THREAD_FLAGS);
	/* Of task storage: a process is named by a descriptor to the kernel. */
	allow_bits(filter, SYS_pidfd_open, 1, 0, 0);
	/* Limits are read, not set. */
	allow_null(filter, SYS_prlimit64, 2);
	if (with_files)
		allow_all(filter, ALLOWED_WITH_FILES, LENGTH(ALLOWED_WITH_FILES));
	else
		/* Of a descriptor. */
		allow_null(filter, SYS_utimensat, 1);
	unless_number_skip(filter, SYS_clone3, 1);
	answer(filter, SECCOMP_RET_ERRNO | ENOSYS);
	answer(filter, REFUSE);
}

int32_t shim_seccomp__is_available(void)
{
	const uint32_t action = SECCOMP_RET_ERRNO;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) ? -errno : 0;
}

struct shim_call_filter *shim_call_filter_new(bool with_files)
{
	struct shim_call_filter *filter = calloc(1, sizeof(*filter));

	if (filter)
		build(filter, with_files);
	return filter;
}

/* For this thread alone; only by what a signal's handler may call. */
int shim_call_filter_apply(const struct shim_call_filter *filter)
{
	const struct sock_fprog program = {.len = (unsigned short)filter->length,
					   .filter = (struct sock_filter *)filter->program};

	if (gate_is_off(GATE_CALL_LIST))
		return 0;
	if (filter->length > PROGRAM_MAX)
		return -E2BIG;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	/*
	 * Without SPEC_ALLOW, kernels before 5.16 take speculation past stores from the thread,
	 * which makes all of the guest slower; V8 has guards of its own.
	 */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		       &program)
		   ? -errno
		   : 0;
}

int32_t shim_seccomp__confine(int32_t files)
{
	struct shim_call_filter *filter = shim_call_filter_new(files != SHIM_FILES_NONE);
	int err = filter ? shim_call_filter_apply(filter) : -ENOMEM;

	free(filter);
	return err;
}
