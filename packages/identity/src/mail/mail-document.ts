import { escapeHtml, type Brand, type BrandImage, type BrandPalette, type Message } from '@sallyport/core';

/** A part of a mail, from top to bottom. */
export type MailBlock =
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'action'; readonly label: string; readonly link: string }
  | { readonly kind: 'code'; readonly code: string };

/** What a mail says, in text and in HTML, and the images that travel with it. */
export type MailContent = Required<Pick<Message, 'subject' | 'text' | 'html' | 'images'>>;

/** Mail programs show these; SVG and WebP they leave out or show as a broken image. */
const shownInMails: ReadonlySet<string> = new Set(['image/png', 'image/jpeg']);

/**
 * Sets a mail in a brand. It loads nothing: a logo travels in the mail itself (RFC 2392), where it is an image that mail
 * programs show, and otherwise the name stands in its place. Every text is escaped.
 */
export function toMailContent(brand: Brand, subject: string, blocks: readonly MailBlock[]): MailContent {
  const logo = shownIn(brand.logo);
  const dark = shownIn(brand.logoDark);
  const logoDark = logo === undefined || dark === logo ? undefined : dark;
  return {
    subject,
    text: toText(brand, blocks),
    html: toHtml(brand, subject, blocks, { logo, logoDark }),
    images: [logo, logoDark].filter((image) => image !== undefined).map(toMailImage),
  };
}

function shownIn(image: BrandImage | undefined): BrandImage | undefined {
  return image !== undefined && shownInMails.has(image.mediaType) ? image : undefined;
}

function toMailImage(image: BrandImage) {
  const { mediaType, content } = image;
  return { contentId: contentIdOf(image), mediaType, content };
}

/** The name of the file holds the hash of its content. */
function contentIdOf({ path }: BrandImage): string {
  return `${path.slice(path.lastIndexOf('/') + 1)}@brand`;
}

interface FootLink {
  readonly label: string;
  readonly address: string;
}

function footLinksOf({ links: { support, terms, privacy } }: Brand): readonly FootLink[] {
  return [
    { label: 'Help', address: support },
    { label: 'Terms', address: terms },
    { label: 'Privacy', address: privacy },
  ].flatMap(({ label, address }) => (address === undefined ? [] : [{ label, address }]));
}

function toText(brand: Brand, blocks: readonly MailBlock[]): string {
  const parts = blocks.map((block) => {
    if (block.kind === 'action') return `${block.label}:\n${block.link}`;
    return block.kind === 'code' ? block.code : block.text;
  });
  const foot = footLinksOf(brand).map(({ label, address }) => `${label}: ${address.replace(/^mailto:/, '')}`);
  return `${[...parts, [brand.name, ...foot].join('\n')].join('\n\n')}\n`;
}

interface Logos {
  readonly logo: BrandImage | undefined;
  readonly logoDark: BrandImage | undefined;
}

/** Tables and attributes where Outlook for Windows reads nothing else. What is in `<style>` is for the dark theme only. */
function toHtml(brand: Brand, subject: string, blocks: readonly MailBlock[], logos: Logos): string {
  const { background, surface, text, border } = brand.colors.light;
  const font = escapeHtml(brand.font);
  const table = '<table role="presentation" cellpadding="0" cellspacing="0" border="0"';
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">',
    `<title>${escapeHtml(subject)}</title>`,
    `<style>${darkStyle(brand.colors.dark)}</style></head>`,
    `<body class="page" style="margin:0;padding:0;background:${background}">`,
    `${table} class="page" width="100%" bgcolor="${background}" style="background:${background}"><tr><td align="center" style="padding:32px 16px">`,
    `${table} width="100%" style="max-width:560px"><tr><td class="text" style="padding:0 4px 20px;font:600 18px/1.4 ${font};color:${text}">${toMark(brand, logos)}</td></tr>`,
    `<tr><td class="card" bgcolor="${surface}" style="padding:32px;background:${surface};border:1px solid ${border};border-radius:${cardRadius(brand)}px">`,
    ...blocks.map((block) => toHtmlBlock(block, brand, table)),
    '</td></tr>',
    `<tr><td class="muted" style="padding:20px 4px 0;font:13px/1.6 ${font};color:${brand.colors.light.mutedText}">${toFoot(brand)}</td></tr>`,
    '</table></td></tr></table></body></html>',
  ].join('\n');
}

function toHtmlBlock(block: MailBlock, { colors: { light }, radius, font: family }: Brand, table: string): string {
  const font = escapeHtml(family);
  switch (block.kind) {
    case 'paragraph':
      return `<p class="text" style="margin:0 0 16px;font:16px/1.6 ${font};color:${light.text}">${escapeHtml(block.text)}</p>`;
    case 'note':
      return `<p class="muted" style="margin:16px 0 0;font:14px/1.6 ${font};color:${light.mutedText}">${escapeHtml(block.text)}</p>`;
    case 'code':
      return `<p class="text" style="margin:24px 0;font:600 32px/1.2 ui-monospace,Menlo,Consolas,monospace;letter-spacing:0.2em;color:${light.text}">${escapeHtml(block.code)}</p>`;
    case 'action': {
      const link = escapeHtml(block.link);
      return [
        `${table} style="margin:24px 0"><tr><td class="button" bgcolor="${light.accent}" style="background:${light.accent};border-radius:${radius}px">`,
        `<a class="button-text" href="${link}" style="display:block;padding:12px 20px;font:600 16px/1.4 ${font};color:${light.onAccent};text-decoration:none">${escapeHtml(block.label)}</a></td></tr></table>`,
        `<p class="muted" style="margin:0 0 16px;font:14px/1.6 ${font};color:${light.mutedText};word-break:break-all">Or copy this address into your browser:<br>${link}</p>`,
      ].join('\n');
    }
  }
}

function toMark({ name }: Brand, { logo, logoDark }: Logos): string {
  const alt = escapeHtml(name);
  if (logo === undefined) return alt;
  const toImage = (image: BrandImage, attributes: string): string =>
    `<img src="cid:${escapeHtml(contentIdOf(image))}" alt="${alt}" height="32" ${attributes}>`;
  const shown = 'border:0;height:32px;max-width:100%';
  if (logoDark === undefined) return toImage(logo, `style="display:block;${shown}"`);
  return [
    toImage(logo, `class="on-light" style="display:block;${shown}"`),
    toImage(logoDark, `class="on-dark" style="display:none;${shown}"`),
  ].join('');
}

function toFoot(brand: Brand): string {
  const links = footLinksOf(brand).map(
    ({ label, address }) =>
      `<a class="muted" href="${escapeHtml(address)}" style="color:${brand.colors.light.mutedText};text-decoration:underline">${label}</a>`,
  );
  return [escapeHtml(brand.name), ...links].join(' &nbsp;·&nbsp; ');
}

function darkStyle({ background, surface, text, mutedText, border, accent, onAccent }: BrandPalette): string {
  return [
    ':root{color-scheme:light dark;supported-color-schemes:light dark}',
    '@media (prefers-color-scheme:dark){',
    `.page{background:${background}!important}.card{background:${surface}!important;border-color:${border}!important}`,
    `.text{color:${text}!important}.muted{color:${mutedText}!important}`,
    `.button{background:${accent}!important}.button-text{color:${onAccent}!important}`,
    '.on-light{display:none!important}.on-dark{display:block!important}',
    '}',
  ].join('');
}

function cardRadius({ radius }: Brand): number {
  return Math.round(radius * 1.6);
}
