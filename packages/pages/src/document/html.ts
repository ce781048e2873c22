import { html, raw } from 'hono/html';

/** Markup whose values were escaped. */
export type Html = ReturnType<typeof html>;

/** Values of attributes: `true` is an attribute without a value, `false` and `undefined` leave it out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Nothing. */
export const nothing: Html = raw('');

/** Writes attributes with spaces between them. Names are ours, values are escaped. */
export function attributes(values: Attributes): Html {
  const written = Object.entries(values)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([name, value]) => (value === true ? raw(name) : html`${raw(name)}="${value}"`));
  return html`${written.map((one, index) => (index === 0 ? one : html` ${one}`))}`;
}
