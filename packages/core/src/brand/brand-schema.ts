import * as z from 'zod';
import { isLoopbackHost } from '../sessions/session-cookie.ts';
import { parseHexColor, type HexColor } from './color.ts';

/** Control characters, line breaks, and what is invisible or turns the direction of text around; but for joiners, which scripts need. */
const unseen = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

const maxNameCharacters = 60;

const nameSchema = z
  .string()
  .refine((name) => name.trim() === name && name !== '', 'must be a name without blanks around it')
  .refine((name) => [...name].length <= maxNameCharacters, `must have at most ${maxNameCharacters} characters`)
  .refine((name) => !unseen.test(name), 'must be one line of visible characters')
  .refine((name) => !/[<>]/.test(name), 'must hold no "<" or ">": it is text, not HTML');

const colorSchema = z.string().transform((text, context): HexColor => {
  const color = parseHexColor(text);
  if (color !== undefined) return color;
  context.addIssue({ code: 'custom', message: 'must be a colour such as "#2450b2"' });
  return z.NEVER;
});

const themeSchema = z
  .strictObject({
    background: colorSchema.optional().describe('Behind everything, and the theme colour of the browser'),
    surface: colorSchema.optional().describe('Cards, and the inside of fields'),
    text: colorSchema.optional().describe('Text'),
    mutedText: colorSchema.optional().describe('Less important text; between text and surface by default'),
    accent: colorSchema.optional().describe('Links, primary buttons and focus; from the other theme by default'),
    onAccent: colorSchema.optional().describe('Text of primary buttons; black or white by default'),
    danger: colorSchema.optional().describe('Refusals and what cannot be undone'),
  })
  .prefault({});

const genericFamilies: ReadonlySet<string> = new Set([
  'system-ui',
  'ui-sans-serif',
  'ui-serif',
  'ui-rounded',
  'ui-monospace',
  'sans-serif',
  'serif',
  'monospace',
]);

const fontSchema = z
  .string()
  .max(200)
  .regex(
    /^[A-Za-z][A-Za-z0-9 -]*(?:, ?[A-Za-z][A-Za-z0-9 -]*)*$/,
    'must be names of fonts without quotes, with commas between, such as "Inter, Segoe UI, sans-serif"',
  )
  .transform((list) =>
    list
      .split(',')
      .map((name) => name.trim())
      .map((name) => (genericFamilies.has(name) ? name : `'${name}'`))
      .join(', '),
  );

const imageSchema = z
  .string()
  .min(1)
  .refine((text) => !/^[a-z][a-z0-9+.-]+:/i.test(text) || /^data:image\//i.test(text), 'must be a path or a data: URL');

const pageSchema = z
  .string()
  .max(2000)
  .refine(isPage, 'must be an https address, or a path of this site such as "/terms"');

const supportSchema = z
  .string()
  .max(2000)
  .refine(
    (text) => isPage(text) || isMailAddress(text),
    'must be an https address, a path of this site, or "mailto:" and an email address',
  );

/**
 * The section `brand` of the configuration: what people see of the product. Unknown keys stop the start.
 * Images are paths in the configuration, and `data:` URLs once it was loaded.
 */
export const brandSchema = z.strictObject({
  name: nameSchema.optional().describe('What people call the product; the host name of publicUrl by default'),
  logo: imageSchema
    .optional()
    .describe(
      'SVG, PNG, JPEG or WebP file of at most 128 KiB, relative to the configuration file, or a data: URL; the name stands in its place by default',
    ),
  logoDark: imageSchema.optional().describe('The logo on dark pages; the same one by default'),
  icon: imageSchema
    .optional()
    .describe('What browser tabs show, as square as they are; the first letter of the name by default'),
  touchIcon: imageSchema
    .optional()
    .describe(
      'PNG file of 180 by 180 pixels for home screens, without transparent parts; the icon by default, where that is a PNG',
    ),
  colors: z
    .strictObject({ light: themeSchema.describe('Light theme'), dark: themeSchema.describe('Dark theme') })
    .prefault({})
    .describe('Colours as #rrggbb; one accent is enough, and text that WCAG 2.2 AA calls unreadable stops the start'),
  radius: z
    .number()
    .min(0)
    .max(24)
    .default(10)
    .describe('Radius of the corners of fields and buttons, in CSS pixels; cards are rounder'),
  font: fontSchema
    .default("system-ui, 'Segoe UI', Roboto, sans-serif")
    .describe('Names of fonts that readers have, that of their system by default; pages and mails load none'),
  links: z
    .strictObject({
      terms: pageSchema.optional().describe('Terms of service'),
      privacy: pageSchema.optional().describe('Privacy notice'),
      support: supportSchema.optional().describe('Where people get help'),
    })
    .prefault({})
    .describe('Links at the foot of pages and mails'),
});

/** The section as it is written. */
export type BrandInput = z.input<typeof brandSchema>;

/** The section after its defaults were filled in. */
export type BrandSettings = z.output<typeof brandSchema>;

function isPage(text: string): boolean {
  if (text.startsWith('/')) return /^\/(?![/\\])[\x21-\x7e]*$/.test(text) && !text.includes('\\');
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname));
  return isSafe && username === '' && password === '' && !/\s/.test(text);
}

function isMailAddress(text: string): boolean {
  return /^mailto:[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$/.test(text);
}
