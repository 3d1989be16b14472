// What was said before comes back into the field with the arrow keys, as in a terminal.
// Knows one text field. What was said is asked for when it is needed.

export class InputHistory {
  /** `said()`: words, oldest first; `changed()` after the field was filled. */
  constructor(field, said, changed) {
    Object.assign(this, { field, said, changed, back: 0, shown: "" });
    field.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!by || event.isComposing || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
      if (this.step(by)) event.preventDefault();
    });
  }

  /** Go back (1) or forth (-1); false where the key should do what it always does. */
  step(by) {
    // Words of the user's own are never replaced: only nothing, or what was recalled and left as it was.
    const isOwn = this.field.value !== "" && this.field.value !== this.shown;
    if (isOwn) return false;
    if (this.field.value === "") this.back = 0;
    const words = this.said().filter((text, index, all) => text !== all[index + 1]);
    const back = this.back + by;
    if (back < 0 || back > words.length) return false;
    this.back = back;
    this.shown = back === 0 ? "" : words.at(-back);
    this.field.value = this.shown;
    this.changed();
    return true;
  }
}
