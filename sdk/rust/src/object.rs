// SPDX-License-Identifier: MIT
//! eBPF objects and their programs.

use std::io::{self, ErrorKind};
use std::mem::size_of;

use crate::elf::{self, Variable};
use crate::error::{c_string, check, explained, from_kernel};
use crate::events::{PerfBuffer, RingBuffer, UserRingBuffer};
use crate::link::Link;
use crate::map::{Map, MapHandle};
use crate::plain::{bytes_of, from_bytes, Plain};
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
    elf: &'static [u8],
}

impl OpenObject {
    /// Writes `value` at `offset` of a section of global variables: `.rodata`, `.data`, `.bss`, or one
    /// that the source names `.data.x`, `.rodata.x`. The verifier counts on what is in `.rodata`.
    ///
    /// Where a variable stands is the compiler's choice: see [`OpenObject::set_variable`].
    pub fn set_global<T: Plain>(&self, section: &str, offset: u32, value: &T) -> io::Result<()> {
        self.handle.set_global(section, offset, bytes_of(value))
    }

    /// Gives a global variable its first value, by its name: what the verifier counts on for one that is
    /// `const volatile`. `InvalidInput` when it is not as large as `T`.
    pub fn set_variable<T: Plain>(&self, name: &str, value: &T) -> io::Result<()> {
        let Variable {
            section, offset, ..
        } = find_variable::<T>(self.elf, name)?;
        self.set_global(section, offset, value)
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
            elf: self.elf,
        })
    }
}

/// A loaded object. Dropping it detaches its programs and unloads it.
#[derive(Debug)]
pub struct Object {
    handle: Handle,
    elf: &'static [u8],
}

impl Object {
    /// Opens the bytes of an ELF file: of `include_bytes!()`, or a `Box` that was leaked, since variables
    /// are looked up in them later.
    pub fn open(elf: &'static [u8]) -> io::Result<OpenObject> {
        let size = u32::try_from(elf.len()).map_err(|_| from_kernel(-sys::errno::EINVAL))?;
        // SAFETY: the pointer and the size are those of one slice.
        match unsafe { sys::object_open(elf.as_ptr(), size) } {
            // SAFETY: it takes nothing.
            0 => Err(explained(-unsafe { sys::last_errno() })),
            handle => Ok(OpenObject {
                handle: Handle(handle),
                elf,
            }),
        }
    }

    /// Opens and loads the bytes of an ELF file.
    pub fn load(elf: &'static [u8]) -> io::Result<Self> {
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

    /// Attaches a program where its section name specifies; short for `program(name)?.attach()`.
    pub fn attach(&self, program: &str) -> io::Result<Link> {
        self.program(program)?.attach()
    }

    /// Attaches every program where its section name specifies, or none when one attach fails.
    pub fn attach_all(&self) -> io::Result<Vec<Link>> {
        elf::programs(self.elf)
            .map(|name| self.attach(name))
            .collect()
    }

    /// Returns a map by its name, with the types of its keys and values.
    ///
    /// Returns `InvalidInput` when the types do not have the map's sizes.
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

    /// Sets a global variable of programs that are running, by its name.
    pub fn set_variable<T: Plain>(&self, name: &str, value: &T) -> io::Result<()> {
        let Variable {
            section, offset, ..
        } = find_variable::<T>(self.elf, name)?;
        self.set_global(section, offset, value)
    }

    /// Returns the present value of a global variable, by its name.
    pub fn variable<T: Plain>(&self, name: &str) -> io::Result<T> {
        let Variable {
            section, offset, ..
        } = find_variable::<T>(self.elf, name)?;
        let values = self.map_handle(section)?.only_element()?;
        values
            .get(offset as usize..)
            .and_then(from_bytes)
            .ok_or_else(|| no_such("variable", name, -sys::errno::ENOENT))
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

fn find_variable<T: Plain>(elf: &'static [u8], name: &str) -> io::Result<Variable<'static>> {
    let variable = elf::find_variable(elf, name)
        .ok_or_else(|| no_such("variable", name, -sys::errno::ENOENT))?;
    if variable.size == size_of::<T>() {
        return Ok(variable);
    }
    let text = format!(
        "variable \"{name}\" has {} bytes, not {}",
        variable.size,
        size_of::<T>()
    );
    Err(io::Error::new(ErrorKind::InvalidInput, text))
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
    /// Attaches where the section name specifies.
    pub fn attach(&self) -> io::Result<Link> {
        self.attach_at(&[0])
    }

    /// Attaches to a target in the form of the program's type: `eth0`, `/sys/fs/cgroup/x`,
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

    /// Token of this program, to be stored as a value of a program array.
    pub fn token(&self) -> u32 {
        self.token
    }
}
