/**
 * Reads `Accept-Encoding`: the content codings that a client takes, in lower case. One with a weight of 0 is none of them.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3 RFC 9110, section 12.5.3}
 */
export function acceptedCodings(header: string | undefined): ReadonlySet<string> {
  return new Set(
    (header ?? '').split(',').flatMap((part) => {
      const [coding = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
      return coding === '' || parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter)) ? [] : [coding];
    }),
  );
}
