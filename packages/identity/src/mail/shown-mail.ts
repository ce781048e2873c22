import type { Message } from '@sallyport/core';

/**
 * The HTML of a mail as a mail program shows it: with the images that travel in it in their places.
 *
 * @returns `undefined` for a message without HTML, such as a text message.
 */
export function shownMail({ html, images = [] }: Message): string | undefined {
  if (html === undefined) return undefined;
  return images.reduce(
    (shown, { contentId, mediaType, content }) =>
      shown.replaceAll(`cid:${contentId}`, `data:${mediaType};base64,${Buffer.from(content).toString('base64')}`),
    html,
  );
}
