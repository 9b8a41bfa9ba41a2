/** Manual pages in roff (man(7)), from the same tables as help. */
import { type HelpPage, shownOptions } from "./help_text.ts";

/**
 * Renders a manual page of section 1.
 *
 * @param name such as `wasm-bpf` or `wasm-bpf-pull`
 * @param summary a few words, lower-case
 * @param version of wasm-bpf
 */
export function renderManual(
  name: string,
  summary: string,
  page: HelpPage,
  version: string,
): string {
  const options = shownOptions(page).flatMap(
    ([option, { short, argument, optional, help = "" }]) => {
      const forms = short === undefined ? [`--${option}`] : [`-${short}`, `--${option}`];
      const value = argument === undefined
        ? ""
        : optional
        ? `[=\\fI${escape(argument)}\\fR]`
        : ` \\fI${escape(argument)}\\fR`;
      return [
        ".TP",
        `${forms.map((form) => `\\fB${escape(form)}\\fR`).join(", ")}${value}`,
        line(help),
      ];
    },
  );
  return [
    `.TH ${escape(name).toUpperCase()} 1 "" "wasm\\-bpf ${escape(version)}"`,
    ".SH NAME",
    `${escape(name)} \\- ${escape(summary)}`,
    ".SH SYNOPSIS",
    ...page.usage.flatMap((usage, i) => [...(i === 0 ? [] : [".br"]), line(`wasm-bpf ${usage}`)]),
    ".SH DESCRIPTION",
    line(page.about),
    ...Object.entries(page.arguments ?? {}).flatMap(([argument, text]) => [
      ".TP",
      `\\fI${escape(argument)}\\fR`,
      line(text),
    ]),
    ".SH OPTIONS",
    ...options,
    ...(page.notes === undefined ? [] : [".SH NOTES"]),
    ...(page.notes ?? []).flatMap((note, i) => [...(i === 0 ? [] : [".PP"]), line(note)]),
    "",
  ].join("\n");
}

/** Escapes text; characters beyond ASCII by their number, since roff reads bytes. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("…", "...").replaceAll(
    /[^\n -~]/gu,
    (character) => `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`,
  );
}

/** Escapes a line of text; a period or an apostrophe at its start would be a request. */
function line(text: string): string {
  return escape(text).replace(/^[.']/, "\\&$&");
}
