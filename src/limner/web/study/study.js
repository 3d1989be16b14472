// The flow of a study: who votes, which question is open, sending, taking back.
// Knows the server's three addresses and the state of the page. How a pair looks is pair.js's business.

import { fillLarge, loadAhead, showPair } from "./pair.js";

const MEMORY = "limner-study-rater";
const KEYS = { 1: "left", ArrowLeft: "left", 2: "right", ArrowRight: "right", 0: "tie" };
const PRESSED_MS = 140;
const WAIT_MS = 20_000;

const $ = (id) => document.getElementById(id);
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

const rater = remembered();
let step = null; // as the server told it
let answers = {};
let open = 0; // which question is asked
let shownAt = 0;
let busy = false;
let retry = null;

function remembered() {
  try {
    const kept = JSON.parse(localStorage.getItem(MEMORY));
    if (/^[0-9a-f]{32}$/.test(kept?.id)) return { id: kept.id, name: String(kept.name ?? ""), isNew: false };
  } catch { /* kept nothing, or storage is off: a new rater */ }
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return { id: [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""), name: "", isNew: true };
}

function remember() {
  try {
    localStorage.setItem(MEMORY, JSON.stringify({ id: rater.id, name: rater.name }));
  } catch { /* storage is off: the id lives as long as this page */ }
}

/** Ask the server; what it answers, or an error with one sentence. */
async function ask(path, data) {
  const request = data === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data),
  };
  let response;
  try {
    response = await fetch(path, { ...request, signal: AbortSignal.timeout(WAIT_MS) });
  } catch {
    throw new Error("The server cannot be reached; your answers so far are safe.");
  }
  const told = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(told.error ?? "The server did not understand.");
  return told;
}

/** Run one thing at a time; when it fails, say why and offer it again. */
async function attempt(task) {
  if (busy) return;
  busy = true;
  retry = null;
  $("trouble").hidden = true;
  refresh();
  try {
    await task();
  } catch (error) {
    retry = error.retry ?? task;
    $("trouble-words").textContent = error.message;
    $("trouble").hidden = false;
    $("again").focus();
  } finally {
    busy = false;
    refresh();
  }
}

const questions = () => step.questions;
const isAsking = () => !busy && retry === null && step?.pair && !$("panel").hidden;

/** Show only one of the page's screens. */
function screen(name) {
  for (const one of ["welcome", "pair", "done"]) $(one).hidden = one !== name;
  $("top").hidden = $("panel").hidden = name === "welcome";
}

/** Put the panel and the header in agreement with the state. */
function refresh() {
  for (const button of $("choices").children) {
    button.disabled = !isAsking();
    const pressed = step ? answers[questions()[open]?.name] : undefined;
    button.classList.toggle("pressed", pressed === button.dataset.choice);
  }
  if (!step) return;
  $("undo").disabled = busy || retry !== null || (open === 0 && !step.last);
  $("panel").classList.toggle("finished", !step.pair);
  $("progress").max = step.total;
  $("progress").value = step.done;
  $("count").textContent = `${step.done} of ${step.total}`;
  $("who").textContent = rater.name || "your name";
  if (!step.pair) return;
  const question = questions()[Math.min(open, questions().length - 1)];
  $("asks").textContent = question.asks;
  $("hint").textContent = question.hint;
  $("dots").replaceChildren(...questions().map((_, index) => {
    const dot = document.createElement("li");
    dot.className = index < open ? "past" : index === open ? "now" : "";
    return dot;
  }));
}

/** Go to where the server says this rater is, perhaps with answers that were given before. */
async function goTo(next, given = {}) {
  step = next;
  answers = given;
  open = Object.keys(given).length;
  if (!step.pair) {
    $("done-words").textContent = `All ${step.total} pairs are judged, and every answer is saved. You can close this page.`;
    screen("done");
    return;
  }
  screen("pair");
  refresh();
  $("pair").focus({ preventScroll: true });
  scrollTo(0, 0);
  await showPair($("pair"), step.pair, enlarge).catch(() => {
    // The server has taken what was sent; only the showing is to be tried again.
    throw Object.assign(new Error("A picture could not be loaded."), { retry: () => goTo(next, given) });
  });
  shownAt = performance.now();
  loadAhead(step.coming);
}

const load = () => attempt(async () => goTo(await ask(`api/step?rater=${rater.id}`)));

async function choose(choice) {
  if (!isAsking()) return;
  answers[questions()[open].name] = choice;
  await attempt(async () => {
    await pause(PRESSED_MS); // the pressed button is seen before the words change
    if (open < questions().length - 1) {
      open += 1;
      return;
    }
    const seconds = (performance.now() - shownAt) / 1000;
    await goTo(await ask("api/votes", { rater: rater.id, name: rater.name, pair: step.pair.id, answers, seconds }));
  });
}

async function undo() {
  if ($("undo").disabled || $("panel").hidden) return;
  if (open > 0) {
    open -= 1;
    delete answers[questions()[open].name];
    refresh();
    return;
  }
  const last = step.last;
  await attempt(async () => {
    const next = await ask("api/undo", { rater: rater.id, pair: last.pair });
    const isBack = next.pair?.id === last.pair;
    await goTo(next, isBack ? withoutLast(last.answers, next.questions) : {});
  });
}

/** The answers of a vote but for the last question's. */
function withoutLast(given, asked) {
  return Object.fromEntries(asked.slice(0, -1).map(({ name }) => [name, given[name]]));
}

function enlarge(group) {
  fillLarge($("large-pictures"), group);
  $("large").showModal();
}

function welcome() {
  screen("welcome");
  $("name").value = rater.name;
  // On a phone the keyboard would cover the words.
  if (matchMedia("(hover: hover) and (pointer: fine)").matches) $("name").focus();
}

$("begin").addEventListener("submit", (event) => {
  event.preventDefault();
  rater.name = $("name").value.replace(/[^\P{C}]/gu, "").trim();
  remember();
  if (step?.pair && !retry) {
    screen("pair");
    refresh();
  } else load();
});
$("choices").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) choose(button.dataset.choice);
});
$("undo").addEventListener("click", undo);
$("again").addEventListener("click", () => { if (retry) attempt(retry); });
$("who").addEventListener("click", welcome);
$("close").addEventListener("click", () => $("large").close());
$("large").addEventListener("click", (event) => { if (event.target !== $("close")) $("large").close(); });

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if ($("large").open || event.target instanceof HTMLInputElement || $("panel").hidden) return;
  if (event.key in KEYS) {
    event.preventDefault();
    choose(KEYS[event.key]);
  } else if (event.key === "Backspace" || event.key.toLowerCase() === "u") {
    event.preventDefault();
    undo();
  }
});

if (rater.isNew) welcome();
else load();
