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

    /// Starts a source of events of a type that [`record!`](crate::record) declares.
    pub fn of<T: Record>(name: &str) -> Result<Option<Self>> {
        Self::open(name, T::MEMBERS)
    }

    /// Starts a source of rows of a type that [`record!`](crate::record) declares.
    pub fn table_of<T: Record>(name: &str) -> Result<Option<Self>> {
        Self::open_table(name, T::MEMBERS)
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

/// A type that [`record!`](crate::record) declares: a struct that knows its members as text.
pub trait Record: Plain {
    /// Members as [`Records::open`] takes them.
    const MEMBERS: &'static str;
}

/// Declares structs of numbers and arrays of numbers as records, with a format after `=` where the
/// type does not tell it. Padding does not compile.
///
/// ```no_run
/// wasm_bpf::record! {
///     /// Opened file.
///     pub struct Opened {
///         /// Start of the call, since boot.
///         pub ts: u64 = "@time",
///         pub pid: u32,
///         pub ret: i32 = "@errno",
///         pub comm: [u8; 16] = "@str",
///     }
/// }
/// # fn main() -> std::io::Result<()> {
/// if let Some(records) = wasm_bpf::Records::of::<Opened>("files")? {
///     records.write(&[Opened { ts: 1, pid: 2, ret: -2, comm: *b"init\0\0\0\0\0\0\0\0\0\0\0\0" }])?;
/// }
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! record {
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $(
                $(#[$field_meta:meta])*
                $field_vis:vis $field:ident : $type:tt $(= $format:literal)?
            ),+ $(,)?
        }
    )+) => { $(
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        $vis struct $name {
            $( $(#[$field_meta])* $field_vis $field: $type, )+
        }
        // SAFETY: below, each member is plain, and no byte is left between them.
        unsafe impl $crate::Plain for $name {}
        const _: () = {
            const fn size<T: $crate::Plain>() -> usize {
                ::std::mem::size_of::<T>()
            }
            assert!(
                ::std::mem::size_of::<$name>() == 0 $( + size::<$type>() )+,
                "a record has padding: reorder its members, or add some"
            );
        };
        impl $crate::Record for $name {
            const MEMBERS: &'static str = ::std::concat!(
                $( $crate::record_member!($field $type), $( " ", $format, )? "; " ),+
            );
        }
    )+ };
}

/// Member of a record as text.
#[doc(hidden)]
#[macro_export]
macro_rules! record_member {
    ($field:ident [$type:ident; $length:literal]) => {
        ::std::concat!(
            ::std::stringify!($type), " ", ::std::stringify!($field),
            "[", ::std::stringify!($length), "]"
        )
    };
    ($field:ident $type:ident) => {
        ::std::concat!(::std::stringify!($type), " ", ::std::stringify!($field))
    };
}

#[cfg(test)]
mod tests {
    use super::Record;

    crate::record! {
        struct Opened {
            pub ts: u64 = "@time",
            pid: u32,
            ret: i32 = "@errno",
            comm: [u8; 16] = "@str",
        }
    }

    #[test]
    fn record_declares_members_as_text() {
        assert_eq!(
            Opened::MEMBERS,
            "u64 ts @time; u32 pid; i32 ret @errno; u8 comm[16] @str; "
        );
        let opened = Opened { ts: 1, pid: 2, ret: -1, comm: [0; 16] };
        assert_eq!((opened.ts, opened.pid, opened.ret, opened.comm[0]), (1, 2, -1, 0));
    }
}
