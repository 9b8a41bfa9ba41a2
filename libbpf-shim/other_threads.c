// SPDX-License-Identifier: MIT
/*
 * The process's other threads, of V8 and Deno: they compile and collect garbage. Those of a guest
 * get its list of system calls without paths, and no capability; those of a supervisor the
 * capabilities of its run.
 *
 * Both are a thread's own business, so each does it itself, in a signal's handler: that is also how
 * the C library changes the user of all threads. (SECCOMP_FILTER_FLAG_TSYNC would reach the broker,
 * too.) Threads of the shim block every signal, and are left as they are.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/* Not the C library's, nor the one of signals.c. */
#define SIGNAL (SIGRTMIN + 2)

/* A thread runs the handler as soon as it has a processor; in an endless system call, never. */
#define PATIENCE_NS 1000000000
#define PAUSE_NS 50000

static struct shim_call_filter *filter;
static int (*work)(void);
static atomic_int answered, done;

static void on_signal(int number)
{
	const int saved = errno;

	(void)number;
	if (!work())
		atomic_fetch_add(&done, 1);
	atomic_fetch_add(&answered, 1);
	errno = saved;
}

static int confine_this(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	return syscall(SYS_capset, &header, none) || shim_call_filter_apply(filter);
}

/* Reports whether the thread takes the signal. It may be gone. */
static bool takes_signal(int threads, const char *name)
{
	char path[64], text[4096];
	const char *blocked;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "%.20s/status", name);
	fd = openat(threads, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = '\0';
	blocked = strstr(text, "\nSigBlk:");
	return blocked && !(strtoull(blocked + strlen("\nSigBlk:"), NULL, 16) >> (SIGNAL - 1) & 1);
}

/* Sends the signal to all of them; how many there are. */
static int signal_all(DIR *threads)
{
	const pid_t own = (pid_t)syscall(SYS_gettid);
	const struct dirent *entry;
	int sent = 0;

	while ((entry = readdir(threads))) {
		const pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

		if (thread <= 0 || thread == own || !takes_signal(dirfd(threads), entry->d_name))
			continue;
		if (!syscall(SYS_tgkill, getpid(), thread, SIGNAL))
			sent++;
	}
	return sent;
}

static void wait_for_answers(int sent)
{
	const int64_t deadline = shim_now_ns() + PATIENCE_NS;
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	while (atomic_load(&answered) < sent && shim_now_ns() < deadline)
		nanosleep(&pause, NULL);
}

int shim_in_other_threads(int (*wanted)(void))
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct sigaction former;
	DIR *threads = opendir("/proc/self/task");
	int sent;

	if (!threads)
		return -errno;
	work = wanted;
	atomic_store(&answered, 0);
	atomic_store(&done, 0);
	sigfillset(&action.sa_mask);
	sigaction(SIGNAL, &action, &former);
	sent = signal_all(threads);
	closedir(threads);
	wait_for_answers(sent);
	/* Late ones find the handler. */
	if (atomic_load(&answered) == sent)
		sigaction(SIGNAL, &former, NULL);
	return sent - atomic_load(&done);
}

int32_t shim_seccomp__confine_others(void)
{
	/* Kept for good: a thread that is late may still read it. */
	filter = shim_call_filter_new(false);
	return filter ? shim_in_other_threads(confine_this) : -ENOMEM;
}
