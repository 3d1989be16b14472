// A dialog to mark a part of a picture and to say what changes there.
// The part is painted over with a pointer, or a frame is moved with the arrow keys; what counts is the box around it.

import { dialog } from "./dialogs.js";
import { make, vector } from "./dom.js";
import { picture } from "./pictures.js";

const BRUSH = 0.06; // of the picture's side
const LEAST = 0.05; // a side of the box
const STEP = 0.05; // of an arrow key
const START = [0.3, 0.3, 0.7, 0.7]; // where a frame is put that is moved by keys

const within = (value) => Math.min(1, Math.max(0, value));
const rounded = (box) => box.map((side) => Math.round(side * 1000) / 1000);

/** The box around painted points; each point is as wide as the brush. */
export function boxAround(points) {
  const sides = [0, 1].map((axis) => points.map((point) => point[axis]));
  const [[x0, x1], [y0, y1]] = sides.map((side) => [
    within(Math.min(...side) - BRUSH / 2),
    within(Math.max(...side) + BRUSH / 2),
  ]);
  return rounded([x0, y0, x1, y1]);
}

/** A box after an arrow key: moved, or with `grows` larger and smaller at its lower right corner. */
export function boxAfterKey(box, key, grows) {
  const dx = { ArrowLeft: -STEP, ArrowRight: STEP }[key] ?? 0;
  const dy = { ArrowUp: -STEP, ArrowDown: STEP }[key] ?? 0;
  const [x0, y0, x1, y1] = box;
  if (grows) return rounded([x0, y0, Math.min(1, Math.max(x0 + LEAST, x1 + dx)), Math.min(1, Math.max(y0 + LEAST, y1 + dy))]);
  const [mx, my] = [Math.min(1 - x1, Math.max(-x0, dx)), Math.min(1 - y1, Math.max(-y0, dy))];
  return rounded([x0 + mx, y0 + my, x1 + mx, y1 + my]);
}

/** Ask; {text, region}, or null when it was closed. `told` says what becomes of the region, `before` is what was
 * said already. */
export function askRegion(round, told, before = { text: "", region: null }) {
  return new Promise((resolve) => {
    let answer = null;
    let points = [];
    let box = before.region;
    const strokes = vector("g", { class: "strokes" });
    const frame = vector("rect", { class: "part" });
    const drawn = vector("svg", { viewBox: "0 0 1 1", "aria-hidden": "true" }, strokes, frame);
    const where = make("p", { class: "small", role: "status" });
    const stage = make(
      "div",
      {
        class: "canvas",
        role: "application",
        tabIndex: 0,
        "aria-label": "The part that changes. Arrow keys move it, with Shift they change its size.",
      },
      picture(round.picture, ""),
      drawn,
    );
    const field = make("textarea", {
      id: "region-words",
      rows: 2,
      value: before.text,
      maxLength: 4000,
      placeholder: "Make her hair white.",
    });
    const paint = make("button", { type: "submit", class: "strong" }, "Paint");
    const show = () => {
      paint.disabled = !box || !field.value.trim();
      frame.toggleAttribute("hidden", !box);
      if (!box) {
        where.textContent = "Paint over the part that is to change.";
        return;
      }
      const [x0, y0, x1, y1] = box;
      const sides = { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
      for (const [name, value] of Object.entries(sides)) frame.setAttribute(name, value);
      const percent = (side) => Math.round(100 * side);
      where.textContent = `Marked: ${percent(x0)} to ${percent(x1)} % across, ${percent(y0)} to ${percent(y1)} % down.`;
    };
    const clear = () => {
      points = [];
      box = null;
      strokes.replaceChildren();
      show();
    };
    let line = null;
    const add = (event) => {
      const at = stage.getBoundingClientRect();
      const point = [within((event.clientX - at.left) / at.width), within((event.clientY - at.top) / at.height)];
      points.push(point);
      line.setAttribute("points", `${line.getAttribute("points")} ${point.join(",")}`);
      box = boxAround(points);
      show();
    };
    stage.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      stage.setPointerCapture(event.pointerId);
      if (!points.length) strokes.replaceChildren();
      line = vector("polyline", { points: "", "stroke-width": BRUSH });
      strokes.append(line);
      add(event);
      add(event); // a line of one point is not drawn
    });
    stage.addEventListener("pointermove", (event) => {
      if (line) add(event);
    });
    for (const kind of ["pointerup", "pointercancel"])
      stage.addEventListener(kind, () => {
        line = null;
      });
    stage.addEventListener("keydown", (event) => {
      if (!event.key.startsWith("Arrow")) return;
      event.preventDefault();
      points = [];
      strokes.replaceChildren();
      box = box ? boxAfterKey(box, event.key, event.shiftKey) : START;
      show();
    });
    field.addEventListener("input", show);
    const form = make(
      "form",
      {},
      stage,
      where,
      make("label", { for: "region-words" }, "What changes there?"),
      field,
      told ? make("p", { class: "small" }, told) : null,
      make(
        "div",
        { class: "row end" },
        make("button", { type: "button", class: "quiet", onclick: clear }, "Clear"),
        paint,
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (paint.disabled) return;
      answer = { text: field.value.trim(), region: box };
      element.close();
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      form.requestSubmit();
    });
    const element = dialog("Change a part of the picture", "region", form);
    element.addEventListener("close", () => resolve(answer));
    show();
    stage.focus();
  });
}
