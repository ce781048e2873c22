import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../config/config-schema.ts';
import { ConfigurationError } from '../config/configuration-error.ts';
import { parseConfig } from '../config/parse-config.ts';
import { testPolicy } from '../test-support/test-preset.ts';
import { testRoutes } from '../test-support/test-routes.ts';
import { openBrand } from './open-brand.ts';
import { problemOfSvg } from './svg-safety.ts';

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);
const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8z" fill="#123456"/></svg>';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-brand-'));
  mkdirSync(join(folder, 'images'));
  writeFileSync(join(folder, 'images', 'logo.svg'), svg);
  writeFileSync(join(folder, 'huge.png'), Buffer.concat([png, Buffer.alloc(131_072)]));
  writeFileSync(join(folder, 'text.png'), 'not an image');
  writeFileSync(join(folder, 'page.svg'), '<!doctype html><title>page</title>');
  writeFileSync(join(folder, 'script.svg'), svg.replace('<path', '<script>alert(1)</script><path'));
  writeFileSync(join(folder, 'empty.svg'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

const parse = (brand: ConfigInput['brand']) =>
  parseConfig(
    { publicUrl: 'https://app.acme.example', policy: testPolicy, routes: testRoutes('http://127.0.0.1:9'), brand },
    'test',
    folder,
  );

describe('an image of the brand', () => {
  it.each([
    { name: 'that is not there', path: 'none.svg', says: /brand\.logo +names a file that cannot be read/ },
    { name: 'that is a folder', path: 'images', says: /brand\.logo +names a file that cannot be read/ },
    { name: 'of more than 128 KiB', path: 'huge.png', says: /brand\.logo +has 131\d{3} bytes; at most 131072/ },
    { name: 'that is a text', path: 'text.png', says: /brand\.logo +is no SVG, PNG, JPEG or WebP image/ },
    { name: 'that is a page', path: 'page.svg', says: /brand\.logo +holds <title>|brand\.logo +holds markup/ },
    { name: 'with a script', path: 'script.svg', says: /brand\.logo +holds <script>/ },
    { name: 'without a byte', path: 'empty.svg', says: /brand\.logo +is no SVG/ },
    { name: 'in a data: URL of another type', path: 'data:image/gif;base64,R0lGODlh', says: /brand\.logo +is no SVG/ },
    { name: 'in a broken data: URL', path: 'data:image/svg+xml,%', says: /brand\.logo +names a file/ },
  ])('$name stops the start and names the key', ({ path, says }) => {
    expect(() => parse({ logo: path })).toThrow(ConfigurationError);
    expect(() => parse({ logo: path })).toThrow(says);
  });

  it('for home screens is a PNG', () => {
    expect(() => parse({ touchIcon: 'images/logo.svg' })).toThrow(/brand\.touchIcon +must be a PNG/);
    expect(() => parse({ touchIcon: 'none.png' })).toThrow(/brand\.touchIcon +names a file/);
    const asPng = `data:image/png;base64,${png.toString('base64')}`;
    expect(openBrand(parse({ touchIcon: asPng })).touchIcon?.path).toMatch(/\/touch-icon\.[0-9a-f]{16}\.png$/);
    expect(openBrand(parse({ icon: asPng })).touchIcon?.content).toEqual(png);
    expect(openBrand(parse({ icon: 'images/logo.svg' })).touchIcon).toBeUndefined();
  });

  it('is refused together with everything else that is wrong', () => {
    expect(() => parse({ logo: 'none.svg', icon: 'text.png', colors: { light: { text: '#cccccc' } } })).toThrow(
      /4 problems/,
    );
  });

  it('is what its bytes say, and has a path that changes with them', () => {
    const { logo, logoDark, icon } = openBrand(
      parse({ logo: 'images/logo.svg', icon: `data:image/svg+xml;base64,${png.toString('base64')}` }),
    );
    expect(logo).toMatchObject({ mediaType: 'image/svg+xml', content: Buffer.from(svg) });
    expect(logo?.path).toMatch(/^\/auth\/assets\/brand\/logo\.[0-9a-f]{16}\.svg$/);
    expect(logoDark).toBe(logo);
    expect(icon).toMatchObject({ mediaType: 'image/png', content: png });
    const other = openBrand(parse({ logo: `data:image/svg+xml,${encodeURIComponent(svg.replace('8', '9'))}` }));
    expect(other.logo?.path).not.toBe(logo?.path);
  });

  it.each(['Acme', '"Acme"', '株式会社', '👩‍👩‍👧 family', '& Sons'])('is drawn where there is no icon: %s', (name) => {
    const { icon } = openBrand(parse({ name }));
    expect(icon?.mediaType).toBe('image/svg+xml');
    expect(problemOfSvg(Buffer.from(icon?.content ?? []).toString('utf8'))).toBeUndefined();
  });
});

const svgWith = (inside: string, attributes = ''): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"${attributes}>${inside}</svg>`;

describe('an SVG', () => {
  it.each([
    { name: 'a script', text: svgWith('<script>alert(1)</script>') },
    { name: 'a script in capitals', text: svgWith('<SCRIPT>alert(1)</SCRIPT>') },
    { name: 'a script with a namespace', text: svgWith('<svg:script>alert(1)</svg:script>') },
    { name: 'a handler', text: svgWith('<path d="M0 0"/>', ' onload="alert(1)"') },
    { name: 'a handler without quotes', text: svgWith('<path onclick=alert(1) d="M0 0"/>') },
    { name: 'a handler with a namespace', text: svgWith('<path x:onclick="alert(1)"/>') },
    { name: 'a handler after a slash', text: svgWith('<path/onclick="alert(1)"/>') },
    { name: 'a link', text: svgWith('<a href="https://evil.example"><path d="M0 0"/></a>') },
    { name: 'foreign content', text: svgWith('<foreignObject><body/></foreignObject>') },
    { name: 'a frame', text: svgWith('<iframe src="https://evil.example"/>') },
    { name: 'an animation that sets a link', text: svgWith('<set attributeName="href" to="javascript:alert(1)"/>') },
    { name: 'an image from outside', text: svgWith('<image href="https://evil.example/a.png"/>') },
    { name: 'an image from outside by xlink', text: svgWith('<image xlink:href="//evil.example/a.png"/>') },
    { name: 'an image that is another SVG', text: svgWith('<image href="data:image/svg+xml;base64,PHN2Zy8+"/>') },
    { name: 'a drawing from outside', text: svgWith('<use href="other.svg#a"/>') },
    { name: 'an encoded import', text: svgWith('<style>@&#105;mport "https://evil.test/a.css";</style>') },
    { name: 'an encoded url() of a paint', text: svgWith('<path fill="u&#x72;l(https://evil.test/a)"/>') },
    { name: 'an encoded backslash', text: svgWith('<path fill="&#92;75rl(https://evil.test/a)"/>') },
    { name: 'an encoded address', text: svgWith('<use href="&#106;avascript:alert(1)"/>') },
    { name: 'a base', text: svgWith('<path xml:base="https://evil.example/"/>') },
    { name: 'a paint from outside', text: svgWith('<path fill="url(https://evil.example/#a)"/>') },
    { name: 'a style that loads', text: svgWith('<style>@import "https://evil.example/a.css";</style>') },
    { name: 'a style with an address', text: svgWith('<style>path{fill:url(https://evil.example/#a)}</style>') },
    { name: 'a style with escapes', text: svgWith('<style>path{fill:u\\72l(https://evil.example/#a)}</style>') },
    { name: 'a style attribute with an address', text: svgWith('<path style="fill:url(//evil.example)"/>') },
    { name: 'an entity', text: `<!DOCTYPE svg [<!ENTITY x "y">]>${svgWith('&x;')}` },
    { name: 'a named entity', text: svgWith('<text>&x;</text>') },
    { name: 'a style sheet of XML', text: `<?xml-stylesheet href="https://evil.example/a.xsl"?>${svgWith('')}` },
    { name: 'a section of characters', text: svgWith('<style><![CDATA[@import "x"]]></style>') },
    { name: 'a comment that does not end', text: svgWith('<!-- <script>alert(1)</script>') },
    { name: 'an element that does not end', text: svgWith('<g>') },
    { name: 'an end without a beginning', text: svgWith('</g>') },
    { name: 'text in front', text: `hello ${svgWith('')}` },
    { name: 'something else at the root', text: '<g><path d="M0 0"/></g>' },
    { name: 'data of an editor', text: svgWith('<metadata><rdf:RDF/></metadata>') },
  ])('with $name is refused', ({ text }) => {
    expect(problemOfSvg(text)).toMatch(/./);
  });

  it.each([
    { name: 'a drawing', text: svg },
    {
      name: 'a declaration and a document type',
      text: `<?xml version="1.0" encoding="utf-8"?>\n<!-- Acme -->\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n${svg}\n`,
    },
    {
      name: 'a gradient',
      text: svgWith(
        '<defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><path fill="url(#a)" d="M0 0"/>',
      ),
    },
    {
      name: 'a style for the dark theme',
      text: svgWith(
        '<style>path{fill:#000}@media (prefers-color-scheme:dark){path{fill:#fff}}</style><path d="M0 0"/>',
      ),
    },
    {
      name: 'a part that is used twice',
      text: svgWith("<symbol id='a'><path d='M0 0'/></symbol><use xlink:href='#a'/><use href='#a'/>"),
    },
    { name: 'an image of pixels', text: svgWith(`<image href="data:image/png;base64,${png.toString('base64')}"/>`) },
    { name: 'text with an ampersand', text: svgWith('<text>Tom &amp; Jerry</text>') },
  ])('with $name is accepted', ({ text }) => {
    expect(problemOfSvg(text)).toBeUndefined();
  });

  it('of 128 KiB is judged in time that grows with its length', () => {
    const attributes = ' a="b"'.repeat(20_000);
    expect(problemOfSvg(`<svg${attributes}`)).toMatch(/./);
    expect(problemOfSvg('<svg'.repeat(32_000))).toMatch(/./);
    expect(problemOfSvg('<!--'.repeat(32_000))).toMatch(/./);
    expect(problemOfSvg(`<svg a="${'url('.repeat(30_000)}"/>`)).toMatch(/./);
  });
});
