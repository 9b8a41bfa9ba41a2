# The eBPF half. -g makes the BTF that maps need; llvm-strip drops the rest of what it makes.
MACHINE := $(shell uname -m)
# As the kernel calls it, which <bpf/bpf_tracing.h> asks for.
ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')

%.bpf.o: %.bpf.c $(wildcard *.h)
	$(CLANG) -g -O2 -Wall -target bpf -D__TARGET_ARCH_$(ARCH) \
		-I/usr/include/$(MACHINE)-linux-gnu -c $< -o $@
	$(LLVM_STRIP) -g $@

# Otherwise a file that was written in part looks complete.
.DELETE_ON_ERROR:
