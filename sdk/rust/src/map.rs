// SPDX-License-Identifier: MIT
//! Maps of one value an element.

use std::io::{self, ErrorKind};
use std::marker::PhantomData;
use std::mem::size_of;
use std::ptr::{null, null_mut};

use crate::error::{check, from_kernel};
use crate::object::Object;
use crate::plain::{all_from_bytes, bytes_of, read_with, Plain};
use crate::sys::{self, command, errno};

/// When an update may happen: `BPF_ANY`, `BPF_NOEXIST` or `BPF_EXIST`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flags {
    /// In either case.
    #[default]
    Any,
    /// Only when it is not there; `AlreadyExists` otherwise.
    New,
    /// Only when it is there; `NotFound` otherwise.
    Existing,
}

/// Description of a map, as the kernel has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapInfo {
    /// `enum bpf_map_type`.
    pub map_type: u32,
    /// Bytes of a key; 0 for maps without keys.
    pub key_size: u32,
    /// Bytes that one lookup gives: those of all CPUs together for a per-CPU map.
    pub value_size: u32,
    /// The most elements it can have.
    pub max_entries: u32,
    /// Values an element has: 1, or the machine's possible CPUs.
    pub cpus: u32,
}

/// Token of a map, with its description.
#[derive(Clone, Debug)]
pub(crate) struct MapHandle<'a> {
    pub(crate) token: i32,
    pub(crate) info: MapInfo,
    name: String,
    object: PhantomData<&'a Object>,
}

impl<'a> MapHandle<'a> {
    pub(crate) fn new(_object: &'a Object, token: i32, name: &str) -> io::Result<Self> {
        let mut info = [0u32; 6];
        // SAFETY: six numbers are what it writes.
        check(unsafe { sys::map_info(token, info.as_mut_ptr()) })?;
        let [map_type, key_size, value_size, max_entries, cpus, _] = info;
        Ok(Self {
            token,
            info: MapInfo {
                map_type,
                key_size,
                value_size,
                max_entries,
                cpus,
            },
            name: name.to_owned(),
            object: PhantomData,
        })
    }

    /// Checks the sizes: the calls below pass pointers to as many bytes as the map's keys and
    /// values have.
    pub(crate) fn require(&self, key: usize, value: usize) -> io::Result<()> {
        let MapInfo {
            key_size,
            value_size,
            ..
        } = self.info;
        if key == key_size as usize && value == value_size as usize {
            return Ok(());
        }
        Err(io::Error::new(
            ErrorKind::InvalidInput,
            format!(
                "map \"{}\" has keys of {key_size} and values of {value_size} bytes, not {key} and {value}",
                self.name
            ),
        ))
    }

    /// # Safety
    ///
    /// Pointers are null or good for the map's sizes.
    pub(crate) unsafe fn operate(
        &self,
        command: i32,
        key: *const u8,
        value: *mut u8,
        next_key: *mut u8,
        flags: Flags,
    ) -> i32 {
        // SAFETY: the caller guarantees it.
        unsafe {
            sys::wasm_bpf_map_operate(self.token, command, key, value, next_key, flags as u64)
        }
    }

    /// Collects all elements by batches: keys and values as bytes, `false` where the type has none.
    pub(crate) fn collect(
        &self,
        keys: &mut Vec<u8>,
        values: &mut Vec<u8>,
        take: bool,
    ) -> io::Result<bool> {
        let key_size = self.info.key_size as usize;
        let value_size = self.info.value_size as usize;
        let command = if take {
            command::LOOKUP_AND_DELETE_BATCH
        } else {
            command::LOOKUP_BATCH
        };
        // Where it goes on: as large as a key, at least 4.
        let mut place = vec![0u8; key_size.max(4)];
        let mut is_first = true;
        let mut room = 256usize.min((1 << 20) / (value_size.max(1)) + 1);
        loop {
            let at = (keys.len(), values.len());
            keys.resize(at.0 + room * key_size, 0);
            values.resize(at.1 + room * value_size, 0);
            let mut count = room as u32;
            let from = if is_first { null() } else { place.as_ptr() };
            // SAFETY: there is room for `count` keys and values, and for the place.
            let result = unsafe {
                sys::map_batch(
                    self.token,
                    command,
                    from,
                    place.as_mut_ptr(),
                    keys[at.0..].as_mut_ptr(),
                    values[at.1..].as_mut_ptr(),
                    &mut count,
                    0,
                )
            };
            keys.truncate(at.0 + count as usize * key_size);
            values.truncate(at.1 + count as usize * value_size);
            match -result {
                0 => is_first = false,
                errno::ENOENT => return Ok(true),
                // A bucket of the hash holds more: nothing was taken.
                errno::ENOSPC => {
                    keys.truncate(at.0);
                    values.truncate(at.1);
                    room *= 2;
                }
                errno::EOPNOTSUPP | errno::EINVAL if is_first => return Ok(false),
                _ => return Err(from_kernel(result)),
            }
        }
    }

    /// The value of the only element of an array, such as a section of global variables.
    pub(crate) fn only_element(&self) -> io::Result<Vec<u8>> {
        let mut value = vec![0u8; self.info.value_size as usize];
        let key = [0u8; 4];
        // SAFETY: both sizes are the map's.
        check(unsafe {
            let value = value.as_mut_ptr();
            self.operate(command::LOOKUP, key.as_ptr(), value, null_mut(), Flags::Any)
        })?;
        Ok(value)
    }

    /// The key after one, or the first.
    pub(crate) fn next_key<K: Plain>(&self, key: Option<&K>) -> io::Result<Option<K>> {
        let from = key.map_or(null(), |key| bytes_of(key).as_ptr());
        let (next, result) = read_with(|next| {
            // SAFETY: the size of K is the map's.
            unsafe { self.operate(command::GET_NEXT_KEY, from, null_mut(), next, Flags::Any) }
        });
        found(result).map(|there| there.then_some(next))
    }
}

/// Distinguishes "not there" from other errors.
pub(crate) fn found(result: i32) -> io::Result<bool> {
    match -result {
        errno::ENOENT => Ok(false),
        _ => check(result).map(|_| true),
    }
}

/// A map with keys `K` and values `V`: hashes, arrays, LRU hashes, tries and their like.
///
/// Elements change at any time, since programs run meanwhile: each call sees one moment.
#[derive(Clone, Debug)]
pub struct Map<'a, K, V> {
    handle: MapHandle<'a>,
    types: PhantomData<(K, V)>,
}

impl<'a, K: Plain, V: Plain> Map<'a, K, V> {
    pub(crate) fn new(handle: MapHandle<'a>) -> io::Result<Self> {
        handle.require(size_of::<K>(), size_of::<V>())?;
        Ok(Self {
            handle,
            types: PhantomData,
        })
    }

    /// Returns the kernel's description of the map.
    pub fn info(&self) -> MapInfo {
        self.handle.info
    }

    /// The value of an element; `None` when it is not there.
    pub fn lookup(&self, key: &K) -> io::Result<Option<V>> {
        let (value, result) = read_with(|value| {
            // SAFETY: both sizes are the map's.
            unsafe {
                let key = bytes_of(key).as_ptr();
                self.handle
                    .operate(command::LOOKUP, key, value, null_mut(), Flags::Any)
            }
        });
        Ok(found(result)?.then_some(value))
    }

    /// Sets the value of an element.
    pub fn update(&self, key: &K, value: &V) -> io::Result<()> {
        self.update_if(key, value, Flags::Any)
    }

    /// Sets the value of an element that exists, or does not, as `flags` require.
    pub fn update_if(&self, key: &K, value: &V, flags: Flags) -> io::Result<()> {
        let value = bytes_of(value).as_ptr() as *mut u8;
        // SAFETY: both sizes are the map's, and an update only reads.
        check(unsafe {
            self.handle.operate(
                command::UPDATE,
                bytes_of(key).as_ptr(),
                value,
                null_mut(),
                flags,
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

    /// Deletes an element and gives its value, in one step (hashes: Linux 5.14).
    pub fn take(&self, key: &K) -> io::Result<Option<V>> {
        let (value, result) = read_with(|value| {
            // SAFETY: both sizes are the map's.
            unsafe {
                sys::map_lookup_and_delete(self.handle.token, bytes_of(key).as_ptr(), value, 0)
            }
        });
        Ok(found(result)?.then_some(value))
    }

    /// All elements, some hundreds a system call where the map's type has that (Linux 5.6).
    ///
    /// They are read now. Those that come or go meanwhile may be there or not; none comes twice, but
    /// from maps without batches, whose iteration starts over when the element it is at is deleted.
    pub fn iter(&self) -> io::Result<Iter<K, V>> {
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        if self.handle.collect(&mut keys, &mut values, false)? {
            return Ok(Iter::from_bytes(&keys, &values));
        }
        let mut elements = Vec::new();
        let mut last = None;
        while let Some(key) = self.handle.next_key(last.as_ref())? {
            if let Some(value) = self.lookup(&key)? {
                elements.push((key, value));
            }
            last = Some(key);
            // Bounds the walk: when elements are deleted meanwhile, it can start over without end.
            if elements.len() >= self.handle.info.max_entries as usize {
                break;
            }
        }
        Ok(Iter {
            elements: elements.into_iter(),
        })
    }

    /// Takes all elements out, each with the value it had at its end. Hashes only.
    pub fn drain(&self) -> io::Result<Iter<K, V>> {
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        if self.handle.collect(&mut keys, &mut values, true)? {
            return Ok(Iter::from_bytes(&keys, &values));
        }
        let mut elements = Vec::new();
        while let Some(key) = self.handle.next_key::<K>(None)? {
            elements.extend(self.take(&key)?.map(|value| (key, value)));
        }
        Ok(Iter {
            elements: elements.into_iter(),
        })
    }

    /// Sets many elements with one system call (Linux 5.6), or one after another.
    ///
    /// Stops at the first that cannot be set; those before it are.
    pub fn update_all(&self, elements: &[(K, V)]) -> io::Result<()> {
        let mut keys = Vec::with_capacity(elements.len() * size_of::<K>());
        let mut values = Vec::with_capacity(elements.len() * size_of::<V>());
        for (key, value) in elements {
            keys.extend_from_slice(bytes_of(key));
            values.extend_from_slice(bytes_of(value));
        }
        let mut count = elements.len() as u32;
        // SAFETY: there are `count` keys and values.
        let result = unsafe {
            sys::map_batch(
                self.handle.token,
                command::UPDATE_BATCH,
                null(),
                null_mut(),
                keys.as_mut_ptr(),
                values.as_mut_ptr(),
                &mut count,
                0,
            )
        };
        if result == -errno::EOPNOTSUPP {
            return elements
                .iter()
                .try_for_each(|(key, value)| self.update(key, value));
        }
        check(result).map(|_| ())
    }

    /// Deletes many elements with one system call (Linux 5.6); `NotFound` at the first that is not there.
    pub fn delete_all(&self, keys: &[K]) -> io::Result<()> {
        let mut bytes: Vec<u8> = keys.iter().flat_map(|key| bytes_of(key).to_vec()).collect();
        let mut count = keys.len() as u32;
        // SAFETY: there are `count` keys.
        check(unsafe {
            sys::map_batch(
                self.handle.token,
                command::DELETE_BATCH,
                null(),
                null_mut(),
                bytes.as_mut_ptr(),
                null_mut(),
                &mut count,
                0,
            )
        })?;
        Ok(())
    }
}

/// Elements of a map, as they were when they were read.
#[derive(Debug)]
pub struct Iter<K, V> {
    elements: std::vec::IntoIter<(K, V)>,
}

impl<K: Plain, V: Plain> Iter<K, V> {
    fn from_bytes(keys: &[u8], values: &[u8]) -> Self {
        let keys = all_from_bytes(keys, size_of::<K>());
        let elements: Vec<_> = keys.zip(all_from_bytes(values, size_of::<V>())).collect();
        Self {
            elements: elements.into_iter(),
        }
    }
}

impl<K, V> Iterator for Iter<K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        self.elements.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.elements.size_hint()
    }
}

impl<K, V> ExactSizeIterator for Iter<K, V> {}
