/* SPDX-License-Identifier: MIT */
/* WebAssembly has no jumps out of functions: setjmp() is there, and longjmp() does not compile. */
#ifndef WASM_BPF_COMPAT_SETJMP_H
#define WASM_BPF_COMPAT_SETJMP_H

typedef int jmp_buf[1];

#define setjmp(env) ((void)(env), 0)

__attribute__((noreturn, error("WebAssembly has no longjmp()"))) void libbpf_wasm_no_longjmp(void);
#define longjmp(env, value) libbpf_wasm_no_longjmp()

#endif /* WASM_BPF_COMPAT_SETJMP_H */
