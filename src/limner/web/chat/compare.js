// Two pictures over each other, with a slider between them.

import { button, make } from "./dom.js";
import { dialog } from "./dialogs.js";
import { picture } from "./pictures.js";
import { shortened, titleFrom } from "./words.js";

function chooser(id, words, rounds, tree, chosen) {
  const field = make(
    "select",
    { id },
    ...rounds.map((round) =>
      make(
        "option",
        { value: round.id, selected: round.id === chosen },
        `${tree.label(round)}  ${titleFrom(round.text_in, 48)}`,
      ),
    ),
  );
  return { field, element: make("div", { class: "chooser" }, make("label", { for: id }, words), field) };
}

/** What to lay beside a picture at first: its other version, else the picture before it on the path. */
function partner(tree, rounds, round) {
  const others = tree.siblings(round).filter((other) => other.picture && other !== round);
  const before = tree
    .path(round.id)
    .slice(0, -1)
    .filter((other) => other.picture)
    .at(-1);
  return others.at(-1) ?? before ?? rounds.find((other) => other !== round);
}

/** Open the comparison with the picture of round `id` to the right; null takes the last of the path. */
export function compare(tree, head, id) {
  const rounds = tree.rounds.filter((round) => round.picture);
  if (rounds.length < 2) return;
  const onPath = tree.path(head).filter((round) => round.picture);
  const second = tree.get(id) ?? onPath.at(-1) ?? rounds.at(-1);
  const first = partner(tree, rounds, second);
  const left = chooser("compare-left", "Left", rounds, tree, first.id);
  const right = chooser("compare-right", "Right", rounds, tree, second.id);
  const stage = make("div", { class: "stage" });
  const slider = make("input", {
    type: "range",
    min: 0,
    max: 100,
    step: 1,
    value: 50,
    "aria-label": "How much of the left picture is seen",
  });
  const line = make("span", { class: "line", "aria-hidden": "true" });
  const slide = () => {
    stage.style.setProperty("--cut", `${slider.value}%`);
    slider.setAttribute("aria-valuetext", `${slider.value} percent of the left picture`);
  };
  const show = () => {
    const [one, two] = [tree.get(left.field.value), tree.get(right.field.value)];
    stage.replaceChildren(
      picture(two.picture, `Right: round ${tree.label(two)}, ${shortened(two.text_in, 160)}`),
      picture(one.picture, `Left: round ${tree.label(one)}, ${shortened(one.text_in, 160)}`, {
        class: "over",
      }),
      line,
      slider,
    );
  };
  slider.addEventListener("input", slide);
  for (const { field } of [left, right]) field.addEventListener("change", show);
  const swap = button("again", "Swap", () => {
    [left.field.value, right.field.value] = [right.field.value, left.field.value];
    show();
  });
  dialog("Compare", "compare", make("div", { class: "choosers" }, left.element, swap, right.element), stage);
  show();
  slide();
  slider.focus();
}
