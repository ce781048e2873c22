/** Says whether a media type is that of server-sent events: `text/event-stream` in any case, with or without parameters. */
export function isEventStream(contentType: string | string[] | undefined): boolean {
  return typeof contentType === 'string' && /^text\/event-stream(?:[\s;]|$)/i.test(contentType);
}
