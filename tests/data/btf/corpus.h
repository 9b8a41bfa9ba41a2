/* SPDX-License-Identifier: MIT */
/* What the sources beside it share: eBPF's conventions without eBPF's headers. */
#ifndef CORPUS_H
#define CORPUS_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, value) int(*name)[value]
#define __type(name, value) __typeof__(value) *name
#define __array(name, value) __typeof__(value) *name[]

/* Makes clang keep a type: a pointer to it is enough, and the convention for events. */
#define KEEP_AS(type, name) const type *keep_##name __attribute__((unused))
#define KEEP(tag) KEEP_AS(struct tag, tag)

#endif /* CORPUS_H */
