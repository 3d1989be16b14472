// A picture of Limner's own that was given: what its file tells, and what can be done with it.
// Knows how the note looks. What its buttons do is the business of `actions`.

import { make } from "./dom.js";
import { shortened } from "./words.js";

/** `one` has an `origin` (origins.js). `actions`: {useSeed(seed), useWords(text), goTo(one)}. */
export function originNote(one, actions) {
  const { seed, node, prompt } = one.origin;
  const press = (words, onclick) => make("button", { type: "button", class: "quiet link", onclick }, words);
  return make(
    "li",
    { class: "origin" },
    make(
      "span",
      {},
      `“${shortened(one.name, 40)}” was painted by Limner`,
      seed === null ? "." : ` with seed ${seed}.`,
      prompt === null ? "" : ` It was asked for: “${shortened(prompt, 120)}”`,
    ),
    seed === null ? null : press("Use its seed", () => actions.useSeed(seed)),
    prompt === null ? null : press("Use its words", () => actions.useWords(prompt)),
    node === null ? null : press("Go to where it was painted", () => actions.goTo(one)),
  );
}
