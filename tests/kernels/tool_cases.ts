/** Tools of the box: each is stirred, and must show it. */
import assert from "node:assert/strict";
import { ACTOR } from "../support/actor.ts";
import { fromFileUrl } from "../support/paths.ts";
import type { KernelCase } from "../support/kernel_vm.ts";

/** Run of a tool that must print a line, until it is interrupted; without a warning. */
function tool(
  name: string,
  until: string,
  more: Pick<KernelCase, "stir"> & { options?: string },
): KernelCase {
  const { options = "", ...rest } = more;
  const columns = shownColumns(name);
  return {
    name: `tool ${name}`,
    run: `${name} ${options}`.trimEnd(),
    files: [ACTOR],
    until,
    ...rest,
    check: ({ code, stdout, stderr }) => {
      if (columns !== undefined) {
        assert.deepEqual(columnsOf(stdout), columns, stderr);
      }
      assert.match(stdout, new RegExp(until, "m"), stderr);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    },
  };
}

/** Returns the columns that the output of a tool's README has; undefined if it has no README. */
function shownColumns(name: string): string[] | undefined {
  const path = fromFileUrl(`../../tools/${name}/README.md`);
  try {
    const blocks = [...Deno.readTextFileSync(path).matchAll(/^```\w*\n([^]*?)^```$/gm)];
    return columnsOf(blocks.at(-1)?.[1] ?? "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function columnsOf(output: string): string[] {
  return (output.split("\n")[0] ?? "").trim().split(/ +/);
}

/** Runs of the tools. */
export const TOOL_CASES: readonly KernelCase[] = [
  tool("execsnoop", "ls +[0-9]+ +[0-9]+ +0 .*ls /$", { stir: "/bin/ls /" }),
  tool("opensnoop", "cat +[0-9]+ .*/proc/version$", { stir: "cat /proc/version" }),
  tool("tcpconnlat", "actor +4 +127.0.0.1", { stir: "/actor connection" }),
  tool("tcpstates", "actor .*127.0.0.1", { stir: "/actor connection" }),
  tool("exitsnoop", " sh .* 3 +0 ", {
    stir: 'sh -c "exit 3"',
    options: "--failed",
  }),
  tool("sigsnoop", "sh +SIGTERM +[0-9]+ sh +DELIVERED", {
    stir: "sh -c 'kill -TERM $$'",
    options: "--signal 15",
  }),
  tool("mountsnoop", "UMOUNT +[^ ]+ .* /tmp/mounted$", {
    stir: "mkdir -p /tmp/mounted; mount -t tmpfs none /tmp/mounted; umount /tmp/mounted",
  }),
  tool("bindsnoop", "actor .* 127.0.0.1$", {
    stir: "/actor connection",
  }),
  tool("fsyncsnoop", " FSYNC +1 ", {
    stir: "dd if=/dev/zero of=/tmp/written bs=1k count=1 conv=fsync",
  }),
  tool("capable", " chown .* CAP_CHOWN ", {
    stir: "touch /tmp/owned; chown 1 /tmp/owned; rm /tmp/owned",
  }),
  tool("tcplife", " actor .* 127.0.0.1 ", {
    stir: "/actor connection",
  }),
  tool("syscount", "^openat +[1-9]", { stir: "cat /proc/version", options: "--interval 2s" }),
  tool("vfsstat", "^MKDIR +[1-9]", {
    stir: "mkdir /tmp/made; rmdir /tmp/made",
    options: "--interval 2s",
  }),
];
