// SPDX-License-Identifier: MIT
/* Regular attention of a thread that waits: for what is reported while a guest blocks its thread.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "internal.h"

struct shim_ticker {
	pthread_t thread;
	struct shim_interrupt *interrupt;
	int period_ms;
	int cancel_fd;
};

static void *tick(void *object)
{
	struct shim_ticker *ticker = object;
	struct pollfd cancelled = {.fd = ticker->cancel_fd, .events = POLLIN};

	for (;;) {
		int ready = poll(&cancelled, 1, ticker->period_ms);

		if (ready > 0)
			return NULL;
		if (ready == 0)
			shim_interrupt_tick(ticker->interrupt);
	}
}

static void release(void *object)
{
	struct shim_ticker *ticker = object;
	const uint64_t one = 1;

	if (write(ticker->cancel_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(ticker->thread, NULL);
	close(ticker->cancel_fd);
	shim_interrupt_release(ticker->interrupt);
	free(ticker);
}

/* Signals are for the threads that expect them. */
static int start_thread(struct shim_ticker *ticker)
{
	sigset_t all, former;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	err = pthread_create(&ticker->thread, NULL, tick, ticker);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	return -err;
}

int32_t shim_ticker__new(struct shim_interrupt *interrupt, uint32_t period_ms,
			 struct shim_ticker **out)
{
	struct shim_ticker *ticker;
	int err;

	if (period_ms == 0 || period_ms > INT32_MAX)
		return -EINVAL;
	ticker = calloc(1, sizeof(*ticker));
	if (!ticker)
		return -ENOMEM;
	ticker->interrupt = interrupt;
	ticker->period_ms = (int)period_ms;
	ticker->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = ticker->cancel_fd < 0 ? -errno : start_thread(ticker);
	if (err) {
		if (ticker->cancel_fd >= 0)
			close(ticker->cancel_fd);
		free(ticker);
		return err;
	}
	shim_interrupt__retain(interrupt);
	err = shim_owned_add(ticker, release);
	if (err) {
		release(ticker);
		return err;
	}
	*out = ticker;
	return 0;
}

void shim_ticker__free(struct shim_ticker *ticker)
{
	if (!ticker)
		return;
	shim_owned_remove(ticker);
	release(ticker);
}
