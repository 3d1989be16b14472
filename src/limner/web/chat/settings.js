// How the next pictures are painted: seed, steps, how many, whether there is to be a picture at all; and how large
// they are saved.
// Knows its fields and remembers them in this browser.

import { $, button, make, memory } from "./dom.js";

const MAX_SEED = 2 ** 31;
const SIZES_PX = [256, 512, 1024, 2048];
const NUMBERS = [1, 2, 3, 4];
const ANSWERS = [
  ["auto", "Auto"],
  ["picture", "Picture"],
  ["words", "Words"],
];

const randomSeed = () => crypto.getRandomValues(new Uint32Array(1))[0] >>> 1;

export class Settings {
  constructor() {
    this.kept = { seed: null, steps: null, size: null, answer: "auto", number: 1, ...memory.get("settings", {}) };
    $("settings-open").addEventListener("click", () => this.toggle());
  }

  /** Build the fields for what the loaded model can do. */
  setLimits({ default_steps: steps, max_steps: maxSteps, image_size_px: sizePx, max_size_px: maxSizePx }) {
    this.limits = {
      steps,
      maxSteps,
      sizePx,
      sizes: [sizePx, ...SIZES_PX.filter((size) => size > sizePx && size <= (maxSizePx ?? 0))],
    };
    if (this.kept.steps > maxSteps) this.kept.steps = null;
    if (!this.limits.sizes.includes(this.kept.size)) this.kept.size = null;
    this.panel?.remove();
    this.panel = this.build();
    document.body.append(this.panel);
    this.shorten();
  }

  /** What a request needs: {steps, picture} with null for "as the server likes". */
  get value() {
    return { steps: this.kept.steps, picture: { picture: true, words: false }[this.kept.answer] ?? null };
  }

  /** The kept seed, else a new one; another version of a round always has a new one. */
  get seed() {
    return this.kept.seed ?? randomSeed();
  }

  get newSeed() {
    return randomSeed();
  }

  /** How many pictures are painted of the same words. */
  get number() {
    return NUMBERS.includes(this.kept.number) ? this.kept.number : 1;
  }

  /** How large a downloaded picture is; null as it was painted. */
  get downloadPx() {
    return this.kept.size;
  }

  keepSeed(seed) {
    this.set({ seed });
    this.seedField.value = seed ?? "";
  }

  set(change) {
    Object.assign(this.kept, change);
    memory.set("settings", this.kept);
    this.shorten();
  }

  /** The settings that differ from the usual, beside the button. */
  shorten() {
    const { seed, steps, size, answer, number } = this.kept;
    const words = [
      seed === null ? "" : `seed ${seed}`,
      steps === null ? "" : `${steps} steps`,
      number === 1 ? "" : `${number} pictures`,
      size === null ? "" : `${size} px`,
      answer === "auto" ? "" : answer === "words" ? "words only" : "always a picture",
    ]
      .filter(Boolean)
      .join(" · ");
    $("settings-short").textContent = words;
    $("settings-open").classList.toggle("set", Boolean(words));
  }

  build() {
    const panel = make(
      "div",
      { id: "settings", role: "dialog", "aria-label": "How it is painted", popover: "auto" },
      this.seedRow(),
      this.stepsRow(),
      this.numberRow(),
      this.sizeRow(),
      this.answerRow(),
      make(
        "div",
        { class: "row end" },
        make("button", { type: "button", class: "quiet", onclick: () => this.reset() }, "Reset"),
      ),
    );
    panel.addEventListener("toggle", (event) => {
      $("settings-open").setAttribute("aria-expanded", String(event.newState === "open"));
    });
    return panel;
  }

  seedRow() {
    this.seedField = make("input", {
      id: "seed",
      type: "number",
      min: 0,
      max: MAX_SEED - 1,
      step: 1,
      inputMode: "numeric",
      placeholder: "new each time",
      value: this.kept.seed ?? "",
    });
    this.seedField.addEventListener("input", () => {
      const valid = this.seedField.value !== "" && this.seedField.checkValidity();
      this.set({ seed: valid ? Number(this.seedField.value) : null });
    });
    return make(
      "div",
      { class: "row" },
      make("label", { for: "seed" }, "Seed"),
      this.seedField,
      button("close", "A new seed each time", () => {
        this.keepSeed(null);
        this.seedField.focus();
      }),
      make("p", { class: "small" }, "The same words with the same seed paint the same picture."),
    );
  }

  stepsRow() {
    const { steps, maxSteps } = this.limits;
    const told = make("output", { for: "steps" });
    const tell = () => {
      told.textContent = `${field.value}${Number(field.value) === steps ? ", as usual" : ""}`;
    };
    const field = make("input", {
      id: "steps",
      type: "range",
      min: 1,
      max: maxSteps,
      step: 1,
      value: this.kept.steps ?? steps,
    });
    field.addEventListener("input", () => {
      this.set({ steps: Number(field.value) === steps ? null : Number(field.value) });
      tell();
    });
    tell();
    return make(
      "div",
      { class: "row" },
      make("label", { for: "steps" }, "Steps"),
      field,
      told,
      make("p", { class: "small" }, "Fewer are faster, more are finer."),
    );
  }

  numberRow() {
    const options = NUMBERS.map((number) =>
      make("option", { value: String(number), selected: number === this.number }, String(number)),
    );
    const field = make("select", { id: "number" }, ...options);
    field.addEventListener("change", () => this.set({ number: Number(field.value) }));
    return make(
      "div",
      { class: "row" },
      make("label", { for: "number" }, "Pictures"),
      field,
      make("p", { class: "small" }, "Of the same words, one after the other, as versions side by side."),
    );
  }

  sizeRow() {
    const { sizes, sizePx } = this.limits;
    const field = make(
      "select",
      { id: "size" },
      ...sizes.map((size) =>
        make(
          "option",
          { value: String(size), selected: size === (this.kept.size ?? sizePx) },
          `${size} × ${size}${size === sizePx ? ", as painted" : ""}`,
        ),
      ),
    );
    field.disabled = sizes.length < 2;
    field.addEventListener("change", () =>
      this.set({ size: Number(field.value) === sizePx ? null : Number(field.value) }),
    );
    return make(
      "div",
      { class: "row" },
      make("label", { for: "size" }, "Size"),
      field,
      make("p", { class: "small" }, `In pixels, when you download. Limner paints at ${sizePx}.`),
    );
  }

  answerRow() {
    const choices = ANSWERS.map(([value, words]) => {
      const field = make("input", {
        type: "radio",
        name: "answer",
        value,
        id: `answer-${value}`,
        checked: value === this.kept.answer,
      });
      field.addEventListener("change", () => this.set({ answer: value }));
      return make("label", { for: `answer-${value}` }, field, make("span", {}, words));
    });
    return make(
      "fieldset",
      { class: "row" },
      make("legend", {}, "Answer"),
      make("div", { class: "choices" }, ...choices),
    );
  }

  reset() {
    this.set({ seed: null, steps: null, size: null, answer: "auto", number: 1 });
    this.panel.replaceChildren(...this.build().childNodes);
    this.panel.querySelector("button").focus();
  }

  toggle() {
    if (!this.panel) return;
    this.panel.togglePopover();
    if (!this.panel.matches(":popover-open")) return;
    const from = $("settings-open").getBoundingClientRect();
    const width = this.panel.offsetWidth;
    this.panel.style.left = `${Math.max(8, Math.min(from.left, innerWidth - width - 8))}px`;
    this.panel.style.bottom = `${innerHeight - from.top + 8}px`;
    this.seedField.focus();
  }
}
