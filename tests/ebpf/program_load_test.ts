/** Operations of a guest's programs that need a permission, or that are never allowed. */
import assert from "node:assert/strict";
import { compileGuest, libbpfVersion, spawn } from "../../runtime/mod.ts";
import { runBriefly } from "../support/brief.ts";
import { guestPath, runCli } from "../support/cli.ts";

// Loads the shim, which stays loaded, so that no test is blamed for a leak.
libbpfVersion();

const GUEST = guestPath("attach");

Deno.test("load refuses a program that can rewrite other processes' memory, and names the helper", async () => {
  const { code, stdout, stderr } = await runCli(["--timeout", "120s", GUEST, "write_user"]);
  assert.deepEqual({ code, stdout }, { code: 1, stdout: "load failed\n" });
  assert.equal(
    stderr,
    'error: Cannot load program "on_exec": EPERM (it calls bpf_probe_write_user: level write)\n' +
      "  the program calls bpf_probe_write_user, which is refused\n" +
      "hint: pass --allow-bpf=write, or --allow-helper=bpf_probe_write_user for it alone, only if " +
      "you trust this module to change the memory of every process\n",
  );
});

/** In a locked-down kernel, no program can use this helper. */
const NOT_IN_KERNEL = /program of this type cannot use helper bpf_probe_write_user/;

Deno.test("--allow-write-user leaves the decision to the kernel", async () => {
  const args = ["--allow-write-user", GUEST, "write_user", "on_exec", "-"];
  const { stdout, stderr } = await runBriefly(args);
  if (!NOT_IN_KERNEL.test(stderr)) assert.match(stdout, /^on_exec 0\nattached\n/);
  assert.doesNotMatch(stderr, /which is refused/);
});

for (
  const [allowWriteUser, refused] of [[undefined, true], [false, true], [true, false]] as const
) {
  Deno.test(`spawn() with allowWriteUser: ${allowWriteUser} ${refused ? "refuses" : "allows"} the program`, async () => {
    const errors: (string | undefined)[] = [];
    await using handle = spawn(compileGuest(await Deno.readFile(GUEST), "attach"), {
      args: ["attach", "write_user"],
      ...(allowWriteUser === undefined ? {} : { allowWriteUser }),
      stdio: { stdout: (bytes) => void (bytes.includes(0x64) && handle.interrupt()) },
      onError: (error) => errors.push(error.detail),
    });
    assert.equal((await handle.exited).kind, "exited");
    assert.equal(errors.some((detail) => /which is refused/.test(detail ?? "")), refused);
  });
}

Deno.test("load refuses a program that makes system calls, with every permission", async () => {
  for (const option of [[], ["--allow-write-user"]]) {
    const args = [...option, "--timeout", "120s", GUEST, "system_call"];
    const { stdout, stderr } = await runCli(args);
    assert.equal(stdout, "load failed\n");
    assert.match(stderr, /^error: Cannot load program "on_syscall": EPERM .*: level never/);
    assert.match(stderr, /the program calls bpf_sys_bpf, which is refused\nhint: /);
  }
});

Deno.test("load refuses a program that names a map by a descriptor number", async () => {
  const { code, stdout, stderr } = await runCli(["--timeout", "120s", GUEST, "foreign_map"]);
  assert.deepEqual({ code, stdout }, { code: 1, stdout: "load failed\n" });
  assert.match(stderr, /^error: Cannot load program "on_exec": EPERM \(.*not the object's\)$/m);
  assert.match(stderr, /^ {2}the program names map 7, which is refused$/m);
});

/** Line of strace's for a call of bpf(2). */
const CALL = /^\d+ +bpf\(/;

/** strace's output for the program by which libbpf checks that programs can have names. */
const NAME_PROBE = /prog_name="libbpf_nametest"/;

Deno.test("load refuses a program also when libbpf finds no support for program names", async () => {
  const trace = await Deno.makeTempFile();
  const run = (object: string, ...more: string[]) =>
    runCli([GUEST, object], {
      through: ["strace", "-f", "-qq", "-e", "trace=bpf", ...more, "-o", trace],
    });
  try {
    for (const object of ["write_user", "foreign_map"]) {
      await run(object);
      // Calls alone: one that another thread's interrupts has a line for its end as well.
      const calls = (await Deno.readTextFile(trace)).split("\n").filter((line) => CALL.test(line));
      const probe = calls.findIndex((call) => NAME_PROBE.test(call));
      const thread = calls[probe]?.split(" ", 1)[0] ?? "";
      const when = calls.slice(0, probe + 1).filter((call) => call.startsWith(`${thread} `)).length;
      const { stdout, stderr } = await run(object, "-e", `inject=bpf:error=EMFILE:when=${when}`);
      assert.match(
        await Deno.readTextFile(trace),
        new RegExp(
          `libbpf_nametest.*( EMFILE .*INJECTED|unfinished[^]*resumed>.* EMFILE .*INJECTED)`,
        ),
      );
      assert.equal(stdout, "load failed\n");
      assert.match(stderr, /, which is refused$/m);
    }
  } finally {
    await Deno.remove(trace);
  }
});
