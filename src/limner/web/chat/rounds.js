// One round as elements: what was said, what was painted, what can be done with it.
// Knows how a round looks. What its buttons do is the business of `actions`.

import { button, make, vector } from "./dom.js";
import { picture } from "./pictures.js";
import { counted, shortened } from "./words.js";

/** An element by whose name tests and the focus find it again. */
export const act = (name, element) => {
  element.dataset.act = name;
  return element;
};

/** Where in a picture a region lies, small. */
function regionMark([x0, y0, x1, y1]) {
  const percent = (side) => Math.round(100 * side);
  const words =
    `About a part of the picture: ${percent(x0)} to ${percent(x1)} % across, ` +
    `${percent(y0)} to ${percent(y1)} % down`;
  const box = { x: 24 * x0, y: 24 * y0, width: 24 * (x1 - x0), height: 24 * (y1 - y0), class: "part" };
  return vector(
    "svg",
    { viewBox: "0 0 24 24", class: "region-mark", role: "img", "aria-label": words },
    vector("title", {}, words),
    vector("rect", { x: 0.5, y: 0.5, width: 23, height: 23, rx: 2 }),
    vector("rect", box),
  );
}

/** What was said: words, pictures that were given (as image elements), and the part of a picture it is about. */
export function said(text, images, region = null) {
  const bubble = make("div", { class: "said" }, make("p", {}, text));
  if (region) bubble.prepend(regionMark(region));
  if (images.length) bubble.append(make("div", { class: "said-pictures" }, ...images));
  return bubble;
}

/** The painted picture in its frame; pressing it shows it large. */
export function framed(round, sizePx, actions) {
  const image = picture(round.picture, `Painted for: ${shortened(round.text_in, 160)}`, {
    width: sizePx,
    height: sizePx,
  });
  return act(
    "enlarge",
    make(
      "button",
      { type: "button", class: "frame", title: "See it large", onclick: () => actions.enlarge(round.id) },
      image,
    ),
  );
}

/** The form that replaces the bubble while its words are edited. */
function editor(round, actions) {
  const field = make("textarea", { "aria-label": "Say it differently", rows: 3, value: round.text_in });
  const form = make(
    "form",
    { class: "said editing" },
    field,
    make(
      "div",
      { class: "editing-tools" },
      make("button", { type: "button", class: "quiet", onclick: () => actions.edit(null) }, "Cancel"),
      make("button", { type: "submit", class: "strong" }, "Paint this"),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value.trim()) actions.sayInstead(round, field.value.trim());
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      actions.edit(null);
    }
  });
  setTimeout(() => {
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  });
  return form;
}

function versions(round, { version, numVersions }, actions) {
  const turn = (by, name, words) =>
    act(
      `version${by}`,
      button(name, words, () => actions.turn(round, by), {
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

function facts(round, actions) {
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
          onclick: () => actions.keepSeed(round.seed),
        },
        `seed ${round.seed}`,
      ),
    ),
    round.steps ? make("span", {}, counted(round.steps, "step")) : null,
    make("span", {}, `${seconds} s`),
  );
}

/** A star that is pressed while the picture is a favourite. */
export function likeButton(round, actions) {
  return button("star", "Favourite", () => actions.like(round), {
    key: "F",
    class: round.favourite ? "quiet bare star on" : "quiet bare star",
    "aria-pressed": Boolean(round.favourite),
  });
}

const NOT_READ =
  "Limner no longer reads this round: the conversation is longer than what it can hold in mind at once.";

/** A round that is there. `view`: {index, version, numVersions, isLast, isRead, editing, numPictures, isFavourite, figure}. */
export function roundElement(round, view, actions) {
  const images = round.pictures_in.map((address) => picture(address, "A picture that was given"));
  const tools = make("div", { class: "tools" });
  if (view.numVersions > 1) tools.append(versions(round, view, actions));
  tools.append(
    act(
      "again",
      button("again", "Paint again", () => actions.again(round), { key: "R" }),
    ),
  );
  if (round.picture) {
    tools.append(
      act(
        "region",
        button("region", "Change a part of it", () => actions.markPart(round), { key: "B" }),
      ),
      act("favourite", likeButton(round, actions)),
      act(
        "download",
        button("down", "Download", () => actions.download(round), { key: "D" }),
      ),
    );
    if (view.numPictures > 1)
      tools.append(
        act(
          "compare",
          button("compare", "Compare", () => actions.compare(round.id), { key: "C" }),
        ),
      );
  }
  if (!view.isLast)
    tools.append(
      act(
        "onward",
        button("onward", "Go on from here", () => actions.goOn(round.id), { seen: true }),
      ),
    );
  tools.append(facts(round, actions));
  const above = view.editing ? editor(round, actions) : said(round.text_in, images, round.region);
  const edit = view.editing
    ? null
    : act(
        "edit",
        button("edit", "Edit what was said", () => actions.edit(round.id), {
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
    view.isRead ? null : make("p", { class: "unread", title: NOT_READ }, "No longer read by Limner"),
    make("div", { class: "you" }, edit, above),
    answer,
  );
  element.dataset.round = round.id;
  element.dataset.index = view.index;
  return element;
}
