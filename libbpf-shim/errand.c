// SPDX-License-Identifier: MIT
/*
 * Errands: what reads files of the host's, done by a thread that may, for one that no longer does.
 *
 * libbpf opens files by paths: the kernel's types, tracefs, the ELF file that a probe goes into.
 * Once a guest's thread is confined (landlock.c) it can open none of them, so it sends these calls
 * to a thread that was started before. One errand at a time, and the sender waits: whatever the
 * errand touches is as if the sender did.
 */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

#include "internal.h"

static pthread_t runner;
static bool is_running;
static sem_t wanted, done;

/* What the runner is sent for; without work, it ends. */
static int32_t (*work)(void *argument);
static void *work_argument;
static int32_t work_result;

static void wait_for(sem_t *semaphore)
{
	/* Interrupted by a signal whose handler has run: there is nothing else to do about it. */
	while (sem_wait(semaphore) && errno == EINTR)
		;
}

static void *run(void *unused)
{
	(void)unused;
	for (;;) {
		wait_for(&wanted);
		if (!work)
			return NULL;
		work_result = work(work_argument);
		sem_post(&done);
	}
}

int32_t shim_errand(int32_t (*errand)(void *argument), void *argument)
{
	if (!is_running)
		return errand(argument);
	work = errand;
	work_argument = argument;
	sem_post(&wanted);
	wait_for(&done);
	return work_result;
}

static void stop(void *unused)
{
	(void)unused;
	work = NULL;
	sem_post(&wanted);
	pthread_join(runner, NULL);
	is_running = false;
	sem_destroy(&wanted);
	sem_destroy(&done);
}

/* Signals are for the threads that expect them. */
static int start_runner(void)
{
	sigset_t all, former;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	err = pthread_create(&runner, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	return -err;
}

int shim_errands_start(void)
{
	int err;

	if (is_running)
		return 0;
	sem_init(&wanted, 0, 0);
	sem_init(&done, 0, 0);
	err = start_runner();
	if (err)
		return err;
	is_running = true;
	/* Of the sender's thread, and before anything that an errand makes. */
	err = shim_owned_add(&runner, stop);
	if (err)
		stop(NULL);
	return err;
}
