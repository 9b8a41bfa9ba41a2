/** Size of the terminal on standard output. */

let lastSize = { columns: 80, rows: 24 };

/** Returns the terminal's size; the last one known where it cannot be read. */
export function consoleSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    if (columns > 0 && rows > 0) lastSize = { columns, rows };
  } catch {
    // Terminals without a size.
  }
  return lastSize;
}
