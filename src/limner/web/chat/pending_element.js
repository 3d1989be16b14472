// What was said and is not painted yet, as an element: being painted, waiting its turn, stopped or failed.
// Knows how it looks, and which offers help against which trouble. What they do is the business of `actions`.

import { icon, make } from "./dom.js";
import { picture } from "./pictures.js";
import { act, said } from "./rounds.js";

const RETRY = ["retry", "again", "Try again"];
const CHANGE = ["change", "edit", "Change the words"];
const PUT_AWAY = ["putAway", "close", "Put away"];

/** Offers, the best first: the same again only where it can go better. */
const OFFERS = {
  stopped: [["retry", "again", "Paint after all"], CHANGE, PUT_AWAY],
  refused: [CHANGE, PUT_AWAY],
  big: [CHANGE, PUT_AWAY],
  gone: [["retry", "add", "Begin a new conversation with it"], CHANGE, PUT_AWAY],
  moved: [
    ["retry", "onward", "Say it after the newest round"],
    ["branch", "compare", "Make a second branch"],
    CHANGE,
    PUT_AWAY,
  ],
};

export class PendingElement {
  /** `one` is its state; `show()` puts it on the page. */
  constructor(one, sizePx, actions) {
    this.one = one;
    this.actions = actions;
    this.words = make("p", { class: "words" });
    this.frame = make("div", { class: "frame wash" });
    this.frame.style.setProperty("--size", `${sizePx}px`);
    this.status = make("p", { class: "status" });
    this.tools = make("div", { class: "tools" });
    const images = one.pictures.map((given) => picture(given.url, "A picture that was given"));
    this.element = make(
      "section",
      { class: "round painting", "aria-label": "The round being painted", "aria-busy": true, tabIndex: -1 },
      make("div", { class: "you" }, said(one.text, images, one.region)),
      make("div", { class: "answer" }, this.words, this.frame, this.status, this.tools),
    );
  }

  /** `before` are those that come first. */
  show(one, before) {
    const running = one.trouble === null && !one.queued;
    this.element.setAttribute("aria-busy", String(running));
    this.element.classList.toggle("queued", one.queued);
    this.words.textContent = one.words.trim();
    this.words.hidden = !one.words.trim();
    this.frame.hidden = one.queued || !(one.painting || one.preview) || (!running && !one.preview);
    this.frame.classList.toggle("wash", running);
    if (one.preview && this.shown !== one.preview) this.lay(one.preview);
    const soft = one.trouble === null || one.trouble.kind === "stopped";
    this.status.className = soft ? "status" : "status wrong";
    const dots = () => make("span", { class: "dots", "aria-hidden": "true" }, make("i"), make("i"), make("i"));
    const words = told(one, before);
    if (this.said !== words + running) this.status.replaceChildren(...(running ? [dots(), words] : [words]));
    this.said = words + running;
    this.offer(one);
  }

  /** Lay a preview over the one before. */
  lay(preview) {
    this.shown = preview;
    const image = make("img", { src: preview, alt: "" });
    image.addEventListener("animationend", () => {
      while (this.frame.firstElementChild !== image && this.frame.children.length > 1)
        this.frame.firstElementChild.remove();
    });
    this.frame.append(image);
  }

  offer(one) {
    const offers = offersFor(one);
    const names = offers.map(([name, , words]) => `${name} ${words}`).join();
    if (this.offered === names) return;
    this.offered = names;
    this.tools.replaceChildren(
      ...offers.map(([name, drawn, words], index) =>
        act(
          name,
          make(
            "button",
            {
              type: "button",
              class: index || one.queued ? "quiet" : "strong small-button",
              onclick: () => this.actions[name](one),
            },
            icon(drawn),
            words,
          ),
        ),
      ),
    );
  }
}

function offersFor(one) {
  if (one.queued) return [CHANGE, PUT_AWAY];
  if (one.trouble) return OFFERS[one.trouble.kind] ?? [RETRY, CHANGE, PUT_AWAY];
  return one.waiting ? [["hurry", "again", "Try again"]] : [];
}

function told(one, before) {
  if (one.trouble) return one.trouble.message;
  const of = one.part ? `Picture ${one.part[0]} of ${one.part[1]}: ` : "";
  if (one.queued)
    return before.some((other) => other.trouble)
      ? "Waits until what is above is painted or put away"
      : `${of}Will be painted next`;
  return one.waiting || (one.painting ? `${of}Painting` : `${of}Reading what you said`);
}
