/** `Connection` may name any end-to-end header as hop-by-hop; it never reaches what the gateway itself adds later. */
export function withoutConnectionNamed(endToEnd: string[], connection: string): string[] {
  const named = connectionNames(connection);
  if (named.size === 0) return endToEnd;
  const kept: string[] = [];
  for (let index = 0; index < endToEnd.length; index += 2) {
    const name = endToEnd[index] ?? '';
    if (!named.has(name.toLowerCase())) kept.push(name, endToEnd[index + 1] ?? '');
  }
  return kept;
}

const namesNothing: ReadonlySet<string> = new Set();

/** The names in a `Connection` header, in lower case (RFC 9110, section 7.6.1). */
export function connectionNames(connection: string): ReadonlySet<string> {
  if (connection === 'keep-alive' || connection === 'close' || connection === 'Keep-Alive') return namesNothing;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}
