const token = /"(?:[^"\\]|\\.)*"|[{}:,[\]]/g;

/**
 * Says whether an object in a JSON text names a member twice. `JSON.parse` keeps the last, others the first.
 *
 * @param text what `JSON.parse` has accepted.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8259#section-4 RFC 8259, section 4}
 */
export function hasRepeatedMember(text: string): boolean {
  const names: Set<unknown>[] = [];
  let last = '';
  for (const [part] of text.matchAll(token)) {
    if (part === '{' || part === '[') names.push(new Set());
    else if (part === '}' || part === ']') names.pop();
    else if (part === ':') {
      // Two spellings of a name are one name.
      const name: unknown = JSON.parse(last);
      const known = names.at(-1);
      if (known?.has(name) === true) return true;
      known?.add(name);
    }
    last = part;
  }
  return false;
}
