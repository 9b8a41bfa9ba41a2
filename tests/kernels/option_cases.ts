/** Options of the tools that load other code, or add columns: each is stirred, and must show it. */
import assert from "node:assert/strict";
import type { KernelCase } from "../support/kernel_vm.ts";
import { columnsOf } from "../support/tool_readme.ts";
import { OWN, tool } from "./tool_cases.ts";

/** Run of a tool with options, in addition to that of {@linkcode tool}. */
function option(
  name: string,
  options: string,
  until: string,
  more: Pick<KernelCase, "stir"> & { columns?: string },
): KernelCase {
  return { ...tool(name, until, { ...more, options }), name: `tool ${name} option ${options}` };
}

/** Runs of tools with options. */
export const OPTION_CASES: readonly KernelCase[] = [
  {
    ...option("capable", "-K -U -x -u cgroup", "chown_common", { stir: OWN }),
    check: ({ code, stdout, stderr }) => {
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      const columns = "TIME UID PID TID COMM CAP AUDIT INSETID RET";
      assert.deepEqual(columnsOf(stdout), columns.split(" "));
      // The innermost frame is the check, or its caller where a trampoline takes the check's place.
      assert.match(stdout, / chown +CAP_CHOWN +true +false +0\n +(cap|security)_capable\b/);
      // One control group: each capability once.
      const caps = [...stdout.matchAll(/ (CAP_\w+) /g)].map(([, cap]) => cap);
      assert.deepEqual(caps, [...new Set(caps)], stdout);
    },
  },
  option("mountsnoop", "-d", " MOUNT +0 .* /tmp/mounted +size=1m$", {
    columns: "TIME COMM PID TID MNT_NS CALL RET FLAGS LAT_NS TYPE SOURCE TARGET DATA",
    stir: "mkdir -p /tmp/mounted; mount -t tmpfs -o size=1m none /tmp/mounted; umount /tmp/mounted",
  }),
  option("offcputime", "--state 1 -n actor -K --interval 1s", " actor ", { stir: "/actor nap" }),
  option("runqslower", "1", "^[0-9:]+ .*us|ms ", { stir: "usleep 1000" }),
  option("syscount", "-m -L -i 1", "^[a-z_0-9]+ +[1-9][0-9]* +[0-9]+ +[0-9]+$", {
    columns: "SYSCALL COUNT ERRORS TOTAL_MS",
    stir: "cat /proc/version",
  }),
  option("profile", "-C 0 -n actor --interval 1s", " actor ", { stir: "/actor spin" }),
  option("futexctn", "-m -s --interval 1s", " [a-z0-9-]+ +0x[0-9a-f]+ +[1-9]", {
    columns: "PID COMM LOCK COUNT AVERAGE_MS MAX_MS TOTAL_MS",
    stir: "timeout -s INT 1 /wasm-bpf --timeout 100ms exitsnoop",
  }),
  option("bindsnoop", "-x", " actor .* 127.0.0.1$", { stir: "/actor connection" }),
  option("cpudist", "-T 1", "^[0-9][0-9]:[0-9][0-9]:[0-9][0-9]$", { columns: "" }),
  option("execsnoop", "--max-args 60 -t", "^[0-9]+[.][0-9]+ +ls .*/ls( x){59} [.]{3}$", {
    columns: "",
    stir: `/bin/ls${" x".repeat(60)}; true`,
  }),
  option("runqlat", "--pidnss -m 1", "^pidns = [1-9]", { columns: "" }),
  option("runqlat", "-L 1", "^tid = [1-9][0-9]* .", { columns: "" }),
  option("tcpstates", "-L 80,7777", " 127.0.0.1 +7777 ", { stir: "/actor connection" }),
  option("tcpconnlat", "0.001", "actor +4 +127.0.0.1", { stir: "/actor connection" }),
];
