/** A response of Express, of Fastify, or of `node:http`. */
export interface ResponseLike {
  readonly raw?: { destroy?(): void };
  destroy?(): void;
  header?(name: string, value: string): unknown;
  setHeader?(name: string, value: string): unknown;
}

/** Sets headers of an answer, whatever sends its body. */
export function setHeaders(response: ResponseLike, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (response.header === undefined) response.setHeader?.(name, value);
    else response.header(name, value);
  }
}

/** Half an answer must not pass for a whole one: its connection ends without the last chunk. */
export function cutConnection(response: ResponseLike): void {
  (response.raw ?? response).destroy?.();
}
