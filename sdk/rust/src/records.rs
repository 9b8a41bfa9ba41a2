// SPDX-License-Identifier: MIT
//! Typed records, which the host shows as its user requests.

use std::ffi::CString;
use std::io::{Error, ErrorKind, Result};
use std::mem::size_of_val;

use crate::error::{check, explained};
use crate::{sys, Plain};

/// Bit of `records_open`: records are rows of an interval.
const TABLE: u32 = 1;

/// A source of records.
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// match wasm_bpf::Records::open("seen", "u32 pid; u32 count")? {
///     Some(records) => records.write(&[[1u32, 2]])?,
///     None => println!("1 2"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Records(i32);

impl Records {
    /// Starts a source of events whose members are C text, with formats after `@`:
    /// `u64 ts @time; u32 pid; char comm[16]`. `None` if the user requested no records: the guest prints
    /// by itself then.
    pub fn open(name: &str, members: &str) -> Result<Option<Self>> {
        Self::start(name, members, &[], 0)
    }

    /// Starts a source of rows, which [`Records::flush`] shows.
    pub fn open_table(name: &str, members: &str) -> Result<Option<Self>> {
        Self::start(name, members, &[], TABLE)
    }

    /// Starts a source of events of a struct in an eBPF object's BTF.
    pub fn of_struct(name: &str, object: &[u8], structure: &str) -> Result<Option<Self>> {
        Self::start(name, structure, object, 0)
    }

    fn start(name: &str, schema: &str, object: &[u8], flags: u32) -> Result<Option<Self>> {
        let text = |text: &str| CString::new(text).map_err(|_| Error::from(ErrorKind::InvalidInput));
        let (name, schema) = (text(name)?, text(schema)?);
        let size =
            i32::try_from(object.len()).map_err(|_| Error::from(ErrorKind::InvalidInput))?;
        // SAFETY: both texts end with a NUL, and the object has `size` bytes.
        let id = unsafe {
            sys::records_open(
                name.as_ptr().cast(),
                schema.as_ptr().cast(),
                object.as_ptr(),
                size,
                flags,
            )
        };
        match id {
            id if id < 0 => Err(explained(id)),
            0 => Ok(None),
            id => Ok(Some(Self(id))),
        }
    }

    /// Hands over records.
    pub fn write<T: Plain>(&self, records: &[T]) -> Result<()> {
        let size = i32::try_from(size_of_val(records))
            .map_err(|_| Error::from(ErrorKind::InvalidInput))?;
        // SAFETY: the records have `size` bytes without padding or pointers.
        check(unsafe { sys::records_write(self.0, records.as_ptr().cast(), size) }).map(|_| ())
    }

    /// Ends an interval: rows of a table, and events that are aggregated, are shown.
    pub fn flush(&self) -> Result<()> {
        // SAFETY: a number alone.
        check(unsafe { sys::records_flush(self.0) }).map(|_| ())
    }
}
