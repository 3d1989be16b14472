// The marks of a picture that was given: whether its file or its pixels say that AI made it.
// The server reads them from the file as it is; nothing of it is kept. Knows how the note looks.

import { readMarks } from "./api.js";
import { announce, make } from "./dom.js";
import { shortened } from "./words.js";

/** Ask what the file says, put it at `one.marks`, and call `changed` then. A file that cannot be read says nothing. */
export async function askForMarks(one, file, changed) {
  try {
    one.marks = (await readMarks(file)).meaning;
  } catch {
    return; // a round can be had without
  }
  announce(one.marks.join(" "));
  changed();
}

/** What was found, as a line below the pictures. */
export const marksNote = (one) =>
  make("li", { class: "origin marks" }, make("span", {}, `“${shortened(one.name, 40)}”: ${one.marks.join(" ")}`));
