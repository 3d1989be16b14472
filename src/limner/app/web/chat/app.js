// The page put together: its parts, what they show of the state, and the way from one conversation to another.

import { about, conversations, faces } from "./api.js";
import { attempt, roundActs, shelfActs, toast } from "./acts.js";
import { Composer } from "./composer.js";
import { $, make, placeIcons } from "./dom.js";
import { Drawer } from "./drawer.js";
import { showGallery } from "./gallery.js";
import { listenToKeys, openShortcuts } from "./keys.js";
import { showMap } from "./map.js";
import { Painting } from "./painting.js";
import { Panel } from "./panel.js";
import { closeUpOf, showPeople } from "./people.js";
import { Settings } from "./settings.js";
import { Shelf, titleOf } from "./shelf.js";
import { asked, isPainting, keepPlace, keptPlace, setAsked, setRounds, sizePx, state } from "./state.js";
import { Thread } from "./thread.js";
import { insist } from "./trouble.js";
import { showWelcome } from "./welcome.js";
import { counted, shortened } from "./words.js";

const NEAR_END_PX = 160;
const IS_NARROW = matchMedia("(max-width: 34rem)");
const HAS_KEYBOARD = matchMedia("(hover: hover)");

// The parts; acts reach each other through it.
const page = { show, goTo, beginAnew, openConversation, reload, loadFaces };
const acts = roundActs(page);
page.settings = new Settings();
page.thread = new Thread($("thread"), acts);
page.shelf = new Shelf(shelfActs(page));
page.shelfDrawer = new Drawer("shelf");
page.panel = new Panel((tab, place) => {
  if (tab === "people") showPeople(place, state, acts);
  else if (tab === "map") showMap(place, state, acts);
  else showGallery(place, state, acts);
});
page.painting = new Painting({
  thread: page.thread,
  settings: page.settings,
  view: {
    show,
    scrollDown,
    begun: (id, title) => setConversation(id, title),
    settled() {
      page.shelf.load().catch(() => {});
      loadPeople();
    },
  },
});
page.composer = new Composer({ say: (said) => page.painting.say(said), stop: () => asked()?.stop() });

/** Put the whole page in agreement with the state. */
function show() {
  const now = asked();
  const isEmpty = state.tree.rounds.length === 0 && !now;
  $("title").textContent = isEmpty ? "Limner" : state.title;
  document.title = isEmpty ? "Limner" : `${shortened(state.title, 40)} · Limner`;
  document.body.classList.toggle("empty", isEmpty);
  $("welcome").hidden = !isEmpty;
  $("thread").hidden = isEmpty;
  page.thread.show({
    tree: state.tree,
    head: now ? now.previous : state.head,
    asked: now,
    editing: now ? null : state.editing,
    sizePx: sizePx(),
  });
  page.composer.setRunning(isPainting());
  page.composer.setPlaceholder(
    isEmpty
      ? "Describe somebody…"
      : IS_NARROW.matches
        ? "Ask for a change…"
        : "Ask for a change, a close-up, a step back…",
  );
  page.panel.drawer.setAvailable(!isEmpty || state.faces.length > 0);
  page.panel.refresh();
  showHints();
}

/** What could be said next: an example's next line, close-ups of those who were named. */
function showHints() {
  const lines = state.script.length
    ? state.script.slice(0, 1)
    : state.people
        .filter((person) => person.face)
        .slice(0, 2)
        .map((person) => closeUpOf(person.name));
  const last = state.tree.get(state.head)?.text_in;
  const hints = asked() || !state.head ? [] : lines.filter((line) => line !== last);
  if ([...$("hints").children].map((one) => one.textContent).join("\n") === hints.join("\n")) return;
  $("hints").replaceChildren(
    ...hints.map((line) =>
      make(
        "button",
        { type: "button", class: "hint", onclick: () => page.painting.say({ text: line, pictures: [] }) },
        line,
      ),
    ),
  );
}

let isAtEnd = true; // then the page stays there, whatever grows or shrinks

function scrollDown() {
  isAtEnd = true;
  $("main").scrollTop = $("main").scrollHeight;
}

function keepToEnd() {
  const main = $("main");
  main.addEventListener("scroll", () => {
    isAtEnd = main.scrollHeight - main.scrollTop - main.clientHeight < NEAR_END_PX;
  });
  const observer = new ResizeObserver(() => {
    if (isAtEnd && !$("thread").hidden) scrollDown();
  });
  for (const element of [main, $("thread")]) observer.observe(element);
}

/** Show the branch that ends in a round. */
function goTo(id, { scroll = true } = {}) {
  Object.assign(state, { head: id, editing: null });
  if (!isPainting()) setAsked(null);
  keepPlace();
  show();
  if (scroll) scrollDown();
  loadPeople();
}

async function loadPeople() {
  const { conversation, head } = state;
  const people = conversation && head ? await conversations.people(conversation, head).catch(() => []) : [];
  if (state.conversation !== conversation || state.head !== head) return;
  state.people = people;
  page.panel.refresh();
  showHints();
}

async function loadFaces() {
  state.faces = await faces.list().catch(() => []);
  show();
}

/** Ask for the conversation anew, as rounds may have gone from it. */
async function reload() {
  if (!state.conversation) return;
  setRounds(await conversations.tree(state.conversation), { keepChoices: true });
  page.thread.forget();
  goTo(state.tree.get(state.head) ? state.head : state.tree.newest);
}

function setConversation(id, title) {
  if (location.hash.slice(1) !== (id ?? "")) history.pushState(null, "", id ? `#${id}` : location.pathname);
  Object.assign(state, { conversation: id, title, editing: null });
  page.shelf.select(id);
}

/** A conversation whose only round was stopped or failed is not worth keeping. */
function sweep() {
  if (!asked() || isPainting()) return;
  setAsked(null);
  if (!state.conversation || state.tree.rounds.length) return;
  page.shelf.forget(state.conversation);
  conversations.remove(state.conversation).catch(() => {});
}

function beginAnew() {
  sweep();
  page.thread.forget();
  setRounds([], { keepChoices: false });
  Object.assign(state, { head: null, people: [], script: [] });
  setConversation(null, "");
  page.shelfDrawer.closeOver();
  show();
  if (HAS_KEYBOARD.matches) page.composer.focus();
}

async function openConversation(id) {
  page.shelfDrawer.closeOver();
  if (id === state.conversation) return;
  sweep();
  try {
    const [one, rounds] = await insist(() => Promise.all([conversations.get(id), conversations.tree(id)]));
    page.thread.forget();
    setRounds(rounds, { keepChoices: false });
    Object.assign(state, { people: [], script: [] });
    setConversation(id, titleOf(one));
    goTo(keptPlace());
  } catch (error) {
    if (error.kind !== "gone") throw error;
    page.shelf.forget(id);
    beginAnew();
    toast("This conversation is no longer there.");
  }
}

const importFile = attempt(async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  const one = await conversations.import(file).finally(() => {
    event.target.value = "";
  });
  await page.shelf.load();
  await openConversation(one.id);
  toast(`“${titleOf(one)}” is here, with ${counted(state.tree.rounds.length, "round")}.`);
});

/** A key's act on the round that has the focus, else on the last. */
const ofRound =
  (act, { needsPicture = false } = {}) =>
  () => {
    const round = state.tree.get(page.thread.current);
    if (round && !isPainting() && (round.picture || !needsPicture)) act(round);
  };

function listen() {
  $("begin").addEventListener("click", beginAnew);
  $("keys").addEventListener("click", openShortcuts);
  $("import-file").addEventListener("change", importFile);
  addEventListener(
    "popstate",
    attempt(async () => {
      const id = location.hash.slice(1);
      if (id) await openConversation(id);
      else if (state.conversation) beginAnew();
    }),
  );
  const needsPicture = { needsPicture: true };
  listenToKeys(
    {
      n: beginAnew,
      "/": () => page.composer.focus(),
      s: () => page.settings.toggle(),
      "?": openShortcuts,
      j: () => page.thread.step(1),
      k: () => page.thread.step(-1),
      ArrowLeft: ofRound((round) => acts.turn(round, -1)),
      ArrowRight: ofRound((round) => acts.turn(round, 1)),
      r: ofRound(acts.again),
      e: ofRound((round) => acts.edit(round.id)),
      g: ofRound((round) => acts.goOn(round.id)),
      l: ofRound((round) => acts.enlarge(round.id), needsPicture),
      c: ofRound((round) => acts.compare(round.id), needsPicture),
      d: ofRound(acts.download, needsPicture),
      p: () => page.panel.show("people"),
      m: () => page.panel.show("map"),
      a: () => page.panel.show("gallery"),
    },
    () => {
      if (isPainting()) asked().stop();
    },
  );
}

const start = attempt(async () => {
  placeIcons();
  listen();
  keepToEnd();
  showWelcome(null);
  show();
  state.about = await insist(about);
  page.settings.setLimits(state.about);
  page.composer.uploads = state.about.uploads;
  page.composer.limits = { numPictures: state.about.max_images, numCharacters: state.about.max_text };
  showWelcome(state.about, (prompts) => page.painting.begin(prompts));
  await insist(() => page.shelf.load());
  await page.loadFaces();
  const id = location.hash.slice(1);
  if (id) await openConversation(id);
  else if (HAS_KEYBOARD.matches) page.composer.focus();
});

start();
