/**
 * Symbols of `libbpf-shim/files.h`: a guest's files and sockets, which most runs do not use. The other
 * symbols are in `symbols.ts`; one test compares both with their headers.
 */
export const FILE_SYMBOLS = {
  // int32_t shim_grant__directory(const char *path)
  shim_grant__directory: { parameters: ["buffer"], result: "i32" },
  // int32_t shim_grant__file(struct shim_interrupt *interrupt, const char *path, int32_t writes)
  shim_grant__file: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  // int32_t shim_grant__listener(const char *host, const char *port)
  shim_grant__listener: { parameters: ["buffer", "buffer"], result: "i32" },
  // int32_t shim_grant__port(int32_t fd)
  shim_grant__port: { parameters: ["i32"], result: "i32" },
  // int32_t shim_grant__environment(void *buf, uint32_t size)
  shim_grant__environment: { parameters: ["buffer", "u32"], result: "i32" },
  // int32_t shim_grant__arguments(void *buf, uint32_t size)
  shim_grant__arguments: { parameters: ["buffer", "u32"], result: "i32" },
  // int32_t shim_path__open(int32_t dir, uint32_t resolve, struct shim_memory *memory, uint32_t path, uint32_t size, uint32_t flags, void *mode)
  shim_path__open: {
    parameters: ["i32", "u32", "pointer", "u32", "u32", "u32", "buffer"],
    result: "i32",
  },
  // int32_t shim_path__create_directory(int32_t dir, uint32_t resolve, struct shim_memory *memory, uint32_t path, uint32_t size)
  shim_path__create_directory: {
    parameters: ["i32", "u32", "pointer", "u32", "u32"],
    result: "i32",
  },
  // int32_t shim_path__remove(int32_t dir, uint32_t resolve, struct shim_memory *memory, uint32_t path, uint32_t size, uint32_t flags)
  shim_path__remove: { parameters: ["i32", "u32", "pointer", "u32", "u32", "u32"], result: "i32" },
  // int32_t shim_path__rename(int32_t old_dir, int32_t new_dir, uint32_t resolve, struct shim_memory *memory, uint32_t old_path, uint32_t old_size, uint32_t new_path, uint32_t new_size)
  shim_path__rename: {
    parameters: ["i32", "i32", "u32", "pointer", "u32", "u32", "u32", "u32"],
    result: "i32",
  },
  // int32_t shim_path__link(int32_t old_dir, int32_t new_dir, uint32_t resolve, int32_t follow, struct shim_memory *memory, uint32_t old_path, uint32_t old_size, uint32_t new_path, uint32_t new_size)
  shim_path__link: {
    parameters: ["i32", "i32", "u32", "i32", "pointer", "u32", "u32", "u32", "u32"],
    result: "i32",
  },
  // int32_t shim_path__symlink(int32_t dir, uint32_t resolve, struct shim_memory *memory, uint32_t target, uint32_t target_size, uint32_t path, uint32_t size)
  shim_path__symlink: {
    parameters: ["i32", "u32", "pointer", "u32", "u32", "u32", "u32"],
    result: "i32",
  },
  // int32_t shim_path__readlink(int32_t dir, uint32_t resolve, struct shim_memory *memory, uint32_t path, uint32_t size, uint32_t buf, uint32_t buf_size)
  shim_path__readlink: {
    parameters: ["i32", "u32", "pointer", "u32", "u32", "u32", "u32"],
    result: "i32",
  },
  // int32_t shim_path__stat(int32_t dir, uint32_t resolve, int32_t follow, struct shim_memory *memory, uint32_t path, uint32_t size, void *out)
  shim_path__stat: {
    parameters: ["i32", "u32", "i32", "pointer", "u32", "u32", "buffer"],
    result: "i32",
  },
  // int32_t shim_path__set_times(int32_t dir, uint32_t resolve, int32_t follow, struct shim_memory *memory, uint32_t path, uint32_t size, const void *times)
  shim_path__set_times: {
    parameters: ["i32", "u32", "i32", "pointer", "u32", "u32", "buffer"],
    result: "i32",
  },
  // int32_t shim_file__close(int32_t fd)
  shim_file__close: { parameters: ["i32"], result: "i32" },
  // int32_t shim_file__read(int32_t fd, struct shim_memory *memory, uint32_t iovs, uint32_t count, uint32_t out)
  shim_file__read: { parameters: ["i32", "pointer", "u32", "u32", "u32"], result: "i32" },
  // int32_t shim_file__read_wait(struct shim_interrupt *interrupt, int32_t fd, struct shim_memory *memory, uint32_t iovs, uint32_t count, uint32_t out, int32_t waits)
  shim_file__read_wait: {
    parameters: ["pointer", "i32", "pointer", "u32", "u32", "u32", "i32"],
    result: "i32",
  },
  // int32_t shim_file__pread(int32_t fd, struct shim_memory *memory, uint32_t iovs, uint32_t count, int64_t offset, uint32_t out)
  shim_file__pread: { parameters: ["i32", "pointer", "u32", "u32", "i64", "u32"], result: "i32" },
  // int32_t shim_file__pwrite(int32_t fd, struct shim_memory *memory, uint32_t iovs, uint32_t count, int64_t offset, uint32_t out)
  shim_file__pwrite: { parameters: ["i32", "pointer", "u32", "u32", "i64", "u32"], result: "i32" },
  // int32_t shim_file__sync(int32_t fd, int32_t data_only)
  shim_file__sync: { parameters: ["i32", "i32"], result: "i32" },
  // int32_t shim_file__advise(int32_t fd, int64_t offset, int64_t size, int32_t advice)
  shim_file__advise: { parameters: ["i32", "i64", "i64", "i32"], result: "i32" },
  // int32_t shim_file__allocate(int32_t fd, int64_t offset, int64_t size)
  shim_file__allocate: { parameters: ["i32", "i64", "i64"], result: "i32" },
  // int32_t shim_file__set_size(int32_t fd, int64_t size)
  shim_file__set_size: { parameters: ["i32", "i64"], result: "i32" },
  // int32_t shim_file__stat(int32_t fd, void *out)
  shim_file__stat: { parameters: ["i32", "buffer"], result: "i32" },
  // int32_t shim_file__set_times(int32_t fd, const void *times)
  shim_file__set_times: { parameters: ["i32", "buffer"], result: "i32" },
  // int32_t shim_file__set_append(int32_t fd, int32_t append)
  shim_file__set_append: { parameters: ["i32", "i32"], result: "i32" },
  // int32_t shim_directory__open(int32_t fd, struct shim_directory **out)
  shim_directory__open: { parameters: ["i32", "buffer"], result: "i32" },
  // int64_t shim_directory__read(struct shim_directory *directory, struct shim_memory *memory, uint32_t buf, uint32_t size, uint64_t cookie)
  shim_directory__read: { parameters: ["pointer", "pointer", "u32", "u32", "u64"], result: "i64" },
  // void shim_directory__free(struct shim_directory *directory)
  shim_directory__free: { parameters: ["pointer"], result: "void" },
  // int32_t shim_socket__accept(struct shim_interrupt *interrupt, int32_t fd, int32_t waits)
  shim_socket__accept: { parameters: ["pointer", "i32", "i32"], result: "i32" },
  // int32_t shim_socket__receive(struct shim_interrupt *interrupt, int32_t fd, struct shim_memory *memory, uint32_t iovs, uint32_t count, uint32_t flags, uint32_t out, int32_t waits)
  shim_socket__receive: {
    parameters: ["pointer", "i32", "pointer", "u32", "u32", "u32", "u32", "i32"],
    result: "i32",
  },
  // int32_t shim_socket__send(struct shim_interrupt *interrupt, int32_t fd, struct shim_memory *memory, uint32_t iovs, uint32_t count, uint32_t out, int32_t waits)
  shim_socket__send: {
    parameters: ["pointer", "i32", "pointer", "u32", "u32", "u32", "i32"],
    result: "i32",
  },
  // int32_t shim_socket__shutdown(int32_t fd, int32_t how)
  shim_socket__shutdown: { parameters: ["i32", "i32"], result: "i32" },
  // int32_t shim_socket__type(int32_t fd)
  shim_socket__type: { parameters: ["i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The file functions, callable. */
export type FileSymbols = Deno.DynamicLibrary<typeof FILE_SYMBOLS>["symbols"];
