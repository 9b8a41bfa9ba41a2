/// <reference lib="dom" />
/** Elements; text is only ever set as text. */

/** Creates an element with a class and text. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  { text, kind }: { text?: string; kind?: string } = {},
  ...children: Node[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind !== undefined) made.className = kind;
  made.append(...children);
  return made;
}

/** Returns the element of the page with an id. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no element ${id}`);
  return found;
}

/** Returns a colour of the theme. */
export function color(name: string): string {
  const probe = element("span");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** Calls a function with the width of an element, now and whenever it changes. */
export function onWidth(target: HTMLElement, call: (width: number) => void): void {
  new ResizeObserver(() => {
    if (target.clientWidth > 0) call(target.clientWidth);
  }).observe(target);
}
