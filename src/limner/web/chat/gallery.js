// All pictures of a conversation, whatever branch they are on; and one of them large.

import { button, make } from "./dom.js";
import { dialog } from "./dialogs.js";
import { picture } from "./pictures.js";
import { shortened } from "./words.js";

const painted = (tree) => tree.rounds.filter((round) => round.picture);

export function showGallery(place, { tree, head }, actions) {
  const rounds = painted(tree);
  if (!rounds.length) {
    place.replaceChildren(make("p", { class: "none" }, "Every picture of this conversation is shown here."));
    return;
  }
  const onPath = new Set(tree.path(head).map((round) => round.id));
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.round : null;
  const items = [...rounds].reverse().map((round) => {
    const words = `Round ${tree.label(round)}: ${shortened(round.text_in, 80)}`;
    const open = make(
      "button",
      { type: "button", title: words, "aria-label": words, onclick: () => actions.enlarge(round.id) },
      picture(round.picture, ""),
      make("span", { class: "tag", "aria-hidden": "true" }, tree.label(round)),
    );
    open.dataset.round = round.id;
    return make("li", { class: onPath.has(round.id) ? "on" : "" }, open);
  });
  const compare =
    rounds.length > 1
      ? button("compare", "Compare two", () => actions.compare(null), { seen: true, class: "wide" })
      : null;
  place.replaceChildren(...(compare ? [compare] : []), make("ul", { class: "gallery" }, ...items));
  if (focused) place.querySelector(`[data-round="${CSS.escape(focused)}"]`)?.focus();
}

/** One picture large, with the others before and after it. */
export function enlarge(tree, id, actions) {
  const rounds = painted(tree);
  let now = Math.max(
    0,
    rounds.findIndex((round) => round.id === id),
  );
  const place = make("figure", {});
  const told = make("figcaption", {});
  const tools = make("div", { class: "tools" });
  const close = (act) => () => {
    element.close();
    act(rounds[now]);
  };
  const show = () => {
    const round = rounds[now];
    place.replaceChildren(picture(round.picture, `Painted for: ${round.text_in}`), told);
    told.replaceChildren(make("b", {}, `Round ${tree.label(round)}`), ` ${shortened(round.text_in, 300)}`);
    back.disabled = now === 0;
    next.disabled = now === rounds.length - 1;
    count.textContent = `${now + 1} of ${rounds.length}`;
  };
  const step = (by) => {
    now = Math.min(rounds.length - 1, Math.max(0, now + by));
    show();
  };
  const back = button("back", "The picture before", () => step(-1));
  const next = button("next", "The next picture", () => step(1));
  const count = make("span", { class: "small", role: "status" });
  tools.append(
    back,
    count,
    next,
    make("span", { class: "gap" }),
    button("down", "Download", () => actions.download(rounds[now])),
    ...(rounds.length > 1
      ? [
          button(
            "compare",
            "Compare",
            close((round) => actions.compare(round.id)),
          ),
        ]
      : []),
    button(
      "onward",
      "Go on from here",
      close((round) => actions.goOn(round.id)),
      { seen: true },
    ),
  );
  const element = dialog("Picture", "large", place, tools);
  element.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) step(by);
  });
  show();
}
