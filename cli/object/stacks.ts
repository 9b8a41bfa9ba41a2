/** Stacks of one run: their addresses in maps, and the names of functions. */
import { MapReader, nowMs, type ObjectFile, type PlainSession } from "../../ebpf/plain/mod.ts";
import { MapType } from "../../ebpf/mod.ts";
import { namesFunctions, type Resolvers } from "../../records/mod.ts";
import { type interruptible, mappedFiles } from "../../runtime/command.ts";
import { UserSymbols } from "../symbols/user_symbols.ts";
import { takesStacks } from "./stack_fields.ts";

type Interrupt = Parameters<Parameters<typeof interruptible>[1]>[0];

/** Processes that are looked at in one round. */
const MAX_NOTED = 32;

/** Looks stacks up while a session is open. */
export class Stacks {
  readonly #file: ObjectFile;
  readonly #pid: number | undefined;
  readonly #command: number | undefined;
  readonly #readers = new Map<string, MapReader>();
  readonly #users: UserSymbols | undefined;
  /** True if programs of the object take stacks, or its types or the command line ask for symbols. */
  readonly isUsed: boolean;

  /**
   * Before the thread is confined.
   *
   * @param pid process that the object traces alone, if it does
   * @param command process of the traced command, which may end before its stacks are shown
   */
  constructor(
    file: ObjectFile,
    { pid, command, isAsked }: {
      pid: number | undefined;
      command: number | undefined;
      isAsked: boolean;
    },
  ) {
    this.#file = file;
    this.#pid = pid;
    this.#command = command;
    const isAnnotated = file.btf !== undefined && namesFunctions(file.btf);
    this.isUsed = isAsked || isAnnotated || takesStacks(file);
    if (!this.isUsed || mappedFiles.permit() < 0) return;
    this.#users = new UserSymbols(mappedFiles, nowMs);
  }

  /** Lookups for records; those of maps find nothing before {@linkcode Stacks.open}. */
  get resolvers(): Resolvers {
    return {
      stack: (id, map) => this.#addresses(id, map),
      userSymbol: (address, pid = this.#pid) =>
        pid === undefined ? undefined : this.#users?.find(address, pid),
    };
  }

  /** Reads the maps of a session until the result is disposed. */
  open(session: PlainSession, interrupt: Interrupt): Disposable {
    for (const { name, type } of this.#file.maps) {
      if (type !== MapType.StackTrace) continue;
      const map = session.map(name);
      if (map !== undefined) this.#readers.set(name, new MapReader(map, interrupt));
    }
    return {
      [Symbol.dispose]: () => {
        for (const reader of this.#readers.values()) reader[Symbol.dispose]();
        this.#readers.clear();
      },
    };
  }

  /** Remembers the files of processes that may end before their stacks are shown. */
  note(pids: Iterable<number>): void {
    let left = MAX_NOTED;
    for (const pid of new Set([this.#pid, this.#command])) {
      if (pid !== undefined) this.#users?.note(pid, { again: true });
    }
    for (const pid of pids) if (left-- > 0) this.#users?.note(pid);
  }

  #addresses(id: number, name: string | undefined): bigint[] | undefined {
    const [first] = this.#readers.values();
    const reader = name === undefined ? first : this.#readers.get(name);
    const bytes = reader?.lookUp(new Uint8Array(new Uint32Array([id]).buffer));
    if (bytes === undefined) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const addresses: bigint[] = [];
    for (let at = 0; at + 8 <= bytes.length; at += 8) {
      const address = view.getBigUint64(at, true);
      if (address === 0n) break;
      addresses.push(address);
    }
    return addresses;
  }
}
