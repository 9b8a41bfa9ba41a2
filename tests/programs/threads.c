// SPDX-License-Identifier: MIT
/*
 * Threads that end, or start a program, in the middle of a call.
 *
 *	threads ACTION
 *
 * ACTION: many (4000 threads, one after the other), first (the first thread ends before another
 *one, which exits with 7), program (a thread starts true), descriptor (starts true by execveat),
 *inside (300 threads end in a function of TLS libraries, then one returns from it), 32bit (20 calls
 *of getpid(2) of x86's 32-bit table), requeue (5 calls of futex(2) for a lock that another one
 *gets), reborn (a process ends, and 2.2 seconds later another one has its number).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_t first;

__attribute__((noinline)) int SSL_write(void *is_end, const void *data, int size)
{
	__asm__ volatile("" : "+r"(is_end), "+r"(data));
	if (is_end)
		pthread_exit(NULL);
	return size;
}

static void *nothing(void *argument)
{
	return argument;
}

static void *exit_last(void *argument)
{
	pthread_join(first, NULL);
	exit(7);
	return argument;
}

static void *start_program(void *argument)
{
	execl("/bin/true", "true", "started-by-a-thread", NULL);
	_exit(1);
	return argument;
}

static void *write_and_end(void *argument)
{
	SSL_write(argument, "never sent", 10);
	return NULL;
}

static void start_by_descriptor(void)
{
	char *const arguments[] = {"true", "started-by-descriptor", NULL}, *const none[] = {NULL};
	int file = open("/bin/true", O_RDONLY | O_CLOEXEC);

	syscall(SYS_execveat, file, "", arguments, none, AT_EMPTY_PATH);
	_exit(1);
}

static void run(void *(*function)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, function, argument) || pthread_join(thread, NULL))
		_exit(1);
}

static void call_32bit(void)
{
#ifdef __x86_64__
	for (int i = 0; i < 20; i++) {
		long result = 20;

		__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
		/* A kernel without these calls. */
		if (result == -ENOSYS)
			exit(3);
	}
#else
	exit(3);
#endif
}

static void wait_for_requeue(void)
{
	int word = 0, other = 0;

	/* The value differs, so the call does not wait. */
	for (int i = 0; i < 5; i++)
		syscall(SYS_futex, &word, FUTEX_WAIT_REQUEUE_PI, 1, NULL, &other, 0);
}

static void wait_for_child(pid_t child)
{
	if (child < 0 || waitpid(child, NULL, 0) != child)
		_exit(1);
}

static void reuse_number(void)
{
	struct clone_args arguments = {.exit_signal = SIGCHLD, .set_tid_size = 1};
	pid_t child = fork(), again;

	if (!child)
		_exit(0);
	wait_for_child(child);
	usleep(2200000);
	arguments.set_tid = (unsigned long)&child;
	again = syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (!again) {
		usleep(1000);
		_exit(0);
	}
	wait_for_child(again);
}

int main(int argc, char **argv)
{
	const char *action = argc > 1 ? argv[1] : "";
	pthread_t thread;

	first = pthread_self();
	if (!strcmp(action, "many")) {
		for (int i = 0; i < 4000; i++)
			run(nothing, NULL);
	} else if (!strcmp(action, "first")) {
		if (!pthread_create(&thread, NULL, exit_last, NULL))
			pthread_exit(NULL);
	} else if (!strcmp(action, "program")) {
		run(start_program, NULL);
	} else if (!strcmp(action, "descriptor")) {
		start_by_descriptor();
	} else if (!strcmp(action, "inside")) {
		for (int i = 0; i < 300; i++)
			run(write_and_end, &first);
		SSL_write(NULL, "sent at last", 12);
	} else if (!strcmp(action, "32bit")) {
		call_32bit();
	} else if (!strcmp(action, "reborn")) {
		reuse_number();
	} else if (!strcmp(action, "requeue")) {
		wait_for_requeue();
	} else {
		return 2;
	}
	return 0;
}
