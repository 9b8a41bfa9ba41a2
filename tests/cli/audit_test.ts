/** Audit of runs by root. Needs root. */
import assert from "node:assert/strict";
import { auditLine, auditRun, grantedSet } from "../../cli/startup/audit.ts";
import { bindDatagram } from "../support/libc_datagram.ts";
import { withTimeouts } from "../support/brief.ts";
import { BOOTSTRAP, guestPath, runCli } from "../support/cli.ts";
import { privateMounts } from "../support/mounts.ts";
import { fromFileUrl } from "../support/paths.ts";
import "../support/whole_shim.ts";

const module = { name: "./a\n\u202e.wasm", bytes: new TextEncoder().encode("abc") };

Deno.test("auditLine() is one line, whatever the names hold", () => {
  const origin = {
    repository: "ghcr.io/you/tool",
    digest: "sha256:0123",
    signers: [{ name: "you.pub\nlevels=all", fingerprint: "AbC=" }],
  };
  const permissions = {
    strict: true,
    allowBpf: ["observe" as const],
    allowAttach: ["tp" as const],
  };
  const line = auditLine(module, permissions, origin);
  assert.match(line, /^<86>wasm-bpf\[\d+\]: run module="ghcr.io\/you\/tool \(\.\/a\?\?\.wasm\)" /);
  assert.match(line, / digest=sha256:0123 signer="you.pub\?levels=all AbC=" uid=0 loginuid=\w+ /);
  assert.match(line, / levels=observe places="tp"$/);
  assert.doesNotMatch(line, /\n/);
  assert.match(auditLine(module, {}), / digest=sha256:ba7816bf8f01cfea414140de5dae2223b00361a396/);
});

Deno.test("auditRun() sends a line to the log, and reports a missing one", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/log`;
    assert.match(auditRun(module, {}, { path }) ?? "", /this run is in no log: .*log: /);
    using log = bindDatagram(path);
    assert.equal(auditRun(module, {}, { path }), undefined);
    assert.match(log.receive(), /^<86>wasm-bpf\[\d+\]: run module=/);
    // A full log does not stop a run.
    let note: string | undefined;
    for (let i = 0; i < 10_000 && note === undefined; i++) note = auditRun(module, {}, { path });
    assert.match(note ?? "", /in no log/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("--stats=json has what was granted", async () => {
  const options = ["--strict", "--allow-bpf=observe,network", "--deny-attach=iface:lo"];
  const { stderr } = await runCli([...options, "--stats=json", guestPath("abi"), "in-order"]);
  const stats = JSON.parse(stderr.split("\n").find((line) => line.startsWith("{")) ?? "{}");
  assert.deepEqual(stats.permissions, {
    levels: ["observe", "network"],
    denied: ["iface:lo"],
    named: [],
    policies: [],
  });
  assert.deepEqual(grantedSet({ strict: true, allowHelper: ["probe_read"] }).named, ["probe_read"]);
});

/** Runs a command where /dev/log is the socket at `$0`. */
const WITH_LOG = "mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && " +
  "mknod -m 666 /dev/urandom c 1 9 && ln -s /proc/self/fd /dev/fd && : >/dev/log && " +
  'mount --bind "$0" /dev/log && exec "$@"';

Deno.test("modules, plain objects and tools of the box are in the log, a line each", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/log`;
    using log = bindDatagram(path);
    const object = fromFileUrl("../../dist/tests/objects/annotated-records.bpf.o");
    for (const word of [object, "exitsnoop", BOOTSTRAP]) {
      await withTimeouts(async (timeoutMs) => {
        while (log.receive() !== "");
        const { stderr } = await runCli(["--timeout", `${timeoutMs}ms`, word], {
          through: [...privateMounts("/dev"), "sh", "-c", WITH_LOG, path],
        });
        // A machine that is held up loses events of an object, or has none.
        assert.equal(stderr.replaceAll(/^(warning: .*lost|note: no record).*\n/gm, ""), "", word);
      });
      const name = word.slice(word.lastIndexOf("/") + 1).replace(/\.bpf\.o$/, "");
      assert.match(
        log.receive(),
        new RegExp(`^<86>wasm-bpf\\[\\d+\\]: run module="[^"]*${name}.* loginuid=\\w`),
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
