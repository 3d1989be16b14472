// The pictures of all conversations in one dialog, the newest first, and the favourites among them.
// Knows how it looks. Where pictures come from and what a press does is the business of `actions`.

import { dialog } from "./dialogs.js";
import { announce, button, make } from "./dom.js";
import { picture } from "./pictures.js";
import { counted, shortened } from "./words.js";

const EMPTY = {
  false: "Every picture of every conversation is shown here.",
  true: "Press the star of a picture, and it is shown here.",
};

/** `actions`: {load({after, favourites}), open(one), like(one)}; `like` resolves to whether it is a favourite now. */
export function openAllPictures(actions) {
  let isLiked = false; // only favourites are shown
  let asked = 0;
  const list = make("ul", { class: "gallery wide" });
  const none = make("p", { class: "none", role: "status" });
  const older = button(null, "Show older", () => more(), { seen: true, class: "quiet wide" });
  const show = (one) => {
    const words = `${shortened(one.title, 60)}: ${shortened(one.text_in, 80)}`;
    const open = make(
      "button",
      {
        type: "button",
        title: words,
        "aria-label": `Go to where it was painted. ${words}`,
        onclick: () => {
          element.close();
          actions.open(one);
        },
      },
      picture(one.picture, ""),
    );
    const star = button("star", `Favourite: ${shortened(one.text_in, 60)}`, async () => {
      const liked = await actions.like(one);
      if (liked === null) return;
      one.favourite = liked;
      mark();
      if (isLiked && !liked) {
        const next = item.nextElementSibling ?? item.previousElementSibling;
        item.remove();
        (next?.querySelector(".star") ?? filters[1]).focus();
        empty();
      }
    });
    const mark = () => {
      star.className = one.favourite ? "quiet bare star on" : "quiet bare star";
      star.setAttribute("aria-pressed", String(one.favourite));
    };
    mark();
    const item = make("li", { class: "on" }, open, star);
    item.dataset.response = one.response;
    return item;
  };
  const empty = () => {
    none.hidden = list.children.length > 0;
    none.textContent = EMPTY[isLiked];
  };
  const load = async (after) => {
    asked += 1;
    const turn = asked;
    let page;
    try {
      page = await actions.load({ after, favourites: isLiked });
    } catch (error) {
      none.textContent = error.message;
      none.hidden = false;
      return 0;
    }
    if (turn !== asked) return 0; // another list was asked for meanwhile
    const items = page.data.map(show);
    if (after) list.append(...items);
    else list.replaceChildren(...items);
    older.hidden = !page.has_more;
    older.dataset.after = page.last_id ?? "";
    empty();
    return items.length;
  };
  const more = async () => {
    const before = list.children.length;
    const number = await load(older.dataset.after);
    if (!number) return;
    list.children[before].querySelector("button").focus();
    announce(`${counted(number, "picture")} more.`);
  };
  const filters = [
    ["All", false],
    ["Favourites", true],
  ].map(([words, liked]) =>
    make(
      "button",
      {
        type: "button",
        "aria-pressed": liked === isLiked,
        onclick: () => {
          isLiked = liked;
          for (const one of filters) one.setAttribute("aria-pressed", String(one.textContent === words));
          load(null);
        },
      },
      words,
    ),
  );
  older.hidden = true;
  none.hidden = true;
  const element = dialog(
    "All pictures",
    "pictures-all",
    make("div", { class: "filters", role: "group", "aria-label": "Which pictures" }, ...filters),
    none,
    list,
    older,
  );
  load(null);
}
