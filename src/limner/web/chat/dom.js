// Elements and icons, made by hand. Words only ever become text nodes; nothing here reads markup.

export const $ = (id) => document.getElementById(id);

const SVG = "http://www.w3.org/2000/svg";

/** Strokes of the icons on a grid of 24. */
const ICONS = {
  add: "M12 5v14M5 12h14",
  again: "M4 12a8 8 0 0 1 13.7-5.6L20 8.5M20 4v4.5h-4.5M20 12a8 8 0 0 1-13.7 5.6L4 15.5M4 20v-4.5h4.5",
  back: "M15 5l-7 7 7 7",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
  compare: "M12 4v16M4 6h8v12H4zM12 6h8v12h-8",
  down: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
  edit: "M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19zM13.5 7l3.5 3.5",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01",
  keys: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M18 10h.01M7 14h10",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  next: "M9 5l7 7-7 7",
  reply: "M10 6L4 12l6 6M4 12h9a7 7 0 0 1 7 7",
  onward: "M5 5v6a4 4 0 0 0 4 4h10M14.5 10.5L19 15l-4.5 4.5",
  panel: "M4 5h16v14H4zM14.5 5v14",
  region: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M9 9h6v6H9z",
  send: "M12 19V6M6 11.5L12 5.5l6 6",
  sidebar: "M4 5h16v14H4zM9.5 5v14",
  sliders: "M4 8h9M17 8h3M4 16h3M11 16h9M13 8a2 2 0 1 0 4 0 2 2 0 0 0-4 0M7 16a2 2 0 1 0 4 0 2 2 0 0 0-4 0",
  star: "M12 3.8l2.5 5.2 5.7.8-4.1 4 1 5.6-5.1-2.7-5.1 2.7 1-5.6-4.1-4 5.7-.8z",
  stop: "M8 8h8v8H8z",
  theme: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  up: "M12 20V9M7 13.5l5-5 5 5M5 4h14",
};

/** An element. Strings become attributes, functions listeners (`onclick`), other values properties. */
export function make(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name === "class") element.className = value;
    else if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean" && name.startsWith("aria-"))
      element.setAttribute(name, String(value));
    else if (name === "value")
      element.value = value; // of a textarea it is no attribute
    else if (typeof value === "string" || name.includes("-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Let `place` hold these elements, in this order. What is there already is not touched: taken out for a moment, it
 * would lose a press that has begun. */
export function showExactly(place, ...elements) {
  for (const child of [...place.children]) if (!elements.includes(child)) child.remove();
  elements.forEach((element, index) => {
    const there = place.children[index] ?? null;
    if (there !== element) place.insertBefore(element, there);
  });
}

/** A vector element: every value becomes an attribute. */
export function vector(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

export function icon(name) {
  return vector(
    "svg",
    { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" },
    vector("path", { d: ICONS[name] }),
  );
}

/** A button with an icon; `words` is seen when `seen`, and always heard. `key` says which shortcut presses it. */
export function button(name, words, onclick, { seen = false, key = "", ...props } = {}) {
  const tip = key ? `${words} (${key})` : words;
  const label = seen ? [make("span", {}, words)] : [];
  return make(
    "button",
    {
      type: "button",
      class: seen ? "quiet" : "quiet bare",
      onclick,
      title: seen && !key ? null : tip,
      "aria-label": seen ? null : words,
      ...props,
    },
    ...(name ? [icon(name)] : []),
    ...label,
  );
}

/** Put the icons where the page's markup names them: `data-icon`. */
export function placeIcons(root = document) {
  for (const place of root.querySelectorAll("[data-icon]")) place.prepend(icon(place.dataset.icon));
}

/** Tell a screen reader, once. */
export function announce(words) {
  $("live").textContent = "";
  setTimeout(() => {
    $("live").textContent = words;
  }, 30); // emptied first, so that equal words are told again
}

/** What this browser remembers; storage that is off forgets. `set` says whether it is kept. */
export const memory = {
  get(name, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(`limner-${name}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  set(name, value) {
    try {
      if (value === null) localStorage.removeItem(`limner-${name}`);
      else localStorage.setItem(`limner-${name}`, JSON.stringify(value));
      return true;
    } catch {
      return false; // off, or full: kept as long as this page
    }
  },
};
