// SPDX-License-Identifier: MIT
//! eBPF from a WebAssembly guest of [wasm-bpf](https://github.com/eunomia-bpf/wasm-bpf).
//!
//! A guest embeds a compiled eBPF object, loads it, attaches its programs and talks to its maps:
//!
//! ```no_run
//! use std::time::Duration;
//! use wasm_bpf::Object;
//!
//! # const TOOL: &[u8] = b"";
//! // const TOOL: &[u8] = include_bytes!("tool.bpf.o");
//! fn main() -> std::io::Result<()> {
//!     let object = Object::load(TOOL)?;
//!     let _link = object.program("on_exec")?.attach()?;
//!     let mut events = object.ring_buffer("rb")?;
//!     loop {
//!         match events.poll(Duration::from_secs(1), |event| println!("{:?}", event)) {
//!             Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
//!             other => other?,
//!         };
//!     }
//! }
//! ```
//!
//! # Lifetime
//!
//! An [`Object`] owns everything: when it is dropped its programs are detached and unloaded, and its
//! maps, links and buffers are gone; what still names them then gives errors. A [`Link`] detaches one
//! program when it is dropped. The end of the guest, however it comes, ends everything.
//!
//! # Errors
//!
//! Errors are [`std::io::Error`]s, whose kinds distinguish the usual cases: `NotFound` without such
//! an element or name, `PermissionDenied`, `Interrupted` when the guest is asked to end (Ctrl-C, a
//! time-out: it should finish then). [`std::io::Error::raw_os_error`] is the number as the target's
//! C library counts. Why a load or an attach failed is in the error's text, the verifier's last
//! lines included; [`last_error`] has the whole of it.
//!
//! # Types of both halves
//!
//! A key, a value or an event is a type that is [`Plain`]: `#[repr(C)]`, without padding, pointers or
//! `usize`. The eBPF half is a 64-bit target and the guest a 32-bit one; `wasm-bpf gen rust` writes
//! such types from the object, with their sizes and offsets asserted.
#![deny(missing_docs)]
#![warn(unsafe_op_in_unsafe_fn)]

mod elf;
mod error;
mod events;
mod link;
mod map;
mod object;
mod plain;
mod records;
mod sys;
pub mod tool;
mod wide;

pub use error::last_error;
pub use events::{Event, Events, PerfBuffer, RingBuffer, Stats, UserRingBuffer};
pub use link::{IterReader, Link};
pub use map::{Flags, Iter, Map, MapInfo};
pub use object::{Object, OpenObject, Program};
pub use plain::Plain;
pub use records::{Record, Records};
pub use wide::{PerCpuMap, Queue};
