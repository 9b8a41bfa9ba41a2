/** Words of permissions by every way to a run: the library, plain objects, and options of the wrong kind. */
import assert from "node:assert/strict";
import type { Permissions } from "../../ebpf/mod.ts";
import { runGuest, spawn } from "../../runtime/mod.ts";
import { BOOTSTRAP, guestPath, runCli } from "../support/cli.ts";
import { objectGuest, TEXT } from "../support/object_guest.ts";
import { fromFileUrl } from "../support/paths.ts";
import "../support/whole_shim.ts";

const OBJECT = fromFileUrl("../../dist/tests/objects/ring-kept.bpf.o");

/** Loads a program that records a system call, and attaches it to its tracepoint. */
const ATTACHING = objectGuest(
  "ring-kept",
  `(drop (call $attach (local.get $object) (i32.const ${TEXT}) (i32.const ${TEXT + 64})))`,
  { texts: ["handle", ""], bytes: Deno.readFileSync(OBJECT) },
);

/** Words, and the code of the error that they give; undefined for none. */
const WORDS: readonly (readonly [permissions: Permissions, code: string | undefined])[] = [
  [{}, undefined],
  [{ strict: true, allowBpf: ["observe", "inspect"] }, undefined],
  [{ strict: true }, "EPERM"],
  [{ denyBpf: ["observe"] }, "EPERM"],
  [{ denyHelper: ["bpf_ringbuf_output", "bpf_ringbuf_reserve"] }, "EPERM"],
  [{ allowAttach: ["iface:lo"] }, "EPERM"],
  [{ denyAttach: ["tp:syscalls/*"] }, "EPERM"],
  [{ maxMapsMemory: 4096 }, "ENOMEM"],
  [{ maxPrograms: 0 }, "EMFILE"],
  [{ maxLinks: 0 }, "EMFILE"],
  [{ within: [{ source: "a policy", strict: true, allowBpf: ["network"] }] }, "EPERM"],
  [{ within: [{ source: "a policy", allowAttach: ["xdp"] }] }, "EPERM"],
];

for (const [permissions, wanted] of WORDS) {
  const words = JSON.stringify(permissions);
  Deno.test(`runGuest() and spawn() give ${wanted ?? "no error"} for ${words}`, async () => {
    const errors: string[] = [];
    runGuest(ATTACHING, { permissions, onError: ({ code }) => void errors.push(code) });
    const spawned: string[] = [];
    await using handle = spawn(ATTACHING, {
      permissions,
      onError: ({ code }) => void spawned.push(code),
    });
    await handle.exited;
    assert.deepEqual([errors[0], spawned[0]], [wanted, wanted]);
  });
}

/** Makes the system call that the object records. */
const CALLER = ["--", "perl", "-e", "getpgrp(0)"];

for (
  const [words, refusal] of [
    [[], undefined],
    [["--strict", "--allow-bpf=observe,inspect"], undefined],
    [["--strict"], /EPERM .*level observe/],
    [["--deny-bpf=observe"], /EPERM .*level observe/],
    [["--deny-helper=bpf_ringbuf_output,bpf_ringbuf_reserve"], /EPERM .*bpf_ringbuf_/],
    [["--allow-attach=iface:lo"], /EPERM .*not among the places/],
    [["--deny-attach=tp:syscalls/*"], /EPERM .*attaching there is denied/],
    [["--max-maps-memory=8K"], /ENOMEM/],
  ] as const
) {
  Deno.test(`a plain object with ${words.join(" ") || "no words"} ${refusal ? "is refused" : "runs"}`, async () => {
    const output = ["-o", "jsonl", "--count", "1", "--timeout", "120s"];
    const { stdout, stderr } = await runCli([...words, ...output, OBJECT, ...CALLER]);
    if (refusal === undefined) assert.match(stdout, /"number":7/, stderr);
    else {
      assert.match(stderr, refusal);
      assert.doesNotMatch(stdout, /"number":7/);
    }
  });
}

const OBJECT_OPTIONS = [
  ...["--attach=a=lo", "--iface=lo", "--only=a", "--without=a", "--require-all", "--set=a=1"],
  ...["--pid=1", "--event=a", "--types=a.h", "--map=a", "--map-size=a=1", "--key-as=a"],
  ...["--per-cpu", "--clear", "--printk", "--no-printk", "--object=a", "--meta=a"],
];
const MODULE_OPTIONS = [
  ...["--dir=/tmp", "--env=A=b", "--inherit-env", "--stdin=null", "--stdout=null"],
  ...["--stderr=null", "--listen=127.0.0.1:0", "--max-memory=10M", "--require-landlock"],
  ...["--allow-gc", "--wrapper-module-name=a", "--callback-export-name=a"],
];

Deno.test("an option of the other kind of run is an error, and nothing runs", async () => {
  const cases = [
    ...OBJECT_OPTIONS.map((option) => [option, BOOTSTRAP, "a WebAssembly module"] as const),
    ...MODULE_OPTIONS.map((option) => [option, OBJECT, "a plain eBPF object"] as const),
  ];
  for (const [option, file, kind] of cases) {
    const { code, stdout, stderr } = await runCli([option, "--timeout", "120s", file]);
    const name = option.replace(/=.*/, "");
    assert.deepEqual([code, stdout], [2, ""], `${option}: ${stderr}`);
    assert.match(stderr, new RegExp(`^error: Cannot use ${name} with ${kind}`), stderr);
  }
  // After its name they are the module's own.
  const { stderr } = await runCli(["--timeout", "120s", guestPath("abi"), "--set", "a=1"]);
  assert.doesNotMatch(stderr, /Cannot use --set/);
});
