// SPDX-License-Identifier: MIT
/*
 * Ends waits early. A request sets a flag first and then fills the eventfd that every wait watches;
 * a wait empties the eventfd first and then looks at the flags. So a request just before a
 * wait, or made by another thread or a signal handler, is never missed.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

enum {
	INTERRUPTED = 1, /* taken by the wait that reports it */
	ATTENTION = 2,	 /* likewise */
	TERMINATED = 4,	 /* stays */
	DEFERRED = 8,	 /* taken by a sleep that ended early; the next poll reports it */
	TOLD = 16,	 /* stays: the guest knows that a signal asks it to end */
};

/* A guest that takes no notice of a signal ends at so many waits later, or after so long in one. */
#define MAX_WAITS 3
#define PATIENCE_NS 2000000000
/* Before the end of the grace that a time limit gives, so that everything is released in order. */
#define TIME_OUT_PATIENCE_NS 1500000000

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

int32_t shim_interrupt__new(struct shim_interrupt **out)
{
	struct shim_interrupt *interrupt = calloc(1, sizeof(*interrupt));
	int err;

	if (!interrupt)
		return -ENOMEM;
	interrupt->references = 1;
	interrupt->watch = -1;
	interrupt->flags =
	    mmap(NULL, 2 * page_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (interrupt->flags == MAP_FAILED) {
		free(interrupt);
		return -ENOMEM;
	}
	interrupt->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (interrupt->fd < 0) {
		err = -errno;
		munmap(interrupt->flags, 2 * page_size());
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
	if (interrupt->watch >= 0)
		close(interrupt->watch);
	munmap(interrupt->flags, 2 * page_size());
	free(interrupt);
}

void shim_interrupt__free(struct shim_interrupt *interrupt)
{
	void (*before_free)(struct shim_interrupt *);

	if (!interrupt)
		return;
	before_free = atomic_load(&interrupt->before_free);
	if (before_free)
		before_free(interrupt);
	shim_owned_remove(interrupt);
	shim_interrupt_release(interrupt);
}

/*
 * The second page is a guest's to see and to overwrite: one word, which is not 0 while it is asked
 * to end. Nothing here depends on what it holds.
 */
static void show_to_guest(struct shim_interrupt *interrupt)
{
	_Atomic uint32_t *word = (void *)((char *)interrupt->flags + page_size());
	const uint32_t reasons = INTERRUPTED | DEFERRED | TERMINATED;

	/* Twice: a request between the two is seen by one of them. */
	for (int i = 0; i < 2; i++)
		atomic_store(word, (atomic_load(interrupt->flags) & reasons) != 0);
}

/* Also called by signal handlers. */
static void ask(struct shim_interrupt *interrupt, uint32_t flag)
{
	const uint64_t one = 1;

	atomic_fetch_or(interrupt->flags, flag);
	show_to_guest(interrupt);
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
	atomic_fetch_add(&interrupt->attentions, 1);
	ask(interrupt, ATTENTION);
}

void shim_interrupt_tick(struct shim_interrupt *interrupt)
{
	ask(interrupt, ATTENTION);
}

uint32_t shim_interrupt__attentions(struct shim_interrupt *interrupt)
{
	return atomic_load(&interrupt->attentions);
}

static int add_to(int watch, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	return epoll_ctl(watch, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int32_t shim_interrupt__watch(struct shim_interrupt *interrupt, int32_t fd)
{
	int watch, err;

	if (interrupt->watch >= 0)
		return -EBUSY;
	watch = epoll_create1(EPOLL_CLOEXEC);
	if (watch < 0)
		return -errno;
	err = add_to(watch, interrupt->fd, EPOLLIN);
	/* Errors are always reported; once, or every later wait would return at once. */
	if (!err)
		err = add_to(watch, fd, EPOLLONESHOT);
	if (err) {
		close(watch);
		/* A file, which is not polled: it has no reader to lose. */
		return err == -EPERM ? 0 : err;
	}
	interrupt->watch = watch;
	return 0;
}

void shim_interrupt__terminate(struct shim_interrupt *interrupt)
{
	ask(interrupt, TERMINATED);
}

int64_t shim_interrupt__waited_ns(struct shim_interrupt *interrupt)
{
	return interrupt->waited_ns;
}

int32_t shim_interrupt__cause(struct shim_interrupt *interrupt)
{
	return atomic_load(&interrupt->cause);
}

int32_t shim_interrupt__is_ignored(struct shim_interrupt *interrupt)
{
	return interrupt->waits_since >= MAX_WAITS;
}

int32_t shim_interrupt__take(struct shim_interrupt *interrupt)
{
	return shim_interrupt_take(interrupt);
}

/* Maps a page of the interrupt over a page of a WebAssembly memory too. */
static int show_page(void *page, struct shim_memory *memory, uint32_t offset)
{
	void *at = shim_memory_at(memory, offset, page_size());

	if (!at || (uintptr_t)at % page_size())
		return -EINVAL;
	/* An old size of 0 makes a second mapping of the same page. */
	at = mremap(page, 0, page_size(), MREMAP_MAYMOVE | MREMAP_FIXED, at);
	return at == MAP_FAILED ? -errno : 0;
}

int32_t shim_interrupt__show(struct shim_interrupt *interrupt, struct shim_memory *memory,
			     uint32_t offset)
{
	return show_page(interrupt->flags, memory, offset);
}

int32_t shim_interrupt__show_guest(struct shim_interrupt *interrupt, struct shim_memory *memory,
				   uint32_t offset)
{
	int err;

	/* Each place cuts the memory's mapping in pieces, of which a process may have so many. */
	if (interrupt->is_shown_to_guest)
		return -EBUSY;
	err = show_page((char *)interrupt->flags + page_size(), memory, offset);
	if (!err) {
		interrupt->is_shown_to_guest = true;
		show_to_guest(interrupt);
	}
	return err;
}

void shim_interrupt__hide(struct shim_memory *memory, uint32_t offset)
{
	void *at = shim_memory_at(memory, offset, page_size());

	if (at)
		mmap(at, page_size(), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

/* From here on a signal is not news to the guest. */
static int tell(struct shim_interrupt *interrupt)
{
	show_to_guest(interrupt);
	if (atomic_load(&interrupt->cause)) {
		interrupt->told_ns = shim_now_ns();
		interrupt->waits_since = 0;
		atomic_fetch_or(interrupt->flags, TOLD);
	}
	return -EINTR;
}

static bool is_told(struct shim_interrupt *interrupt)
{
	return interrupt && atomic_load(interrupt->flags) & TOLD;
}

int shim_interrupt_return(struct shim_interrupt *interrupt)
{
	if (!is_told(interrupt))
		return 0;
	if (interrupt->waits_since < MAX_WAITS)
		interrupt->waits_since++;
	return interrupt->waits_since < MAX_WAITS ? 0 : -ERESTART;
}

/* Clears what is reported, except a termination. */
static int take(struct shim_interrupt *interrupt, uint32_t reasons)
{
	if (!interrupt || !(atomic_load(interrupt->flags) & (reasons | ATTENTION)))
		return 0;
	if (atomic_fetch_and(interrupt->flags, ~(uint32_t)ATTENTION) & ATTENTION)
		return -ERESTART;
	atomic_fetch_and(interrupt->flags, ~(reasons & ~(uint32_t)TERMINATED));
	return tell(interrupt);
}

int shim_interrupt_take(struct shim_interrupt *interrupt)
{
	return take(interrupt, INTERRUPTED | DEFERRED | TERMINATED);
}

int shim_interrupt_take_end(struct shim_interrupt *interrupt)
{
	const uint32_t reasons = INTERRUPTED | DEFERRED | TERMINATED;

	if (!interrupt || !(atomic_load(interrupt->flags) & reasons))
		return 0;
	atomic_fetch_and(interrupt->flags, ~(reasons & ~(uint32_t)TERMINATED));
	return tell(interrupt);
}

void shim_interrupt_defer(struct shim_interrupt *interrupt)
{
	if (interrupt)
		atomic_fetch_or(interrupt->flags, DEFERRED);
}

bool shim_interrupt_is_terminated(const struct shim_interrupt *interrupt)
{
	return interrupt && atomic_load(interrupt->flags) & TERMINATED;
}

bool shim_interrupt_is_over(const struct shim_interrupt *interrupt)
{
	return shim_interrupt_is_terminated(interrupt) ||
	       (interrupt && atomic_load(&interrupt->is_out_of_time));
}

int64_t shim_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Empties what a wait watches, of which requests have set flags before. */
static void empty(struct shim_interrupt *interrupt)
{
	struct epoll_event events[2];
	uint64_t asked;
	int count;

	if (read(interrupt->fd, &asked, sizeof(asked)) < 0 && interrupt->watch < 0)
		return;
	count = interrupt->watch < 0 ? 0 : epoll_wait(interrupt->watch, events, 2, 0);
	for (int i = 0; i < count; i++)
		if (events[i].data.fd != interrupt->fd)
			atomic_fetch_or(interrupt->flags, ATTENTION);
}

/* One ppoll(2), its time accounted for: whether any but the first has events. */
static int wait_once(struct shim_interrupt *interrupt, struct pollfd *fds, uint32_t count,
		     int64_t left_ns)
{
	struct timespec left = {.tv_sec = left_ns / 1000000000, .tv_nsec = left_ns % 1000000000};
	int64_t start = shim_now_ns();
	int ready = ppoll(fds, count, left_ns < 0 ? NULL : &left, NULL);
	int err = ready < 0 ? -errno : 0;

	if (interrupt) {
		interrupt->waited_ns += shim_now_ns() - start;
		if (ready > 0 && fds[0].revents)
			empty(interrupt);
	}
	return err ? err : ready > (fds[0].revents ? 1 : 0);
}

/* A guest's output is never cut short: only waits for something to come are. */
bool shim_interrupt_is_for_output(const struct pollfd *fds, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		if (fds[i].events & POLLOUT)
			return true;
	return false;
}

/* Deadline of a guest that has seen -EINTR; INT64_MAX for any other. */
static int64_t end_of_patience(struct shim_interrupt *interrupt, const struct pollfd *fds,
			       uint32_t count)
{
	if (!is_told(interrupt) || shim_interrupt_is_for_output(fds, count))
		return INT64_MAX;
	if (atomic_load(&interrupt->cause) == SIGALRM)
		return interrupt->told_ns + TIME_OUT_PATIENCE_NS;
	/* From the start of this wait: what it computed before may have taken longer. */
	return shim_now_ns() + PATIENCE_NS;
}

int shim_interrupt_poll(struct shim_interrupt *interrupt, struct pollfd *fds, uint32_t count,
			int64_t timeout_ns)
{
	int64_t deadline = timeout_ns < 0 ? INT64_MAX : shim_now_ns() + timeout_ns;
	int64_t patience = end_of_patience(interrupt, fds, count);

	fds[0] = (struct pollfd){.fd = -1, .events = POLLIN};
	if (interrupt)
		fds[0].fd = interrupt->watch < 0 ? interrupt->fd : interrupt->watch;
	for (;;) {
		int result = take(interrupt, INTERRUPTED | TERMINATED);
		int64_t now = shim_now_ns(), end = deadline < patience ? deadline : patience;

		if (result)
			return result;
		result = wait_once(interrupt, fds, count,
				   end == INT64_MAX ? -1 : (end > now ? end - now : 0));
		/* Of any signal: ours has raised a flag by now, others only cost the time they
		 * took.
		 */
		if (result && result != -EINTR) {
			int taken = take(interrupt, INTERRUPTED | TERMINATED);

			return taken ? taken : result;
		}
		now = shim_now_ns();
		if (now >= deadline)
			return take(interrupt, INTERRUPTED | TERMINATED);
		if (now >= patience) {
			interrupt->waits_since = MAX_WAITS;
			return -ERESTART;
		}
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
	int result = events & POLLOUT || !timeout_ns ? 0 : shim_interrupt_return(interrupt);

	if (!result)
		result = shim_interrupt_wait(interrupt, fd, events, timeout_ns);
	if (result == -EINTR)
		shim_interrupt_defer(interrupt);
	return result;
}
