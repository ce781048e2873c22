/**
 * What a logo is drawn with. Everything else is refused, and not taken out: a logo that was changed would be noticed by its
 * readers alone. Animation, foreign content and links are no part of a logo.
 */
const drawing: ReadonlySet<string> = new Set(
  [
    'svg g defs symbol use title desc style switch path rect circle ellipse line polyline polygon text tspan image',
    'linearGradient radialGradient stop clipPath mask pattern marker filter feBlend feColorMatrix feComposite',
    'feComponentTransfer feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode',
    'feMorphology feOffset feTurbulence',
  ].flatMap((names) => names.split(' ')),
);

/** The declaration of a document type, as editors write it: without a subset, which could declare entities. */
const declarations =
  /^\uFEFF?\s*(?:<\?xml\s[^<>?]*\?>\s*)?(?:<!--(?:(?!--)[\s\S])*-->\s*)*(?:<!DOCTYPE\s+svg\b[^[\]<>]*>\s*)?/;

const comment = /<!--(?:(?!--)[\s\S])*-->/g;
const tag =
  /<(\/?)([A-Za-z][A-Za-z0-9:._-]*)((?:\s+[A-Za-z_:][A-Za-z0-9:._-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/g;
const attribute = /([A-Za-z_:][A-Za-z0-9:._-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** Within the drawing itself, or an image of pixels. */
const innerReference = /^(?:#[\w.:-]+|data:image\/(?:png|jpeg|webp);base64,[A-Za-z0-9+/=\s]*)$/;

const advice = 'export it as plain, optimised SVG';

/**
 * Says what in an SVG could run, load or link to something, or is not understood. The browser is told to run nothing as
 * well: this is the first of two locks.
 *
 * @returns what goes on after the name of the setting; `undefined` when it is a drawing and no more.
 */
export function problemOfSvg(text: string): string | undefined {
  const body = text.replace(declarations, '').replaceAll(comment, '').trim();
  const names: string[] = [];
  const open: string[] = [];
  let problem: string | undefined;
  const rest = body.replaceAll(tag, (_, closing: string, name: string, attributes: string, selfClosing: string) => {
    names.push(name);
    problem ??= problemOfElement(name, attributes);
    if (closing === '/') problem ??= open.pop() === name ? undefined : `is not well-formed at </${name}>`;
    else if (selfClosing === '') open.push(name);
    return '';
  });
  if (problem !== undefined) return problem;
  if (/[<>]/.test(rest)) return `holds markup that is not plain SVG; ${advice}`;
  if (names[0] !== 'svg' || open.length > 0 || !body.startsWith('<svg') || !body.endsWith('>'))
    return 'is not a whole <svg> drawing';
  return problemOfStyle(rest);
}

function problemOfElement(name: string, attributes: string): string | undefined {
  if (!drawing.has(name)) return `holds <${name}>, which no drawing needs; ${advice}`;
  for (const [, key = '', double, single = ''] of attributes.matchAll(attribute)) {
    const value = double ?? single;
    const local = key.toLowerCase().replace(/^.*:/, '');
    if (local.startsWith('on')) return `holds the script ${key}="…"; ${advice}`;
    if (local === 'base') return `holds ${key}="…"; ${advice}`;
    if ((local === 'href' || local === 'src') && !innerReference.test(value.trim()))
      return `refers to something outside itself in ${key}; ${advice}`;
    // Namespaces are names, not addresses.
    const found = key.startsWith('xmlns') ? undefined : problemOfStyle(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Numeric references as the characters that a reader of XML makes of them. */
function decodeCharacters(text: string): string {
  return text.replace(/&#(?:(\d{1,6})|x([0-9a-f]{1,5}));/gi, (_, decimal: string | undefined, hex: string = '') =>
    String.fromCodePoint(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)),
  );
}

/** Style sheets, style attributes, and attributes that hold a paint. Other escapes would hide what they say. */
function problemOfStyle(written: string): string | undefined {
  const text = decodeCharacters(written);
  if (/@import|expression\s*\(|javascript:|-moz-binding/i.test(text))
    return `loads or runs something in its style; ${advice}`;
  if (/\\|&(?!(?:amp|lt|gt|quot|apos|#\d{1,6}|#x[0-9a-f]{1,5});)/i.test(text))
    return `holds escapes in its text; ${advice}`;
  const references = [...text.matchAll(/url\s*\(\s*['"]?\s*([^)'"]*)/gi)].map(([, address = '']) => address.trim());
  return references.every((address) => innerReference.test(address))
    ? undefined
    : `refers to something outside itself with url(); ${advice}`;
}
