/**
 * Every symbol of the shim, each row with its declaration in `libbpf-shim/libbpf-shim.h`.
 *
 * `symbols_test.ts` compares the rows with the header. Opaque structs are `pointer`s; out-parameters
 * and the host's byte ranges are `buffer`s; guest addresses are 32-bit offsets.
 */
export const SYMBOLS = {
  // int32_t shim_abi_version(void)
  shim_abi_version: { parameters: [], result: "i32" },
  // const char *shim_libbpf_version(void)
  shim_libbpf_version: { parameters: [], result: "pointer" },

  // int32_t shim_log__take(void *buf, uint32_t size)
  shim_log__take: { parameters: ["buffer", "u32"], result: "i32" },
  // int32_t shim_log__size(void)
  shim_log__size: { parameters: [], result: "i32" },

  // int32_t shim_memory__new(struct shim_memory **out)
  shim_memory__new: { parameters: ["buffer"], result: "i32" },
  // void shim_memory__bind(struct shim_memory *memory, void *base, uint64_t size)
  shim_memory__bind: { parameters: ["pointer", "buffer", "u64"], result: "void" },
  // void shim_memory__free(struct shim_memory *memory)
  shim_memory__free: { parameters: ["pointer"], result: "void" },

  // int32_t shim_object__open(struct shim_memory *memory, uint32_t offset, uint32_t size, const char *name, struct shim_object **out)
  shim_object__open: {
    parameters: ["pointer", "u32", "u32", "buffer", "buffer"],
    result: "i32",
  },
  // int32_t shim_object__forget_pins(struct shim_object *object)
  shim_object__forget_pins: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_object__set_global(struct shim_object *object, const char *section, uint32_t offset, struct shim_memory *memory, uint32_t data, uint32_t size)
  shim_object__set_global: {
    parameters: ["pointer", "buffer", "u32", "pointer", "u32", "u32"],
    result: "i32",
  },
  // int32_t shim_object__configure(struct shim_object *object, const char *name, uint32_t setting, uint32_t value)
  shim_object__configure: { parameters: ["pointer", "buffer", "u32", "u32"], result: "i32" },
  // int32_t shim_budget__new(struct shim_interrupt *interrupt, uint64_t maps_bytes, uint32_t programs, struct shim_budget **out)
  shim_budget__new: { parameters: ["pointer", "u64", "u32", "buffer"], result: "i32" },
  // int64_t shim_budget__maps_used(struct shim_budget *budget)
  shim_budget__maps_used: { parameters: ["pointer"], result: "i64" },
  // void shim_budget__free(struct shim_budget *budget)
  shim_budget__free: { parameters: ["pointer"], result: "void" },
  // int32_t shim_object__bound(struct shim_object *object, struct shim_budget *budget)
  shim_object__bound: { parameters: ["pointer", "pointer"], result: "i32" },
  // int32_t shim_object__set_attach_target(struct shim_object *object, const char *name, const char *target)
  shim_object__set_attach_target: { parameters: ["pointer", "buffer", "buffer"], result: "i32" },
  // int32_t shim_object__permit(struct shim_object *object, const void *policy, uint32_t size)
  shim_object__permit: { parameters: ["pointer", "buffer", "u32"], result: "i32" },
  // int32_t shim_attach_rules__new(const void *text, uint32_t size, uint32_t max_frequency, struct shim_attach_rules **out)
  shim_attach_rules__new: { parameters: ["buffer", "u32", "u32", "buffer"], result: "i32" },
  // void shim_attach_rules__free(struct shim_attach_rules *rules)
  shim_attach_rules__free: { parameters: ["pointer"], result: "void" },
  // int32_t shim_object__limit_attach(struct shim_object *object, struct shim_attach_rules *rules)
  shim_object__limit_attach: { parameters: ["pointer", "pointer"], result: "i32" },
  // int32_t shim_object__load(struct shim_object *object)
  shim_object__load: { parameters: ["pointer"], result: "i32" },
  // void shim_object__free(struct shim_object *object)
  shim_object__free: { parameters: ["pointer"], result: "void" },
  // int32_t shim_object__program_count(struct shim_object *object)
  shim_object__program_count: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_object__program(struct shim_object *object, uint32_t index, struct shim_program **out)
  shim_object__program: { parameters: ["pointer", "u32", "buffer"], result: "i32" },
  // int32_t shim_object__map_count(struct shim_object *object)
  shim_object__map_count: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_object__map(struct shim_object *object, uint32_t index, struct shim_map **out)
  shim_object__map: { parameters: ["pointer", "u32", "buffer"], result: "i32" },

  // const char *shim_program__name(struct shim_program *program)
  shim_program__name: { parameters: ["pointer"], result: "pointer" },
  // const char *shim_program__section(struct shim_program *program)
  shim_program__section: { parameters: ["pointer"], result: "pointer" },
  // int32_t shim_program__type(struct shim_program *program)
  shim_program__type: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_program__attach_type(struct shim_program *program)
  shim_program__attach_type: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_program__attach(struct shim_program *program, struct shim_link **out)
  shim_program__attach: { parameters: ["pointer", "buffer"], result: "i32" },
  // int32_t shim_program__attach_kernel(struct shim_program *program, uint32_t kind, const char *name, uint64_t offset, struct shim_link **out)
  shim_program__attach_kernel: {
    parameters: ["pointer", "u32", "buffer", "u64", "buffer"],
    result: "i32",
  },
  // int32_t shim_program__attach_interface(struct shim_program *program, const char *interface, int32_t attach_type, struct shim_link **out)
  shim_program__attach_interface: {
    parameters: ["pointer", "buffer", "i32", "buffer"],
    result: "i32",
  },
  // int32_t shim_program__attach_cgroup(struct shim_program *program, const char *path, struct shim_link **out)
  shim_program__attach_cgroup: { parameters: ["pointer", "buffer", "buffer"], result: "i32" },
  // int32_t shim_program__attach_netns(struct shim_program *program, const char *path, struct shim_link **out)
  shim_program__attach_netns: { parameters: ["pointer", "buffer", "buffer"], result: "i32" },
  // int32_t shim_program__attach_netfilter(struct shim_program *program, uint32_t family, uint32_t hook, int32_t priority, struct shim_link **out)
  shim_program__attach_netfilter: {
    parameters: ["pointer", "u32", "u32", "i32", "buffer"],
    result: "i32",
  },
  // int32_t shim_program__attach_packet_socket(struct shim_program *program, const char *interface, struct shim_link **out)
  shim_program__attach_packet_socket: {
    parameters: ["pointer", "buffer", "buffer"],
    result: "i32",
  },
  // int32_t shim_program__attach_perf_event(struct shim_program *program, uint32_t type, uint64_t config, uint64_t frequency, int32_t cpu, struct shim_link **out)
  shim_program__attach_perf_event: {
    parameters: ["pointer", "u32", "u64", "u64", "i32", "buffer"],
    result: "i32",
  },
  // int32_t shim_probe__refusal(void)
  shim_probe__refusal: { parameters: [], result: "i32" },
  // int32_t shim_program__attach_uprobe(struct shim_program *program, const char *binary, const char *symbol, uint64_t offset, int32_t pid, int32_t on_return, uint32_t allowed, struct shim_link **out)
  shim_program__attach_uprobe: {
    parameters: ["pointer", "buffer", "buffer", "u64", "i32", "i32", "u32", "buffer"],
    result: "i32",
  },
  // int32_t shim_program__attach_uprobe_multi(struct shim_program *program, const char *binary, const char *pattern, int32_t pid, int32_t on_return, struct shim_link **out)
  shim_program__attach_uprobe_multi: {
    parameters: ["pointer", "buffer", "buffer", "i32", "i32", "buffer"],
    result: "i32",
  },
  // int32_t shim_program__attach_usdt(struct shim_program *program, const char *binary, const char *provider, const char *name, int32_t pid, struct shim_link **out)
  shim_program__attach_usdt: {
    parameters: ["pointer", "buffer", "buffer", "buffer", "i32", "buffer"],
    result: "i32",
  },
  // int32_t shim_program__attach_map_iterator(struct shim_program *program, struct shim_map *map, struct shim_link **out)
  shim_program__attach_map_iterator: {
    parameters: ["pointer", "pointer", "buffer"],
    result: "i32",
  },
  // int32_t shim_remains__settle(uint32_t wait_ms, void *text, uint32_t size)
  shim_remains__settle: { parameters: ["u32", "buffer", "u32"], result: "i32" },
  // int32_t shim_holders__settle(uint32_t wait_ms, uint32_t without_struct_ops, void *text, uint32_t size)
  shim_holders__settle: { parameters: ["u32", "u32", "buffer", "u32"], result: "i32" },
  // void shim_link__free(struct shim_link *link)
  shim_link__free: { parameters: ["pointer"], result: "void" },
  // int32_t shim_iterator__open(struct shim_link *link, struct shim_interrupt *interrupt, struct shim_iterator **out)
  shim_iterator__open: { parameters: ["pointer", "pointer", "buffer"], result: "i32" },
  // int32_t shim_iterator__read(struct shim_iterator *iterator, struct shim_memory *memory, uint32_t offset, uint32_t size)
  shim_iterator__read: { parameters: ["pointer", "pointer", "u32", "u32"], result: "i32" },
  // void shim_iterator__free(struct shim_iterator *iterator)
  shim_iterator__free: { parameters: ["pointer"], result: "void" },
  // int32_t shim_map__attach(struct shim_map *map, struct shim_link **out)
  shim_map__attach: { parameters: ["pointer", "buffer"], result: "i32" },
  // int32_t shim_kernel__config(const char *option)
  shim_kernel__config: { parameters: ["buffer"], result: "i32" },
  // int32_t shim_kernel__read_types_ahead(void)
  shim_kernel__read_types_ahead: { parameters: [], result: "i32" },
  // int32_t shim_kernel__version(void)
  shim_kernel__version: { parameters: [], result: "i32" },
  // int32_t shim_kernel__has_lsm(const char *name)
  shim_kernel__has_lsm: { parameters: ["buffer"], result: "i32" },
  // int32_t shim_kernel__has_event_source(const char *name)
  shim_kernel__has_event_source: { parameters: ["buffer"], result: "i32" },
  // int32_t shim_kernel__possible_cpus(void)
  shim_kernel__possible_cpus: { parameters: [], result: "i32" },
  // int32_t shim_kernel__supports(uint32_t kind, uint32_t number)
  shim_kernel__supports: { parameters: ["u32", "u32"], result: "i32" },
  // int32_t shim_kernel__has_tracefs(void)
  shim_kernel__has_tracefs: { parameters: [], result: "i32" },
  // int64_t shim_process__resident_bytes(void)
  shim_process__resident_bytes: { parameters: [], result: "i64" },
  // int32_t shim_process__descriptors_left(void)
  shim_process__descriptors_left: { parameters: [], result: "i32" },
  // int32_t shim_process__die_with(int32_t parent)
  shim_process__die_with: { parameters: ["i32"], result: "i32" },
  // int64_t shim_process__start_time(int32_t pid)
  shim_process__start_time: { parameters: ["i32"], result: "i64" },
  // int32_t shim_process__signal(int32_t pid, int64_t start, int32_t number)
  shim_process__signal: { parameters: ["i32", "i64", "i32"], result: "i32" },
  // int32_t shim_process__notify(const char *path, const char *text)
  shim_process__notify: { parameters: ["buffer", "buffer"], result: "i32" },
  // int32_t shim_audit__send(const char *path, const char *line)
  shim_audit__send: { parameters: ["buffer", "buffer"], result: "i32" },
  // int64_t shim_audit__login_uid(void)
  shim_audit__login_uid: { parameters: [], result: "i64" },

  // int32_t shim_broker__start(void)
  shim_broker__start: { parameters: [], result: "i32" },
  // int32_t shim_landlock__abi(void)
  shim_landlock__abi: { parameters: [], result: "i32" },
  // int32_t shim_landlock__confine(void *grants, uint32_t count)
  shim_landlock__confine: { parameters: ["buffer", "u32"], result: "i32" },
  // int32_t shim_capabilities__reduce(int32_t files)
  shim_capabilities__reduce: { parameters: ["i32"], result: "i32" },
  // int32_t shim_capabilities__bound(uint64_t kept)
  shim_capabilities__bound: { parameters: ["u64"], result: "i32" },
  // uint64_t shim_capabilities__bounding(void)
  shim_capabilities__bounding: { parameters: [], result: "u64" },
  // int32_t shim_seccomp__is_available(void)
  shim_seccomp__is_available: { parameters: [], result: "i32" },
  // int32_t shim_seccomp__confine(int32_t files)
  shim_seccomp__confine: { parameters: ["i32"], result: "i32" },
  // int32_t shim_seccomp__confine_others(void)
  shim_seccomp__confine_others: { parameters: [], result: "i32" },

  // int32_t shim_kernel__has_capability(uint32_t capability)
  shim_kernel__has_capability: { parameters: ["u32"], result: "i32" },

  // const char *shim_map__name(struct shim_map *map)
  shim_map__name: { parameters: ["pointer"], result: "pointer" },
  // int32_t shim_map__type(struct shim_map *map)
  shim_map__type: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_map__key_size(struct shim_map *map)
  shim_map__key_size: { parameters: ["pointer"], result: "i32" },
  // int64_t shim_map__value_size(struct shim_map *map)
  shim_map__value_size: { parameters: ["pointer"], result: "i64" },
  // int32_t shim_map__cpus(struct shim_map *map)
  shim_map__cpus: { parameters: ["pointer"], result: "i32" },
  // int64_t shim_map__max_entries(struct shim_map *map)
  shim_map__max_entries: { parameters: ["pointer"], result: "i64" },
  // int32_t shim_map__id(struct shim_map *map)
  shim_map__id: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_program__id(struct shim_program *program)
  shim_program__id: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_map__operate(struct shim_map *map, struct shim_memory *memory, int32_t command, uint32_t key, uint32_t value, uint32_t next_key, uint32_t flags_low, uint32_t flags_high)
  shim_map__operate: {
    parameters: ["pointer", "pointer", "i32", "u32", "u32", "u32", "u32", "u32"],
    result: "i32",
  },
  // int32_t shim_map__batch(struct shim_map *map, struct shim_interrupt *interrupt, struct shim_memory *memory, int32_t command, uint32_t in_token, uint32_t out_token, uint32_t keys, uint32_t values, uint32_t count, uint32_t flags_low, uint32_t flags_high)
  shim_map__batch: {
    parameters: [
      ...["pointer", "pointer", "pointer", "i32"] as const,
      ...["u32", "u32", "u32", "u32", "u32", "u32", "u32"] as const,
    ],
    result: "i32",
  },
  // int32_t shim_map__store(struct shim_map *map, struct shim_memory *memory, uint32_t key, uint32_t value, struct shim_map *inner, struct shim_program *program, uint32_t flags_low, uint32_t flags_high)
  shim_map__store: {
    parameters: ["pointer", "pointer", "u32", "u32", "pointer", "pointer", "u32", "u32"],
    result: "i32",
  },
  // int32_t shim_map__operate_on_task(struct shim_map *map, struct shim_memory *memory, int32_t command, uint32_t key, uint32_t value, uint32_t flags_low, uint32_t flags_high)
  shim_map__operate_on_task: {
    parameters: ["pointer", "pointer", "i32", "u32", "u32", "u32", "u32"],
    result: "i32",
  },

  // int32_t shim_buffer__open(struct shim_map *map, struct shim_interrupt *interrupt, struct shim_buffer **out)
  shim_buffer__open: { parameters: ["pointer", "pointer", "buffer"], result: "i32" },
  // void shim_buffer__set_latency(struct shim_buffer *buffer, uint32_t latency_us)
  shim_buffer__set_latency: { parameters: ["pointer", "u32"], result: "void" },
  // int64_t shim_buffer__record_max(struct shim_buffer *buffer)
  shim_buffer__record_max: { parameters: ["pointer"], result: "i64" },
  // int32_t shim_buffer__poll(struct shim_buffer *buffer, struct shim_memory *stage, uint32_t offset, uint32_t capacity, int32_t timeout_ms)
  shim_buffer__poll: {
    parameters: ["pointer", "pointer", "u32", "u32", "i32"],
    result: "i32",
  },
  // int32_t shim_buffer__read(struct shim_buffer *buffer, struct shim_memory *memory, uint32_t offset, uint32_t capacity, int32_t timeout_ms)
  shim_buffer__read: {
    parameters: ["pointer", "pointer", "u32", "u32", "i32"],
    result: "i32",
  },
  // int32_t shim_buffer__show(struct shim_buffer *buffer, struct shim_memory *memory)
  shim_buffer__show: { parameters: ["pointer", "pointer"], result: "i32" },
  // void shim_buffer__hide(struct shim_buffer *buffer)
  shim_buffer__hide: { parameters: ["pointer"], result: "void" },
  // int32_t shim_buffer__wait(struct shim_buffer *buffer, int32_t timeout_ms)
  shim_buffer__wait: { parameters: ["pointer", "i32"], result: "i32" },
  // int64_t shim_buffer__read_count(struct shim_buffer *buffer)
  shim_buffer__read_count: { parameters: ["pointer"], result: "i64" },
  // int32_t shim_buffer__left_ms(struct shim_buffer *buffer)
  shim_buffer__left_ms: { parameters: ["pointer"], result: "i32" },
  // int64_t shim_buffer__lost(struct shim_buffer *buffer)
  shim_buffer__lost: { parameters: ["pointer"], result: "i64" },
  // void shim_buffer__free(struct shim_buffer *buffer)
  shim_buffer__free: { parameters: ["pointer"], result: "void" },
  // int32_t shim_user_ring__open(struct shim_map *map, struct shim_interrupt *interrupt, struct shim_user_ring **out)
  shim_user_ring__open: { parameters: ["pointer", "pointer", "buffer"], result: "i32" },
  // int32_t shim_user_ring__submit(struct shim_user_ring *ring, struct shim_memory *memory, uint32_t offset, uint32_t size, int32_t timeout_ms)
  shim_user_ring__submit: {
    parameters: ["pointer", "pointer", "u32", "u32", "i32"],
    result: "i32",
  },
  // void shim_user_ring__free(struct shim_user_ring *ring)
  shim_user_ring__free: { parameters: ["pointer"], result: "void" },

  // int32_t shim_stats__enable(struct shim_stats **out)
  shim_stats__enable: { parameters: ["buffer"], result: "i32" },
  // void shim_stats__free(struct shim_stats *stats)
  shim_stats__free: { parameters: ["pointer"], result: "void" },
  // int32_t shim_stats__hold(void)
  shim_stats__hold: { parameters: [], result: "i32" },
  // void shim_stats__inherit(void)
  shim_stats__inherit: { parameters: [], result: "void" },
  // int32_t shim_program__stats(struct shim_program *program, void *out)
  shim_program__stats: { parameters: ["pointer", "buffer"], result: "i32" },

  // int32_t shim_interrupt__new(struct shim_interrupt **out)
  shim_interrupt__new: { parameters: ["buffer"], result: "i32" },
  // void shim_interrupt__retain(struct shim_interrupt *interrupt)
  shim_interrupt__retain: { parameters: ["pointer"], result: "void" },
  // int32_t shim_interrupt__adopt(struct shim_interrupt *interrupt)
  shim_interrupt__adopt: { parameters: ["pointer"], result: "i32" },
  // void shim_interrupt__raise(struct shim_interrupt *interrupt)
  shim_interrupt__raise: { parameters: ["pointer"], result: "void" },
  // void shim_interrupt__attend(struct shim_interrupt *interrupt)
  shim_interrupt__attend: { parameters: ["pointer"], result: "void" },
  // uint32_t shim_interrupt__attentions(struct shim_interrupt *interrupt)
  shim_interrupt__attentions: { parameters: ["pointer"], result: "u32" },
  // int32_t shim_interrupt__watch(struct shim_interrupt *interrupt, int32_t fd)
  shim_interrupt__watch: { parameters: ["pointer", "i32"], result: "i32" },
  // void shim_interrupt__terminate(struct shim_interrupt *interrupt)
  shim_interrupt__terminate: { parameters: ["pointer"], result: "void" },
  // int32_t shim_interrupt__cause(struct shim_interrupt *interrupt)
  shim_interrupt__cause: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_interrupt__is_ignored(struct shim_interrupt *interrupt)
  shim_interrupt__is_ignored: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_interrupt__take(struct shim_interrupt *interrupt)
  shim_interrupt__take: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_interrupt__show(struct shim_interrupt *interrupt, struct shim_memory *memory, uint32_t offset)
  shim_interrupt__show: { parameters: ["pointer", "pointer", "u32"], result: "i32" },

  // int32_t shim_interrupt__show_guest(struct shim_interrupt *interrupt, struct shim_memory *memory, uint32_t offset)
  shim_interrupt__show_guest: { parameters: ["pointer", "pointer", "u32"], result: "i32" },
  // void shim_interrupt__hide(struct shim_memory *memory, uint32_t offset)
  shim_interrupt__hide: { parameters: ["pointer", "u32"], result: "void" },
  // int64_t shim_interrupt__waited_ns(struct shim_interrupt *interrupt)
  shim_interrupt__waited_ns: { parameters: ["pointer"], result: "i64" },
  // void shim_interrupt__free(struct shim_interrupt *interrupt)
  shim_interrupt__free: { parameters: ["pointer"], result: "void" },

  // int32_t shim_deadline__new(struct shim_interrupt *interrupt, void *word, int32_t value, uint32_t after_ms, struct shim_deadline **out)
  shim_deadline__new: {
    parameters: ["pointer", "buffer", "i32", "u32", "buffer"],
    result: "i32",
  },
  // void shim_deadline__free(struct shim_deadline *deadline)
  shim_deadline__free: { parameters: ["pointer"], result: "void" },
  // int32_t shim_ticker__new(struct shim_interrupt *interrupt, uint32_t period_ms, struct shim_ticker **out)
  shim_ticker__new: { parameters: ["pointer", "u32", "buffer"], result: "i32" },
  // void shim_ticker__free(struct shim_ticker *ticker)
  shim_ticker__free: { parameters: ["pointer"], result: "void" },

  // int32_t shim_feed__open(int32_t pid)
  shim_feed__open: { parameters: ["i32"], result: "i32" },
  // int32_t shim_feed__write(int32_t fd, const void *bytes, uint32_t length)
  shim_feed__write: { parameters: ["i32", "buffer", "u32"], result: "i32" },

  // int32_t shim_signals__install(struct shim_interrupt *interrupt)
  shim_signals__install: { parameters: ["pointer"], result: "i32" },
  // int32_t shim_signals__block_file_size(void)
  shim_signals__block_file_size: { parameters: [], result: "i32" },
  // int32_t shim_signals__attend_usr1(void)
  shim_signals__attend_usr1: { parameters: [], result: "i32" },
  // int32_t shim_signals__schedule(uint32_t after_ms, uint32_t grace_ms)
  shim_signals__schedule: { parameters: ["u32", "u32"], result: "i32" },
  // int32_t shim_signals__was_cut(void)
  shim_signals__was_cut: { parameters: [], result: "i32" },
  // void shim_signals__end_by(int32_t number)
  shim_signals__end_by: { parameters: ["i32"], result: "void" },
  // void shim_signals__uninstall(void)
  shim_signals__uninstall: { parameters: [], result: "void" },

  // int32_t shim_fd__unshare(void)
  shim_fd__unshare: { parameters: [], result: "i32" },
  // int32_t shim_fd__write(int32_t fd, struct shim_memory *memory, uint32_t iovs, uint32_t count, uint32_t written)
  shim_fd__write: { parameters: ["i32", "pointer", "u32", "u32", "u32"], result: "i32" },
  // int32_t shim_fd__put(int32_t fd, const void *bytes, uint32_t length)
  shim_fd__put: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // int32_t shim_fd__write_some(struct shim_interrupt *interrupt, int32_t fd, struct shim_memory *memory, uint32_t iovs, uint32_t count, uint32_t written)
  shim_fd__write_some: {
    parameters: ["pointer", "i32", "pointer", "u32", "u32", "u32"],
    result: "i32",
  },
  // int32_t shim_fd__write_now(int32_t fd, struct shim_memory *memory, uint32_t iovs, uint32_t count, uint32_t out)
  shim_fd__write_now: { parameters: ["i32", "pointer", "u32", "u32", "u32"], result: "i32" },
  // int32_t shim_fd__write_wait(struct shim_interrupt *interrupt, int32_t fd, struct shim_memory *memory, uint32_t iovs, uint32_t count, uint32_t out)
  shim_fd__write_wait: {
    parameters: ["pointer", "i32", "pointer", "u32", "u32", "u32"],
    result: "i32",
  },
  // int32_t shim_fd__seek(int32_t fd, int64_t offset, int32_t whence, struct shim_memory *memory, uint32_t out)
  shim_fd__seek: { parameters: ["i32", "i64", "i32", "pointer", "u32"], result: "i32" },
  // int64_t shim_fd__available(int32_t fd)
  shim_fd__available: { parameters: ["i32"], result: "i64" },
  // int32_t shim_fd__poll(struct shim_interrupt *interrupt, void *fds, uint32_t count, int64_t timeout_ns)
  shim_fd__poll: { parameters: ["pointer", "buffer", "u32", "i64"], result: "i32" },
  // int32_t shim_fd__type(int32_t fd)
  shim_fd__type: { parameters: ["i32"], result: "i32" },
  // int32_t shim_fd__is_terminal(int32_t fd)
  shim_fd__is_terminal: { parameters: ["i32"], result: "i32" },
  // int32_t shim_clock__time(int32_t clock, struct shim_memory *memory, uint32_t out)
  shim_clock__time: { parameters: ["i32", "pointer", "u32"], result: "i32" },
  // int64_t shim_clock__now(int32_t clock)
  shim_clock__now: { parameters: ["i32"], result: "i64" },
  // int32_t shim_clock__resolution(int32_t clock, struct shim_memory *memory, uint32_t out)
  shim_clock__resolution: { parameters: ["i32", "pointer", "u32"], result: "i32" },
  // int32_t shim_clock__sleep(struct shim_interrupt *interrupt, int32_t clock, uint64_t ns, int32_t absolute)
  shim_clock__sleep: { parameters: ["pointer", "i32", "u64", "i32"], result: "i32" },
  // int32_t shim_random__fill(struct shim_memory *memory, uint32_t offset, uint32_t size)
  shim_random__fill: { parameters: ["pointer", "u32", "u32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The shim's functions, callable. */
export type ShimSymbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
