// Dialogs: a question with two answers, a line to fill in, the key, the list of shortcuts.

import { button, make, memory } from "./dom.js";

/** A modal dialog with a heading; it leaves the page when it closes. */
export function dialog(heading, name, ...children) {
  const title = make("h2", {}, heading);
  title.id = `${name}-title`;
  const close = button("close", "Close", () => element.close());
  const element = make(
    "dialog",
    { id: name, "aria-labelledby": title.id },
    make("div", { class: "dialog-top" }, title, close),
    ...children,
  );
  element.addEventListener("close", () => element.remove());
  element.addEventListener("pointerdown", (event) => {
    if (event.target === element) element.close();
  });
  document.body.append(element);
  element.showModal();
  return element;
}

/** Ask one thing; what was entered (true where there is no field), or null when it was closed. */
function asked(heading, { name, words = "", field = null, yes, danger = false }) {
  return new Promise((resolve) => {
    let answer = null;
    const form = make(
      "form",
      {},
      ...(words ? [make("p", {}, words)] : []),
      ...(field ? [field.label, field.input] : []),
      make(
        "div",
        { class: "row end" },
        make("button", { type: "button", class: "quiet", onclick: () => element.close() }, "Cancel"),
        make("button", { type: "submit", class: danger ? "strong danger" : "strong" }, yes),
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      answer = field ? field.input.value.trim() : true;
      if (answer) element.close();
      else answer = null;
    });
    const element = dialog(heading, name, form);
    element.addEventListener("close", () => resolve(answer));
    (field?.input ?? form.querySelector("[type=submit]")).focus();
    field?.input.select();
  });
}

function line(id, words, props) {
  return { label: make("label", { for: id }, words), input: make("input", { id, ...props }) };
}

export const askName = (title) =>
  asked("Rename the conversation", {
    name: "rename",
    yes: "Rename",
    field: line("rename-field", "Name", { type: "text", maxLength: 100, value: title, autocomplete: "off" }),
  });

export const askDelete = (title) =>
  asked("Delete this conversation?", {
    name: "delete",
    yes: "Delete",
    danger: true,
    words: `“${title}” goes with all its pictures, those you sent too. This cannot be undone.`,
  });

export const askToForget = (name) =>
  asked("Delete this face?", {
    name: "forget",
    yes: "Delete",
    danger: true,
    words: `The face of ${name} goes, and with it every round that was given it and all that came after. This cannot be undone.`,
  });

export const askKey = (wasWrong) =>
  asked("This server asks for a key", {
    name: "key",
    yes: "Go on",
    words: wasWrong
      ? "That key was not accepted."
      : "Whoever runs the server has it. It is kept until you close this tab.",
    field: line("key-field", "Key", { type: "password", autocomplete: "off", spellcheck: false }),
  });

/** `shortcuts`: rows of [keys, words]; the switch turns those of a single letter off. */
export function showShortcuts(shortcuts) {
  const letters = make("input", { type: "checkbox", id: "letters", checked: memory.get("letters", true) });
  letters.addEventListener("change", () => memory.set("letters", letters.checked));
  const rows = shortcuts.map(([keys, words]) =>
    make("div", {}, make("dt", {}, ...keys.map((one) => make("kbd", {}, one))), make("dd", {}, words)),
  );
  dialog(
    "Keys",
    "shortcuts",
    make("dl", { class: "shortcuts" }, ...rows),
    make("label", { class: "check", for: "letters" }, letters, "Single letters work outside text fields"),
  );
}
