// Pictures of the server as elements and files. Knows that a server with a key must be asked by hand.

import { ask, hasKey } from "./api.js";
import { make } from "./dom.js";

const KEPT = 200;
const held = new Map(); // address -> promise of a blob: address, oldest first

/** An address of this server's, or a picture's own data, or none: pictures of others are never asked for. */
function own(address) {
  if (address.startsWith("data:image/")) return address;
  const url = new URL(address, location.href);
  return url.origin === location.origin ? url.pathname + url.search : "";
}

async function blobAddress(address) {
  if (!held.has(address)) {
    held.set(
      address,
      ask(own(address))
        .then((response) => response.blob())
        .then((blob) => URL.createObjectURL(blob)),
    );
    held.get(address).catch(() => held.delete(address));
    if (held.size > KEPT) {
      const [oldest, object] = held.entries().next().value;
      held.delete(oldest);
      object.then(URL.revokeObjectURL, () => {});
    }
  }
  return held.get(address);
}

/** An <img> of a picture of the server's. */
export function picture(address, words, props = {}) {
  const image = make("img", { alt: words, draggable: false, decoding: "async", ...props });
  image.addEventListener("error", () => image.classList.add("lost"));
  if (hasKey() && !address.startsWith("data:"))
    blobAddress(address).then(
      (object) => {
        image.src = object;
      },
      () => image.classList.add("lost"),
    );
  else image.src = own(address);
  return image;
}

/** A picture of the server's as a data: address, to be sent again. */
export async function dataAddress(address) {
  const blob = await (await ask(own(address))).blob();
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

/** Save a file of the server's under a name. */
export async function download(address, name) {
  const object = URL.createObjectURL(await (await ask(own(address))).blob());
  const link = make("a", { href: object, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(object), 10_000);
}

/** Save a round's picture with its metadata inside; `sizePx` null leaves it as it was painted. */
export function downloadPicture(round, label, sizePx) {
  const address = new URL(round.picture, location.href);
  address.searchParams.set("download", "1");
  address.searchParams.set("response", round.id);
  if (sizePx) address.searchParams.set("size", `${sizePx}x${sizePx}`);
  return download(address.href, `limner-${label}-${round.id.slice(-8)}.png`);
}
