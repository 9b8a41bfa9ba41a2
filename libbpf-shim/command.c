// SPDX-License-Identifier: MIT
/*
 * A command that runs while its caller traces. The process is made before the caller is confined,
 * and waits; it becomes the command once everything is attached, so that its first system call is
 * seen.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker.h"
#include "internal.h"
#include "tracing.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

#define EXIT_NOT_FOUND 127
#define EXIT_NOT_RUN 126

struct shim_command {
	pid_t pid;
	/* Readable when it has ended. */
	int pidfd;
	/* A byte lets it begin; its end without one ends it. */
	int gate;
	bool has_ended;
	int32_t code;
};

#define SHOWN_BYTES 256

static void say(const char *text)
{
	ssize_t length = write(STDERR_FILENO, text, strlen(text));

	(void)length;
}

/* After fork(2): nothing here takes a lock. */
static void report(const char *name, int err)
{
	char shown[SHOWN_BYTES];
	size_t length = 0;

	/* Only ASCII: other bytes may be characters that a terminal would interpret. */
	for (; name[length] && length < sizeof(shown) - 1; length++)
		shown[length] = name[length] < ' ' || name[length] > '~' ? '?' : name[length];
	shown[length] = '\0';
	say("error: Cannot run \"");
	say(shown);
	say(err == ENOENT    ? "\": no such program\n"
	    : err == EACCES  ? "\": EACCES (permission denied)\n"
	    : err == ENOEXEC ? "\": not an executable file\n"
			     : "\": the kernel refuses it\n");
}

/* After fork(2): nothing here takes a lock. */
static void become(int gate, char *const *words)
{
	sigset_t none;
	char byte;
	ssize_t length;
	int err;

	do {
		length = read(gate, &byte, 1);
	} while (length < 0 && errno == EINTR);
	if (length != 1)
		_exit(EXIT_NOT_RUN);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(words[0], words);
	err = errno;
	report(words[0], err);
	_exit(err == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN);
}

/* The words, one after the other, each with its NUL. */
static char **split(char *text, uint32_t size, uint32_t count)
{
	char **words = calloc((size_t)count + 1, sizeof(*words));
	uint32_t at = 0;

	for (uint32_t i = 0; words && i < count; i++) {
		size_t left = size - at, length = at < size ? strnlen(text + at, left) : left;

		if (length == left) {
			free(words);
			return NULL;
		}
		words[i] = text + at;
		at += (uint32_t)length + 1;
	}
	return words;
}

static int32_t reap(void *object)
{
	struct shim_command *command = object;
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)command->pid, &info, WEXITED | WNOHANG))
		return -errno;
	if (!info.si_pid)
		return -EAGAIN;
	command->has_ended = true;
	command->code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

struct signal_request {
	const struct shim_command *command;
	int32_t number;
};

static int32_t send_signal(void *argument)
{
	const struct signal_request *request = argument;

	return kill(request->command->pid, request->number) ? -errno : 0;
}

static void release(void *object)
{
	struct shim_command *command = object;

	if (command->gate >= 0)
		close(command->gate);
	if (command->pidfd >= 0)
		close(command->pidfd);
	free(command);
}

int32_t shim_command__new(const void *words, uint32_t size, uint32_t count,
			  struct shim_command **out)
{
	struct shim_command *command = calloc(1, sizeof(*command));
	char *copy = malloc(size ? size : 1);
	char **list = NULL;
	int ends[2] = {-1, -1};
	int err = -ENOMEM;

	if (!command || !copy)
		goto out;
	command->gate = command->pidfd = -1;
	memcpy(copy, words, size);
	list = count ? split(copy, size, count) : NULL;
	err = -EINVAL;
	if (!list)
		goto out;
	if (pipe2(ends, O_CLOEXEC)) {
		err = -errno;
		goto out;
	}
	command->gate = ends[1];
	command->pid = fork();
	if (!command->pid) {
		close(ends[1]);
		become(ends[0], list);
	}
	err = command->pid < 0 ? -errno : 0;
	close(ends[0]);
	if (!err) {
		command->pidfd = (int)syscall(SYS_pidfd_open, command->pid, 0);
		err = command->pidfd < 0 ? -errno : shim_owned_add(command, release);
	}
out:
	free(list);
	free(copy);
	if (!err)
		*out = command;
	else if (command)
		release(command);
	return err;
}

int32_t shim_command__start(struct shim_command *command)
{
	int err;

	if (command->gate < 0)
		return -EALREADY;
	err = write(command->gate, "", 1) == 1 ? 0 : -errno;
	close(command->gate);
	command->gate = -1;
	return err;
}

int32_t shim_command__fd(struct shim_command *command)
{
	return command->pidfd;
}

int32_t shim_command__pid(struct shim_command *command)
{
	return command->pid;
}

int32_t shim_command__code(struct shim_command *command)
{
	int err = command->has_ended ? 0 : shim_broker_run(reap, command);

	return err ? err : command->code;
}

int32_t shim_command__signal(struct shim_command *command, int32_t number)
{
	struct signal_request request = {command, number};

	return command->has_ended ? 0 : shim_broker_run(send_signal, &request);
}

void shim_command__free(struct shim_command *command)
{
	if (!command)
		return;
	shim_owned_remove(command);
	release(command);
}
