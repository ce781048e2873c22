/** Takes a reply of Redis for a list; what is none is an empty one. */
export function toList(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}

/**
 * Makes an object of the flat list of names and values that `HGETALL` and `ZRANGE … WITHSCORES` reply with.
 *
 * @throws TypeError when the reply is no list.
 */
export function toFields(reply: unknown): Readonly<Record<string, string>> {
  if (!Array.isArray(reply)) throw new TypeError('the reply of Redis is not a list of fields');
  const fields: Record<string, string> = {};
  for (let index = 0; index < reply.length; index += 2) fields[String(reply[index])] = String(reply[index + 1]);
  return fields;
}
