/** Writer of the elements of a hash whose keys are numbers of 64 bits. */
import { type BpfMap } from "../../ffi/mod.ts";
import { BpfError } from "../errors.ts";
import { memoryOf, PAGE_BYTES } from "./readers.ts";

const UPDATE = 2, DELETE = 3;
const KEY_AT = 64, VALUE_AT = 128;

/** Adds and removes elements. */
export class MapWriter implements Disposable {
  readonly #map: BpfMap;
  readonly #memory = memoryOf(PAGE_BYTES);

  constructor(map: BpfMap) {
    this.#map = map;
  }

  /**
   * Adds an element; its value is 1.
   *
   * @throws {BpfError}
   */
  add(key: bigint): void {
    const result = this.#operate(UPDATE, key);
    if (result < 0) throw new BpfError(`change map "${this.#map.name}"`, result);
  }

  /** Removes an element, if it is there. */
  remove(key: bigint): void {
    this.#operate(DELETE, key);
  }

  #operate(command: number, key: bigint): number {
    const { bytes } = this.#memory;
    new DataView(bytes.buffer).setBigUint64(KEY_AT, key, true);
    bytes.fill(0, VALUE_AT, VALUE_AT + this.#map.valueBytes);
    bytes[VALUE_AT] = 1;
    return this.#map.operate(this.#memory, command, KEY_AT, VALUE_AT, 0, 0, 0);
  }

  [Symbol.dispose](): void {
    this.#memory.close();
  }
}
