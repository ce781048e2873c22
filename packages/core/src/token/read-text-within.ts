/**
 * Reads the body of an answer as text, and no more of it than so many bytes: one without an end costs no more than that.
 *
 * @returns `undefined` where there is more.
 */
export async function readTextWithin(response: Response, bytes: number): Promise<string | undefined> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let total = 0;
  // A body is bytes; the types of fetch leave that open.
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    total += chunk.length;
    // Leaving the loop cancels the body, and with it the connection.
    if (total > bytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
