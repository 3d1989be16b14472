// What to do when a part of a page does not arrive: say so, and load it all anew as soon as the server answers.
// A plain script, run before the others, as any of them may be missing. Of the page it knows the field for words, if
// there is one, and where a draft of them is kept.
(() => {
  const FIRST_MS = 3000;
  const LONGEST_MS = 60_000;
  const WAIT_MS = 30_000; // for an answer
  const COUNT = "limner-loading"; // how often this tab was loaded anew
  const own = document.currentScript.src;
  let isMissing = false;

  /** Storage that is off forgets. */
  const stored = (task) => {
    try {
      return task();
    } catch {
      return null;
    }
  };
  const count = () => Number(stored(() => sessionStorage.getItem(COUNT)));

  /** What was typed meanwhile goes on from the draft. */
  function keepWords() {
    const typed = document.getElementById("say")?.value.trim();
    const draft = `limner-draft-${location.hash.slice(1) || "new"}`;
    const before = stored(() => JSON.parse(localStorage.getItem(draft))) ?? "";
    if (!typed || before.endsWith(typed)) return; // nothing, or kept already
    stored(() => localStorage.setItem(draft, JSON.stringify(before ? `${before}\n${typed}` : typed)));
  }

  function reload() {
    keepWords();
    stored(() => sessionStorage.setItem(COUNT, count() + 1));
    location.reload();
  }

  function tell() {
    const words = document.createElement("p");
    words.className = "notice";
    words.setAttribute("role", "alert");
    words.textContent = "A part of this page has not arrived. It is loaded again by itself.";
    const place = document.getElementById("main") ?? document.body;
    place.prepend(words);
  }

  const answers = () =>
    fetch(own, { cache: "no-store", signal: AbortSignal.timeout(WAIT_MS) }).then(
      (response) => response.ok,
      () => false,
    );

  async function again() {
    tell();
    const waitMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** count());
    do {
      await new Promise((resolve) => {
        setTimeout(resolve, waitMs);
      });
    } while (!(await answers()));
    reload();
  }

  addEventListener(
    "error",
    ({ target }) => {
      const isPart = target instanceof HTMLScriptElement || target.rel === "stylesheet";
      if (!isPart || isMissing) return;
      isMissing = true;
      if (document.readyState === "loading") addEventListener("DOMContentLoaded", again);
      else again();
    },
    { capture: true }, // it does not bubble
  );
  addEventListener("load", () => {
    if (!isMissing) stored(() => sessionStorage.removeItem(COUNT));
  });
})();
