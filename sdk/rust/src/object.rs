// SPDX-License-Identifier: MIT
//! eBPF objects and their programs.

use std::io::{self, ErrorKind};

use crate::error::{c_string, check, explained, from_kernel};
use crate::events::{PerfBuffer, RingBuffer, UserRingBuffer};
use crate::link::Link;
use crate::map::{Map, MapHandle};
use crate::plain::{bytes_of, Plain};
use crate::sys;
use crate::wide::{PerCpuMap, Queue};

/// A handle that is closed when it is dropped.
#[derive(Debug)]
struct Handle(u64);

impl Handle {
    fn set_global(&self, section: &str, offset: u32, bytes: &[u8]) -> io::Result<()> {
        let section = c_string(section)?;
        let size = u32::try_from(bytes.len()).map_err(|_| from_kernel(-sys::errno::EINVAL))?;
        // SAFETY: the string ends with a NUL, and pointer and size are those of one slice.
        check(unsafe { sys::global_set(self.0, section.as_ptr(), offset, bytes.as_ptr(), size) })?;
        Ok(())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: numbers only; nothing else has this handle.
        unsafe { sys::wasm_close_bpf_object(self.0) };
    }
}

/// An object that is open and not loaded yet: its global variables can be given their first values.
#[derive(Debug)]
pub struct OpenObject {
    handle: Handle,
}

impl OpenObject {
    /// Writes `value` at `offset` of a section of global variables: `.rodata`, `.data`, `.bss`, or one
    /// that the source names `.data.x`, `.rodata.x`. The verifier counts on what is in `.rodata`.
    ///
    /// Where a variable stands is the compiler's choice: put those to be set into one struct, or take
    /// the offset from what `wasm-bpf gen rust` writes.
    pub fn set_global<T: Plain>(&self, section: &str, offset: u32, value: &T) -> io::Result<()> {
        self.handle.set_global(section, offset, bytes_of(value))
    }

    /// Loads the maps and programs.
    pub fn load(self) -> io::Result<Object> {
        // SAFETY: numbers only.
        let result = unsafe { sys::object_load(self.handle.0) };
        if result < 0 {
            return Err(explained(result));
        }
        Ok(Object {
            handle: self.handle,
        })
    }
}

/// A loaded object. Dropping it detaches its programs and unloads it.
#[derive(Debug)]
pub struct Object {
    handle: Handle,
}

impl Object {
    /// Opens the bytes of an ELF file, which are copied.
    pub fn open(elf: &[u8]) -> io::Result<OpenObject> {
        let size = u32::try_from(elf.len()).map_err(|_| from_kernel(-sys::errno::EINVAL))?;
        // SAFETY: the pointer and the size are those of one slice.
        match unsafe { sys::object_open(elf.as_ptr(), size) } {
            0 => Err(explained(-sys::errno::EINVAL)),
            handle => Ok(OpenObject {
                handle: Handle(handle),
            }),
        }
    }

    /// Opens and loads the bytes of an ELF file.
    pub fn load(elf: &[u8]) -> io::Result<Self> {
        Self::open(elf)?.load()
    }

    /// A program by its function's name.
    pub fn program(&self, name: &str) -> io::Result<Program<'_>> {
        let bytes = c_string(name)?;
        // SAFETY: the string ends with a NUL.
        let token = unsafe { sys::program_token(self.handle.0, bytes.as_ptr()) };
        if token < 0 {
            return Err(no_such("program", name, token));
        }
        Ok(Program {
            object: self,
            name: bytes,
            token: token as u32,
        })
    }

    /// Attaches a program as its section name says; short for `program(name)?.attach()`.
    pub fn attach(&self, program: &str) -> io::Result<Link> {
        self.program(program)?.attach()
    }

    /// A map by its name, with the types of its keys and values.
    ///
    /// Gives `InvalidInput` when the types are not as large as the map says.
    pub fn map<K: Plain, V: Plain>(&self, name: &str) -> io::Result<Map<'_, K, V>> {
        Map::new(self.map_handle(name)?)
    }

    /// A map that keeps a value for each CPU.
    pub fn per_cpu_map<K: Plain, V: Plain>(&self, name: &str) -> io::Result<PerCpuMap<'_, K, V>> {
        PerCpuMap::new(self.map_handle(name)?)
    }

    /// A queue or a stack.
    pub fn queue<V: Plain>(&self, name: &str) -> io::Result<Queue<'_, V>> {
        Queue::new(self.map_handle(name)?)
    }

    /// A ring buffer (`BPF_MAP_TYPE_RINGBUF`), to read events from.
    pub fn ring_buffer(&self, name: &str) -> io::Result<RingBuffer<'_>> {
        RingBuffer::new(self, self.map_handle(name)?)
    }

    /// A perf event array (`BPF_MAP_TYPE_PERF_EVENT_ARRAY`), to read events from. What programs sent
    /// before is lost.
    pub fn perf_buffer(&self, name: &str) -> io::Result<PerfBuffer<'_>> {
        PerfBuffer::new(self, self.map_handle(name)?)
    }

    /// A user ring buffer (`BPF_MAP_TYPE_USER_RINGBUF`), to send samples to programs.
    pub fn user_ring_buffer(&self, name: &str) -> io::Result<UserRingBuffer<'_>> {
        UserRingBuffer::new(self, self.map_handle(name)?)
    }

    /// Writes global variables of programs that are running, at once: see [`OpenObject::set_global`].
    /// Read-only ones give `PermissionDenied`.
    pub fn set_global<T: Plain>(&self, section: &str, offset: u32, value: &T) -> io::Result<()> {
        self.handle.set_global(section, offset, bytes_of(value))
    }

    pub(crate) fn raw(&self) -> u64 {
        self.handle.0
    }

    fn map_handle(&self, name: &str) -> io::Result<MapHandle<'_>> {
        let bytes = c_string(name)?;
        // SAFETY: the string ends with a NUL.
        let token = unsafe { sys::wasm_bpf_map_fd_by_name(self.handle.0, bytes.as_ptr()) };
        if token < 0 {
            return Err(no_such("map", name, token));
        }
        MapHandle::new(self, token, name)
    }
}

fn no_such(what: &str, name: &str, result: i32) -> io::Error {
    if result != -sys::errno::ENOENT {
        return from_kernel(result);
    }
    io::Error::new(
        ErrorKind::NotFound,
        format!("the object has no {what} \"{name}\""),
    )
}

/// A program of a loaded object.
#[derive(Debug)]
pub struct Program<'a> {
    object: &'a Object,
    /// With a NUL at its end.
    name: Vec<u8>,
    token: u32,
}

impl Program<'_> {
    /// Attaches as the section name says.
    pub fn attach(&self) -> io::Result<Link> {
        self.attach_at(&[0])
    }

    /// Attaches to a target in the words of the program's type: `eth0`, `/sys/fs/cgroup/x`,
    /// `/usr/bin/bash:readline`, `software:cpu-clock@99`; docs/attach-targets.md has them all.
    pub fn attach_to(&self, target: &str) -> io::Result<Link> {
        self.attach_at(&c_string(target)?)
    }

    fn attach_at(&self, target: &[u8]) -> io::Result<Link> {
        // SAFETY: both strings end with a NUL.
        let token =
            unsafe { sys::link_attach(self.object.raw(), self.name.as_ptr(), target.as_ptr()) };
        if token < 0 {
            return Err(explained(token));
        }
        Ok(Link::new(token))
    }

    /// What stands for this program as a value of a program array.
    pub fn token(&self) -> u32 {
        self.token
    }
}
