// SPDX-License-Identifier: MIT
//! Types whose bytes both halves agree on.

use std::mem::{size_of, MaybeUninit};

/// A type that is what its bytes are: any bytes make a value, and every byte of a value is written.
///
/// Implemented for integers, floating-point numbers and arrays of them; for a struct of both halves by
/// its author:
///
/// ```
/// #[repr(C)]
/// #[derive(Clone, Copy)]
/// struct Event {
///     time_ns: u64,
///     pid: u32,
///     padding: u32,
/// }
/// // SAFETY: integers without a gap between them.
/// unsafe impl wasm_bpf::Plain for Event {}
/// ```
///
/// # Safety
///
/// The type is `#[repr(C)]` or a primitive, has no padding, and no field for which some bytes are no
/// value: no `bool`, `char`, reference, pointer or enum.
pub unsafe trait Plain: Copy + 'static {}

macro_rules! plain {
    ($($type:ty)*) => { $(
        // SAFETY: any bytes make one, and it has no others.
        unsafe impl Plain for $type {}
    )* };
}

plain!(u8 i8 u16 i16 u32 i32 u64 i64 u128 i128 f32 f64);

// SAFETY: elements follow one another without gaps.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

/// The bytes of a value.
pub(crate) fn bytes_of<T: Plain>(value: &T) -> &[u8] {
    // SAFETY: a plain type has no byte that is not written.
    unsafe { std::slice::from_raw_parts((value as *const T).cast(), size_of::<T>()) }
}

/// A value whose bytes `write` sets; they are zeros before, so that none is ever unwritten.
pub(crate) fn read_with<T: Plain, R>(write: impl FnOnce(*mut u8) -> R) -> (T, R) {
    let mut value = MaybeUninit::<T>::zeroed();
    let result = write(value.as_mut_ptr().cast());
    // SAFETY: every byte is set, and any bytes make a value.
    (unsafe { value.assume_init() }, result)
}

/// Copies a value out of bytes, wherever they stand; `None` when they are too few.
pub(crate) fn from_bytes<T: Plain>(bytes: &[u8]) -> Option<T> {
    if bytes.len() < size_of::<T>() {
        return None;
    }
    // SAFETY: there are enough bytes, and any make a value.
    Some(unsafe { bytes.as_ptr().cast::<T>().read_unaligned() })
}

/// Reads all values of an array; a rest that is shorter than a value is left out.
pub(crate) fn all_from_bytes<T: Plain>(
    bytes: &[u8],
    stride: usize,
) -> impl Iterator<Item = T> + '_ {
    bytes
        .chunks_exact(stride.max(1))
        .filter_map(from_bytes::<T>)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_bytes_reads_at_odd_addresses() {
        let bytes = [0, 1, 2, 3, 4];
        assert_eq!(
            from_bytes::<u32>(&bytes[1..]),
            Some(u32::from_ne_bytes([1, 2, 3, 4]))
        );
        assert_eq!(from_bytes::<u32>(&bytes[2..]), None);
        assert_eq!(
            from_bytes::<[u16; 2]>(&bytes),
            Some([0x100, 0x302].map(u16::from_le))
        );
    }

    #[test]
    fn bytes_of_undoes_from_bytes() {
        let value = [1u64, 2, 3];
        assert_eq!(from_bytes::<[u64; 3]>(bytes_of(&value)), Some(value));
    }
}
