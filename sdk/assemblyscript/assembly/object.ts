// SPDX-License-Identifier: MIT
/** eBPF objects, their programs, and links. */
import { Buffer } from "./buffer";
import { cString } from "./errno";
import {
  closeObject, globalSet, iterRead, linkAttach, linkDetach, mapByName, objectLoad, objectOpen,
  programToken, userRingSubmit,
} from "./imports";
import { BpfMap } from "./map";

/**
 * An eBPF object. It owns its maps, links and buffers: `close()` detaches and unloads all of it, and so
 * does the guest's end.
 */
export class BpfObject {
  constructor(/** For calls of `imports.ts`. */ readonly handle: u64) {}

  /**
   * Opens `size` bytes of an ELF file at `bytes` without loading it, so that global variables can be
   * given their first values. Returns null on failure; `lastError()` has the reason.
   */
  static open(bytes: usize, size: u32): BpfObject | null {
    const handle = objectOpen(bytes, size);
    return handle == 0 ? null : new BpfObject(handle);
  }

  /**
   * Opens and loads the bytes of an ELF file. Returns null on failure; `lastError()` has the
   * reason.
   */
  static load(bytes: usize, size: u32): BpfObject | null {
    const object = BpfObject.open(bytes, size);
    if (object == null) return null;
    if (object.load() >= 0) return object;
    object.close();
    return null;
  }

  /** Loads the maps and programs of an object that is open. Once. */
  load(): i32 {
    return objectLoad(this.handle);
  }

  /** Detaches, frees and unloads. */
  close(): i32 {
    return closeObject(this.handle);
  }

  /**
   * Copies `size` bytes to `offset` of a section of global variables: ".rodata", ".data", ".bss". Before
   * the load they are what the variables start with; afterwards, except ".rodata", what they are.
   */
  setGlobal(section: string, offset: u32, data: usize, size: u32): i32 {
    const name = cString(section);
    const result = globalSet(this.handle, name, offset, data, size);
    heap.free(name);
    return result;
  }

  /**
   * Attaches a program where its section name specifies, or to a target of its type: "eth0",
   * "/usr/bin/bash:readline". Returns a link, or a negative errno; `lastError()` has the reason.
   */
  attach(program: string, target: string = ""): i32 {
    const name = cString(program);
    const where = cString(target);
    const link = linkAttach(this.handle, name, where);
    heap.free(where);
    heap.free(name);
    return link;
  }

  /** Token of a program, to be stored as a value of a program array. */
  programToken(program: string): i32 {
    const name = cString(program);
    const token = programToken(this.handle, name);
    heap.free(name);
    return token;
  }

  /** A map's token, positive; `ENOENT` without such a map. */
  findMap(name: string): i32 {
    const text = cString(name);
    const token = mapByName(this.handle, text);
    heap.free(text);
    return token;
  }

  /** Returns a map with keys `K` and values `V`; null when it does not exist or has other sizes. */
  map<K, V>(name: string): BpfMap<K, V> | null {
    const token = this.findMap(name);
    return token < 0 ? null : BpfMap.of<K, V>(token);
  }

  /** Returns a ring buffer or perf event array to read events from; null when it does not exist. */
  buffer(name: string): Buffer | null {
    const token = this.findMap(name);
    return token < 0 ? null : Buffer.of(this.handle, token);
  }

  /** Sends a sample to the programs through a user ring buffer. */
  submit(name: string, data: usize, size: i32, timeoutMs: i32 = 0): i32 {
    const token = this.findMap(name);
    return token < 0 ? token : userRingSubmit(this.handle, token, data, size, timeoutMs);
  }
}

/** Detaches the program of a link. */
export function detach(link: i32): i32 {
  return linkDetach(link);
}

/** Reads on in what an iterator program prints; the bytes, 0 at the end, or negative. */
export function readIterator(link: i32, bytes: usize, size: i32): i32 {
  return iterRead(link, bytes, size);
}
