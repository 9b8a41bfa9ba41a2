/**
 * Functions that the guest imports as module `chart`. They run in the guest's worker, which loads
 * this file; its URL carries settings, such as `?width=60`.
 */
import type { HostModules } from "../../runtime/mod.ts";
import { Chart } from "./chart.ts";

const HEIGHT = 3;
const DEFAULT_WIDTH = 80;

/** Escape sequences: moves the cursor up some lines, and clears the rest of each line. */
const up = (lines: number) => lines === 0 ? "" : `\x1b[${lines}A`;
const CLEAR_LINE = "\x1b[K";

const isTerminal = Deno.stdout.isTerminal();
const width = Number(new URL(import.meta.url).searchParams.get("width")) ||
  (isTerminal && Deno.consoleSize().columns) || DEFAULT_WIDTH;
const chart = new Chart({ width, height: HEIGHT });
const encoder = new TextEncoder();
const decoder = new TextDecoder();
let drawn = 0;

/** Prints over the last chart in a terminal, and below it elsewhere. */
function print(lines: readonly string[]): void {
  const text = isTerminal
    ? up(drawn) + lines.map((line) => `${line}${CLEAR_LINE}\n`).join("")
    : `${lines.join("\n")}\n\n`;
  drawn = lines.length;
  let bytes = encoder.encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

export default {
  chart: {
    // void value(const char *series, size_t size, double value)
    value: (memory, series: number, size: number, value: number) => {
      chart.add(decoder.decode(memory.bytes(series, size)), value);
    },
    // void frame(void)
    frame: () => print(chart.draw()),
  },
} satisfies HostModules;
