// A round from being said to being kept: through a full queue, a model that loads, a key that is needed.
// Knows the states of such a round. Knows nothing of elements.

import { conversations, Trouble } from "./api.js";
import { askRound, requestOf } from "./stream.js";
import { demandKey, waitTelling } from "./trouble.js";

const MOST_WAITS = 6;
const WAITING = {
  busy: "Many are asking at once",
  loading: "The model is still loading",
  stopping: "The server is starting anew",
};

/**
 * A round to be asked for. `conversation` and `previous` are ids or null; `title` names a new
 * conversation, `isFirst` says that it holds no round yet.
 */
export function askedRound({
  text,
  pictures,
  conversation,
  previous,
  isFirst,
  title,
  seed,
  settings,
  model,
}) {
  return {
    text,
    pictures,
    conversation,
    previous,
    isFirst,
    title,
    seed,
    settings,
    model,
    id: null,
    words: "",
    waiting: "",
    painting: false,
    preview: null,
    trouble: null,
    stop: () => {},
  };
}

export const isRunning = (asked) => asked !== null && asked.trouble === null;

/** Ask; the kept round's id, or null after putting into `asked.trouble` why there is none. */
export async function run(asked, changed) {
  let keysTried = 0;
  let waits = 0;
  for (;;) {
    try {
      return await once(asked, changed);
    } catch (error) {
      if (!(error instanceof Trouble)) console.error(error);
      const trouble = error instanceof Trouble ? error : new Trouble("broken");
      try {
        if (trouble.kind === "key") {
          await demandKey(keysTried > 0);
          keysTried += 1;
          continue;
        }
        if (trouble.kind in WAITING && waits < MOST_WAITS) {
          waits += 1;
          await wait(asked, trouble, changed);
          continue;
        }
        asked.trouble = trouble;
      } catch (another) {
        asked.trouble = another;
      }
      asked.waiting = "";
      changed(asked);
      return null;
    }
  }
}

async function once(asked, changed) {
  Object.assign(asked, { words: "", waiting: "", painting: false, preview: null, trouble: null });
  changed(asked);
  asked.conversation ??= (await conversations.begin(asked.title)).id;
  changed(asked);
  const { done, stop } = askRound(requestOf(asked), {
    began: (id) => {
      asked.id = id;
    },
    wrote: (piece) => {
      asked.words += piece;
      changed(asked);
    },
    painting: () => {
      asked.painting = true;
      changed(asked);
    },
    preview: (url) => {
      Object.assign(asked, { preview: url, painting: true });
      changed(asked);
    },
  });
  asked.stop = stop;
  return done;
}

/** Wait as long as the server says; Trouble "stopped" when the user stops meanwhile. */
async function wait(asked, trouble, changed) {
  const stopping = new AbortController();
  asked.stop = () => stopping.abort();
  const stopped = await waitTelling(
    trouble.retryAfterS,
    (left) => {
      asked.waiting = `${WAITING[trouble.kind]}. Limner tries again in ${left} s`;
      changed(asked);
    },
    stopping.signal,
  );
  if (stopped) throw new Trouble("stopped", "Stopped.");
}
