// Pictures from the user's machine: dropped, pasted or chosen, made small enough to send.
// A picture is drawn anew, so that its place, time and camera stay on the user's machine.

import { originIn } from "./origins.js";

const LONGEST_PX = 1024;
const LEAST_PX = 16; // a side, as the server takes it
const MOST_BYTES = 40 * 2 ** 20;
const MOST_CHARACTERS = 600_000; // of a picture without loss; a photo takes four times that, and browsers keep little
const JPEG_QUALITY = 0.95;

/** A file as {url, name, origin}: a data: address at most 1024 px long, and what a picture of Limner's tells of
 * itself, else null. Error with a sentence when it is no picture. */
export async function readPicture(file) {
  const name = file.name || "picture";
  if (!file.type.startsWith("image/")) throw new Error(`“${name}” is not a picture.`);
  if (file.size > MOST_BYTES)
    throw new Error(`“${name}” is too big: a picture may have ${MOST_BYTES / 2 ** 20} MB.`);
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(`“${name}” cannot be read. PNG, JPEG and WebP work everywhere.`);
  }
  if (Math.min(bitmap.width, bitmap.height) < LEAST_PX)
    throw new Error(
      `“${name}” is too small: ${bitmap.width} × ${bitmap.height} px. A picture has at least ${LEAST_PX} px a side.`,
    );
  const scale = Math.min(1, LONGEST_PX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  // A long and narrow picture is squeezed rather than refused.
  canvas.width = Math.max(LEAST_PX, Math.round(bitmap.width * scale));
  canvas.height = Math.max(LEAST_PX, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // paper under what is transparent
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return { url: addressOf(canvas), name, origin: originIn(await file.arrayBuffer()) };
}

function addressOf(canvas) {
  const exact = canvas.toDataURL("image/png");
  return exact.length <= MOST_CHARACTERS ? exact : canvas.toDataURL("image/jpeg", JPEG_QUALITY);
}

/** The picture files of a drop or a paste. */
export const filesOf = (transfer) => [...(transfer?.files ?? [])];

/** Does a drag carry files, and not words of the page? */
export const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
