// A pair as elements: rounds in order, what was said once, both answers side by side.
// Knows how a pair looks. Knows nothing about votes or the server. Words only ever become text nodes.

export const NAMES = { left: "Left", right: "Right", tie: "Same" };

const address = (name) => `pictures/${encodeURIComponent(name)}`;

/** An element with a class, and children or text. */
function made(tag, name, ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...children);
  return element;
}

function image(name, words) {
  const element = new Image();
  element.src = address(name);
  element.alt = words;
  element.draggable = false;
  return element;
}

/** A picture that opens large, with all of its group beside it: a list of {name, words}. */
function picture(shown, group, enlarge) {
  const button = made("button", "picture", image(shown.name, shown.words));
  button.type = "button";
  button.title = "See it large";
  button.addEventListener("click", () => enlarge(group));
  return button;
}

function answer(side, round, group, enlarge) {
  const { text, picture: name } = round[side];
  const element = made("div", "answer", made("h3", "", NAMES[side]));
  if (text.trim()) element.append(made("p", "", text));
  const shown = group.find((one) => one.name === name);
  if (shown) element.append(picture(shown, group, enlarge));
  else element.append(made("div", "none", "no picture"));
  return element;
}

function roundElement(round, index, total, enlarge) {
  const said = made("div", "said");
  if (total > 1) said.append(made("span", "number", `Round ${index + 1} of ${total}`));
  said.append(made("p", "", round.said));
  if (round.given.length) {
    const given = round.given.map((name) => ({ name, words: "given picture" }));
    said.append(made("div", "given", ...given.map((shown) => picture(shown, [shown], enlarge))));
  }
  const sides = ["left", "right"];
  const group = sides.filter((side) => round[side].picture)
    .map((side) => ({ name: round[side].picture, words: NAMES[side] }));
  const answers = made("div", "answers", ...sides.map((side) => answer(side, round, group, enlarge)));
  return made("section", "round", said, answers);
}

/** Fill `place` with the pair; resolves when every picture can be seen, rejects when one cannot be had. */
export async function showPair(place, pair, enlarge) {
  const rounds = pair.rounds.map((round, index) => roundElement(round, index, pair.rounds.length, enlarge));
  place.replaceChildren(...rounds);
  await Promise.all([...place.querySelectorAll("img")].map((element) => element.decode()));
}

/** Load pictures ahead. */
export function loadAhead(names) {
  for (const name of names) new Image().src = address(name);
}

/** The pictures of one round in the large view. */
export function fillLarge(place, group) {
  place.replaceChildren(...group.map(({ name, words }) =>
    made("figure", "", image(name, words), made("figcaption", "", words))));
}
