// SPDX-License-Identifier: MIT
//! The imports of modules `wasm_bpf` and `wasm_bpf_ext`, as docs/guest-abi.md has them.
//!
//! Elsewhere than in WebAssembly they are not there: the crate compiles, so that its documentation
//! and types can be used, and every call panics.

macro_rules! imports {
    ($module:literal { $($(#[$meta:meta])* fn $name:ident($($arg:ident: $type:ty),*) -> $result:ty;)* }) => {
        #[cfg(target_arch = "wasm32")]
        #[link(wasm_import_module = $module)]
        extern "C" {
            $($(#[$meta])* pub fn $name($($arg: $type),*) -> $result;)*
        }
        $(
            #[cfg(not(target_arch = "wasm32"))]
            #[allow(clippy::missing_safety_doc)]
            pub unsafe fn $name($($arg: $type),*) -> $result {
                $(let _ = $arg;)*
                panic!(concat!(stringify!($name), "() is there in WebAssembly only"))
            }
        )*
    };
}

imports!("wasm_bpf" {
    fn wasm_close_bpf_object(object: u64) -> i32;
    fn wasm_bpf_map_fd_by_name(object: u64, name: *const u8) -> i32;
    fn wasm_bpf_map_operate(
        map: i32, command: i32, key: *const u8, value: *mut u8, next_key: *mut u8, flags: u64
    ) -> i32;
});

imports!("wasm_bpf_ext" {
    fn buffer_read(object: u64, map: i32, bytes: *mut u8, size: i32, timeout_ms: i32) -> i32;
    fn interrupt_page(page: *const u8) -> i32;
    fn buffer_stats(object: u64, map: i32, out: *mut u64) -> i32;
    fn user_ring_submit(object: u64, map: i32, data: *const u8, size: i32, timeout_ms: i32) -> i32;
    fn object_open(bytes: *const u8, size: u32) -> u64;
    fn object_load(object: u64) -> i32;
    fn global_set(object: u64, section: *const u8, offset: u32, data: *const u8, size: u32) -> i32;
    fn link_attach(object: u64, program: *const u8, target: *const u8) -> i32;
    fn link_detach(link: i32) -> i32;
    fn iter_read(link: i32, bytes: *mut u8, size: i32) -> i32;
    fn map_info(map: i32, out: *mut u32) -> i32;
    fn map_batch(
        map: i32, command: i32, in_batch: *const u8, out_batch: *mut u8,
        keys: *mut u8, values: *mut u8, count: *mut u32, flags: u64
    ) -> i32;
    fn map_lookup_and_delete(map: i32, key: *const u8, value: *mut u8, flags: u64) -> i32;
    fn program_token(object: u64, name: *const u8) -> i32;
    fn last_error(text: *mut u8, size: i32) -> i32;
    fn last_errno() -> i32;
    fn host_pid() -> u32;
    fn local_offset(seconds: i64) -> i32;
    fn records_open(
        name: *const u8, schema: *const u8, object: *const u8, object_size: i32, flags: u32
    ) -> i32;
    fn records_write(id: i32, records: *const u8, size: i32) -> i32;
    fn records_flush(id: i32) -> i32;
});

/// Commands of `wasm_bpf_map_operate` and `map_batch`: the numbers of `enum bpf_cmd`.
pub mod command {
    pub const LOOKUP: i32 = 1;
    pub const UPDATE: i32 = 2;
    pub const DELETE: i32 = 3;
    pub const GET_NEXT_KEY: i32 = 4;
    pub const LOOKUP_BATCH: i32 = 24;
    pub const LOOKUP_AND_DELETE_BATCH: i32 = 25;
    pub const UPDATE_BATCH: i32 = 26;
    pub const DELETE_BATCH: i32 = 27;
}

/// Linux error numbers that this crate handles.
pub mod errno {
    pub const ENOENT: i32 = 2;
    pub const ENOSPC: i32 = 28;
    pub const EINVAL: i32 = 22;
    pub const EOPNOTSUPP: i32 = 95;
}
