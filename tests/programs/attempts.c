/*
 * System calls that a guest's thread does not need, each harmless if it is allowed. A library:
 * tests/programs/calls.ts makes them before and after the thread is confined.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define NOWHERE "/nonexistent/wasm-bpf"
#define PATH(text) (long)(intptr_t)(text)

/* Opened by prepare(), before the thread is confined. */
static int tcp, memory_file;
static struct sockaddr_in address = {.sin_family = AF_INET};
static uint8_t zeros[256];
static uint8_t room[4096];

void prepare(void)
{
	tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memory_file = (int)syscall(SYS_memfd_create, "attempts", 2 /* MFD_ALLOW_SEALING */);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons(1);
}

/* ---- calls with pointers or several steps ---------------------------------------------------- */

static long as_child(long pid)
{
	if (!pid)
		_exit(0);
	return pid;
}

static long try_fork(void)
{
	return as_child(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static long try_clone_namespace(void)
{
	return as_child(syscall(SYS_clone, SIGCHLD | CLONE_NEWUTS, 0, 0, 0, 0));
}

static long try_clone_user_namespace(void)
{
	return as_child(syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, 0, 0, 0, 0));
}

static long try_bind(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};

	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return syscall(SYS_bind, tcp, &any, sizeof(any));
}

static long try_fastopen(void)
{
	return syscall(SYS_sendto, tcp, zeros, 1, 0x20000000 | MSG_NOSIGNAL, &address,
		       sizeof(address));
}

static long try_fastopen_message(void)
{
	struct iovec byte = {zeros, 1};
	struct msghdr message = {.msg_name = &address,
				 .msg_namelen = sizeof(address),
				 .msg_iov = &byte,
				 .msg_iovlen = 1};

	return syscall(SYS_sendmsg, tcp, &message, 0x20000000 | MSG_NOSIGNAL);
}

static long try_perf_event(void)
{
	struct perf_event_attr attr = {
	    .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CPU_CLOCK, .size = sizeof(attr)};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static long try_bpf_map(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = attr.value_size = 4;
	attr.max_entries = 1;
	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

/* return 0; */
static long try_bpf_program(void)
{
	struct bpf_insn insns[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K},
				   {.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = (uint64_t)(uintptr_t)insns;
	attr.insn_cnt = LENGTH(insns);
	attr.license = (uint64_t)(uintptr_t) "GPL";
	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static long try_capset(void)
{
	uint32_t header[2] = {0x20080522, 0}, own[6];

	if (syscall(SYS_capget, header, own))
		return -1;
	return syscall(SYS_capset, header, own);
}

static long try_adjtime(void)
{
	memset(room, 0, sizeof(room));
	return syscall(SYS_clock_adjtime, 0, room);
}

static long try_name_to_handle(void)
{
	int mount;

	memset(room, 0, sizeof(room));
	return syscall(SYS_name_to_handle_at, AT_FDCWD, "/", room, &mount, 0);
}

static long try_owner(void)
{
	return syscall(SYS_fcntl, memory_file, F_SETOWN, getpid());
}

static long try_queue_signal(void)
{
	siginfo_t info = {.si_code = SI_QUEUE};

	return syscall(SYS_rt_sigqueueinfo, 1, 0, &info);
}

static long try_seal(void)
{
	return syscall(SYS_fcntl, memory_file, 1033 /* F_ADD_SEALS */, 0);
}

static long try_execute_memory(void)
{
	return syscall(SYS_execveat, memory_file, "", zeros, zeros, AT_EMPTY_PATH);
}

/* ---- calls of a thread that the confined one makes ------------------------------------------- */

static void *load_elsewhere(void *error)
{
	*(int *)error = syscall(SYS_bpf, BPF_PROG_LOAD, room, 128) < 0 ? errno : 0;
	return NULL;
}

static void *socket_elsewhere(void *error)
{
	*(int *)error = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
	return NULL;
}

static void *open_elsewhere(void *error)
{
	*(int *)error = syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY) < 0 ? errno : 0;
	return NULL;
}

static long elsewhere(void *(*run)(void *))
{
	pthread_t thread;
	int error = 0;

	memset(room, 0, sizeof(room));
	if (pthread_create(&thread, NULL, run, &error) || pthread_join(thread, NULL))
		error = ECHILD;
	errno = error;
	return error ? -1 : 0;
}

static long try_thread_load(void)
{
	return elsewhere(load_elsewhere);
}

static long try_thread_socket(void)
{
	return elsewhere(socket_elsewhere);
}

static long try_thread_open(void)
{
	return elsewhere(open_elsewhere);
}

static const struct {
	const char *name;
	long (*run)(void);
} functions[] = {
    {"fork", try_fork},
    {"clone with a namespace", try_clone_namespace},
    {"clone with a user namespace", try_clone_user_namespace},
    {"bind", try_bind},
    {"connect by sendto", try_fastopen},
    {"connect by sendmsg", try_fastopen_message},
    {"perf_event_open", try_perf_event},
    {"bpf: create a map", try_bpf_map},
    {"bpf: load a program", try_bpf_program},
    {"capset", try_capset},
    {"clock_adjtime", try_adjtime},
    {"name_to_handle_at", try_name_to_handle},
    {"fcntl: F_SETOWN", try_owner},
    {"fcntl: F_ADD_SEALS", try_seal},
    {"rt_sigqueueinfo", try_queue_signal},
    {"execveat of memory", try_execute_memory},
    {"load a program in a new thread", try_thread_load},
    {"create a socket in a new thread", try_thread_socket},
    {"open a file in a new thread", try_thread_open},
};

/* ---- calls with numbers and paths only ------------------------------------------------------- */

/* Replaced by the descriptors that prepare() opens. */
#define TCP -1000
#define ZEROS PATH(zeros)
#define ROOM PATH(room)

static const struct {
	const char *name;
	long number, args[6];
} calls[] = {
#ifdef SYS_open
    {"open", SYS_open, {PATH("/etc/passwd"), O_RDONLY}},
    {"creat", SYS_creat, {PATH(NOWHERE), 0600}},
    {"stat", SYS_stat, {PATH("/etc/passwd"), ROOM}},
    {"access", SYS_access, {PATH("/etc/passwd"), 0}},
    {"chmod", SYS_chmod, {PATH(NOWHERE), 0600}},
    {"chown", SYS_chown, {PATH(NOWHERE), 0, 0}},
    {"readlink", SYS_readlink, {PATH("/proc/self/exe"), ROOM, 4096}},
    {"iopl", SYS_iopl, {0}},
    {"ioperm", SYS_ioperm, {0, 1, 0}},
    {"modify_ldt", SYS_modify_ldt, {0, ROOM, 16}},
    {"x32", 0x40000000 + SYS_getpid, {0}},
    {"x32: bpf", 0x40000000 + SYS_bpf, {BPF_PROG_LOAD, ZEROS, 128}},
    {"x32: bpf of a map", 0x40000000 + SYS_bpf, {BPF_MAP_LOOKUP_ELEM, ZEROS, 128}},
    {"x32: perf_event_open", 0x40000000 + SYS_perf_event_open, {ZEROS, 0, -1, -1, 0}},
    {"x32: socket", 0x40000000 + SYS_socket, {AF_INET, SOCK_STREAM, 0}},
    {"x32: openat", 0x40000000 + SYS_openat, {AT_FDCWD, PATH("/etc/passwd"), O_RDONLY}},
#endif
    /* The kernel reads the command as an int: its upper half does not hide the lower one. */
    {"bpf: load with an upper half", SYS_bpf, {0x100000000 + BPF_PROG_LOAD, ZEROS, 128}},
    {"bpf: a negative command", SYS_bpf, {-1, ZEROS, 128}},
    {"bpf: a command of newer kernels", SYS_bpf, {1000, ZEROS, 128}},
    {"io_uring_register", SYS_io_uring_register, {-1, 0, 0, 0}},
    {"openat", SYS_openat, {AT_FDCWD, PATH("/etc/passwd"), O_RDONLY}},
    {"openat to write", SYS_openat, {AT_FDCWD, PATH(NOWHERE), O_WRONLY | O_CREAT, 0600}},
    {"open_by_handle_at", 0 + SYS_open_by_handle_at, {-1, ZEROS, 0}},
    {"fchmodat", SYS_fchmodat, {AT_FDCWD, PATH(NOWHERE), 0600}},
    {"fchownat", SYS_fchownat, {AT_FDCWD, PATH(NOWHERE), 0, 0, 0}},
    {"fchmod", SYS_fchmod, {-1, 0600}},
    {"fchown", SYS_fchown, {-1, 0, 0}},
    {"setxattr", SYS_setxattr, {PATH(NOWHERE), PATH("user.a"), ZEROS, 1, 0}},
    {"fsetxattr", SYS_fsetxattr, {-1, PATH("user.a"), ZEROS, 1, 0}},
    {"getxattr", SYS_getxattr, {PATH(NOWHERE), PATH("user.a"), ROOM, 1}},
    {"listxattr", SYS_listxattr, {PATH(NOWHERE), ROOM, 1}},
    {"removexattr", SYS_removexattr, {PATH(NOWHERE), PATH("user.a")}},
    {"truncate", SYS_truncate, {PATH(NOWHERE), 0}},
    {"mknodat", SYS_mknodat, {AT_FDCWD, PATH(NOWHERE), 0010600, 0}},
    {"faccessat", SYS_faccessat, {AT_FDCWD, PATH("/etc/passwd"), 0}},
    {"statx", SYS_statx, {AT_FDCWD, PATH("/etc/passwd"), 0, 0x7ff, ROOM}},
    {"statfs", SYS_statfs, {PATH("/"), ROOM}},
    {"chdir", SYS_chdir, {PATH(".")}},
    {"fchdir", SYS_fchdir, {-1}},
    {"chroot", SYS_chroot, {PATH(NOWHERE)}},
    {"memfd_create", SYS_memfd_create, {PATH("x"), 0}},
    {"inotify_init1", SYS_inotify_init1, {0}},
    {"fanotify_init", SYS_fanotify_init, {0, 0}},
    {"quotactl", SYS_quotactl, {0, PATH(NOWHERE), 0, 0}},
    {"acct", SYS_acct, {PATH(NOWHERE)}},
    {"swapon", SYS_swapon, {PATH(NOWHERE), 0}},
    {"swapoff", SYS_swapoff, {PATH(NOWHERE)}},
    {"sync", SYS_sync, {0}},
    {"execve", SYS_execve, {PATH(NOWHERE), ZEROS, ZEROS}},
    {"execveat", SYS_execveat, {AT_FDCWD, PATH(NOWHERE), ZEROS, ZEROS, 0}},
    {"wait4", SYS_wait4, {-1, 0, 1, 0}},
    {"unshare", SYS_unshare, {0}},
    {"setns", SYS_setns, {-1, 0}},
    {"ptrace", SYS_ptrace, {7 /* PTRACE_CONT */, 1, 0, 0}},
    {"process_vm_readv", SYS_process_vm_readv, {1, 0, 0, 0, 0, 0}},
    {"process_vm_writev", SYS_process_vm_writev, {1, 0, 0, 0, 0, 0}},
    {"process_madvise", SYS_process_madvise, {-1, 0, 0, 0, 0}},
    {"pidfd_getfd", SYS_pidfd_getfd, {-1, 0, 0}},
    {"pidfd_send_signal", SYS_pidfd_send_signal, {-1, 0, 0, 0}},
    {"kcmp", SYS_kcmp, {0, 0, 0, 0, 0}},
    {"kill of another", SYS_kill, {1, 0}},
    {"kill of all", SYS_kill, {-1, 0}},
    {"kill of the group", SYS_kill, {0, 0}},
    {"tgkill of another", SYS_tgkill, {1, 1, 0}},
    {"tkill", SYS_tkill, {1, 0}},
    {"setpriority", SYS_setpriority, {0, 0, 0}},
    {"sched_setaffinity", SYS_sched_setaffinity, {0, 0, 0}},
    {"sched_setscheduler", SYS_sched_setscheduler, {0, 0, ZEROS}},
    {"prlimit64 to set", SYS_prlimit64, {0, 999, ZEROS, 0}},
    {"setrlimit", SYS_setrlimit, {999, ZEROS}},
    {"setuid", SYS_setuid, {0}},
    {"setgid", SYS_setgid, {0}},
    {"setresuid", SYS_setresuid, {-1, -1, -1}},
    {"setresgid", SYS_setresgid, {-1, -1, -1}},
    {"setgroups", SYS_setgroups, {1 << 30, 0}},
    {"personality", SYS_personality, {0xffffffff}},
    {"init_module", SYS_init_module, {ZEROS, 1, ZEROS}},
    {"finit_module", SYS_finit_module, {-1, ZEROS, 0}},
    {"delete_module", SYS_delete_module, {ZEROS, 0}},
    {"kexec_load", SYS_kexec_load, {0, 0, 0, 0xffff}},
    {"reboot", SYS_reboot, {0, 0, 0, 0}},
    {"syslog", SYS_syslog, {10, 0, 0}},
    {"sethostname", SYS_sethostname, {ZEROS, -1}},
    {"settimeofday", SYS_settimeofday, {0, 0}},
    {"clock_settime", SYS_clock_settime, {0, 0}},
    {"userfaultfd", SYS_userfaultfd, {1}},
    {"io_uring_setup", SYS_io_uring_setup, {1, ZEROS}},
    {"io_uring_enter", SYS_io_uring_enter, {-1, 0, 0, 0, 0, 0}},
    {"keyctl", SYS_keyctl, {0, -2, 0}},
    {"add_key", SYS_add_key, {PATH("none"), PATH("x"), ZEROS, 1, -1}},
    {"request_key", SYS_request_key, {PATH("none"), PATH("x"), 0, 0}},
    {"mount", SYS_mount, {PATH("none"), PATH(NOWHERE), PATH("tmpfs"), 0, 0}},
    {"umount2", SYS_umount2, {PATH(NOWHERE), 0}},
    {"pivot_root", SYS_pivot_root, {PATH(NOWHERE), PATH(NOWHERE)}},
    {"fsopen", SYS_fsopen, {PATH("tmpfs"), 0}},
    {"fsconfig", SYS_fsconfig, {-1, 6, 0, 0, 0}},
    {"fsmount", SYS_fsmount, {-1, 0, 0}},
    {"fspick", SYS_fspick, {AT_FDCWD, PATH("/"), 0}},
    {"open_tree", SYS_open_tree, {AT_FDCWD, PATH("/"), 0}},
    {"move_mount", SYS_move_mount, {-1, ZEROS, -1, ZEROS, 0}},
    {"mount_setattr", SYS_mount_setattr, {-1, ZEROS, 0, ZEROS, 32}},
    {"landlock_create_ruleset", SYS_landlock_create_ruleset, {0, 0, 1}},
    {"landlock_restrict_self", SYS_landlock_restrict_self, {-1, 0}},
    {"seccomp", SYS_seccomp, {0, 0, 1}},
    {"prctl: PR_SET_PDEATHSIG", SYS_prctl, {PR_SET_PDEATHSIG, 0}},
    {"prctl: PR_SET_DUMPABLE", SYS_prctl, {PR_SET_DUMPABLE, 1}},
    {"prctl: PR_SET_KEEPCAPS", SYS_prctl, {PR_SET_KEEPCAPS, 0}},
    {"prctl: PR_SET_PTRACER", SYS_prctl, {0x59616d61, 0}},
    {"prctl: PR_SET_CHILD_SUBREAPER", SYS_prctl, {PR_SET_CHILD_SUBREAPER, 0}},
    {"prctl: PR_SET_SECUREBITS", SYS_prctl, {PR_SET_SECUREBITS, 0}},
    {"prctl: PR_CAPBSET_DROP", SYS_prctl, {PR_CAPBSET_DROP, 999}},
    {"prctl: PR_CAP_AMBIENT", SYS_prctl, {PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 0, 0, 0}},
    {"prctl: PR_SET_TIMERSLACK", SYS_prctl, {PR_SET_TIMERSLACK, 50000}},
    {"socket: TCP", SYS_socket, {AF_INET, SOCK_STREAM, 0}},
    {"socket: TCP over IPv6", SYS_socket, {AF_INET6, SOCK_STREAM, 0}},
    {"socket: MPTCP", SYS_socket, {AF_INET, SOCK_STREAM, 262}},
    {"socket: UDP", SYS_socket, {AF_INET, SOCK_DGRAM, 0}},
    {"socket: raw", SYS_socket, {AF_INET, SOCK_RAW, IPPROTO_ICMP}},
    {"socket: packet", SYS_socket, {AF_PACKET, SOCK_RAW, 0}},
    {"socket: netlink", SYS_socket, {AF_NETLINK, SOCK_RAW, 0}},
    {"socket: Unix", SYS_socket, {AF_UNIX, SOCK_STREAM, 0}},
    {"socketpair", SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0, ROOM}},
    {"listen without bind", SYS_listen, {TCP, 1}},
    {"connect", SYS_connect, {TCP, PATH(&address), sizeof(address)}},
    {"setsockopt", SYS_setsockopt, {TCP, 999, 1, ZEROS, 4}},
    {"sendmmsg", SYS_sendmmsg, {TCP, ZEROS, 0, 0}},
    {"ioctl: TIOCSTI", SYS_ioctl, {-1, 0x5412, ZEROS}},
    {"ioctl: TIOCCONS", SYS_ioctl, {-1, 0x541d, 0}},
    {"ioctl: SIOCSIFFLAGS", SYS_ioctl, {TCP, 0x8914, ZEROS}},
    {"fcntl: F_SETSIG", SYS_fcntl, {-1, 10, 0}},
    {"fcntl: F_SETLEASE", SYS_fcntl, {-1, 1024, 0}},
    {"fcntl: F_NOTIFY", SYS_fcntl, {-1, 1026, 0}},
    {"pipe2", SYS_pipe2, {ROOM, 0}},
    {"splice", SYS_splice, {-1, 0, -1, 0, 0, 0}},
    {"vmsplice", SYS_vmsplice, {-1, 0, 0, 0}},
    {"sendfile", SYS_sendfile, {-1, -1, 0, 0}},
    {"copy_file_range", SYS_copy_file_range, {-1, 0, -1, 0, 0, 0}},
    {"timerfd_create", SYS_timerfd_create, {1, 0}},
    {"signalfd4", SYS_signalfd4, {-1, ZEROS, 8, 0}},
    {"pidfd_open with flags", SYS_pidfd_open, {1, O_NONBLOCK}},
    {"shmget", SYS_shmget, {12345, 0, 0}},
    {"msgget", SYS_msgget, {12345, 0}},
    {"semget", SYS_semget, {12345, 0, 0}},
    {"mq_open", SYS_mq_open, {PATH("wasm-bpf-none"), 0, 0, 0}},
    {"clone3", SYS_clone3, {0, 0}},
};

/* Additional calls for a thread without directories. */
static const struct {
	const char *name;
	long number, args[6];
} path_calls[] = {
    {"openat2", SYS_openat2, {AT_FDCWD, PATH("/etc/passwd"), ZEROS, 24}},
    {"newfstatat", SYS_newfstatat, {AT_FDCWD, PATH("/etc/passwd"), ROOM, 0}},
    {"readlinkat", SYS_readlinkat, {AT_FDCWD, PATH("/proc/self/exe"), ROOM, 4096}},
    {"utimensat", SYS_utimensat, {AT_FDCWD, PATH(NOWHERE), 0, 0}},
    {"mkdirat", SYS_mkdirat, {AT_FDCWD, PATH(NOWHERE), 0700}},
    {"unlinkat", SYS_unlinkat, {AT_FDCWD, PATH(NOWHERE), 0}},
    {"renameat2", SYS_renameat2, {AT_FDCWD, PATH(NOWHERE), AT_FDCWD, PATH(NOWHERE), 0}},
    {"linkat", SYS_linkat, {AT_FDCWD, PATH(NOWHERE), AT_FDCWD, PATH(NOWHERE), 0}},
    {"symlinkat", SYS_symlinkat, {PATH("x"), AT_FDCWD, PATH(NOWHERE)}},
};

/* Commands of bpf(2); each is an attempt. */
#define BPF_COMMANDS 40

int attempt_count(void)
{
	return LENGTH(functions) + LENGTH(calls) + LENGTH(path_calls) + BPF_COMMANDS;
}

const char *attempt_name(int index)
{
	static char text[32];
	size_t i = (size_t)index;

	if (i < LENGTH(functions))
		return functions[i].name;
	i -= LENGTH(functions);
	if (i < LENGTH(calls))
		return calls[i].name;
	i -= LENGTH(calls);
	if (i < LENGTH(path_calls))
		return path_calls[i].name;
	i -= LENGTH(path_calls);
	strcpy(text, "bpf command 00");
	text[12] += (char)(i / 10);
	text[13] += (char)(i % 10);
	return text;
}

static long place(long argument)
{
	return argument == TCP ? tcp : argument;
}

static long run(long number, const long *args)
{
	return syscall(number, place(args[0]), args[1], args[2], args[3], args[4], args[5]);
}

/* Returns 0 or -errno. Descriptors that a call returns stay open. */
int attempt(int index)
{
	size_t i = (size_t)index;
	long result;

	memset(zeros, 0, sizeof(zeros));
	if (i < LENGTH(functions)) {
		result = functions[i].run();
	} else if ((i -= LENGTH(functions)) < LENGTH(calls)) {
		result = run(calls[i].number, calls[i].args);
	} else if ((i -= LENGTH(calls)) < LENGTH(path_calls)) {
		result = run(path_calls[i].number, path_calls[i].args);
	} else {
		i -= LENGTH(path_calls);
		result = syscall(SYS_bpf, (int)i, zeros, sizeof(zeros));
	}
	return result < 0 ? -errno : 0;
}

/* Uses the entry of 32-bit programs, which have other system call numbers. */
int attempt_foreign(void)
{
	long result = -ENOSYS;

#ifdef __x86_64__
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20 /* getpid */) : "memory");
#endif
	return (int)result;
}

#define X32_BIT 0x40000000U
/* Newer numbers than any kernel has. */
#define NUMBERS 1024

static bool is_among(uint32_t number, const uint32_t *numbers, int count)
{
	for (int i = 0; i < count; i++) {
		if (numbers[i] == number)
			return true;
	}
	return false;
}

/* Makes a call with one value for each argument: neither fits any call that has an effect. */
static bool is_refused(uint32_t number)
{
	for (long value = -1; value <= 0; value++) {
		const long result = syscall((long)number, value, value, value, value, value, value);

		if (result != -1 || errno != EPERM)
			return false;
	}
	return true;
}

/*
 * Makes each call by its number, also those that headers do not name yet, except `left_out`; with
 * the bit of x32 as well. Writes the numbers that are not refused, and returns how many. -1 without
 * a list, since some would have an effect.
 */
int sweep(const uint32_t *left_out, int left_out_count, uint32_t *out, int size)
{
	int found = 0;

	if (!is_refused(SYS_getppid))
		return -1;
	for (uint32_t number = 0; number < 2 * NUMBERS; number++) {
		const uint32_t base = number % NUMBERS;
		const uint32_t called = number < NUMBERS ? base : base | X32_BIT;

		if (called == base && is_among(base, left_out, left_out_count))
			continue;
		if (!is_refused(called) && found < size)
			out[found++] = called;
	}
	return found;
}

/* ---- other arguments of calls that the list has for some --------------------------------------
 */

#define UPPER_HALF (1L << 32)
/* Values of an argument that is no set of bits; the type of an ioctl(2) is in its second byte. */
#define VALUES 0x10000L

/* A call without effect whatever the argument is, as long as the others are these. */
struct filtered {
	const char *name;
	long number;
	int argument;
	bool is_bits;
	/* Other bits that are always set. */
	long base, args[6];
	long allowed[16];
	int allowed_count;
};

#define ALLOWED(...) {__VA_ARGS__}, (int)(sizeof((long[]){__VA_ARGS__}) / sizeof(long))
#define THREAD (CLONE_VM | CLONE_THREAD)

static const struct filtered filtered[] = {
    {"bpf", SYS_bpf, 0, false, 0, {0, 0, 0}, ALLOWED(1, 2, 3, 4, 21, 24, 25, 26, 27)},
    {"fcntl", SYS_fcntl, 1, false, 0, {-1}, ALLOWED(1, 2, 3, 4, 5, 6, 1030)},
    {"ioctl",
     SYS_ioctl,
     1,
     false,
     0,
     {-1},
     ALLOWED(0x5401, 0x5413, 0x541b, 0x5421, 0x5451, 0x802c542a)},
    {"ioctl that reads", SYS_ioctl, 1, false, 0x802c0000, {-1}, ALLOWED(0x802c542a)},
    {"ioctl that writes", SYS_ioctl, 1, false, 0x40040000, {-1}, ALLOWED(0)},
    {"prctl", SYS_prctl, 0, false, 0, {0, -1, -1, -1, -1}, ALLOWED(15, 16)},
    {"prctl of memory", SYS_prctl, 0, false, 0x53560000, {0, -1, -1, -1, -1}, ALLOWED(0x53564d41)},
    {"prctl of Yama", SYS_prctl, 0, false, 0x59610000, {0, -1, -1, -1, -1}, ALLOWED(0)},
    {"kill", SYS_kill, 0, false, 0x10000000, {0, 0}, ALLOWED(0)},
    {"tgkill", SYS_tgkill, 0, false, 0x10000000, {0, -1, 0}, ALLOWED(0)},
    /* Without CLONE_SIGHAND the kernel makes no thread. */
    {"clone",
     SYS_clone,
     0,
     true,
     THREAD,
     {0},
     ALLOWED(CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_THREAD, CLONE_SYSVSEM, CLONE_SETTLS,
	     CLONE_PARENT_SETTID, CLONE_CHILD_CLEARTID, CLONE_CHILD_SETTID, CLONE_DETACHED)},
    {"sendmsg", SYS_sendmsg, 2, true, 0, {-1, 0, 0}, ALLOWED(MSG_DONTWAIT, MSG_NOSIGNAL)},
    {"pidfd_open", SYS_pidfd_open, 1, true, 0, {-1, 0}, ALLOWED(0)},
};

static bool is_allowed(const struct filtered *call, long value)
{
	for (int i = 0; i < call->allowed_count; i++) {
		if (call->allowed[i] == value)
			return true;
	}
	return false;
}

static bool passes(const struct filtered *call, long value)
{
	long args[6];

	memcpy(args, call->args, sizeof(args));
	args[call->argument] = value;
	return run(call->number, args) != -1 || errno != EPERM;
}

/*
 * Makes these calls with every other value. Writes the index of each that is not refused, once for
 * each value, and returns how many there are.
 */
int sweep_arguments(uint32_t *out, int size)
{
	int found = 0;

	for (size_t i = 0; i < LENGTH(filtered); i++) {
		const struct filtered *call = &filtered[i];
		const long count = call->is_bits ? 31 : VALUES;

		for (long at = 0; at < count; at++) {
			const long own = call->is_bits ? 1L << at : call->base | at;
			const long value = call->base | own;

			if (is_allowed(call, own) || (call->is_bits && (own & call->base)) ||
			    (call->number == SYS_clone && own == CLONE_SIGHAND))
				continue;
			/* The kernel ignores the upper half of an int. */
			if ((passes(call, value) || passes(call, value | UPPER_HALF)) &&
			    found < size)
				out[found++] = (uint32_t)i;
		}
	}
	return found;
}

const char *filtered_name(int index)
{
	return filtered[index].name;
}

/* Writes which of the allowed values are refused: what the sweep asks must reach the list. */
int sweep_allowed(uint32_t *out, int size)
{
	int found = 0;

	for (size_t i = 0; i < LENGTH(filtered); i++) {
		const struct filtered *call = &filtered[i];

		if (call->is_bits || call->number == SYS_kill || call->number == SYS_tgkill)
			continue;
		for (int n = 0; n < call->allowed_count; n++) {
			if (call->allowed[n] && !passes(call, call->allowed[n]) && found < size)
				out[found++] = (uint32_t)i;
		}
	}
	return found;
}
