// When the server does not answer: say so, wait, try again. Knows which troubles pass by themselves.

import { setKey, RequestError } from "./api.js";
import { $ } from "./dom.js";
import { askKey } from "./dialogs.js";

const PATIENCE_S = [2, 3, 5, 8, 13];
let asking = null; // the key dialog that is open

/** Ask for the key, once for all that need it; RequestError "key" when the user declines. */
export async function requestKey(wasWrong) {
  asking ??= askKey(wasWrong).finally(() => {
    asking = null;
  });
  const given = await asking;
  if (!given) throw new RequestError("key");
  setKey(given);
}

/** Wait, telling each second how long still; true when `signal` ended it early. */
export function countDown(seconds, tell, signal) {
  return new Promise((resolve) => {
    let left = Math.ceil(seconds);
    tell(left);
    const timer = setInterval(() => {
      left -= 1;
      if (left <= 0) finish(false);
      else tell(left);
    }, 1000);
    const early = () => finish(true);
    function finish(isEarly) {
      clearInterval(timer);
      signal?.removeEventListener("abort", early);
      resolve(isEarly);
    }
    signal?.addEventListener("abort", early);
  });
}

/** Show the bar until the time is over or it is pressed. */
async function waitWithBar(trouble, attempt) {
  const pressed = new AbortController();
  const press = () => pressed.abort();
  const seconds = trouble.retryAfterS || PATIENCE_S[Math.min(attempt, PATIENCE_S.length - 1)];
  $("trouble").hidden = false;
  $("trouble").dataset.kind = trouble.kind;
  $("trouble-again").addEventListener("click", press);
  if ($("trouble-words").dataset.said !== trouble.kind) {
    // told once, not every second
    $("trouble-words").dataset.said = trouble.kind;
    $("trouble-words").textContent =
      trouble.kind === "loading"
        ? "The model is still loading. This page goes on by itself."
        : `${trouble.message} This page tries again by itself.`;
  }
  await countDown(seconds, () => {}, pressed.signal);
  $("trouble-again").removeEventListener("click", press);
}

function clear() {
  $("trouble").hidden = true;
  delete $("trouble-words").dataset.said;
}

/** Do `task` until it is done: through lost connections, loading, full queues, and the key that is needed. */
export async function withRetries(task) {
  let keysTried = 0;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const result = await task();
      clear();
      return result;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (error.kind === "key") {
        await requestKey(keysTried > 0);
        keysTried += 1;
      } else if (["down", "away", "loading", "stopping", "busy", "broken"].includes(error.kind)) {
        await waitWithBar(error, attempt);
      } else throw error;
    }
  }
}
