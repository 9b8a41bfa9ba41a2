// SPDX-License-Identifier: MIT
//! Maps whose elements are more than one value, or have no key.

use std::io;
use std::marker::PhantomData;
use std::mem::size_of;
use std::ptr::{null, null_mut};

use crate::error::check;
use crate::map::{found, Flags, MapHandle, MapInfo};
use crate::plain::{all_from_bytes, bytes_of, read_with, Plain};
use crate::sys::{self, command};

/// The kernel's step from one CPU's value to the next.
fn stride<V>() -> usize {
    (size_of::<V>() + 7) & !7
}

/// A map that keeps a value for each CPU: programs count without getting into each other's way.
#[derive(Clone, Debug)]
pub struct PerCpuMap<'a, K, V> {
    handle: MapHandle<'a>,
    types: PhantomData<(K, V)>,
}

impl<'a, K: Plain, V: Plain> PerCpuMap<'a, K, V> {
    pub(crate) fn new(handle: MapHandle<'a>) -> io::Result<Self> {
        handle.require(size_of::<K>(), stride::<V>() * handle.info.cpus as usize)?;
        Ok(Self {
            handle,
            types: PhantomData,
        })
    }

    /// Returns the kernel's description of the map; `cpus` is the number of values of an element.
    pub fn info(&self) -> MapInfo {
        self.handle.info
    }

    /// Each CPU's value of an element, by CPU; `None` when it is not there.
    pub fn lookup(&self, key: &K) -> io::Result<Option<Vec<V>>> {
        let mut values = vec![0u8; self.handle.info.value_size as usize];
        // SAFETY: both sizes are the map's.
        let result = unsafe {
            let key = bytes_of(key).as_ptr();
            self.handle.operate(
                command::LOOKUP,
                key,
                values.as_mut_ptr(),
                null_mut(),
                Flags::Any,
            )
        };
        Ok(found(result)?.then(|| all_from_bytes(&values, stride::<V>()).collect()))
    }

    /// Sets each CPU's value of an element; CPUs that have none in `values` get zeros.
    pub fn update(&self, key: &K, values: &[V]) -> io::Result<()> {
        let mut bytes = vec![0u8; self.handle.info.value_size as usize];
        for (place, value) in bytes.chunks_exact_mut(stride::<V>().max(1)).zip(values) {
            place[..size_of::<V>()].copy_from_slice(bytes_of(value));
        }
        let key = bytes_of(key).as_ptr();
        // SAFETY: both sizes are the map's.
        check(unsafe {
            self.handle.operate(
                command::UPDATE,
                key,
                bytes.as_mut_ptr(),
                null_mut(),
                Flags::Any,
            )
        })?;
        Ok(())
    }

    /// Deletes an element; whether it was there.
    pub fn delete(&self, key: &K) -> io::Result<bool> {
        let key = bytes_of(key).as_ptr();
        // SAFETY: the size of the key is the map's.
        found(unsafe {
            self.handle
                .operate(command::DELETE, key, null_mut(), null_mut(), Flags::Any)
        })
    }

    /// All elements with each CPU's value, as [`Map::iter`](crate::Map::iter) reads them.
    pub fn iter(&self) -> io::Result<std::vec::IntoIter<(K, Vec<V>)>> {
        self.elements(false)
    }

    /// Takes all elements out. Hashes only.
    pub fn drain(&self) -> io::Result<std::vec::IntoIter<(K, Vec<V>)>> {
        self.elements(true)
    }

    fn elements(&self, take: bool) -> io::Result<std::vec::IntoIter<(K, Vec<V>)>> {
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        let mut elements = Vec::new();
        if self.handle.collect(&mut keys, &mut values, take)? {
            let chunks = values.chunks_exact((self.handle.info.value_size as usize).max(1));
            let keys = all_from_bytes::<K>(&keys, size_of::<K>());
            elements.extend(
                keys.zip(chunks.map(|chunk| all_from_bytes(chunk, stride::<V>()).collect())),
            );
            return Ok(elements.into_iter());
        }
        let mut last = None;
        while let Some(key) = self.handle.next_key(last.as_ref())? {
            elements.extend(self.lookup(&key)?.map(|values| (key, values)));
            if take {
                self.delete(&key)?;
            }
            last = if take { None } else { Some(key) };
            if elements.len() >= self.handle.info.max_entries as usize {
                break;
            }
        }
        Ok(elements.into_iter())
    }
}

/// A queue (first in, first out) or a stack (last in, first out).
#[derive(Clone, Debug)]
pub struct Queue<'a, V> {
    handle: MapHandle<'a>,
    types: PhantomData<V>,
}

impl<'a, V: Plain> Queue<'a, V> {
    pub(crate) fn new(handle: MapHandle<'a>) -> io::Result<Self> {
        handle.require(0, size_of::<V>())?;
        Ok(Self {
            handle,
            types: PhantomData,
        })
    }

    /// Adds a value; fails when the map is full.
    pub fn push(&self, value: &V) -> io::Result<()> {
        self.push_with(value, Flags::Any)
    }

    /// Adds a value; the oldest makes room for it.
    pub fn push_over(&self, value: &V) -> io::Result<()> {
        self.push_with(value, Flags::Existing)
    }

    fn push_with(&self, value: &V, flags: Flags) -> io::Result<()> {
        let value = bytes_of(value).as_ptr() as *mut u8;
        // SAFETY: the size of the value is the map's, and an update only reads.
        check(unsafe {
            self.handle
                .operate(command::UPDATE, null(), value, null_mut(), flags)
        })?;
        Ok(())
    }

    /// The next value, which stays.
    pub fn peek(&self) -> io::Result<Option<V>> {
        let (value, result) = read_with(|value| {
            // SAFETY: the size of the value is the map's.
            unsafe {
                self.handle
                    .operate(command::LOOKUP, null(), value, null_mut(), Flags::Any)
            }
        });
        Ok(found(result)?.then_some(value))
    }

    /// Takes the next value.
    pub fn pop(&self) -> io::Result<Option<V>> {
        let (value, result) = read_with(|value| {
            // SAFETY: the size of the value is the map's.
            unsafe { sys::map_lookup_and_delete(self.handle.token, null(), value, 0) }
        });
        Ok(found(result)?.then_some(value))
    }
}
