// Faces of real people that the user keeps: entered by an explicit act with a note on consent, sent with a press,
// deleted with everything that was painted from them.

import { faces } from "./api.js";
import { askToForget, dialog } from "./dialogs.js";
import { announce, button, make } from "./dom.js";
import { picture } from "./pictures.js";
import { readPicture } from "./uploads.js";

const labelled = (id, words, field) => [make("label", { for: id }, words), Object.assign(field, { id })];

/** Ask for name, picture and consent; resolves to the kept face, or null when it was closed. */
export function keepFace() {
  return new Promise((resolve) => {
    let kept = null;
    const name = make("input", { type: "text", maxLength: 100, required: true, autocomplete: "off" });
    const file = make("input", { type: "file", accept: "image/*", required: true });
    const note = make("input", {
      type: "text",
      maxLength: 500,
      required: true,
      autocomplete: "off",
      placeholder: "She said yes in May, for our family book",
    });
    const given = make("input", { type: "checkbox", id: "face-consent", required: true });
    const trouble = make("p", { class: "wrong", role: "alert", hidden: true });
    const form = make(
      "form",
      {},
      make(
        "p",
        { class: "small" },
        "It is kept on this server for you alone. When you delete it, every picture that was painted from it goes too.",
      ),
      ...labelled("face-name", "Name", name),
      ...labelled("face-file", "Picture of the face", file),
      make(
        "label",
        { class: "check", for: "face-consent" },
        given,
        "This person agreed to be painted from this picture",
      ),
      ...labelled("face-note", "Who agreed to what, and when", note),
      trouble,
      make(
        "div",
        { class: "row end" },
        make("button", { type: "button", class: "quiet", onclick: () => element.close() }, "Cancel"),
        make("button", { type: "submit", class: "strong" }, "Keep the face"),
      ),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      trouble.hidden = true;
      try {
        const { url } = await readPicture(file.files[0]);
        kept = await faces.keep({
          name: name.value.trim(),
          image_url: url,
          consent: { given: given.checked, note: note.value.trim() },
        });
        element.close();
      } catch (error) {
        trouble.textContent = error.message;
        trouble.hidden = false;
      }
    });
    const element = dialog("Keep somebody's face", "face", form);
    element.addEventListener("close", () => resolve(kept));
    name.focus();
  });
}

/** Ask, and delete a face with what was painted from it; true when it is gone. */
export async function forgetFace(face) {
  if (!(await askToForget(face.name))) return false;
  await faces.remove(face.id);
  announce("Deleted.");
  return true;
}

function row(face, actions) {
  return make(
    "li",
    {},
    make(
      "button",
      {
        type: "button",
        class: "ask",
        title: "Send with what you say next",
        onclick: () => actions.sendFace(face),
      },
      picture(face.face, "", { class: "face" }),
      make(
        "span",
        { class: "names" },
        make("span", { class: "name" }, face.name),
        make("span", { class: "small" }, "Send this face"),
      ),
    ),
    button("close", `Delete ${face.name}`, () => actions.forgetFace(face)),
  );
}

/** The faces that are kept, as a part of the people's panel. */
export function facesSection(kept, actions) {
  const heading = make("h2", {}, "Faces you keep");
  heading.id = "faces-title";
  return make(
    "section",
    { class: "faces", "aria-labelledby": heading.id },
    heading,
    kept.length
      ? make("ul", {}, ...kept.map((face) => row(face, actions)))
      : make("p", { class: "small" }, "Somebody real, whom you want to paint again and again."),
    button("add", "Keep a face", () => actions.keepFace(), { seen: true }),
  );
}
