// Who was named: face, name, where from. Pressing one asks for a close-up.

import { button, make } from "./dom.js";
import { facesSection } from "./faces.js";
import { picture } from "./pictures.js";
import { shortened } from "./words.js";

export const closeUpOf = (name) => `A close-up of ${name}.`;

function face(person) {
  if (person.face) return picture(person.face, "", { class: "face" });
  return make("span", { class: "face none", "aria-hidden": "true" }, person.name.slice(0, 1));
}

function card(person, tree, actions) {
  const round = tree.get(person.response);
  const ask = make(
    "button",
    { type: "button", class: "ask", title: "Ask for a close-up", onclick: () => actions.closeUp(person.name) },
    face(person),
    make(
      "span",
      { class: "names" },
      make("span", { class: "name" }, person.name),
      make("span", { class: "small" }, "Ask for a close-up"),
    ),
  );
  const where = round
    ? button(null, `From round ${tree.label(round)}`, () => actions.reveal(round.id), {
        seen: true,
        class: "quiet link",
      })
    : null;
  return make(
    "li",
    { class: "person" },
    ask,
    make("p", { class: "small" }, person.said ? `“${shortened(person.said, 180)}”` : ""),
    make("p", { class: "from" }, person.face ? "" : "No face found yet. ", where),
  );
}

/** Those who were named, as the server tells them, and the faces that are kept. */
export function showPeople(place, { people, faces, tree }, actions) {
  const focused = place.contains(document.activeElement)
    ? [...place.querySelectorAll("button")].indexOf(document.activeElement)
    : -1;
  const named = people.length
    ? make("ul", { class: "people" }, ...people.map((person) => card(person, tree, actions)))
    : make(
        "p",
        { class: "none" },
        "Give somebody a name when you describe them, and Limner finds them again by it: " +
          "“Clara has red hair”, then “A close-up of Clara.”",
      );
  place.replaceChildren(named, facesSection(faces, actions));
  if (focused >= 0) [...place.querySelectorAll("button")].at(focused)?.focus();
}
