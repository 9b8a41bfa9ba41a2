/** Single links, as the extension module and embedders use them. */
import assert from "node:assert/strict";
import { BpfIterator, type BpfLink, errno, Interrupt, LinearMemory } from "../../ffi/mod.ts";
import { BpfError } from "../../runtime/mod.ts";
import { GuestObject } from "../../runtime/wasm_bpf/guest_object.ts";
import { act, ACTOR } from "../support/actor.ts";
import { ownDescriptors } from "../support/own_descriptors.ts";
import { fromFileUrl } from "../support/paths.ts";
import "../support/whole_shim.ts";

const TRACE = await Deno.readFile(fromFileUrl("../../dist/tests/trace.bpf.o"));
const STRUCT_OPS = await Deno.readFile(fromFileUrl("../../dist/tests/struct_ops.bpf.o"));

/** Addresses of keys, values and an iterator's text: after the object's bytes. */
const KEY = 2 ** 20;
const VALUE = KEY + 8;
const TEXT = KEY + 64;
const TEXT_SIZE = 2 ** 16;

/** Loaded object of `tests/guests/attach`, with a memory like a guest's. */
class Loaded implements Disposable {
  readonly memory = new LinearMemory(new WebAssembly.Memory({ initial: 32 }));
  readonly interrupt = Interrupt.create();
  readonly object: GuestObject;

  constructor(bytes = TRACE) {
    this.memory.bytes.set(bytes, 0);
    const source = { memory: this.memory, offset: 0, sizeBytes: bytes.length };
    this.object = GuestObject.load(source, { onNotice: () => {}, noteClosed: () => {} });
  }

  /** Returns the counter in which every program of the object counts its runs. */
  count(): bigint {
    const map = this.object.findMap("counts");
    assert.equal(map?.operate(this.memory, 1, KEY, VALUE, 0, 0, 0), 0);
    return new DataView(this.memory.bytes.buffer).getBigUint64(VALUE, true);
  }

  /** Reads an iterator to its end. */
  read(link: BpfLink, size = TEXT_SIZE): string {
    const iterator = BpfIterator.open(link, this.interrupt);
    assert.ok(typeof iterator !== "number", `BpfIterator.open: ${iterator}`);
    using pass = iterator;
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const length = pass.read(this.memory, TEXT, size);
      assert.ok(length >= 0, `read: ${length}`);
      if (length === 0) return text;
      text += decoder.decode(this.memory.bytes.subarray(TEXT, TEXT + length));
    }
  }

  [Symbol.dispose](): void {
    this.object.close();
    this.memory.close();
    this.interrupt.close();
  }
}

const FUNCTION = `${ACTOR}:wasm_bpf_test_function`;

for (
  const [program, target] of [
    ["on_uprobe", FUNCTION],
    ["on_uretprobe", FUNCTION],
    ["on_uprobe_multi", `${ACTOR}:wasm_bpf_test_functio*`],
    ["on_usdt", `${ACTOR}:wasm_bpf_test:called`],
  ] as const
) {
  Deno.test(`detach of ${program} stops its counter, and it can be attached again`, async () => {
    using loaded = new Loaded();
    const link = loaded.object.attach(program, target);
    await act(["call"]);
    assert.equal(loaded.count(), 1n);
    assert.equal(loaded.object.detach(link), true);
    assert.equal(loaded.object.detach(link), false);
    await act(["call"]);
    assert.equal(loaded.count(), 1n);
    loaded.object.attach(program, target);
    await act(["call"]);
    assert.equal(loaded.count(), 2n);
  });
}

Deno.test("detach does not affect an object's other links", async () => {
  using loaded = new Loaded();
  const first = loaded.object.attach("on_uprobe", FUNCTION);
  loaded.object.attach("on_uprobe", FUNCTION);
  loaded.object.detach(first);
  await act(["call"]);
  assert.equal(loaded.count(), 1n);
});

Deno.test("reads of an iterator's link return its program's output", () => {
  using loaded = new Loaded();
  const link = loaded.object.attach("iter_task", "");
  const lines = loaded.read(link).split("\n");
  assert.equal(lines.pop(), "");
  assert.ok(lines.length > 1);
  assert.deepEqual([...new Set(lines)], ["task"]);
  // Each pass starts over, and ends at the same point for any read size.
  assert.match(loaded.read(link, 7), /^(task\n)+$/);
});

Deno.test("an iterator over a map visits each of its elements", () => {
  using loaded = new Loaded();
  assert.equal(loaded.read(loaded.object.attach("iter_map", "counts")), "element\n");
});

Deno.test("iterator reads fail for other kinds of links and out-of-bounds memory", () => {
  using loaded = new Loaded();
  const other = loaded.object.attach("on_uprobe", FUNCTION);
  assert.equal(BpfIterator.open(other, loaded.interrupt), -22);
  const iterator = BpfIterator.open(loaded.object.attach("iter_task", ""), loaded.interrupt);
  assert.ok(typeof iterator !== "number");
  using pass = iterator;
  assert.equal(pass.read(loaded.memory, 2 ** 21 - 4, 5), -14);
  assert.equal(pass.read(loaded.memory, 0xffffffff, 1), -14);
});

Deno.test("attach, detach and refusals leave no descriptor open", () => {
  using loaded = new Loaded();
  const targets = [
    ["on_uprobe", FUNCTION],
    ["on_uprobe", `${ACTOR}:no_such_function`],
    ["on_uprobe", "/dev/zero:main"],
    ["on_uprobe", "/etc/passwd:main"],
    ["on_uprobe_multi", `${ACTOR}:wasm_bpf_test_*`],
    ["on_usdt", `${ACTOR}:wasm_bpf_test:called`],
    ["on_usdt", `${ACTOR}:wasm_bpf_test:no_such`],
    ["on_perf_event", "software:cpu-clock@10"],
    ["on_perf_event", "hardware:99@10"],
    ["on_perf_event", "software:cpu-clock@10:65535"],
    ["iter_map", "counts"],
    ["iter_task", ""],
    ["on_raw_tp", ""],
    ["on_no_such_tp", ""],
    ["on_tp", ""],
  ] as const;
  // The first USDT attachment creates maps that the object keeps for all of them.
  loaded.object.detach(loaded.object.attach("on_usdt", `${ACTOR}:wasm_bpf_test:called`));
  const before = ownDescriptors();
  for (const [program, target] of targets) {
    try {
      assert.ok(loaded.object.detach(loaded.object.attach(program, target)));
    } catch (error) {
      assert.ok(error instanceof BpfError, String(error));
    }
    assert.deepEqual([...ownDescriptors().difference(before)], [], `${program} ${target}`);
  }
});

/** Returns the TCP congestion controls that the kernel has. */
async function congestionControls(): Promise<string> {
  return await Deno.readTextFile("/proc/sys/net/ipv4/tcp_available_congestion_control");
}

function errorOf(call: () => unknown): BpfError {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof BpfError, String(error));
    return error;
  }
  assert.fail("it succeeded");
}

Deno.test("attach registers a struct_ops map with a link, and detach unregisters it", async () => {
  using loaded = new Loaded(STRUCT_OPS);
  const link = loaded.object.attach("ssthresh", "with_link");
  assert.match(await congestionControls(), /\bwasm_bpf_test\b/);
  loaded.object.detach(link);
  assert.doesNotMatch(await congestionControls(), /wasm_bpf_test/);
});

Deno.test("attach refuses a struct_ops map that would outlive the process", async () => {
  using loaded = new Loaded(STRUCT_OPS);
  const { code, hint } = errorOf(() => loaded.object.attach("ssthresh", "without"));
  assert.equal(code, "EOPNOTSUPP");
  assert.match(hint ?? "", /\.struct_ops\.link/);
  assert.doesNotMatch(await congestionControls(), /wasm_bpf_test/);
});

Deno.test("operate() refuses a struct_ops map, whose update would register it permanently", async () => {
  using loaded = new Loaded(STRUCT_OPS);
  const map = loaded.object.findMap("without");
  for (const command of [1, 2, 3]) {
    assert.equal(map?.operate(loaded.memory, command, KEY, VALUE, 0, 0, 0), -errno("EBADF"));
  }
  assert.doesNotMatch(await congestionControls(), /wasm_bpf_test/);
});

Deno.test("attach of a struct_ops program requires the map's name when there are several", () => {
  using loaded = new Loaded(STRUCT_OPS);
  assert.equal(errorOf(() => loaded.object.attach("ssthresh", "")).code, "EINVAL");
  const { code, hint } = errorOf(() => loaded.object.attach("ssthresh", "no_such_map"));
  assert.equal(code, "ENOENT");
  assert.match(hint ?? "", /with_link, without/);
});
