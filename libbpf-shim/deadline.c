// SPDX-License-Identifier: MIT
/* The end of a guest's time, kept by a thread of its own: the guest's may be computing. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "internal.h"

struct shim_deadline {
	pthread_t thread;
	struct shim_interrupt *interrupt;
	_Atomic int32_t *word;
	int32_t value;
	int64_t at_ns;
	int cancel_fd;
};

static void *watch(void *object)
{
	struct shim_deadline *deadline = object;
	struct pollfd cancelled = {.fd = deadline->cancel_fd, .events = POLLIN};

	for (;;) {
		int64_t left = deadline->at_ns - shim_now_ns();
		struct timespec time = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};

		if (left <= 0)
			break;
		if (ppoll(&cancelled, 1, &time, NULL) > 0)
			return NULL;
	}
	atomic_store(deadline->word, deadline->value);
	shim_interrupt__terminate(deadline->interrupt);
	return NULL;
}

static void release(void *object)
{
	struct shim_deadline *deadline = object;
	const uint64_t one = 1;

	if (write(deadline->cancel_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(deadline->thread, NULL);
	close(deadline->cancel_fd);
	shim_interrupt_release(deadline->interrupt);
	free(deadline);
}

/* Signals are for the threads that expect them. */
static int start_thread(struct shim_deadline *deadline)
{
	sigset_t all, former;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	err = pthread_create(&deadline->thread, NULL, watch, deadline);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	return -err;
}

int32_t shim_deadline__new(struct shim_interrupt *interrupt, void *word, int32_t value,
			   uint32_t after_ms, struct shim_deadline **out)
{
	struct shim_deadline *deadline = calloc(1, sizeof(*deadline));
	int err;

	if (!deadline)
		return -ENOMEM;
	deadline->interrupt = interrupt;
	deadline->word = word;
	deadline->value = value;
	deadline->at_ns = shim_now_ns() + (int64_t)after_ms * 1000000;
	deadline->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = deadline->cancel_fd < 0 ? -errno : start_thread(deadline);
	if (err) {
		if (deadline->cancel_fd >= 0)
			close(deadline->cancel_fd);
		free(deadline);
		return err;
	}
	shim_interrupt__retain(interrupt);
	err = shim_owned_add(deadline, release);
	if (err) {
		release(deadline);
		return err;
	}
	*out = deadline;
	return 0;
}

void shim_deadline__free(struct shim_deadline *deadline)
{
	if (!deadline)
		return;
	shim_owned_remove(deadline);
	release(deadline);
}
