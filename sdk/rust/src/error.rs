// SPDX-License-Identifier: MIT
//! From the kernel's numbers to `io::Error`.

use std::io::{Error, ErrorKind};

use crate::sys;

/// Linux's number, WASI's number for the same error, and what Rust calls it where there is a name that
/// every supported release has.
const ERRORS: [(i32, i32, ErrorKind); 33] = [
    (1, 63, ErrorKind::PermissionDenied), // EPERM
    (2, 44, ErrorKind::NotFound),         // ENOENT
    (3, 71, ErrorKind::Other),            // ESRCH
    (4, 27, ErrorKind::Interrupted),      // EINTR
    (5, 29, ErrorKind::Other),            // EIO
    (6, 60, ErrorKind::Other),            // ENXIO
    (7, 1, ErrorKind::Other),             // E2BIG
    (8, 45, ErrorKind::Other),            // ENOEXEC
    (9, 8, ErrorKind::Other),             // EBADF
    (11, 6, ErrorKind::WouldBlock),       // EAGAIN
    (12, 48, ErrorKind::OutOfMemory),     // ENOMEM
    (13, 2, ErrorKind::PermissionDenied), // EACCES
    (14, 21, ErrorKind::Other),           // EFAULT
    (16, 10, ErrorKind::Other),           // EBUSY
    (17, 20, ErrorKind::AlreadyExists),   // EEXIST
    (19, 43, ErrorKind::Other),           // ENODEV
    (20, 54, ErrorKind::Other),           // ENOTDIR
    (21, 31, ErrorKind::Other),           // EISDIR
    (22, 28, ErrorKind::InvalidInput),    // EINVAL
    (23, 41, ErrorKind::Other),           // ENFILE
    (24, 33, ErrorKind::Other),           // EMFILE
    (27, 22, ErrorKind::Other),           // EFBIG
    (28, 51, ErrorKind::Other),           // ENOSPC
    (30, 69, ErrorKind::Other),           // EROFS
    (32, 64, ErrorKind::BrokenPipe),      // EPIPE
    (34, 68, ErrorKind::Other),           // ERANGE
    (36, 37, ErrorKind::Other),           // ENAMETOOLONG
    (38, 52, ErrorKind::Unsupported),     // ENOSYS
    (75, 61, ErrorKind::Other),           // EOVERFLOW
    (95, 58, ErrorKind::Unsupported),     // EOPNOTSUPP
    (110, 73, ErrorKind::TimedOut),       // ETIMEDOUT
    (114, 7, ErrorKind::Other),           // EALREADY
    (116, 72, ErrorKind::Other),          // ESTALE
];

/// An error of a call that has no text of its own.
pub(crate) fn from_kernel(result: i32) -> Error {
    match ERRORS.iter().find(|row| row.0 == -result) {
        Some((_, wasi, _)) => Error::from_raw_os_error(*wasi),
        None => Error::new(
            ErrorKind::Other,
            format!("Linux error {}", -i64::from(result)),
        ),
    }
}

/// A result that is negative for an error.
pub(crate) fn check(result: i32) -> Result<i32, Error> {
    if result < 0 {
        Err(from_kernel(result))
    } else {
        Ok(result)
    }
}

/// Error of a load or an attach, with the host's explanation.
pub(crate) fn explained(result: i32) -> Error {
    let text = last_error();
    let kind = from_kernel(result).kind();
    if text.is_empty() {
        from_kernel(result)
    } else {
        Error::new(kind, text)
    }
}

/// The text of the last failure that has one: what and why in the first line, then a hint, then the
/// verifier's log, where there are any. Empty when nothing has failed.
pub fn last_error() -> String {
    // SAFETY: no bytes are written for a size of 0.
    let length = unsafe { sys::last_error(std::ptr::null_mut(), 0) };
    // One more for its NUL.
    let mut text = vec![0u8; usize::try_from(length).unwrap_or(0) + 1];
    // SAFETY: the pointer and the size are those of one vector.
    unsafe { sys::last_error(text.as_mut_ptr(), text.len() as i32) };
    text.pop();
    String::from_utf8_lossy(&text).into_owned()
}

/// Converts a string to the host's form.
///
/// A string with an inner NUL would name another thing, so it is an error.
pub(crate) fn c_string(text: &str) -> Result<Vec<u8>, Error> {
    if text.bytes().any(|byte| byte == 0) {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "the name has a NUL in it",
        ));
    }
    let mut bytes = Vec::with_capacity(text.len() + 1);
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(0);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_string_refuses_a_nul() {
        assert_eq!(c_string("ab").unwrap(), b"ab\0");
        assert_eq!(
            c_string("a\0b").unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
    }

    #[test]
    fn no_number_stands_twice() {
        for (i, row) in ERRORS.iter().enumerate() {
            assert!(ERRORS[i + 1..]
                .iter()
                .all(|other| other.0 != row.0 && other.1 != row.1));
        }
    }
}
