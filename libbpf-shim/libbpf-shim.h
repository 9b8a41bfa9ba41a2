/* SPDX-License-Identifier: MIT */
/*
 * libbpf-shim: the system calls and libbpf calls that wasm-bpf makes, shaped for a foreign function
 * interface. What a guest may do is decided in runtime/, as far as options decide it. What holds
 * for every guest is held here, where the kernel's view of it is seen: instructions as they are
 * loaded (program_load.c), sections and maps of objects, what may be attached to, paths below a
 * grant, and what the guest's thread may do (Landlock, seccomp, capabilities).
 *
 * Contract of every function, unless its own comment differs:
 *  - the result is >= 0 on success and -errno on failure; out-parameters come last and are written
 *    on success only;
 *  - what a `new`, `open` or `attach` hands out belongs to the caller until the matching `free`,
 *    and `free` accepts NULL;
 *  - strings are NUL-terminated UTF-8; a returned string belongs to the object it was asked of;
 *  - an address in a guest's memory is a 32-bit offset into a `struct shim_memory`, and a range
 * that does not lie inside it is -EFAULT before anything is read or written;
 *  - calls come from the one thread that loaded this copy of the library: a worker loads a copy of
 * its own. What is not freed when that thread ends is freed then.
 */
#ifndef LIBBPF_SHIM_H
#define LIBBPF_SHIM_H

#include <stdint.h>

#define SHIM_API __attribute__((visibility("default")))

/* Raised with every change of this header; ffi/library.ts refuses a library with another number. */
#define SHIM_ABI_VERSION 37

struct shim_memory;
struct shim_object;
struct shim_program;
struct shim_map;
struct shim_link;
struct shim_iterator;
struct shim_buffer;
struct shim_budget;
struct shim_attach_rules;
struct shim_interrupt;
struct shim_stats;
struct shim_deadline;
struct shim_ticker;
struct shim_user_ring;

/** @brief SHIM_ABI_VERSION of the library that was loaded. */
SHIM_API int32_t shim_abi_version(void);

/** @brief Version of the libbpf inside, such as "1.7.0". */
SHIM_API const char *shim_libbpf_version(void);

/* ---- log: messages of libbpf ------------------------------------------------------------- */

/**
 * @brief Copies out libbpf's messages since the last call and forgets them.
 * @param size of buf in bytes; a longer log is cut at the start, since the reason is at the end
 * @return bytes copied
 */
SHIM_API int32_t shim_log__take(void *buf, uint32_t size);

/** @brief Bytes that shim_log__take() has to give. */
SHIM_API int32_t shim_log__size(void);

/* ---- memory: a WebAssembly.Memory, the one place where offsets become addresses ------------ */

SHIM_API int32_t shim_memory__new(struct shim_memory **out);

/** @brief Sets address and size of the memory; to be called again when it has grown. */
SHIM_API void shim_memory__bind(struct shim_memory *memory, void *base, uint64_t size);

SHIM_API void shim_memory__free(struct shim_memory *memory);

/* ---- object: a compiled eBPF object, its programs and maps -------------------------------- */

/**
 * @brief Opens an ELF object of `size` bytes at `offset`. The bytes are copied. Errors are
 * libbpf's, its own of LIBBPF_ERRNO__START and more among them: -LIBBPF_ERRNO__ENDIAN for the other
 * byte order, which libbpf refuses to load only.
 * @param name what libbpf calls the object; its global data maps are named after it
 */
SHIM_API int32_t shim_object__open(struct shim_memory *memory, uint32_t offset, uint32_t size,
				   const char *name, struct shim_object **out);

/**
 * @brief Forgets the pin paths of all maps of the object, so that loading neither reuses a map that
 *        another program pinned nor leaves a pin. Before load.
 * @return number of maps that asked
 */
SHIM_API int32_t shim_object__forget_pins(struct shim_object *object);

/**
 * @brief Writes to global variables: before load what they start with, afterwards what they are.
 * @param section such as ".rodata", ".data", ".bss", ".data.mine"
 * @return 0; -ENOENT when the object has no such section; -ERANGE when the bytes do not lie in it;
 *         -EPERM for read-only data after load
 */
SHIM_API int32_t shim_object__set_global(struct shim_object *object, const char *section,
					 uint32_t offset, struct shim_memory *memory, uint32_t data,
					 uint32_t size);

/* Settings of shim_object__configure(). The numbers are part of the ABI of guests. */
enum shim_setting {
	SHIM_PROGRAM_AUTOLOAD = 1, /* whether the load loads it: 0 or 1 */
	SHIM_MAP_MAX_ENTRIES = 2,
	SHIM_MAP_KEY_SIZE = 3,
	SHIM_MAP_VALUE_SIZE = 4,
	SHIM_MAP_AUTOCREATE = 5, /* whether the load makes it: 0 or 1 */
	SHIM_MAP_TYPE = 6,	 /* BPF_MAP_TYPE_*, from and to those that need nothing else */
	SHIM_PROGRAM_TYPE = 7,	 /* BPF_PROG_TYPE_*, except those of struct_ops and extensions */
	SHIM_PROGRAM_ATTACH_TYPE = 8, /* the expected attach type, enum bpf_attach_type */
};

/**
 * @brief Sets something of a program or map, by its name. Before load: -EBUSY afterwards.
 * @return 0; -ENOENT when the object has none of that name; -EINVAL for another setting, and for
 *         sections of global variables
 */
SHIM_API int32_t shim_object__configure(struct shim_object *object, const char *name,
					uint32_t setting, uint32_t value);

/**
 * @brief Sets which kernel function or hook a tracing or LSM program is for, instead of its
 *        section. Before load: -EBUSY afterwards.
 * @return 0; -ENOENT when the object has no such program; -EINVAL for a program of another type;
 *         -ESRCH or what libbpf reports when the kernel has no such function
 */
SHIM_API int32_t shim_object__set_attach_target(struct shim_object *object, const char *name,
						const char *target);

/* Permissions that attaching takes. */
enum shim_allowance {
	SHIM_ALLOW_WRITE_USER = 1, /* the level write: other processes' memory, and ours */
};

/**
 * @brief Sets what the object's programs may call, and which kinds of programs load. Before load;
 *        without it, every program is refused.
 * @param policy `size` bytes of a struct shim_policy (permissions.h); copied
 * @return 0; -EINVAL for other bytes; -EALREADY after load, even one that failed
 */
SHIM_API int32_t shim_object__permit(struct shim_object *object, const void *policy, uint32_t size);

/**
 * @brief Makes the rules of where programs may be attached, and looks up what they name: before the
 *        guest's first instruction, since a guest with folders can exchange files.
 * @param text `size` bytes, a line for each word: "GROUP+WORD" to allow, "GROUP-WORD" to deny. In
 *        each group that allows anything, one word has to allow a place, and none may deny it. A
 *        word is KIND[:TARGET]; a binary's target has a tab before its symbol
 * @param max_frequency of perf events, in hertz; 0 for no limit
 * @return 0; -EINVAL for other text; -E2BIG for too many; -ENOMEM. What is not there yet is in the
 *         log
 */
SHIM_API int32_t shim_attach_rules__new(const void *text, uint32_t size, uint32_t max_frequency,
					struct shim_attach_rules **out);

/** @brief Gives the caller's reference back; objects keep theirs. Accepts NULL. */
SHIM_API void shim_attach_rules__free(struct shim_attach_rules *rules);

/**
 * @brief Sets where the object's programs may be attached; without it, everywhere. Before load.
 * @return 0; -EALREADY after load, or when it has rules
 */
SHIM_API int32_t shim_object__limit_attach(struct shim_object *object,
					   struct shim_attach_rules *rules);

/**
 * @brief Makes the limits of one run: what its objects take together of the kernel.
 * @param interrupt ends a load between two maps or programs (-EINTR) once it is terminated, or the
 *        time limit of the process is over; one that is only raised does not; may be NULL
 * @param maps_bytes of all maps when they are full; 0 for the default: 1 GiB, or a quarter of the
 *        memory of this machine or control group where that is less
 * @param programs loaded at a time
 */
SHIM_API int32_t shim_budget__new(struct shim_interrupt *interrupt, uint64_t maps_bytes,
				  uint32_t programs, struct shim_budget **out);

/** @brief Bytes that maps of live objects take. */
SHIM_API int64_t shim_budget__maps_used(struct shim_budget *budget);

/** @brief Objects that it bounds keep it until they are freed, too. */
SHIM_API void shim_budget__free(struct shim_budget *budget);

/** @brief Makes an object's load take from a budget. Once, before load: else -EALREADY. */
SHIM_API int32_t shim_object__bound(struct shim_object *object, struct shim_budget *budget);

/**
 * @brief Creates the maps and loads every program into the kernel. Once: -EALREADY even after a
 *        failure.
 * @return 0; -EPERM for a program that the permissions refuse, too; -EINVAL for a map whose type
 *         or flags are not on the list for what made it, before anything is made; with a budget,
 *         -ENOMEM for maps and -EMFILE for programs beyond it, -EINTR when the run's time is over
 */
SHIM_API int32_t shim_object__load(struct shim_object *object);

/** @brief Unloads. Links and buffers made from the object must have been freed before. */
SHIM_API void shim_object__free(struct shim_object *object);

SHIM_API int32_t shim_object__program_count(struct shim_object *object);

/** @brief Program number `index`, in the object's order; it lives as long as the object. */
SHIM_API int32_t shim_object__program(struct shim_object *object, uint32_t index,
				      struct shim_program **out);

SHIM_API int32_t shim_object__map_count(struct shim_object *object);

/** @brief Map number `index`, in the object's order; it lives as long as the object. After load. */
SHIM_API int32_t shim_object__map(struct shim_object *object, uint32_t index,
				  struct shim_map **out);

/* ---- program and link ------------------------------------------------------------------------ */

SHIM_API const char *shim_program__name(struct shim_program *program);

/** @brief Name of the ELF section the program is in, such as "tp/sched/sched_process_exec". */
SHIM_API const char *shim_program__section(struct shim_program *program);

/** @brief BPF_PROG_TYPE_* of linux/bpf.h. */
SHIM_API int32_t shim_program__type(struct shim_program *program);

/** @brief The expected attach type, an enum bpf_attach_type; 0 when the section names none. */
SHIM_API int32_t shim_program__attach_type(struct shim_program *program);

/**
 * @brief Attaches to the target in the section name.
 *
 * A tracepoint's number is looked up in tracefs. Where tracefs is mounted nowhere, it is opened
 * unmounted (fsopen(2), Linux 5.2, CAP_SYS_ADMIN): nothing is added to the mount table.
 *
 * @return 0; -EOPNOTSUPP when the section name has no target; -EINVAL for "tp/" without
 *         CATEGORY/NAME, or when it names a binary (see shim_program__attach_uprobe())
 */
SHIM_API int32_t shim_program__attach(struct shim_program *program, struct shim_link **out);

/* Kinds of places in the kernel that shim_program__attach_kernel() attaches to. */
enum shim_kernel_place {
	SHIM_KERNEL_KPROBE = 1, /* a function, at an offset of an instruction */
	SHIM_KERNEL_KRETPROBE = 2,
	SHIM_KERNEL_KSYSCALL = 3, /* a system call without its architecture's prefix */
	SHIM_KERNEL_KRETSYSCALL = 4,
	SHIM_KERNEL_TRACEPOINT = 5, /* CATEGORY/NAME */
	SHIM_KERNEL_RAW_TRACEPOINT = 6,
};

/**
 * @brief Attaches to a named place in the kernel; the program's section is ignored.
 * @param offset bytes after the function's start, for SHIM_KERNEL_KPROBE; the kernel refuses those
 *        at which no instruction starts
 * @return 0; -EINVAL for an invalid tracepoint or another kind; -ENOENT when the kernel has no such
 *         place
 */
SHIM_API int32_t shim_program__attach_kernel(struct shim_program *program, uint32_t kind,
					     const char *name, uint64_t offset,
					     struct shim_link **out);

/**
 * @brief Attaches an XDP program (BPF_XDP, Linux 5.9) or a classifier (BPF_TCX_INGRESS or
 *        BPF_TCX_EGRESS, Linux 6.6) to a network interface of this process's network namespace.
 * @return 0; -ENODEV when there is no such interface; -EBUSY when it has an XDP program
 */
SHIM_API int32_t shim_program__attach_interface(struct shim_program *program, const char *interface,
						int32_t attach_type, struct shim_link **out);

/**
 * @brief Attaches to the cgroup2 directory at `path` (Linux 5.7), next to what is there.
 * @return 0; -ENOENT when there is no such cgroup2 directory, whatever else is there
 */
SHIM_API int32_t shim_program__attach_cgroup(struct shim_program *program, const char *path,
					     struct shim_link **out);

/**
 * @brief Attaches to the network namespace at `path` (Linux 5.8): /proc/PID/ns/net, or a mount of
 * it.
 * @return 0; -ENOENT when the path does not lead to a network namespace
 */
SHIM_API int32_t shim_program__attach_netns(struct shim_program *program, const char *path,
					    struct shim_link **out);

/**
 * @brief Attaches to a netfilter hook of this process's network namespace (Linux 6.4).
 * @param family NFPROTO_IPV4 or NFPROTO_IPV6
 * @param hook enum nf_inet_hooks
 */
SHIM_API int32_t shim_program__attach_netfilter(struct shim_program *program, uint32_t family,
						uint32_t hook, int32_t priority,
						struct shim_link **out);

/**
 * @brief Opens a raw packet socket on an interface, with the program as its filter. The link is the
 *        socket, which is never read.
 * @return 0; -ENODEV when there is no such interface
 */
SHIM_API int32_t shim_program__attach_packet_socket(struct shim_program *program,
						    const char *interface, struct shim_link **out);

/**
 * @brief Attaches to a perf event that fires `frequency` times a second on one CPU, or on each.
 * @param type PERF_TYPE_*
 * @param cpu below 0: every CPU that is there
 * @return 0; -ENODEV when that CPU is not there; -ENOENT when the machine has no such event
 */
SHIM_API int32_t shim_program__attach_perf_event(struct shim_program *program, uint32_t type,
						 uint64_t config, uint64_t frequency, int32_t cpu,
						 struct shim_link **out);

/**
 * @brief Reasons to refuse a binary, or a place in one. A probe is a breakpoint that the kernel
 *        writes into the code of each process that has the file mapped.
 */
enum shim_refusal {
	SHIM_REFUSED_NOTHING = 0,
	/* An offset without SHIM_ALLOW_WRITE_USER. */
	SHIM_REFUSED_OFFSET = 1,
	SHIM_REFUSED_INSIDE_INSTRUCTION = 2,
	/* An instruction before the place is not known, so the boundaries after it are not. */
	SHIM_REFUSED_UNKNOWN_INSTRUCTION = 3,
	SHIM_REFUSED_OUTSIDE_FUNCTION = 4,
	/* The file that this process runs. */
	SHIM_REFUSED_OWN_EXECUTABLE = 5,
	/* A file in memory (memfd_create(2)), or one whose last name was removed. */
	SHIM_REFUSED_NAMELESS = 6,
	/* /proc/PID/fd and /proc/PID/map_files. */
	SHIM_REFUSED_MAGIC_LINK = 7,
	/* A USDT note whose place is not a no-op, or whose semaphore is not one. */
	SHIM_REFUSED_PROBE_PLACE = 8,
	SHIM_REFUSED_SEMAPHORE = 9,
};

/** @brief An enum shim_refusal for the attach before this call, and then nothing. */
SHIM_API int32_t shim_probe__refusal(void);

/**
 * @brief Attaches to a function of an ELF file.
 * @param binary path, or a bare name that is looked up in the folders of programs and libraries
 * @param offset bytes after the function's entry: the start of an instruction inside it
 * @param pid below 0: every process
 * @param on_return 1: when the function returns
 * @param allowed bits of enum shim_allowance; without SHIM_ALLOW_WRITE_USER, `offset` is 0
 * @return 0; -ENOENT when no such ELF file, or no such function in it; -EPERM or -EINVAL
 *         for a place that is refused, see shim_probe__refusal()
 */
SHIM_API int32_t shim_program__attach_uprobe(struct shim_program *program, const char *binary,
					     const char *symbol, uint64_t offset, int32_t pid,
					     int32_t on_return, uint32_t allowed,
					     struct shim_link **out);

/**
 * @brief Attaches to every function that fits a pattern (Linux 6.6).
 * @param pattern with * and ?
 */
SHIM_API int32_t shim_program__attach_uprobe_multi(struct shim_program *program, const char *binary,
						   const char *pattern, int32_t pid,
						   int32_t on_return, struct shim_link **out);

/** @brief Attaches to a USDT probe of an ELF file; `binary` and `pid` as for a uprobe. */
SHIM_API int32_t shim_program__attach_usdt(struct shim_program *program, const char *binary,
					   const char *provider, const char *name, int32_t pid,
					   struct shim_link **out);

/** @brief Attaches an iterator over a map's elements (section "iter/bpf_map_elem"). */
SHIM_API int32_t shim_program__attach_map_iterator(struct shim_program *program,
						   struct shim_map *map, struct shim_link **out);

/**
 * @brief Looks for struct_ops maps of closed objects that stay in the kernel since something uses
 *        them. Sockets that use a TCP congestion control are given their namespace's default in its
 *        place, in all namespaces and processes that can be reached.
 *
 * Returns at once where no struct_ops map is left. Linux 5.6 for sockets of other processes.
 *
 * @param wait_ms at most; for putting back and for the kernel to unload
 * @param text gets a line for each map that is still there: its number, the kernel's structure, its
 *        name, how many sockets were put back, and how many were not
 * @return length of `text`
 */
SHIM_API int32_t shim_remains__settle(uint32_t wait_ms, void *text, uint32_t size);

/**
 * @brief Looks for programs and maps of closed objects that another process keeps in the kernel, by
 *        a descriptor or a pin of them or of a link.
 *
 * Returns as soon as none is left, some 10 ms after the last close. A holder is reported when it is
 * there twice, 0.2 s apart. Without CAP_SYS_ADMIN nothing is found.
 *
 * @param wait_ms at most, where no holder is found
 * @param without_struct_ops 1 leaves out objects that had struct_ops maps
 * @param text gets a line for each part that is left, with tabs: program or map, its number and
 *        name, the process or 0, and its command, or the path of the pin
 * @return length of `text`
 */
SHIM_API int32_t shim_holders__settle(uint32_t wait_ms, uint32_t without_struct_ops, void *text,
				      uint32_t size);

/** @brief Detaches. The kernel does so by itself when the process ends, however it ends. */
SHIM_API void shim_link__free(struct shim_link *link);

/**
 * @brief Starts one pass of an attached iterator.
 * @param interrupt ends reads in which its program writes nothing; it must outlive the iterator
 * @return 0; -EINVAL when the link is none of an iterator
 */
SHIM_API int32_t shim_iterator__open(struct shim_link *link, struct shim_interrupt *interrupt,
				     struct shim_iterator **out);

/**
 * @brief Runs the iterator's program until it has written `size` bytes or the pass is over.
 * @return bytes written to guest memory at `offset`; 0 at the end of the pass; -EINTR and -ERESTART
 *         as for struct shim_interrupt: the next read goes on
 */
SHIM_API int32_t shim_iterator__read(struct shim_iterator *iterator, struct shim_memory *memory,
				     uint32_t offset, uint32_t size);

SHIM_API void shim_iterator__free(struct shim_iterator *iterator);

/**
 * @brief Registers a struct_ops map (section ".struct_ops.link", Linux 6.4).
 * @return 0; -EOPNOTSUPP for one of section ".struct_ops": it would outlive a killed process
 */
SHIM_API int32_t shim_map__attach(struct shim_map *map, struct shim_link **out);

/* ---- kernel: what it is able to do --------------------------------------------------------- */

/**
 * @brief Reports whether the kernel was built with an option, such as "CONFIG_KPROBES", y or m.
 * @return 1 or 0; -ENOENT when there is neither /proc/config.gz nor /boot/config-RELEASE
 */
SHIM_API int32_t shim_kernel__config(const char *option);

/**
 * @brief Begins to read the kernel's types, in a thread that ends by itself: the first load that
 * needs them finds them there. To be called before this thread's table of descriptors is its own.
 * @return 0, also when they cannot be read: the load reports why; -errno when the thread cannot
 * start
 */
SHIM_API int32_t shim_kernel__read_types_ahead(void);

/** @brief Its version as major << 16 | minor. */
SHIM_API int32_t shim_kernel__version(void);

/**
 * @brief Reports whether a Linux security module, such as "bpf", is active.
 * @return 1 or 0; -errno when securityfs cannot be read
 */
SHIM_API int32_t shim_kernel__has_lsm(const char *name);

/** @brief Returns 1 if perf_event_open(2) has events of a dynamic type, such as "kprobe", or 0. */
SHIM_API int32_t shim_kernel__has_event_source(const char *name);

/** @brief Returns the number of possible CPUs: an element of a per-CPU map has so many values. */
SHIM_API int32_t shim_kernel__possible_cpus(void);

/* Kinds of things that shim_kernel__supports() looks for. */
enum shim_supported {
	SHIM_SUPPORTS_MAP_TYPE = 1,	/* BPF_MAP_TYPE_* */
	SHIM_SUPPORTS_PROGRAM_TYPE = 2, /* BPF_PROG_TYPE_* */
};

/**
 * @brief Tries whether the running kernel has a type of map or program, by making one.
 * @return 1 or 0; -EINVAL for another kind or a number out of range; -EOPNOTSUPP for types that
 *         cannot be tried
 */
SHIM_API int32_t shim_kernel__supports(uint32_t kind, uint32_t number);

/** @brief Returns 1 if tracefs is mounted where libbpf looks for it, or 0. */
SHIM_API int32_t shim_kernel__has_tracefs(void);

/** @brief Returns 1 if a capability, CAP_* of linux/capability.h, is in effect, or 0. */
SHIM_API int32_t shim_kernel__has_capability(uint32_t capability);

/** @brief Bytes of this process's memory that are in RAM. */
SHIM_API int64_t shim_process__resident_bytes(void);

/**
 * @brief Descriptors that this thread's table can still hold under RLIMIT_NOFILE.
 * @return that number; -errno where /proc cannot be read
 */
SHIM_API int32_t shim_process__descriptors_left(void);

/**
 * @brief Ends this process, by SIGKILL, when the thread that started it ends.
 * @param parent number of the process that is expected to be the parent
 * @return 0; -ESRCH when the parent has ended already
 */
SHIM_API int32_t shim_process__die_with(int32_t parent);

/**
 * @brief Start of a process in clock ticks since boot, which tells two owners of a number apart.
 * @return that time; -ESRCH when there is no such process
 */
SHIM_API int64_t shim_process__start_time(int32_t pid);

/**
 * @brief Sends a signal to the process that had this number at this start time (Linux 5.3).
 * @return 0; -ESRCH when that process has ended
 */
SHIM_API int32_t shim_process__signal(int32_t pid, int64_t start, int32_t number);

/**
 * @brief Sends a state to a service manager, as sd_notify(3) does.
 * @param path its socket, from NOTIFY_SOCKET; abstract with '@' first
 */
SHIM_API int32_t shim_process__notify(const char *path, const char *text);

/**
 * @brief Sends one line to a log's socket, such as /dev/log, and never waits.
 * @return 0; -ENOENT and -ECONNREFUSED without a log; -EAGAIN for a full one
 */
SHIM_API int32_t shim_audit__send(const char *path, const char *line);

/**
 * @brief Identity that this process's session logged in with (audit_getloginuid(3)).
 *
 * @return the number; UINT32_MAX if none was set; a negative errno without /proc or audit
 */
SHIM_API int64_t shim_audit__login_uid(void);

/* ---- confinement: what this thread gives up, for good; other threads stay as they are ---------
 */

/**
 * @brief Starts the broker, the thread that loads and attaches for a confined one and ends with it;
 *        idempotent. Before anything is opened here that is to outlive the confinement: objects,
 *        links and buffers.
 * @return 0; -EAGAIN where there are too many threads
 */
SHIM_API int32_t shim_broker__start(void);

/**
 * @brief Version of Landlock in the running kernel.
 * @return 1 or more; -ENOSYS where it was not built in, -EOPNOTSUPP where it is not active
 */
SHIM_API int32_t shim_landlock__abi(void);

/**
 * @brief Confines this thread to what a guest was granted (Linux 5.13). After shim_broker__start().
 *
 * Outside of the grants it can no longer open a file or folder; nor can it, as far as the kernel's
 * Landlock goes, run a program, bind or connect a TCP socket, or send a signal. Descriptors that
 * are open stay as they are.
 *
 * @param grants `count` times { int32_t fd; int32_t is_writable; }, descriptors of folders
 * @return the version of Landlock; what was done before an error stays
 */
SHIM_API int32_t shim_landlock__confine(void *grants, uint32_t count);

/* Folders that a guest was granted. */
enum shim_files {
	SHIM_FILES_NONE = 0,
	SHIM_FILES_READABLE = 1,
	SHIM_FILES_WRITABLE = 2, /* one of them at least */
};

/**
 * @brief Drops this thread's capabilities, but CAP_DAC_READ_SEARCH for folders, CAP_DAC_OVERRIDE
 *        and CAP_FOWNER for writable ones, and before Linux 5.19 CAP_BPF.
 * @param files enum shim_files
 */
SHIM_API int32_t shim_capabilities__reduce(int32_t files);

/**
 * @brief Takes all other capabilities from this process, for good, and from the programs that it
 *        starts: from the sets of each thread, except the shim's own.
 * @param kept bits of those that stay
 * @return how many threads keep theirs: those that took no signal for a second; -EPERM without
 *         CAP_SETPCAP
 */
SHIM_API int32_t shim_capabilities__bound(uint64_t kept);

/** @brief Bounding set of this thread: bits of what programs that it starts can get. */
SHIM_API uint64_t shim_capabilities__bounding(void);

/** @brief 0 where the kernel filters system calls; -ENOSYS, -EINVAL, or what a container gives. */
SHIM_API int32_t shim_seccomp__is_available(void);

/**
 * @brief Allows this thread, and those that it starts, the system calls that a guest takes; every
 *        other one is -EPERM from now on. After shim_landlock__confine().
 * @param files enum shim_files: without any, no call takes a path
 */
SHIM_API int32_t shim_seccomp__confine(int32_t files);

/**
 * @brief Applies the same, without files and capabilities, to the process's other threads but the
 * shim's own, for good; before this thread. For a process that runs nothing but one guest.
 * @return how many are not confined: those that took no signal for a second
 */
SHIM_API int32_t shim_seccomp__confine_others(void);

/* ---- map ----------------------------------------------------------------------------------------
 */

SHIM_API const char *shim_map__name(struct shim_map *map);

/** @brief BPF_MAP_TYPE_* of linux/bpf.h. */
SHIM_API int32_t shim_map__type(struct shim_map *map);

/** @brief Bytes of a key; 0 for maps without keys. */
SHIM_API int32_t shim_map__key_size(struct shim_map *map);

/** @brief Bytes of what one lookup or update transfers: all CPUs' values of a per-CPU map. */
SHIM_API int64_t shim_map__value_size(struct shim_map *map);

/** @brief Values in that: 1, or for a per-CPU map the number of possible CPUs. */
SHIM_API int32_t shim_map__cpus(struct shim_map *map);

/** @brief Elements that fit; bytes of a ring buffer. */
SHIM_API int64_t shim_map__max_entries(struct shim_map *map);

/** @brief The kernel's number for the map, which lookups in maps of maps give. */
SHIM_API int32_t shim_map__id(struct shim_map *map);

/** @brief The kernel's number for the program, which lookups in program arrays give. After load. */
SHIM_API int32_t shim_program__id(struct shim_program *program);

/**
 * @brief One bpf(2) on the map, key and values in guest memory.
 *
 * The kernel reads or writes the whole value: for a per-CPU map its size rounded up to 8 bytes,
 * times the number of possible CPUs.
 *
 * @param command 1 lookup, 2 update, 3 delete, 4 get next key, 21 lookup and delete (enum bpf_cmd)
 * @param key offset of the key; of no meaning for maps without keys; 0 for get next key asks for
 * the first one
 * @param value offset of the value; lookup writes it, update reads it
 * @param next_key offset that get next key writes
 * @param flags_low, flags_high the 64 bits of flags for lookup and update
 */
SHIM_API int32_t shim_map__operate(struct shim_map *map, struct shim_memory *memory,
				   int32_t command, uint32_t key, uint32_t value, uint32_t next_key,
				   uint32_t flags_low, uint32_t flags_high);

/**
 * @brief Operates on many elements: keys, values and tokens are in guest memory, each array
 * without gaps. bpf(2)'s BPF_MAP_*_BATCH where the map has keys, which not every type has
 * (-EOPNOTSUPP); one bpf(2) an element for queues, stacks (lookup and delete, update) and bloom
 * filters (update).
 *
 * @param command 24 lookup, 25 lookup and delete, 26 update, 27 delete (enum bpf_cmd)
 * @param interrupt ends many bpf(2) of one element each
 * @param in_token offset of where a lookup goes on; 0 from the start
 * @param out_token offset that a lookup writes for the next; as long as a key, at least 4 bytes;
 *        may be the same as in_token
 * @param count offset of a u32: how many elements there is room for, and then how many were done,
 *        also when an error ended it
 * @return 0; -ENOENT after the last element, or when one to delete or pop is not there; -ENOSPC
 *         when count is too small for what the kernel gives at once; -EINTR when interrupted
 */
SHIM_API int32_t shim_map__batch(struct shim_map *map, struct shim_interrupt *interrupt,
				 struct shim_memory *memory, int32_t command, uint32_t in_token,
				 uint32_t out_token, uint32_t keys, uint32_t values, uint32_t count,
				 uint32_t flags_low, uint32_t flags_high);

/**
 * @brief Updates an element whose last 4 bytes are a descriptor to the kernel: those of `inner` or
 *        `program` take the place of the guest, or 0 when both are NULL.
 */
SHIM_API int32_t shim_map__store(struct shim_map *map, struct shim_memory *memory, uint32_t key,
				 uint32_t value, struct shim_map *inner,
				 struct shim_program *program, uint32_t flags_low,
				 uint32_t flags_high);

/**
 * @brief Looks up, updates or deletes what task storage keeps for a process.
 * @param key offset of its number, an i32, as this process would see it
 */
SHIM_API int32_t shim_map__operate_on_task(struct shim_map *map, struct shim_memory *memory,
					   int32_t command, uint32_t key, uint32_t value,
					   uint32_t flags_low, uint32_t flags_high);

/* ---- buffer: a ring buffer or perf event array, read in batches -------------------------------
 */

/**
 * @brief Opens the user side of a ring buffer or perf event array.
 * @param interrupt ends waits for its events; it must outlive the buffer
 * @return 0; -EINVAL for a map of another type
 */
SHIM_API int32_t shim_buffer__open(struct shim_map *map, struct shim_interrupt *interrupt,
				   struct shim_buffer **out);

/**
 * @brief Lets reads of a buffer wait when records come fast, so that they come together.
 *
 * Rare records are still delivered at once. Only waits with a time-out other than 0 are affected.
 *
 * @param latency_us how much later than without it a record may be delivered; 0, the default: not
 */
SHIM_API void shim_buffer__set_latency(struct shim_buffer *buffer, uint32_t latency_us);

/** @brief Bytes that the largest record of this buffer can take in the stage, header included. */
SHIM_API int64_t shim_buffer__record_max(struct shim_buffer *buffer);

/**
 * @brief Waits for events and copies a batch of them to the stage.
 *
 * A record in the stage is { u32 size; u32 cpu; payload padded to 8 bytes }, the cpu 0 for a ring
 * buffer. What does not fit comes with the next batch.
 *
 * @param capacity bytes at `offset`, 8 or more; with 8 and no time-out an interrupt is left for the
 *        next call
 * @param timeout_ms 0 does not wait; below 0 waits without end
 * @return bytes staged; 0 on time-out; -EINTR and -ERESTART as for struct shim_interrupt; -ENOSPC
 *         when the first record is longer than `capacity`: it stays first, and its header
 *         { u32 size; u32 cpu } is written
 */
SHIM_API int32_t shim_buffer__poll(struct shim_buffer *buffer, struct shim_memory *stage,
				   uint32_t offset, uint32_t capacity, int32_t timeout_ms);

/**
 * @brief Does what shim_buffer__poll() does, and counts the records for shim_buffer__read_count():
 *        they are in the memory of the caller, and wait in no stage.
 */
SHIM_API int32_t shim_buffer__read(struct shim_buffer *buffer, struct shim_memory *memory,
				   uint32_t offset, uint32_t capacity, int32_t timeout_ms);

/**
 * @brief Shows a ring buffer at the start of `memory`, in place of what is there: the consumer's
 * page, the producer's, the data twice in a row, then the state that
 * runtime/wasm_bpf/events/ring_pump.wat describes. Reading goes on at the state's cursor, here as
 * well.
 * @return bytes of a page; -EOPNOTSUPP for a perf event array; -EINVAL when the memory is too small
 */
SHIM_API int32_t shim_buffer__show(struct shim_buffer *buffer, struct shim_memory *memory);

/** @brief Ends shim_buffer__show(): there are empty pages again. Before the memory's end. */
SHIM_API void shim_buffer__hide(struct shim_buffer *buffer);

/**
 * @brief Waits until a ring buffer has records after the cursor; the kernel may not have completed
 * the first.
 * @param timeout_ms as shim_buffer__poll()
 * @return 1; 0 on time-out; -EINTR and -ERESTART as for struct shim_interrupt; -EOPNOTSUPP for a
 * perf event array
 */
SHIM_API int32_t shim_buffer__wait(struct shim_buffer *buffer, int32_t timeout_ms);

/** @brief Events that shim_buffer__read() has handed out. */
SHIM_API int64_t shim_buffer__read_count(struct shim_buffer *buffer);

/** @brief Milliseconds, rounded up, that the last poll or read had still to wait when interrupted.
 */
SHIM_API int32_t shim_buffer__left_ms(struct shim_buffer *buffer);

/** @brief Events that the kernel reported as dropped: perf event arrays only. */
SHIM_API int64_t shim_buffer__lost(struct shim_buffer *buffer);

SHIM_API void shim_buffer__free(struct shim_buffer *buffer);

/* ---- user ring: samples from here to eBPF programs (Linux 6.1) ------------------------------- */

/**
 * @brief Opens the producing side. One at a time.
 * @param interrupt ends its waits; it outlives the ring
 * @return 0; -EINVAL for a map of another type
 */
SHIM_API int32_t shim_user_ring__open(struct shim_map *map, struct shim_interrupt *interrupt,
				      struct shim_user_ring **out);

/**
 * @brief Copies a sample of `size` bytes into the ring.
 * @param timeout_ms how long to wait for room: until a program drains; 0 not at all, below 0 for
 * ever
 * @return 0; -ENOSPC when the ring is full; -E2BIG when the record is larger than the ring; -EINTR
 * and -ERESTART as for struct shim_interrupt
 */
SHIM_API int32_t shim_user_ring__submit(struct shim_user_ring *ring, struct shim_memory *memory,
					uint32_t offset, uint32_t size, int32_t timeout_ms);

SHIM_API void shim_user_ring__free(struct shim_user_ring *ring);

/* ---- statistics: how often and how long programs run
 * ---------------------------------------------
 */

/**
 * @brief Makes the kernel count, for every program of the machine, until it is freed (Linux 5.8).
 * Each run of a program costs some 20 ns more meanwhile.
 * @return 0, also where kernel.bpf_stats_enabled is set; -EPERM without CAP_SYS_ADMIN
 */
SHIM_API int32_t shim_stats__enable(struct shim_stats **out);

SHIM_API void shim_stats__free(struct shim_stats *stats);

/**
 * @brief Enables the statistics for as long as this process and those that it starts live, which
 *        then need no capability for them (Linux 5.8).
 * @return 0; -EPERM without CAP_SYS_ADMIN
 */
SHIM_API int32_t shim_stats__hold(void);

/**
 * @brief Takes over what the parent holds, so that shim_stats__enable() succeeds. Commands that
 *        this process starts do not get it.
 */
SHIM_API void shim_stats__inherit(void);

/**
 * @brief Reads the counts that the kernel has of a loaded program.
 * @param out three u64: runs, nanoseconds, and runs that did not happen because it was running
 * already
 */
SHIM_API int32_t shim_program__stats(struct shim_program *program, void *out);

/* ---- interrupt: what ends a guest's waits early -------------------------------------------------
 *
 * A wait that is given one (a buffer's poll, a sleep) returns -EINTR when it was raised, once;
 * -EINTR for ever after it was terminated; and -ERESTART when attention was asked for: the caller
 * does what it has to and waits again for the rest of the time. What is asked for between two waits
 * is the next one's.
 */

SHIM_API int32_t shim_interrupt__new(struct shim_interrupt **out);

/**
 * @brief One more holder, on another thread: that one calls shim_interrupt__adopt() in its own copy
 *        of the library. Each holder frees it; raise, attend and terminate may be called by all.
 */
SHIM_API void shim_interrupt__retain(struct shim_interrupt *interrupt);

SHIM_API int32_t shim_interrupt__adopt(struct shim_interrupt *interrupt);

SHIM_API void shim_interrupt__raise(struct shim_interrupt *interrupt);

SHIM_API void shim_interrupt__attend(struct shim_interrupt *interrupt);

/** @brief Number of requests for attention so far, without those of tickers. */
SHIM_API uint32_t shim_interrupt__attentions(struct shim_interrupt *interrupt);

/**
 * @brief Lets a wait return -ERESTART, once, when `fd` is a pipe or socket whose reader is gone.
 * The descriptor stays open. Before the caller is confined, and before its first wait.
 * @return 0, also for a file; -EBUSY if one is watched; or a negative errno
 */
SHIM_API int32_t shim_interrupt__watch(struct shim_interrupt *interrupt, int32_t fd);

SHIM_API void shim_interrupt__terminate(struct shim_interrupt *interrupt);

/**
 * @brief Signal that raised it first, SIGALRM for the time limit; 0 when no signal did.
 *
 * A guest that has got -EINTR for a signal and goes on waiting is ended: its third wait from
 * then on, or one that lasts until 2 s later, is -ERESTART, and shim_interrupt__is_ignored() is 1.
 * Waits for output and polls that do not wait do not count.
 */
SHIM_API int32_t shim_interrupt__cause(struct shim_interrupt *interrupt);

/** @brief 1 when a guest goes on after -EINTR for a signal; on the guest's thread. */
SHIM_API int32_t shim_interrupt__is_ignored(struct shim_interrupt *interrupt);

/** @brief Returns the result of a wait of no length: 0, -EINTR or -ERESTART. */
SHIM_API int32_t shim_interrupt__take(struct shim_interrupt *interrupt);

/**
 * @brief Shows its flags, a uint32_t that is 0 while nothing is asked, at the start of a page of
 *        guest memory; until shim_interrupt__hide(), or the end of that memory.
 * @return 0; -EINVAL when no page starts there
 */
SHIM_API int32_t shim_interrupt__show(struct shim_interrupt *interrupt, struct shim_memory *memory,
				      uint32_t offset);

/**
 * @brief Shows a uint32_t that is not 0 while the guest is asked to end, at the start of a page of
 * its own memory, in place of what is there; until the end of that memory. Once; on the guest's
 *        thread. The guest may overwrite it, which changes nothing for the host.
 * @return 0; -EINVAL when no page starts there, -EBUSY when it is shown already
 */
SHIM_API int32_t shim_interrupt__show_guest(struct shim_interrupt *interrupt,
					    struct shim_memory *memory, uint32_t offset);

/** @brief Puts an empty page where the flags were shown. */
SHIM_API void shim_interrupt__hide(struct shim_memory *memory, uint32_t offset);

/** @brief Nanoseconds spent in waits so far. */
SHIM_API int64_t shim_interrupt__waited_ns(struct shim_interrupt *interrupt);

SHIM_API void shim_interrupt__free(struct shim_interrupt *interrupt);

/**
 * @brief After `after_ms`, stores `value` at `word` and terminates the interrupt; from a thread of
 * its own, since the guest's may be computing.
 * @param word an aligned int32_t that lives until the deadline is freed
 */
SHIM_API int32_t shim_deadline__new(struct shim_interrupt *interrupt, void *word, int32_t value,
				    uint32_t after_ms, struct shim_deadline **out);

/** @brief Nothing is stored any more when it returns. */
SHIM_API void shim_deadline__free(struct shim_deadline *deadline);

/**
 * @brief Requests attention of `interrupt` each `period_ms`, from a thread of its own.
 * @return 0; -EINVAL for a period of 0 or more than INT32_MAX, -ENOMEM, -EAGAIN, -EMFILE
 */
SHIM_API int32_t shim_ticker__new(struct shim_interrupt *interrupt, uint32_t period_ms,
				  struct shim_ticker **out);

/** @brief Nothing is requested any more when it returns. */
SHIM_API void shim_ticker__free(struct shim_ticker *ticker);

/**
 * @brief Opens the standard input, a pipe, of a child of this process; writes to it never wait.
 * @return a descriptor, or -ENOENT, -EACCES and others of open(2)
 */
SHIM_API int32_t shim_feed__open(int32_t pid);

/** @brief Writes what there is room for: a number of bytes, -EAGAIN, or -EPIPE without a reader. */
SHIM_API int32_t shim_feed__write(int32_t fd, const void *bytes, uint32_t length);

/* ---- signals: of a process whose main job is one guest
 * --------------------------------------------
 */

/**
 * @brief From now on the first SIGINT or SIGTERM raises `interrupt`; the second ends the process by
 * that signal. A signal that is ignored stays ignored.
 *
 * JavaScript's signal listeners cannot run while a guest does, and must not be used next to this.
 *
 * @return 0; -EALREADY when installed
 */
SHIM_API int32_t shim_signals__install(struct shim_interrupt *interrupt);

/**
 * @brief For this thread, a write beyond what a file may have is -EFBIG alone, without SIGXFSZ;
 *        shim_signals__install() does the same for the whole process.
 */
SHIM_API int32_t shim_signals__block_file_size(void);

/** @brief SIGUSR1 asks for attention from now on. After install. */
SHIM_API int32_t shim_signals__attend_usr1(void);

/**
 * @brief Raises the interrupt after `after_ms`; when the process is still there `grace_ms` later,
 * ends it with exit code 124, as timeout(1) does. After install.
 */
SHIM_API int32_t shim_signals__schedule(uint32_t after_ms, uint32_t grace_ms);

/**
 * @brief Reports that the end of the time limit cut a load short.
 * @return 1 or 0; since the last install
 */
SHIM_API int32_t shim_signals__was_cut(void);

/**
 * @brief Ends the process as the signal would if it had never been handled. After uninstall, and
 *        after everything is released.
 */
SHIM_API void shim_signals__end_by(int32_t number);

/** @brief Puts the former signal handlers back and stops the timer. */
SHIM_API void shim_signals__uninstall(void);

/* ---- what WASI needs
 * ----------------------------------------------------------------------------- */

/**
 * @brief Gives this thread a table of descriptors of its own, a copy of what the process has.
 *
 * A system call on a table that threads share counts references to each file under a lock, which
 * costs bpf(2) a tenth. Other threads do not see what this one opens from now on.
 */
SHIM_API int32_t shim_fd__unshare(void);

/**
 * @brief writev(2) of `count` WASI ciovecs { u32 buf; u32 len } at `iovs`; the number of bytes
 * written goes to guest memory at `written` as u32. Waits where the descriptor is non-blocking.
 */
SHIM_API int32_t shim_fd__write(int32_t fd, struct shim_memory *memory, uint32_t iovs,
				uint32_t count, uint32_t written);

/**
 * @brief Writes bytes of the host by one write(2).
 * @return bytes written, fewer than `length` where the descriptor takes no more; or a negative
 * errno
 */
SHIM_API int32_t shim_fd__put(int32_t fd, const void *bytes, uint32_t length);

/**
 * @brief shim_fd__write() for a thread that may be terminated meanwhile: writes at most 4096 bytes,
 * so that a pipe with any room does not block.
 * @return also -EINTR, once the interrupt is terminated and the descriptor takes nothing
 */
SHIM_API int32_t shim_fd__write_some(struct shim_interrupt *interrupt, int32_t fd,
				     struct shim_memory *memory, uint32_t iovs, uint32_t count,
				     uint32_t written);

/** @brief writev(2) as shim_fd__write(), but -EAGAIN where it would have to wait. */
SHIM_API int32_t shim_fd__write_now(int32_t fd, struct shim_memory *memory, uint32_t iovs,
				    uint32_t count, uint32_t out);

/**
 * @brief writev(2) to a non-blocking descriptor that is not shared: waits until the
 * interrupt, -EINTR, which the next shim_buffer__poll() reports too; -ERESTART
 */
SHIM_API int32_t shim_fd__write_wait(struct shim_interrupt *interrupt, int32_t fd,
				     struct shim_memory *memory, uint32_t iovs, uint32_t count,
				     uint32_t out);

/** @brief lseek(2); the new offset goes to guest memory at `out` as u64. */
SHIM_API int32_t shim_fd__seek(int32_t fd, int64_t offset, int32_t whence,
			       struct shim_memory *memory, uint32_t out);

/** @brief Bytes that can be read without waiting, if the kernel reports it; else 0. */
SHIM_API int64_t shim_fd__available(int32_t fd);

/**
 * @brief ppoll(2) that the interrupt ends early.
 * @param fds `count` of struct pollfd, of which the first is used for the interrupt
 * @param timeout_ns below 0: without end
 * @return whether there are events; -EINTR when interrupted, which the next shim_buffer__poll()
 * reports too; -ERESTART
 */
SHIM_API int32_t shim_fd__poll(struct shim_interrupt *interrupt, void *fds, uint32_t count,
			       int64_t timeout_ns);

/** @brief The S_IFMT bits of the descriptor's st_mode. */
SHIM_API int32_t shim_fd__type(int32_t fd);

/** @brief 1 for a terminal, else 0. */
SHIM_API int32_t shim_fd__is_terminal(int32_t fd);

/** @brief clock_gettime(2): nanoseconds as u64 to guest memory at `out`. */
SHIM_API int32_t shim_clock__time(int32_t clock, struct shim_memory *memory, uint32_t out);

/** @brief clock_gettime(2) in nanoseconds. */
SHIM_API int64_t shim_clock__now(int32_t clock);

/** @brief clock_getres(2): nanoseconds as u64 to guest memory at `out`. */
SHIM_API int32_t shim_clock__resolution(int32_t clock, struct shim_memory *memory, uint32_t out);

/**
 * @brief Sleeps for `ns` nanoseconds of the clock, or until it shows `ns`.
 * @param absolute 0: a duration, 1: a point in time
 * @return 0; -EINTR when interrupted, which the next shim_buffer__poll() reports too; -ERESTART
 */
SHIM_API int32_t shim_clock__sleep(struct shim_interrupt *interrupt, int32_t clock, uint64_t ns,
				   int32_t absolute);

/** @brief Fills `size` bytes at `offset` from the random number generator of the kernel. */
SHIM_API int32_t shim_random__fill(struct shim_memory *memory, uint32_t offset, uint32_t size);

#endif
