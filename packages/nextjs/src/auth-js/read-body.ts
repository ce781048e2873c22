/** As long as a form of a sign-in or a logout token may be. */
const maxBytes = 16_384;

/** Reads a short body; `undefined` for a longer one, of which no more is kept. */
export async function readBody(request: Request): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (request.body !== null)
    for await (const chunk of request.body) {
      length += chunk.byteLength;
      if (length > maxBytes) return undefined;
      chunks.push(chunk);
    }
  return Buffer.concat(chunks).toString('utf8');
}
