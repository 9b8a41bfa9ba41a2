/* SPDX-License-Identifier: MIT */
/*
 * Broker: the thread that makes the privileged calls of a confined one; see broker.c.
 *
 * What it opens lives in its own table of descriptors. A number means something on one side only:
 * libbpf's numbers (bpf_map__fd()) are the broker's, those in `struct shim_map` and the buffers the
 * guest's.
 */
#ifndef LIBBPF_SHIM_BROKER_H
#define LIBBPF_SHIM_BROKER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Runs `work` on the broker's thread and returns its result; directly without a broker, or when
 * called on that thread.
 */
int32_t shim_broker_run(int32_t (*work)(void *argument), void *argument);

/* Like shim_broker_run() for work that opens one descriptor: returns the caller's copy, or -errno.
 */
int shim_broker_open(int32_t (*open)(void *argument), void *argument);

/* Reports whether the broker's descriptors are not this thread's, so that shim_broker_fetch() is
 * needed. */
bool shim_broker_is_apart(void);

/*
 * Copies `count` of the broker's descriptors to this thread's table. 0, or -errno with none copied.
 * Only where the broker is apart.
 */
int shim_broker_fetch(const int *theirs, int *ours, uint32_t count);

/*
 * ON_BROKER_n(NAME, BODY, types of n arguments); defines NAME(), which runs BODY() on the broker's
 * thread.
 */
#define ON_BROKER_1(name, body, A)                                                                 \
	struct name##_request {                                                                    \
		A a;                                                                               \
	};                                                                                         \
	static int32_t name##_run(void *argument)                                                  \
	{                                                                                          \
		const struct name##_request *r = argument;                                         \
                                                                                                   \
		return body(r->a);                                                                 \
	}                                                                                          \
	int32_t name(A a)                                                                          \
	{                                                                                          \
		struct name##_request request = {a};                                               \
                                                                                                   \
		return shim_broker_run(name##_run, &request);                                      \
	}                                                                                          \
	struct name##_request

#define ON_BROKER_2(name, body, A, B)                                                              \
	struct name##_request {                                                                    \
		A a;                                                                               \
		B b;                                                                               \
	};                                                                                         \
	static int32_t name##_run(void *argument)                                                  \
	{                                                                                          \
		const struct name##_request *r = argument;                                         \
                                                                                                   \
		return body(r->a, r->b);                                                           \
	}                                                                                          \
	int32_t name(A a, B b)                                                                     \
	{                                                                                          \
		struct name##_request request = {a, b};                                            \
                                                                                                   \
		return shim_broker_run(name##_run, &request);                                      \
	}                                                                                          \
	struct name##_request

#define ON_BROKER_3(name, body, A, B, C)                                                           \
	struct name##_request {                                                                    \
		A a;                                                                               \
		B b;                                                                               \
		C c;                                                                               \
	};                                                                                         \
	static int32_t name##_run(void *argument)                                                  \
	{                                                                                          \
		const struct name##_request *r = argument;                                         \
                                                                                                   \
		return body(r->a, r->b, r->c);                                                     \
	}                                                                                          \
	int32_t name(A a, B b, C c)                                                                \
	{                                                                                          \
		struct name##_request request = {a, b, c};                                         \
                                                                                                   \
		return shim_broker_run(name##_run, &request);                                      \
	}                                                                                          \
	struct name##_request

#define ON_BROKER_4(name, body, A, B, C, D)                                                        \
	struct name##_request {                                                                    \
		A a;                                                                               \
		B b;                                                                               \
		C c;                                                                               \
		D d;                                                                               \
	};                                                                                         \
	static int32_t name##_run(void *argument)                                                  \
	{                                                                                          \
		const struct name##_request *r = argument;                                         \
                                                                                                   \
		return body(r->a, r->b, r->c, r->d);                                               \
	}                                                                                          \
	int32_t name(A a, B b, C c, D d)                                                           \
	{                                                                                          \
		struct name##_request request = {a, b, c, d};                                      \
                                                                                                   \
		return shim_broker_run(name##_run, &request);                                      \
	}                                                                                          \
	struct name##_request

#define ON_BROKER_5(name, body, A, B, C, D, E)                                                     \
	struct name##_request {                                                                    \
		A a;                                                                               \
		B b;                                                                               \
		C c;                                                                               \
		D d;                                                                               \
		E e;                                                                               \
	};                                                                                         \
	static int32_t name##_run(void *argument)                                                  \
	{                                                                                          \
		const struct name##_request *r = argument;                                         \
                                                                                                   \
		return body(r->a, r->b, r->c, r->d, r->e);                                         \
	}                                                                                          \
	int32_t name(A a, B b, C c, D d, E e)                                                      \
	{                                                                                          \
		struct name##_request request = {a, b, c, d, e};                                   \
                                                                                                   \
		return shim_broker_run(name##_run, &request);                                      \
	}                                                                                          \
	struct name##_request

#define ON_BROKER_6(name, body, A, B, C, D, E, F)                                                  \
	struct name##_request {                                                                    \
		A a;                                                                               \
		B b;                                                                               \
		C c;                                                                               \
		D d;                                                                               \
		E e;                                                                               \
		F f;                                                                               \
	};                                                                                         \
	static int32_t name##_run(void *argument)                                                  \
	{                                                                                          \
		const struct name##_request *r = argument;                                         \
                                                                                                   \
		return body(r->a, r->b, r->c, r->d, r->e, r->f);                                   \
	}                                                                                          \
	int32_t name(A a, B b, C c, D d, E e, F f)                                                 \
	{                                                                                          \
		struct name##_request request = {a, b, c, d, e, f};                                \
                                                                                                   \
		return shim_broker_run(name##_run, &request);                                      \
	}                                                                                          \
	struct name##_request

#define ON_BROKER_7(name, body, A, B, C, D, E, F, G)                                               \
	struct name##_request {                                                                    \
		A a;                                                                               \
		B b;                                                                               \
		C c;                                                                               \
		D d;                                                                               \
		E e;                                                                               \
		F f;                                                                               \
		G g;                                                                               \
	};                                                                                         \
	static int32_t name##_run(void *argument)                                                  \
	{                                                                                          \
		const struct name##_request *r = argument;                                         \
                                                                                                   \
		return body(r->a, r->b, r->c, r->d, r->e, r->f, r->g);                             \
	}                                                                                          \
	int32_t name(A a, B b, C c, D d, E e, F f, G g)                                            \
	{                                                                                          \
		struct name##_request request = {a, b, c, d, e, f, g};                             \
                                                                                                   \
		return shim_broker_run(name##_run, &request);                                      \
	}                                                                                          \
	struct name##_request

#define ON_BROKER_8(name, body, A, B, C, D, E, F, G, H)                                            \
	struct name##_request {                                                                    \
		A a;                                                                               \
		B b;                                                                               \
		C c;                                                                               \
		D d;                                                                               \
		E e;                                                                               \
		F f;                                                                               \
		G g;                                                                               \
		H h;                                                                               \
	};                                                                                         \
	static int32_t name##_run(void *argument)                                                  \
	{                                                                                          \
		const struct name##_request *r = argument;                                         \
                                                                                                   \
		return body(r->a, r->b, r->c, r->d, r->e, r->f, r->g, r->h);                       \
	}                                                                                          \
	int32_t name(A a, B b, C c, D d, E e, F f, G g, H h)                                       \
	{                                                                                          \
		struct name##_request request = {a, b, c, d, e, f, g, h};                          \
                                                                                                   \
		return shim_broker_run(name##_run, &request);                                      \
	}                                                                                          \
	struct name##_request

#endif
