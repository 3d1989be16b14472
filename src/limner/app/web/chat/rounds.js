// One round as elements: what was said, what was painted, what can be done with it; and the round being painted.
// Knows how a round looks. What its buttons do is the business of `acts`.

import { button, icon, make } from "./dom.js";
import { picture } from "./pictures.js";
import { shortened } from "./words.js";

const act = (name, element) => {
  element.dataset.act = name;
  return element;
};

/** What was said: words, and pictures that were given (as image elements). */
function said(text, images) {
  const bubble = make("div", { class: "said" }, make("p", {}, text));
  if (images.length) bubble.append(make("div", { class: "said-pictures" }, ...images));
  return bubble;
}

/** The painted picture in its frame; pressing it shows it large. */
export function framed(round, sizePx, acts) {
  const image = picture(round.picture, `Painted for: ${shortened(round.text_in, 160)}`, {
    width: sizePx,
    height: sizePx,
  });
  return act(
    "enlarge",
    make(
      "button",
      { type: "button", class: "frame", title: "See it large", onclick: () => acts.enlarge(round.id) },
      image,
    ),
  );
}

/** The form that replaces the bubble while its words are edited. */
function editor(round, acts) {
  const field = make("textarea", { "aria-label": "Say it differently", rows: 3, value: round.text_in });
  const form = make(
    "form",
    { class: "said editing" },
    field,
    make(
      "div",
      { class: "editing-tools" },
      make("button", { type: "button", class: "quiet", onclick: () => acts.edit(null) }, "Cancel"),
      make("button", { type: "submit", class: "strong" }, "Paint this"),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value.trim()) acts.sayInstead(round, field.value.trim());
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      acts.edit(null);
    }
  });
  setTimeout(() => {
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  });
  return form;
}

function versions(round, { version, numVersions }, acts) {
  const turn = (by, name, words) =>
    act(
      `version${by}`,
      button(name, words, () => acts.turn(round, by), {
        key: by < 0 ? "←" : "→",
        disabled: version + by < 0 || version + by >= numVersions,
      }),
    );
  return make(
    "div",
    { class: "versions", role: "group", "aria-label": `Version ${version + 1} of ${numVersions}` },
    turn(-1, "back", "The version before"),
    make("span", {}, `${version + 1} / ${numVersions}`),
    turn(1, "next", "The next version"),
  );
}

function facts(round, acts) {
  const seconds = round.seconds >= 10 ? round.seconds.toFixed(0) : round.seconds.toFixed(1);
  return make(
    "p",
    { class: "facts" },
    act(
      "seed",
      make(
        "button",
        {
          type: "button",
          class: "fact",
          title: "Keep this seed for the next pictures",
          onclick: () => acts.keepSeed(round.seed),
        },
        `seed ${round.seed}`,
      ),
    ),
    make("span", {}, `${seconds} s`),
  );
}

/** A round that is there. `view`: {index, version, numVersions, isLast, editing, numPictures, figure}. */
export function roundElement(round, view, acts) {
  const images = round.pictures_in.map((address) => picture(address, "A picture that was given"));
  const tools = make("div", { class: "tools" });
  if (view.numVersions > 1) tools.append(versions(round, view, acts));
  tools.append(
    act(
      "again",
      button("again", "Paint again", () => acts.again(round), { key: "R" }),
    ),
  );
  if (round.picture) {
    tools.append(
      act(
        "download",
        button("down", "Download", () => acts.download(round), { key: "D" }),
      ),
    );
    if (view.numPictures > 1)
      tools.append(
        act(
          "compare",
          button("compare", "Compare", () => acts.compare(round.id), { key: "C" }),
        ),
      );
  }
  if (!view.isLast)
    tools.append(
      act(
        "onward",
        button("onward", "Go on from here", () => acts.goOn(round.id), { seen: true }),
      ),
    );
  tools.append(facts(round, acts));
  const above = view.editing ? editor(round, acts) : said(round.text_in, images);
  const edit = view.editing
    ? null
    : act(
        "edit",
        button("edit", "Edit what was said", () => acts.edit(round.id), {
          key: "E",
          class: "quiet bare edit",
        }),
      );
  const answer = make(
    "div",
    { class: "answer" },
    round.text_out ? make("p", { class: "words" }, round.text_out) : null,
    view.figure,
    round.picture || round.text_out ? null : make("p", { class: "words none" }, "Limner gave no answer."),
    tools,
  );
  const element = make(
    "section",
    { class: "round", "aria-label": `Round ${view.index + 1}`, tabIndex: -1 },
    make("div", { class: "you" }, edit, above),
    answer,
  );
  element.dataset.round = round.id;
  element.dataset.index = view.index;
  return element;
}

/** The round that is being painted, stopped or failed; `asked` is its state, `show()` puts it on the page. */
export class PaintingElement {
  constructor(asked, sizePx, acts) {
    this.words = make("p", { class: "words" });
    this.frame = make("div", { class: "frame wash" });
    this.frame.style.setProperty("--size", `${sizePx}px`);
    this.status = make("p", { class: "status" });
    this.tools = make("div", { class: "tools" });
    this.acts = acts;
    const images = asked.pictures.map((one) => picture(one.url, "A picture that was given"));
    this.element = make(
      "section",
      { class: "round painting", "aria-label": "The round being painted", "aria-busy": true, tabIndex: -1 },
      make("div", { class: "you" }, said(asked.text, images)),
      make("div", { class: "answer" }, this.words, this.frame, this.status, this.tools),
    );
    this.show(asked);
  }

  show(asked) {
    const running = asked.trouble === null;
    this.element.setAttribute("aria-busy", String(running));
    this.words.textContent = asked.words.trim();
    this.words.hidden = !asked.words.trim();
    this.frame.hidden = !(asked.painting || asked.preview) || (!running && !asked.preview);
    this.frame.classList.toggle("wash", running);
    if (asked.preview && this.shown !== asked.preview) this.lay(asked.preview);
    const soft = running || asked.trouble.kind === "stopped";
    this.status.className = soft ? "status" : "status wrong";
    this.status.replaceChildren(
      ...(running
        ? [
            make("span", { class: "dots", "aria-hidden": "true" }, make("i"), make("i"), make("i")),
            asked.waiting || (asked.painting ? "Painting" : "Reading what you said"),
          ]
        : [asked.trouble.message]),
    );
    if (this.offered !== asked.trouble) this.offer(asked);
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

  offer(asked) {
    this.offered = asked.trouble;
    this.tools.replaceChildren();
    if (asked.trouble === null) return;
    const again = asked.trouble.kind === "stopped" ? "Paint after all" : "Try again";
    const offers = [
      ["retry", "again", again, () => this.acts.retry()],
      ["change", "edit", "Change the words", () => this.acts.takeBack()],
    ];
    if (["refused", "big"].includes(asked.trouble.kind)) offers.reverse(); // the same again would fail again
    this.tools.append(
      ...offers.map(([name, drawn, words, onclick], index) =>
        act(
          name,
          make(
            "button",
            { type: "button", class: index ? "quiet" : "strong small-button", onclick },
            icon(drawn),
            words,
          ),
        ),
      ),
    );
  }
}
