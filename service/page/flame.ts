/// <reference lib="dom" />
/** Flame graph of stacks: the outermost function below, wider for more. */
import { element, onWidth } from "./dom.ts";
import type { Message, Row } from "./feed.ts";
import { textOf, valueOf } from "./rows.ts";

/** Stack with the times that it was seen; frames from the outermost. */
export interface Stack {
  readonly frames: readonly string[];
  readonly count: number;
}

/** Function in the graph. */
export interface Frame {
  readonly name: string;
  count: number;
  readonly inner: Map<string, Frame>;
}

const HEIGHT = 18;
const MIN_WIDTH = 2;
const MAX_FRAMES = 3000;
const MAX_DEPTH = 160;

/** Joins stacks that begin alike. */
export function joined(stacks: readonly Stack[]): Frame {
  const root: Frame = { name: "all", count: 0, inner: new Map() };
  for (const { frames, count } of stacks) {
    root.count += count;
    let frame = root;
    for (const name of frames.slice(0, MAX_DEPTH)) {
      let next = frame.inner.get(name);
      if (next === undefined) {
        next = { name, count: 0, inner: new Map() };
        frame.inner.set(name, next);
      }
      next.count += count;
      frame = next;
    }
  }
  return root;
}

/** Graph; a click on a function shows it over the whole width. */
export class FlameGraph {
  readonly root = element("div", { kind: "card" });
  readonly #box = element("div", { kind: "flame" });
  /** Deep stacks are scrolled, and begin at the outermost function. */
  readonly #scroll = element("div", { kind: "flame-scroll" }, this.#box);
  #stacks: readonly Stack[] = [];
  #zoom: readonly string[] = [];

  constructor(title: string) {
    this.root.append(element("h2", { text: title }), this.#scroll);
    onWidth(this.#box, () => this.draw());
  }

  set(stacks: readonly Stack[]): void {
    this.#stacks = stacks;
  }

  draw(): void {
    const width = this.#box.clientWidth;
    if (width === 0) return;
    let top = joined(this.#stacks);
    const path: Frame[] = [top];
    for (const name of this.#zoom) {
      const next = top.inner.get(name);
      if (next === undefined) break;
      top = next;
      path.push(next);
    }
    const boxes: HTMLElement[] = [];
    path.forEach((frame, depth) => {
      boxes.push(this.#frame(frame, { left: 0, width, depth, way: this.#zoom.slice(0, depth) }));
    });
    let deepest = path.length - 1;
    const walk = (frame: Frame, left: number, depth: number, way: readonly string[]) => {
      let at = left;
      const inner = [...frame.inner.values()].sort((a, b) => a.name < b.name ? -1 : 1);
      for (const each of inner) {
        const wide = each.count / Math.max(1, top.count) * width;
        if (wide >= MIN_WIDTH && boxes.length < MAX_FRAMES) {
          deepest = Math.max(deepest, depth);
          const under = [...way, each.name];
          boxes.push(this.#frame(each, { left: at, width: wide, depth, way: under }));
          walk(each, at, depth + 1, under);
        }
        at += wide;
      }
    };
    walk(top, 0, path.length, this.#zoom.slice(0, path.length - 1));
    const height = (deepest + 1) * HEIGHT;
    for (const box of boxes) {
      box.style.top = `${height - HEIGHT * (Number(box.dataset["depth"]) + 1)}px`;
    }
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    const below = scrollHeight - scrollTop - clientHeight;
    this.#box.style.height = `${height}px`;
    this.#box.replaceChildren(...boxes);
    // The frames that are seen stay where they are while the graph grows above them.
    this.#scroll.scrollTop = this.#scroll.scrollHeight - this.#scroll.clientHeight - below;
  }

  #frame(
    { name, count }: Frame,
    { left, width, depth, way }: {
      left: number;
      width: number;
      depth: number;
      way: readonly string[];
    },
  ): HTMLElement {
    const box = element("div", { text: width > 20 ? name : "" });
    box.title = `${name}: ${count}`;
    box.dataset["depth"] = `${depth}`;
    box.style.left = `${left}px`;
    box.style.width = `${width}px`;
    box.style.background = `hsl(${hue(name)} 75% 68%)`;
    box.addEventListener("click", () => {
      this.#zoom = way;
      this.draw();
    });
    return box;
  }
}

/** Returns the colour of a function, between red and yellow; equal for equal names. */
function hue(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 1009;
  return hash % 50;
}

/** Returns a row with stacks as one stack: the task, then user and kernel frames from the outermost. */
export function stackOf(row: Row, opened: Extract<Message, { t: "open" }> | undefined): Stack {
  const fields = opened?.fields ?? [];
  const framesOf = (format: string) =>
    fields.filter((field) => field.format === format).flatMap(({ path }) =>
      framesIn(valueOf(row, path))
    );
  const comm = fields.find(({ name }) => name === "comm" || name.endsWith(".comm"));
  const weight = fields.find(({ name }) => name === opened?.weight);
  const count = weight === undefined ? 1 : Number(valueOf(row, weight.path));
  const title = comm === undefined ? [] : [textOf(valueOf(row, comm.path))];
  return {
    frames: [...title, ...framesOf("ustack"), ...framesOf("kstack")],
    count: Number.isFinite(count) ? count : 1,
  };
}

/**
 * Returns the functions of one stack. Records have them as a text, innermost first, with a semicolon
 * between two; a number is the id of a stack that is gone, or an error.
 */
function framesIn(value: unknown): string[] {
  if (typeof value === "number" || typeof value === "bigint") return ["[no stack]"];
  if (typeof value !== "string" || value === "") return [];
  return value.split(";").reverse().map((frame) =>
    frame.startsWith("0x") ? frame : frame.replace(/\+0x[0-9a-f]+(?=\]?$)/, "")
  );
}
