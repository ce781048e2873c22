/**
 * Reads a body, and no more of it than so many bytes: one without an end costs no more than that. Counts while it reads,
 * for what a `Content-Length` says, or leaves out, is not to be believed.
 *
 * @param body that of a `Request` or a `Response`; `null` for none.
 * @returns `undefined` where there is more. What is left is cancelled, and with it the connection of an answer.
 * @example
 * const bytes = await readBytesWithin(request.body, 16_384);
 */
export async function readBytesWithin(body: Request['body'], bytes: number): Promise<Buffer | undefined> {
  if (body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let total = 0;
  // A body is bytes; the types of fetch leave that open.
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    total += chunk.byteLength;
    // Leaving the loop cancels the rest.
    if (total > bytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
