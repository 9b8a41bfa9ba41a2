/** Functions of the shim for runs of plain eBPF objects, each next to its C declaration. */

/** The table; `libbpf-shim/tracing.h` documents each function. */
export const TRACING_SYMBOLS = {
  // int32_t shim_buffer__fd(struct shim_buffer *buffer)
  shim_buffer__fd: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_printk__open(struct shim_printk **out)
  shim_printk__open: { parameters: ["buffer"], result: "i32" },
  // int32_t shim_printk__fd(struct shim_printk *printk)
  shim_printk__fd: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_printk__read(struct shim_printk *printk, struct shim_memory *memory, uint32_t offset, uint32_t size)
  shim_printk__read: { parameters: ["pointer", "pointer", "u32", "u32"], result: "i32" },
  // void shim_printk__free(struct shim_printk *printk)
  shim_printk__free: { parameters: ["pointer"], result: "void" },
  // int32_t shim_command__new(const void *words, uint32_t size, uint32_t count, struct shim_command **out)
  shim_command__new: { parameters: ["buffer", "u32", "u32", "buffer"], result: "i32" },
  // int32_t shim_command__start(struct shim_command *command)
  shim_command__start: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_command__fd(struct shim_command *command)
  shim_command__fd: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_command__pid(struct shim_command *command)
  shim_command__pid: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_command__code(struct shim_command *command)
  shim_command__code: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_command__signal(struct shim_command *command, int32_t number)
  shim_command__signal: { parameters: ["pointer", "i32"], result: "i32" },
  // void shim_command__free(struct shim_command *command)
  shim_command__free: { parameters: ["pointer"], result: "void" },
  // int32_t shim_fd__has_reader(int32_t fd)
  shim_fd__has_reader: { parameters: ["i32"], result: "i32" },
  // int32_t shim_screen__open(int32_t keys, struct shim_screen **out)
  shim_screen__open: { parameters: ["i32", "buffer"], result: "i32" },
  // int32_t shim_screen__has_keys(struct shim_screen *screen)
  shim_screen__has_keys: { parameters: ["pointer"], result: "i32" },
  // uint32_t shim_screen__turns(struct shim_screen *screen)
  shim_screen__turns: { parameters: ["pointer"], result: "u32" },
  // void shim_screen__enter(struct shim_screen *screen)
  shim_screen__enter: { parameters: ["pointer"], result: "void" },
  // int32_t shim_screen__keys(struct shim_screen *screen, void *to, uint32_t size)
  shim_screen__keys: { parameters: ["pointer", "buffer", "u32"], result: "i32" },
  // void shim_screen__free(struct shim_screen *screen)
  shim_screen__free: { parameters: ["pointer"], result: "void" },
  // int32_t shim_symbols__permit(void)
  shim_symbols__permit: { parameters: [], result: "i32" },
  // int32_t shim_symbols__maps(int32_t pid, void *to, uint32_t size)
  shim_symbols__maps: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // int32_t shim_symbols__open(int32_t pid, uint64_t start, uint64_t end, const char *path, uint32_t major, uint32_t minor, uint64_t inode)
  shim_symbols__open: {
    parameters: ["i32", "u64", "u64", "buffer", "u32", "u32", "u64"],
    result: "i32",
  },
  // int32_t shim_symbols__read(int32_t fd, uint64_t offset, void *to, uint32_t size)
  shim_symbols__read: { parameters: ["i32", "u64", "buffer", "u32"], result: "i32" },
  // void shim_symbols__close(int32_t fd)
  shim_symbols__close: { parameters: ["i32"], result: "void" },
  // int32_t shim_host__permit(void)
  shim_host__permit: { parameters: [], result: "i32" },
  // int32_t shim_host__read(const char *path, void *to, uint32_t size)
  shim_host__read: { parameters: ["buffer", "buffer", "u32"], result: "i32" },
  // int32_t shim_host__inode(const char *path, uint64_t *out)
  shim_host__inode: { parameters: ["buffer", "buffer"], result: "i32" },
  // int32_t shim_host__groups(const char *root, void *to, uint32_t size)
  shim_host__groups: { parameters: ["buffer", "buffer", "u32"], result: "i32" },
  // int32_t shim_kernel__try(uint32_t feature)
  shim_kernel__try: { parameters: ["u32"], result: "i32" },
  // int32_t shim_kernel__has_helper(uint32_t type, uint32_t helper)
  shim_kernel__has_helper: { parameters: ["u32", "u32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The functions, callable. */
export type TracingFunctions = Deno.DynamicLibrary<typeof TRACING_SYMBOLS>["symbols"];
