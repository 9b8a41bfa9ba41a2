# The eBPF half. -g makes the BTF that maps need; llvm-strip drops the rest of what it makes.
%.bpf.o: %.bpf.c $(NAME).h
	$(CLANG) -g -O2 -Wall -target bpf -I/usr/include/$(shell uname -m)-linux-gnu -c $< -o $@
	$(LLVM_STRIP) -g $@
