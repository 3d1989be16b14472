// The page put together: its parts, what they show of the state, and which key does what.

import { Addressing } from "./addressing.js";
import { about, faces } from "./api.js";
import { attempt, importOf, originActions, pictureActions, roundActions, conversationActions, toast } from "./actions.js";
import { Composer } from "./composer.js";
import { $, announce, placeIcons } from "./dom.js";
import { drafts } from "./drafts.js";
import { Sidebar } from "./sidebar.js";
import { Following } from "./following.js";
import { showGallery } from "./gallery.js";
import { showHints, showReading } from "./hints.js";
import { listenToKeys, openShortcuts } from "./keys.js";
import { showMap } from "./map.js";
import { RoundQueue } from "./round_queue.js";
import { Panel } from "./panel.js";
import { showPeople } from "./people.js";
import { openAllPictures } from "./pictures_all.js";
import { Settings } from "./settings.js";
import { ConversationList } from "./conversation_list.js";
import { pendingHere, isPainting, runningHere, sizePx, state } from "./state.js";
import { Thread } from "./thread.js";
import { withRetries } from "./retries.js";
import { navigation } from "./navigation.js";
import { ConversationEvents } from "./conversation_events.js";
import { showWelcome } from "./welcome.js";
import { shortened } from "./words.js";

const IS_NARROW = matchMedia("(max-width: 34rem)");
const HAS_KEYBOARD = matchMedia("(hover: hover)");

// The parts; actions reach each other through it.
const page = { show, loadFaces, scrollDown: () => page.following.toEnd(), focusField };
Object.assign(page, navigation(page));
const actions = roundActions(page);
page.settings = new Settings();
page.thread = new Thread($("thread"), actions);
page.following = new Following($("main"), $("thread"));
page.conversationList = new ConversationList(conversationActions(page));
page.sidebar = new Sidebar("sidebar");
page.panel = new Panel((tab, place) => {
  if (tab === "people") showPeople(place, state, actions);
  else if (tab === "map") showMap(place, state, actions);
  else showGallery(place, state, actions);
});
page.events = new ConversationEvents(page);
page.queue = new RoundQueue({
  thread: page.thread,
  settings: page.settings,
  view: { show, scrollDown: page.scrollDown, begun: page.begun, settled, left },
});
page.composer = new Composer({
  say: (said) => page.queue.say({ ...said, target: page.addressing.take() }),
  stop,
  origins: originActions(page),
  said: () => state.tree.path(state.head).map((round) => round.text_in),
  keepText: (text) => drafts.keepText(state.conversation, text),
  keepPictures: (pictures) => drafts.keepPictures(state.conversation, pictures),
});

page.addressing = new Addressing({
  path: () => state.tree.path(state.head),
  people: () => state.people.map((person) => person.name),
});

/** Put the whole page in agreement with the state. */
function show() {
  // While something is painted beside a round, what came after that round is out of sight.
  const now = runningHere().find((one) => !one.foreign || one.previous === state.head);
  const head = now ? now.previous : state.head;
  const pending = pendingHere().filter((one) => !one.foreign || one.previous === head);
  const isEmpty = state.tree.rounds.length === 0 && !pending.length && !state.isOpening;
  const title = isEmpty ? "" : state.title || pending[0]?.title || "";
  $("title").textContent = title || "Limner";
  document.title = title ? `${shortened(title, 40)} · Limner` : "Limner";
  document.body.classList.toggle("empty", isEmpty);
  $("welcome").hidden = !isEmpty;
  $("thread").hidden = isEmpty;
  page.thread.show({
    tree: state.tree,
    head,
    pending,
    editing: now ? null : state.editing,
    read: state.read,
    sizePx: sizePx(),
  });
  page.addressing.decorate($("thread"));
  page.composer.setRunning(isPainting());
  page.composer.setPlaceholder(
    isEmpty
      ? "Describe somebody…"
      : IS_NARROW.matches
        ? "Ask for a change…"
        : "Ask for a change, a close-up, a step back…",
  );
  page.panel.sidebar.setAvailable(!isEmpty || state.faces.length > 0);
  page.panel.refresh();
  showHints((line) => page.queue.say({ text: line, pictures: [] }));
  showReading();
}

/** What was said is painted, or gone. */
function settled(one) {
  page.conversationList.load().catch(() => {});
  if (one.conversation === state.conversation) page.loadContext();
  else if (!one.foreign) toast(`“${shortened(one.title, 60)}” is painted.`);
}

/** What was said is not painted, and stays with the reason. */
function left(one) {
  const { kind, message } = one.trouble;
  if (one.foreign) {
    state.pending.remove(one);
    page.queue.next(one.conversation);
  } else announce(message);
  if (kind === "moved" && one.conversation === state.conversation) page.refresh();
  show();
}

function stop() {
  runningHere()[0]?.stop();
}

function focusField() {
  if (HAS_KEYBOARD.matches) page.composer.focus();
}

async function loadFaces() {
  state.faces = await faces.list().catch(() => []);
  show();
}

/** A key's act on the round that has the focus, else on the last. */
const ofRound =
  (act, { needsPicture = false } = {}) =>
  () => {
    const round = state.tree.get(page.thread.current);
    if (round && !isPainting() && (round.picture || !needsPicture)) act(round);
  };

function showAllPictures() {
  page.sidebar.closeOver();
  openAllPictures(pictureActions(page));
}

function listen() {
  $("pictures").addEventListener("click", showAllPictures);
  $("begin").addEventListener("click", page.beginAnew);
  $("keys").addEventListener("click", openShortcuts);
  $("import-file").addEventListener("change", importOf(page));
  addEventListener(
    "popstate",
    attempt(async () => {
      const id = location.hash.slice(1);
      if (id) await page.openConversation(id);
      else if (state.conversation) page.beginAnew();
    }),
  );
  const needsPicture = { needsPicture: true };
  listenToKeys(
    {
      n: page.beginAnew,
      "/": () => page.composer.focus(),
      s: () => page.settings.toggle(),
      "?": openShortcuts,
      j: () => page.thread.step(1),
      k: () => page.thread.step(-1),
      ArrowLeft: ofRound((round) => actions.turn(round, -1)),
      ArrowRight: ofRound((round) => actions.turn(round, 1)),
      r: ofRound(actions.again),
      e: ofRound((round) => actions.edit(round.id)),
      g: ofRound((round) => actions.goOn(round.id)),
      l: ofRound((round) => actions.enlarge(round.id), needsPicture),
      c: ofRound((round) => actions.compare(round.id), needsPicture),
      d: ofRound(actions.download, needsPicture),
      b: ofRound(actions.markPart, needsPicture),
      f: ofRound(actions.like, needsPicture),
      i: showAllPictures,
      p: () => page.panel.show("people"),
      m: () => page.panel.show("map"),
      a: () => page.panel.show("gallery"),
    },
    stop,
  );
}

const start = attempt(async () => {
  placeIcons();
  listen();
  showWelcome(null);
  const id = location.hash.slice(1) || null;
  Object.assign(state, { conversation: id, isOpening: id !== null });
  page.composer.putBack(drafts.get(id)); // before what was typed while the page was loaded
  page.queue.resume();
  show();
  state.about = await withRetries(about);
  page.settings.setLimits(state.about);
  page.composer.setLimits(state.about);
  showWelcome(state.about, (prompts) => page.queue.begin(prompts));
  await withRetries(() => page.conversationList.load());
  await page.loadFaces();
  if (state.isOpening) await page.openConversation(id);
  else if (document.activeElement === document.body) focusField(); // never away from where the user is
});

start();
