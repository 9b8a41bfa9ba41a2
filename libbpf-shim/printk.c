// SPDX-License-Identifier: MIT
/*
 * Lines that programs print (bpf_trace_printk), through a tracefs instance of this process's own:
 * a private copy, so that the lines of the global trace_pipe stay for its readers.
 *
 * A killed process leaves its instance, without a reader; the next one removes it. The kernel
 * refuses to remove an instance that has one.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "broker.h"
#include "internal.h"
#include "tracing.h"

#define PREFIX "wasm-bpf-"
/* Instances of processes with one number. */
#define MAX_SAME_NUMBER 64

struct shim_printk {
	/* The folder of instances, of the broker. */
	int instances;
	/* Empty until the instance is made. */
	char name[48];
	/* Reading end, of this thread. */
	int fd;
};

/* tracefs, writable; where mounts are not permitted, the one that is mounted. */
static int open_instances(void)
{
	int context = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);
	int root = -1, instances;

	if (context >= 0) {
		if (!syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
			root = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
		close(context);
	}
	if (root < 0)
		root = open("/sys/kernel/tracing", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	instances = openat(root, "instances", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (instances < 0)
		instances = -errno;
	close(root);
	return instances;
}

/* Removes the instances of processes that have ended. */
static void remove_stale(int instances)
{
	int copy = openat(instances, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!folder) {
		if (copy >= 0)
			close(copy);
		return;
	}
	while ((entry = readdir(folder))) {
		char *end;
		long pid;

		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)))
			continue;
		pid = strtol(entry->d_name + strlen(PREFIX), &end, 10);
		/* Of this process: of one before it that had its number. */
		if ((!*end || *end == '.') && pid > 0 && pid <= INT32_MAX &&
		    (pid == getpid() || (kill((pid_t)pid, 0) && errno == ESRCH)))
			unlinkat(instances, entry->d_name, AT_REMOVEDIR);
	}
	closedir(folder);
}

static int open_in(int instances, const char *instance, const char *file, int flags)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", instance, file);
	fd = openat(instances, path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int enable_event(int instances, const char *instance)
{
	int fd = open_in(instances, instance, "events/bpf_trace/bpf_trace_printk/enable", O_WRONLY);
	int err;

	if (fd < 0)
		return fd;
	err = write(fd, "1", 1) == 1 ? 0 : -errno;
	close(fd);
	return err;
}

static int32_t remove_instance(void *object)
{
	struct shim_printk *printk = object;

	if (printk->instances < 0)
		return 0;
	if (*printk->name)
		unlinkat(printk->instances, printk->name, AT_REMOVEDIR);
	close(printk->instances);
	return 0;
}

/*
 * Makes the instance. Its name may be taken: by another in this process, or by a process with the
 * same number in another PID namespace.
 */
static int make_instance(struct shim_printk *printk)
{
	char name[sizeof(printk->name)];

	for (int i = 0; i < MAX_SAME_NUMBER; i++) {
		if (i)
			snprintf(name, sizeof(name), PREFIX "%d.%d", getpid(), i);
		else
			snprintf(name, sizeof(name), PREFIX "%d", getpid());
		if (!mkdirat(printk->instances, name, 0700)) {
			memcpy(printk->name, name, sizeof(name));
			return 0;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int32_t open_pipe(void *object)
{
	struct shim_printk *printk = object;
	int err;

	printk->instances = open_instances();
	if (printk->instances < 0)
		return printk->instances;
	remove_stale(printk->instances);
	err = make_instance(printk);
	if (err)
		return err;
	err = enable_event(printk->instances, printk->name);
	if (err)
		return err;
	return open_in(printk->instances, printk->name, "trace_pipe", O_RDONLY | O_NONBLOCK);
}

static void release(void *object)
{
	struct shim_printk *printk = object;

	/* The kernel keeps an instance that is read. */
	if (printk->fd >= 0)
		close(printk->fd);
	shim_broker_run(remove_instance, printk);
	free(printk);
}

int32_t shim_printk__open(struct shim_printk **out)
{
	struct shim_printk *printk = calloc(1, sizeof(*printk));
	int err;

	if (!printk)
		return -ENOMEM;
	printk->instances = -1;
	printk->fd = shim_broker_open(open_pipe, printk);
	err = printk->fd < 0 ? printk->fd : shim_owned_add(printk, release);
	if (err) {
		release(printk);
		return err;
	}
	*out = printk;
	return 0;
}

int32_t shim_printk__fd(struct shim_printk *printk)
{
	return printk->fd;
}

int32_t shim_printk__read(struct shim_printk *printk, struct shim_memory *memory, uint32_t offset,
			  uint32_t size)
{
	void *to = shim_memory_at(memory, offset, size);
	ssize_t length;

	if (!to || size > INT32_MAX)
		return -EFAULT;
	length = read(printk->fd, to, size);
	if (length >= 0)
		return (int32_t)length;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

void shim_printk__free(struct shim_printk *printk)
{
	if (!printk)
		return;
	shim_owned_remove(printk);
	release(printk);
}
