// SPDX-License-Identifier: MIT
/*
 * Resources that this copy of the library has handed out. A worker's thread can end without running
 * JavaScript again, which then cannot free them: the end of the thread does it.
 *
 * Each worker loads a copy of its own, so what stands here belongs to one thread.
 */
#include <pthread.h>
#include <stdlib.h>

#include "internal.h"

/* C++'s thread_local destructors; glibc keeps the library loaded until they have run. */
extern int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *library);
extern void *__dso_handle;

struct owned {
	struct owned *before;
	void *object;
	void (*release)(void *object);
};

static struct owned *newest;
static bool registered;

/* Newest first: links and buffers before the objects they were made from. */
static void release_all(void *unused)
{
	(void)unused;
	while (newest) {
		struct owned *entry = newest;

		newest = entry->before;
		entry->release(entry->object);
		free(entry);
	}
}

int shim_owned_add(void *object, void (*release)(void *object))
{
	struct owned *entry = malloc(sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	if (!registered && __cxa_thread_atexit_impl(release_all, NULL, &__dso_handle)) {
		free(entry);
		return -ENOMEM;
	}
	registered = true;
	*entry = (struct owned){.before = newest, .object = object, .release = release};
	newest = entry;
	return 0;
}

void shim_owned_remove(void *object)
{
	for (struct owned **at = &newest; *at; at = &(*at)->before) {
		struct owned *entry = *at;

		if (entry->object != object)
			continue;
		*at = entry->before;
		free(entry);
		return;
	}
}
