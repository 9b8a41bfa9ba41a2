/** Guest that emits records, for tests of what shows them. */

/** Records of a guest. */
export interface RecordGuest {
  /** Source of the records. */
  readonly source: string;
  /** Members of a record, as in docs/records.md. */
  readonly schema: string;
  /** Bytes of all records. */
  readonly sizeBytes: number;
  /** Parts of the records at their addresses, from 100 to 200, as strings of WebAssembly text. */
  readonly data: Readonly<Record<number, string>>;
  /** False for a guest that ends at once, not after a minute. */
  readonly sleeps?: boolean;
}

/** Returns the text of a module that emits records. */
export function recordGuest(
  { source, schema, sizeBytes, data, sleeps = true }: RecordGuest,
): string {
  const [start = ""] = Object.keys(data);
  const parts = Object.entries(data).map(([at, text]) => `(data (i32.const ${at}) "${text}")`);
  const sleep = "(drop (call $poll (i32.const 200) (i32.const 300) (i32.const 1) (i32.const 400)))";
  return `(module
  (import "wasm_bpf_ext" "records_open" (func $open (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasm_bpf_ext" "records_write" (func $write (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "${source}\\00")
  (data (i32.const 32) "${schema}\\00")
  ${parts.join("\n  ")}
  ;; A clock: monotonic, 60 s.
  (data (i32.const 216) "\\01\\00\\00\\00\\00\\00\\00\\00\\00\\58\\47\\f8\\0d\\00\\00\\00")
  (func (export "_start")
    (drop (call $open (i32.const 16) (i32.const 32) (i32.const 0) (i32.const 0) (i32.const 0)))
    (drop (call $write (i32.const 1) (i32.const ${start}) (i32.const ${sizeBytes})))
    ${sleeps ? sleep : ""}))
`;
}
