// SPDX-License-Identifier: MIT
//! What holds for every function of WASI preview 1 alike, function by function: descriptors that are not
//! open are EBADF, descriptors without a right ENOTCAPABLE, addresses outside of memory EFAULT, and no call
//! that fails so has changed anything.
//!
//! All parameters are declared as the numbers that they are to WebAssembly.
#[link(wasm_import_module = "wasi_snapshot_preview1")]
extern "C" {
    fn args_get(argv: u32, buf: u32) -> u32;
    fn args_sizes_get(count: u32, size: u32) -> u32;
    fn environ_get(environ: u32, buf: u32) -> u32;
    fn environ_sizes_get(count: u32, size: u32) -> u32;
    fn clock_res_get(id: u32, out: u32) -> u32;
    fn clock_time_get(id: u32, precision: u64, out: u32) -> u32;
    fn fd_advise(fd: u32, offset: u64, len: u64, advice: u32) -> u32;
    fn fd_allocate(fd: u32, offset: u64, len: u64) -> u32;
    fn fd_close(fd: u32) -> u32;
    fn fd_datasync(fd: u32) -> u32;
    fn fd_fdstat_get(fd: u32, out: u32) -> u32;
    fn fd_fdstat_set_flags(fd: u32, flags: u32) -> u32;
    fn fd_fdstat_set_rights(fd: u32, base: u64, inheriting: u64) -> u32;
    fn fd_filestat_get(fd: u32, out: u32) -> u32;
    fn fd_filestat_set_size(fd: u32, size: u64) -> u32;
    fn fd_filestat_set_times(fd: u32, atim: u64, mtim: u64, flags: u32) -> u32;
    fn fd_pread(fd: u32, iovs: u32, count: u32, offset: u64, out: u32) -> u32;
    fn fd_prestat_get(fd: u32, out: u32) -> u32;
    fn fd_prestat_dir_name(fd: u32, path: u32, len: u32) -> u32;
    fn fd_pwrite(fd: u32, iovs: u32, count: u32, offset: u64, out: u32) -> u32;
    fn fd_read(fd: u32, iovs: u32, count: u32, out: u32) -> u32;
    fn fd_readdir(fd: u32, buf: u32, len: u32, cookie: u64, out: u32) -> u32;
    fn fd_renumber(fd: u32, to: u32) -> u32;
    fn fd_seek(fd: u32, offset: i64, whence: u32, out: u32) -> u32;
    fn fd_sync(fd: u32) -> u32;
    fn fd_tell(fd: u32, out: u32) -> u32;
    fn fd_write(fd: u32, iovs: u32, count: u32, out: u32) -> u32;
    fn path_create_directory(fd: u32, path: u32, len: u32) -> u32;
    fn path_filestat_get(fd: u32, flags: u32, path: u32, len: u32, out: u32) -> u32;
    fn path_filestat_set_times(
        fd: u32,
        flags: u32,
        path: u32,
        len: u32,
        atim: u64,
        mtim: u64,
        how: u32,
    ) -> u32;
    fn path_link(fd: u32, flags: u32, path: u32, len: u32, to: u32, new: u32, new_len: u32) -> u32;
    fn path_open(
        fd: u32,
        lookup: u32,
        path: u32,
        len: u32,
        oflags: u32,
        base: u64,
        inheriting: u64,
        flags: u32,
        out: u32,
    ) -> u32;
    fn path_readlink(fd: u32, path: u32, len: u32, buf: u32, buf_len: u32, out: u32) -> u32;
    fn path_remove_directory(fd: u32, path: u32, len: u32) -> u32;
    fn path_rename(fd: u32, path: u32, len: u32, to: u32, new: u32, new_len: u32) -> u32;
    fn path_symlink(text: u32, text_len: u32, fd: u32, path: u32, len: u32) -> u32;
    fn path_unlink_file(fd: u32, path: u32, len: u32) -> u32;
    fn poll_oneoff(input: u32, out: u32, count: u32, stored: u32) -> u32;
    fn random_get(buf: u32, len: u32) -> u32;
    fn sock_accept(fd: u32, flags: u32, out: u32) -> u32;
    fn sock_recv(fd: u32, iovs: u32, count: u32, flags: u32, out: u32, roflags: u32) -> u32;
    fn sock_send(fd: u32, iovs: u32, count: u32, flags: u32, out: u32) -> u32;
    fn sock_shutdown(fd: u32, how: u32) -> u32;
}

const SUCCESS: u32 = 0;
const EBADF: u32 = 8;
const EFAULT: u32 = 21;
const ENOTDIR: u32 = 54;
const ENOTSOCK: u32 = 57;
const ENOTCAPABLE: u32 = 76;

/// The folder "/".
const DIR: u32 = 3;
const CREAT: u32 = 1;

/// Where good arguments stand: two iovecs, a path, a subscription of a clock, and room to write to.
#[repr(C, align(8))]
struct Area {
    iovs: [u32; 4],
    path: [u8; 16],
    new: [u8; 16],
    subscription: [u64; 6],
    data: [u8; 64],
    out: [u8; 256],
}

struct Suite {
    area: Box<Area>,
    checks: u32,
    failed: u32,
}

impl Suite {
    fn new() -> Self {
        let mut area = Box::new(Area {
            iovs: [0; 4],
            path: *b"file............",
            new: *b"new.............",
            // Userdata 0, a clock, monotonic, 0 ns.
            subscription: [0, 0, 1, 0, 0, 0],
            data: [b'?'; 64],
            out: [b'?'; 256],
        });
        let data = area.data.as_ptr() as u32;
        area.iovs = [data, 4, data + 8, 4];
        Suite { area, checks: 0, failed: 0 }
    }

    fn check(&mut self, what: &str, expected: &[u32], got: u32) {
        self.checks += 1;
        if !expected.contains(&got) {
            self.failed += 1;
            println!("suite-raw.rs: {what}: expected errno {expected:?}, got {got}");
        }
    }

    /// That no output has been written to since the last look.
    fn untouched(&mut self, what: &str) {
        self.checks += 1;
        let area = &mut self.area;
        if area.out.iter().chain(&area.data).any(|byte| *byte != b'?') {
            self.failed += 1;
            println!("suite-raw.rs: {what}: wrote to memory");
            area.out.fill(b'?');
            area.data.fill(b'?');
        }
    }
}

type WithFd = (&'static str, fn(&Area, u32) -> u32);
type WithAddress = (&'static str, u32, fn(&Area, u32) -> u32);

fn at<T: ?Sized>(place: &T) -> u32 {
    place as *const T as *const u8 as u32
}

/// A call as a function of one of its arguments; the others are valid, or make it fail anyway.
macro_rules! calls {
    ($($name:ident($($argument:expr),*) of $area:ident, $varied:ident;)*) => {
        vec![$((stringify!($name), (|$area, $varied| {
            let _ = $area;
            // SAFETY: an address that is not of `area` is what the host must refuse.
            unsafe { $name($($argument),*) }
        }) as fn(&Area, u32) -> u32)),*]
    };
}

macro_rules! addresses {
    ($([$size:expr] $name:ident($($argument:expr),*) of $area:ident, $varied:ident;)*) => {{
        let calls: Vec<WithFd> = calls! { $($name($($argument),*) of $area, $varied;)* };
        calls.into_iter().zip([$($size),*]).map(|((name, call), size)| (name, size, call)).collect()
    }};
}

/// Every function that takes a descriptor, some of them twice.
fn with_fd() -> Vec<WithFd> {
    calls! {
        fd_advise(fd, 0, 0, 0) of a, fd;
        fd_allocate(fd, 0, 1) of a, fd;
        fd_datasync(fd) of a, fd;
        fd_fdstat_get(fd, at(&a.out)) of a, fd;
        fd_fdstat_set_flags(fd, 0) of a, fd;
        fd_fdstat_set_rights(fd, 0, 0) of a, fd;
        fd_filestat_get(fd, at(&a.out)) of a, fd;
        fd_filestat_set_size(fd, 0) of a, fd;
        fd_filestat_set_times(fd, 0, 0, 0) of a, fd;
        fd_pread(fd, at(&a.iovs), 2, 0, at(&a.out)) of a, fd;
        fd_prestat_get(fd, at(&a.out)) of a, fd;
        fd_prestat_dir_name(fd, at(&a.out), 16) of a, fd;
        fd_pwrite(fd, at(&a.iovs), 2, 0, at(&a.out)) of a, fd;
        fd_read(fd, at(&a.iovs), 2, at(&a.out)) of a, fd;
        fd_readdir(fd, at(&a.out), 64, 0, at(&a.data)) of a, fd;
        fd_renumber(fd, DIR) of a, fd;
        fd_renumber(DIR, fd) of a, fd;
        fd_seek(fd, 0, 0, at(&a.out)) of a, fd;
        fd_sync(fd) of a, fd;
        fd_tell(fd, at(&a.out)) of a, fd;
        fd_write(fd, at(&a.iovs), 2, at(&a.out)) of a, fd;
        path_create_directory(fd, at(&a.new), 3) of a, fd;
        path_filestat_get(fd, 0, at(&a.path), 4, at(&a.out)) of a, fd;
        path_filestat_set_times(fd, 0, at(&a.path), 4, 0, 0, 0) of a, fd;
        path_link(fd, 0, at(&a.path), 4, DIR, at(&a.new), 3) of a, fd;
        path_link(DIR, 0, at(&a.path), 4, fd, at(&a.new), 3) of a, fd;
        path_open(fd, 0, at(&a.new), 3, CREAT, 0, 0, 0, at(&a.out)) of a, fd;
        path_readlink(fd, at(&a.path), 4, at(&a.out), 64, at(&a.data)) of a, fd;
        path_remove_directory(fd, at(&a.path), 4) of a, fd;
        path_rename(fd, at(&a.path), 4, DIR, at(&a.new), 3) of a, fd;
        path_rename(DIR, at(&a.path), 4, fd, at(&a.new), 3) of a, fd;
        path_symlink(at(&a.path), 4, fd, at(&a.new), 3) of a, fd;
        path_unlink_file(fd, at(&a.path), 4) of a, fd;
        sock_accept(fd, 0, at(&a.out)) of a, fd;
        sock_recv(fd, at(&a.iovs), 2, 0, at(&a.out), at(&a.data)) of a, fd;
        sock_send(fd, at(&a.iovs), 2, 0, at(&a.out)) of a, fd;
        sock_shutdown(fd, 3) of a, fd;
    }
}

/// Every parameter that is an address, after the bytes read or written there, at least.
fn with_address() -> Vec<WithAddress> {
    addresses! {
        [4] args_get(x, at(&a.out)) of a, x;
        [1] args_get(at(&a.out), x) of a, x;
        [4] args_sizes_get(x, at(&a.out)) of a, x;
        [4] args_sizes_get(at(&a.out), x) of a, x;
        [4] environ_get(x, at(&a.out)) of a, x;
        [4] environ_get(at(&a.out), x) of a, x;
        [4] environ_sizes_get(x, at(&a.out)) of a, x;
        [4] environ_sizes_get(at(&a.out), x) of a, x;
        [8] clock_res_get(0, x) of a, x;
        [8] clock_time_get(0, 0, x) of a, x;
        [24] fd_fdstat_get(DIR, x) of a, x;
        [64] fd_filestat_get(DIR, x) of a, x;
        [16] fd_pread(FILE, x, 2, 0, at(&a.out)) of a, x;
        [4] fd_pread(FILE, at(&a.iovs), 2, 0, x) of a, x;
        [8] fd_prestat_get(DIR, x) of a, x;
        [1] fd_prestat_dir_name(DIR, x, 1) of a, x;
        [16] fd_pwrite(FILE, x, 2, 0, at(&a.out)) of a, x;
        [4] fd_pwrite(FILE, at(&a.iovs), 2, 0, x) of a, x;
        [16] fd_read(FILE, x, 2, at(&a.out)) of a, x;
        [4] fd_read(FILE, at(&a.iovs), 2, x) of a, x;
        [64] fd_readdir(DIR, x, 64, 0, at(&a.out)) of a, x;
        [4] fd_readdir(DIR, at(&a.out), 64, 0, x) of a, x;
        [8] fd_seek(FILE, 0, 1, x) of a, x;
        [8] fd_tell(FILE, x) of a, x;
        [16] fd_write(FILE, x, 2, at(&a.out)) of a, x;
        [4] fd_write(FILE, at(&a.iovs), 2, x) of a, x;
        [3] path_create_directory(DIR, x, 3) of a, x;
        [4] path_filestat_get(DIR, 0, x, 4, at(&a.out)) of a, x;
        [64] path_filestat_get(DIR, 0, at(&a.path), 4, x) of a, x;
        [4] path_filestat_set_times(DIR, 0, x, 4, 0, 0, 0) of a, x;
        [4] path_link(DIR, 0, x, 4, DIR, at(&a.new), 3) of a, x;
        [3] path_link(DIR, 0, at(&a.path), 4, DIR, x, 3) of a, x;
        [3] path_open(DIR, 0, x, 3, CREAT, 0, 0, 0, at(&a.out)) of a, x;
        [4] path_open(DIR, 0, at(&a.new), 3, CREAT, 0, 0, 0, x) of a, x;
        [4] path_readlink(DIR, x, 4, at(&a.out), 64, at(&a.data)) of a, x;
        [64] path_readlink(DIR, at(&a.path), 4, x, 64, at(&a.data)) of a, x;
        [4] path_readlink(DIR, at(&a.path), 4, at(&a.out), 64, x) of a, x;
        [4] path_remove_directory(DIR, x, 4) of a, x;
        [4] path_rename(DIR, x, 4, DIR, at(&a.new), 3) of a, x;
        [3] path_rename(DIR, at(&a.path), 4, DIR, x, 3) of a, x;
        [4] path_symlink(x, 4, DIR, at(&a.new), 3) of a, x;
        [3] path_symlink(at(&a.path), 4, DIR, x, 3) of a, x;
        [4] path_unlink_file(DIR, x, 4) of a, x;
        [48] poll_oneoff(x, at(&a.out), 1, at(&a.data)) of a, x;
        [32] poll_oneoff(at(&a.subscription), x, 1, at(&a.data)) of a, x;
        [4] poll_oneoff(at(&a.subscription), at(&a.out), 1, x) of a, x;
        [64] random_get(x, 64) of a, x;
    }
}

/// The file "file", which is opened first of all.
const FILE: u32 = 4;

fn open(suite: &mut Suite, oflags: u32, base: u64) -> u32 {
    let mut fd = 0u32;
    let path = at(&suite.area.path);
    // SAFETY: both places are of this module.
    let errno = unsafe { path_open(DIR, 0, path, 4, oflags, base, 0, 0, at(&mut fd)) };
    suite.check("path_open", &[SUCCESS], errno);
    fd
}

fn memory_end() -> u32 {
    (core::arch::wasm32::memory_size(0) * 65536) as u32
}

fn main() {
    let mut suite = Suite::new();
    let file = open(&mut suite, CREAT, (1 << 30) - 1 & !(3 << 28));
    assert_eq!(file, FILE);

    for fd in [5, 1234, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
        for (name, call) in with_fd() {
            let errno = call(&suite.area, fd);
            suite.check(&format!("{name} of descriptor {fd}"), &[EBADF], errno);
            suite.untouched(name);
        }
        // SAFETY: it takes no address.
        suite.check("fd_close", &[EBADF], unsafe { fd_close(fd) });
    }

    // Arguments and variables: there is one of each, so that both lists are read or written.
    for (name, size, call) in with_address() {
        for address in [memory_end() - size + 1, memory_end(), 0xffff_fff0, u32::MAX] {
            let errno = call(&suite.area, address);
            suite.check(&format!("{name} of address {address:#x}"), &[EFAULT], errno);
        }
        suite.area.out.fill(b'?');
        suite.area.data.fill(b'?');
    }

    // The last one, since no right comes back: functions of streams, of files and of folders.
    let bare = open(&mut suite, 0, 0);
    let free = ["fd_fdstat_get", "fd_fdstat_set_rights", "fd_renumber"];
    for (name, call) in with_fd() {
        if free.contains(&name) {
            continue;
        }
        let expected: &[u32] = match name {
            "fd_prestat_get" | "fd_prestat_dir_name" => &[EBADF],
            "fd_readdir" => &[ENOTDIR, ENOTCAPABLE],
            _ if name.starts_with("path_") => &[ENOTDIR],
            _ if name.starts_with("sock_") => &[ENOTSOCK],
            _ => &[ENOTCAPABLE],
        };
        let errno = call(&suite.area, bare);
        suite.check(&format!("{name} without a right"), expected, errno);
        suite.untouched(name);
    }
    let (checks, failed) = (suite.checks, suite.failed);
    println!("{checks} checks, {failed} failed");
    std::process::exit(i32::from(failed > 0));
}
