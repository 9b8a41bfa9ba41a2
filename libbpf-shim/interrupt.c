// SPDX-License-Identifier: MIT
/*
 * What ends a wait early. Whoever asks sets a flag first and then fills the eventfd that every wait
 * watches; a wait empties the eventfd first and then looks at the flags. So a request just before a
 * wait, or made by another thread or a signal handler, is never missed.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

enum {
	INTERRUPTED = 1, /* taken by the wait that reports it */
	ATTENTION = 2,	 /* likewise */
	TERMINATED = 4,	 /* stays */
	DEFERRED = 8,	 /* taken by a sleep that ended early; the next poll reports it */
};

int32_t shim_interrupt__new(struct shim_interrupt **out)
{
	struct shim_interrupt *interrupt = calloc(1, sizeof(*interrupt));
	int err;

	if (!interrupt)
		return -ENOMEM;
	interrupt->references = 1;
	interrupt->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (interrupt->fd < 0) {
		err = -errno;
		free(interrupt);
		return err;
	}
	err = shim_owned_add(interrupt, (void (*)(void *))shim_interrupt_release);
	if (err) {
		shim_interrupt_release(interrupt);
		return err;
	}
	*out = interrupt;
	return 0;
}

void shim_interrupt__retain(struct shim_interrupt *interrupt)
{
	atomic_fetch_add(&interrupt->references, 1);
}

int32_t shim_interrupt__adopt(struct shim_interrupt *interrupt)
{
	return shim_owned_add(interrupt, (void (*)(void *))shim_interrupt_release);
}

void shim_interrupt_release(struct shim_interrupt *interrupt)
{
	if (atomic_fetch_sub(&interrupt->references, 1) > 1)
		return;
	close(interrupt->fd);
	free(interrupt);
}

void shim_interrupt__free(struct shim_interrupt *interrupt)
{
	if (!interrupt)
		return;
	shim_interrupt_forget(interrupt);
	shim_owned_remove(interrupt);
	shim_interrupt_release(interrupt);
}

/* Also called by signal handlers. */
static void ask(struct shim_interrupt *interrupt, uint32_t flag)
{
	const uint64_t one = 1;

	atomic_fetch_or(&interrupt->flags, flag);
	/* Fails only when the counter is full, and then it is readable already. */
	if (write(interrupt->fd, &one, sizeof(one)) < 0)
		return;
}

void shim_interrupt__raise(struct shim_interrupt *interrupt)
{
	ask(interrupt, INTERRUPTED);
}

void shim_interrupt__attend(struct shim_interrupt *interrupt)
{
	ask(interrupt, ATTENTION);
}

void shim_interrupt__terminate(struct shim_interrupt *interrupt)
{
	ask(interrupt, TERMINATED);
}

int64_t shim_interrupt__waited_ns(struct shim_interrupt *interrupt)
{
	return interrupt->waited_ns;
}

/* Clears what is reported, but for a termination. */
static int take(struct shim_interrupt *interrupt, uint32_t reasons)
{
	if (!interrupt || !(atomic_load(&interrupt->flags) & (reasons | ATTENTION)))
		return 0;
	if (atomic_fetch_and(&interrupt->flags, ~(uint32_t)ATTENTION) & ATTENTION)
		return -ERESTART;
	atomic_fetch_and(&interrupt->flags, ~(reasons & ~(uint32_t)TERMINATED));
	return -EINTR;
}

int shim_interrupt_take(struct shim_interrupt *interrupt)
{
	return take(interrupt, INTERRUPTED | DEFERRED | TERMINATED);
}

int shim_interrupt_take_end(struct shim_interrupt *interrupt)
{
	const uint32_t reasons = INTERRUPTED | DEFERRED | TERMINATED;

	if (!interrupt || !(atomic_load(&interrupt->flags) & reasons))
		return 0;
	atomic_fetch_and(&interrupt->flags, ~(reasons & ~(uint32_t)TERMINATED));
	return -EINTR;
}

void shim_interrupt_defer(struct shim_interrupt *interrupt)
{
	if (interrupt)
		atomic_fetch_or(&interrupt->flags, DEFERRED);
}

bool shim_interrupt_is_terminated(const struct shim_interrupt *interrupt)
{
	return interrupt && atomic_load(&interrupt->flags) & TERMINATED;
}

bool shim_interrupt_is_end_wanted(const struct shim_interrupt *interrupt)
{
	return interrupt && atomic_load(&interrupt->flags) & (INTERRUPTED | DEFERRED | TERMINATED);
}

int64_t shim_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* One ppoll(2), its time accounted for: whether any but the first has events. */
static int wait_once(struct shim_interrupt *interrupt, struct pollfd *fds, uint32_t count,
		     int64_t left_ns)
{
	struct timespec left = {.tv_sec = left_ns / 1000000000, .tv_nsec = left_ns % 1000000000};
	int64_t start = shim_now_ns();
	int ready = ppoll(fds, count, left_ns < 0 ? NULL : &left, NULL);
	int err = ready < 0 ? -errno : 0;
	uint64_t asked;

	if (interrupt) {
		interrupt->waited_ns += shim_now_ns() - start;
		if (ready > 0 && fds[0].revents)
			err = read(interrupt->fd, &asked, sizeof(asked)) < 0 ? 0 : err;
	}
	return err ? err : ready > (fds[0].revents ? 1 : 0);
}

int shim_interrupt_poll(struct shim_interrupt *interrupt, struct pollfd *fds, uint32_t count,
			int64_t timeout_ns)
{
	int64_t deadline = timeout_ns < 0 ? 0 : shim_now_ns() + timeout_ns;
	int64_t left = timeout_ns;

	fds[0] = (struct pollfd){.fd = interrupt ? interrupt->fd : -1, .events = POLLIN};
	for (;;) {
		int result = take(interrupt, INTERRUPTED | TERMINATED);

		if (result)
			return result;
		result = wait_once(interrupt, fds, count, left);
		/* Of any signal: ours has raised a flag by now, others only cost the time they
		 * took.
		 */
		if (result && result != -EINTR) {
			int taken = take(interrupt, INTERRUPTED | TERMINATED);

			return taken ? taken : result;
		}
		if (timeout_ns < 0)
			continue;
		left = deadline - shim_now_ns();
		if (left <= 0)
			return take(interrupt, INTERRUPTED | TERMINATED);
	}
}

int shim_interrupt_wait(struct shim_interrupt *interrupt, int fd, int16_t events,
			int64_t timeout_ns)
{
	struct pollfd fds[2] = {[1] = {.fd = fd, .events = events}};

	return shim_interrupt_poll(interrupt, fds, 2, timeout_ns);
}

int shim_wait_deferring(struct shim_interrupt *interrupt, int fd, int16_t events,
			int64_t timeout_ns)
{
	int result = shim_interrupt_wait(interrupt, fd, events, timeout_ns);

	if (result == -EINTR)
		shim_interrupt_defer(interrupt);
	return result;
}
