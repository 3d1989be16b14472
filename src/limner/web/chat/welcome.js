// The page before anything is said: what this is, and conversations to begin with that suit the loaded model.

import { $, make } from "./dom.js";
import { shortened } from "./words.js";

function card({ title, prompts }, begin) {
  const then = prompts.slice(1, 4).map((prompt) => make("li", {}, shortened(prompt, 80)));
  return make(
    "li",
    {},
    make(
      "button",
      { type: "button", class: "example", onclick: () => begin(prompts) },
      make("span", { class: "example-title" }, title),
      make("span", { class: "first" }, prompts[0]),
      ...(then.length ? [make("span", { class: "small" }, "then")] : []),
      make("ol", {}, ...then),
    ),
  );
}

/** `about` is what the server told of itself; `begin(prompts)` begins such a conversation. */
export function showWelcome(about, begin) {
  const examples = (about?.examples ?? []).filter((one) => one.prompts?.length);
  $("welcome").replaceChildren(
    make("h2", {}, "Who should Limner paint?"),
    make(
      "p",
      { class: "lead" },
      "Describe somebody and Limner paints them. Then keep talking: ask for a change, for a close-up of somebody " +
        "by name, or to go back a step. Limner remembers the whole conversation.",
    ),
    ...(about?.subjects ? [make("p", { class: "small subjects" }, about.subjects)] : []),
    ...(examples.length
      ? [
          make("p", { class: "small label" }, "Start with one of these, or write your own below"),
          make("ul", { class: "examples" }, ...examples.slice(0, 4).map((one) => card(one, begin))),
        ]
      : []),
    ...(about ? [make("p", { class: "small model" }, `Model: ${about.model}. ${about.summary}`)] : []),
  );
}
