/* SPDX-License-Identifier: MIT */
/* Declarations for programs that may carry compressed types: nothing is decompressed. */
#ifndef WASM_BPF_COMPAT_ZLIB_H
#define WASM_BPF_COMPAT_ZLIB_H

#include <stddef.h>

#define Z_NULL 0
#define Z_OK 0
#define Z_STREAM_END 1
#define Z_STREAM_ERROR (-2)
#define Z_VERSION_ERROR (-6)
#define Z_NO_FLUSH 0
#define MAX_WBITS 15

typedef struct z_stream_s {
	const unsigned char *next_in;
	unsigned int avail_in;
	unsigned long total_in;
	unsigned char *next_out;
	unsigned int avail_out;
	unsigned long total_out;
	void *zalloc, *zfree, *opaque;
} z_stream;

static inline int inflateInit2(z_stream *stream, int window_bits)
{
	(void)stream;
	(void)window_bits;
	return Z_VERSION_ERROR;
}

static inline int inflate(z_stream *stream, int flush)
{
	(void)stream;
	(void)flush;
	return Z_STREAM_ERROR;
}

static inline int inflateEnd(z_stream *stream)
{
	(void)stream;
	return Z_STREAM_ERROR;
}

#endif /* WASM_BPF_COMPAT_ZLIB_H */
