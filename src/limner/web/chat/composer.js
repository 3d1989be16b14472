// Where the user speaks: words, pictures to send with them, send and stop.
// Knows its own fields. What becomes of what is said is the business of `say`.

import { $, announce, button, make, showExactly } from "./dom.js";
import { askForMarks, marksNote } from "./marks.js";
import { originNote } from "./origin_note.js";
import { picture } from "./pictures.js";
import { carriesFiles, filesOf, readPicture } from "./uploads.js";
import { InputHistory } from "./input_history.js";
import { counted } from "./words.js";

const NEAR_LIMIT = 0.9; // of the characters, from where on they are counted

export class Composer {
  /** `say({text, pictures})` sends; `stop()` stops; `keepText` and `keepPictures` remember what is written;
   * `said()` are the words said so far, oldest first; `origins` is what is done with a picture of Limner's. */
  constructor({ say, stop, keepText, keepPictures, said, origins }) {
    this.pictures = []; // {url, name}, and fileId of those that the server has
    this.items = new WeakMap(); // picture -> its element
    this.limits = { numPictures: 4, numCharacters: 4000 };
    this.uploads = ""; // what becomes of a picture that is given
    this.running = false;
    Object.assign(this, { say, keepText, keepPictures, origins });
    this.field = $("say");
    $("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    $("stop").addEventListener("click", stop);
    const typed = () => {
      this.changed();
      if (this.field.value) this.complain("");
    };
    this.inputHistory = new InputHistory(this.field, said, typed);
    this.field.addEventListener("input", typed);
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      $("composer").requestSubmit();
    });
    $("choose-file").addEventListener("change", (event) => {
      this.add([...event.target.files]);
      event.target.value = "";
    });
    document.addEventListener("paste", (event) => {
      const files = filesOf(event.clipboardData);
      if (!files.length || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      this.add(files);
    });
    this.acceptDrops();
  }

  acceptDrops() {
    const show = (isOver) => {
      $("drop").hidden = !isOver;
    };
    document.addEventListener("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      show(true);
    });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) show(false);
    });
    document.addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      show(false);
      this.add(filesOf(event.dataTransfer));
    });
  }

  /** Take pictures in, and say of each that cannot be taken why. */
  async add(files) {
    this.complain("");
    for (const file of files) {
      if (this.pictures.length >= this.limits.numPictures) {
        this.complain(`A round takes ${counted(this.limits.numPictures, "picture")} at most.`);
        break;
      }
      try {
        const one = await readPicture(file);
        this.pictures.push(one);
        const changed = () => this.pictures.includes(one) && this.picturesChanged();
        askForMarks(one, file, changed);
        if (one.origin) this.origins.complete(one, changed);
        announce("Picture added.");
      } catch (error) {
        this.complain(error.message);
      }
    }
    this.picturesChanged();
    this.field.focus();
  }

  /** Take in a picture that is there already. */
  addPicture(one) {
    if (this.pictures.length < this.limits.numPictures) this.pictures.push(one);
    this.picturesChanged();
    announce(`The face of ${one.name} goes with what you say next.`);
    this.field.focus();
  }

  /** Leave a picture out again. */
  dropPicture(one) {
    this.pictures = this.pictures.filter((other) => other !== one);
    this.picturesChanged();
  }

  /** A face that was deleted cannot be sent. */
  dropFace(id) {
    this.pictures = this.pictures.filter((one) => one.fileId !== id);
    this.picturesChanged();
  }

  complain(words) {
    $("say-trouble").textContent = words;
    $("say-trouble").hidden = !words;
  }

  picturesChanged() {
    this.keepPictures(this.pictures);
    this.showPictures();
  }

  showPictures() {
    $("given").hidden = this.pictures.length === 0;
    showExactly(
      $("given"),
      ...this.pictures.map((one) => this.item(one)),
      ...this.pictures.filter((one) => one.origin).map((one) => originNote(one, this.origins)),
      ...this.pictures.filter((one) => one.marks).map(marksNote),
      ...(this.pictures.length
        ? [make("li", { class: "consent" }, `Of real people, send only pictures they agreed to. ${this.uploads}`)]
        : []),
    );
    this.changed();
  }

  /** A picture in the strip: one element as long as it is there, so that a press on it is never lost. */
  item(one) {
    if (!this.items.has(one)) {
      const remove = () => {
        this.dropPicture(one);
        this.field.focus();
      };
      this.items.set(one, make("li", {}, picture(one.url, one.name), button("close", `Remove ${one.name}`, remove)));
    }
    return this.items.get(one);
  }

  send() {
    const text = this.field.value.trim();
    if (!text && !this.pictures.length) return;
    if (!text) {
      this.complain("Say what to do with the picture.");
      this.field.focus();
      return;
    }
    if (text.length > this.limits.numCharacters) {
      this.complain(`That is ${text.length} characters; ${this.limits.numCharacters} fit.`);
      return;
    }
    const { pictures } = this;
    this.put({ text: "", pictures: [] });
    this.say({ text, pictures });
  }

  /** What the server says that a round may hold, and what becomes of a picture. */
  setLimits({ max_images: numPictures, max_text: numCharacters, uploads }) {
    this.limits = { numPictures, numCharacters };
    this.uploads = uploads;
    this.showPictures();
  }

  /** What is written. */
  get draft() {
    return { text: this.field.value, pictures: this.pictures };
  }

  /** Give back what was said, before what is written now. */
  putBack({ text, pictures, lost }) {
    const words = [text, this.field.value].filter((one) => one.trim()).join("\n");
    this.put({ text: words, pictures: [...pictures, ...this.pictures].slice(0, this.limits.numPictures), lost });
  }

  /** Replace what is written. `lost` pictures that went with it were not kept. */
  put({ text, pictures, lost = 0 }) {
    this.field.value = text;
    this.pictures = pictures;
    const them = lost === 1 ? "it" : "them";
    this.complain(lost ? `${counted(lost, "picture")} took too much room to be kept here. Add ${them} again.` : "");
    if (lost) this.showPictures(); // which is told until others are added
    else this.picturesChanged();
  }

  focus() {
    this.field.focus();
  }

  changed() {
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight + 2, 240)}px`;
    this.keepText(this.field.value);
    this.showButtons();
    this.count();
  }

  /** Near the limit, say how much fits still. */
  count() {
    const most = this.limits.numCharacters;
    const { length } = this.field.value.trim();
    const isNear = length >= NEAR_LIMIT * most;
    $("count").hidden = !isNear;
    $("count").textContent = isNear ? `${length} / ${most}` : "";
    $("count").classList.toggle("over", length > most);
    $("count").setAttribute("aria-label", `${length} of ${most} characters`);
  }

  /** Send or stop: whichever can be done. What is written while something is painted is painted next. */
  setRunning(running) {
    if (this.running === running) return;
    this.running = running;
    this.showButtons();
  }

  showButtons() {
    const hadFocus = document.activeElement === $("stop") || document.activeElement === $("send");
    const isEmpty = !this.field.value.trim() && !this.pictures.length;
    $("send").disabled = isEmpty;
    $("send").hidden = this.running && isEmpty;
    $("stop").hidden = !this.running;
    const words = this.running ? "Paint next" : "Paint";
    $("send").setAttribute("aria-label", words);
    $("send").title = `${words} (Enter)`;
    if (hadFocus && (document.activeElement?.hidden || isEmpty)) this.focus();
  }

  setPlaceholder(words) {
    this.field.placeholder = words;
  }
}
