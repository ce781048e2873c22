import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { problemsOfContrast } from './brand-contrast.ts';
import { toBrandCss } from './brand-css.ts';
import { brandSchema, type BrandInput } from './brand-schema.ts';
import { resolveBrand } from './brand.ts';
import { contrastRatio, mixColors, type HexColor } from './color.ts';

const publicUrl = 'https://app.acme.example:8443';

const brandOf = (input: BrandInput) => resolveBrand(brandSchema.parse(input), publicUrl);

const hexColor = fc
  .integer({ min: 0, max: 0xff_ff_ff })
  .map((value): HexColor => `#${value.toString(16).padStart(6, '0')}`);

describe('a brand', () => {
  it.each([
    { name: 'an empty name', input: { name: '' } },
    { name: 'a name with blanks around it', input: { name: ' Acme' } },
    { name: 'a name of two lines', input: { name: 'Acme\nBcc: all@example.com' } },
    { name: 'a name with CRLF', input: { name: 'Acme\r\nBcc: all@example.com' } },
    { name: 'a name with a line separator', input: { name: 'Acme\u2028Inc' } },
    { name: 'a name that turns around the text after it', input: { name: 'Acme \u202egpj.exe' } },
    { name: 'a name with an invisible character', input: { name: 'Ac\u200bme' } },
    { name: 'HTML in the name', input: { name: '<b>Acme</b>' } },
    { name: 'a name of 61 characters', input: { name: 'A'.repeat(61) } },
    { name: 'a colour by name', input: { colors: { light: { accent: 'rebeccapurple' } } } },
    { name: 'a colour with transparency', input: { colors: { light: { accent: '#11223344' } } } },
    { name: 'a colour that ends its declaration', input: { colors: { light: { accent: '#123456;}*{' } } } },
    { name: 'an unknown colour', input: { colors: { light: { primary: '#123456' } } } },
    { name: 'an unknown theme', input: { colors: { sepia: {} } } },
    { name: 'an unknown key', input: { slogan: 'canary' } },
    { name: 'an unknown link', input: { links: { imprint: '/imprint' } } },
    { name: 'a link that runs script', input: { links: { terms: 'javascript:alert(1)' } } },
    { name: 'a link in plain http', input: { links: { terms: 'http://acme.example/terms' } } },
    { name: 'a link to another host without a scheme', input: { links: { terms: '//evil.example/' } } },
    { name: 'a link with credentials', input: { links: { privacy: 'https://a:b@acme.example/' } } },
    { name: 'an email address among the terms', input: { links: { terms: 'mailto:a@acme.example' } } },
    { name: 'an email address with a subject', input: { links: { support: 'mailto:a@acme.example?cc=b@x.example' } } },
    { name: 'a font with a quote', input: { font: "Inter'" } },
    { name: 'a font that ends its declaration', input: { font: 'Inter; } *' } },
    { name: 'a font from an address', input: { font: 'url(https://acme.example/a.woff2)' } },
    { name: 'a radius below zero', input: { radius: -1 } },
    { name: 'a radius that makes circles', input: { radius: 25 } },
    { name: 'a logo from an address', input: { logo: 'https://acme.example/logo.svg' } },
    { name: 'a logo that is a page', input: { logo: 'data:text/html,hello' } },
  ])('with $name is refused', ({ input }) => {
    expect(brandSchema.safeParse(input).success).toBe(false);
  });

  it.each(['Acme', 'Tom & Jerry’s "Shop"', 'Müller + Söhne', '株式会社', 'Acme: Health', 'A'.repeat(60)])(
    'may be called %s',
    (name) => {
      expect(brandOf({ name }).name).toBe(name);
    },
  );

  it('without a name is called as its host is, without the port', () => {
    expect(brandOf({}).name).toBe('app.acme.example');
  });

  it('has absolute links', () => {
    expect(brandOf({ links: { terms: '/terms', support: 'mailto:help@acme.example' } }).links).toEqual({
      terms: 'https://app.acme.example:8443/terms',
      privacy: undefined,
      support: 'mailto:help@acme.example',
    });
  });

  it('shows its logo in the dark theme too, unless there is one for it', () => {
    const logo = { path: '/auth/assets/logo.png', mediaType: 'image/png', content: new Uint8Array() } as const;
    expect(resolveBrand(brandSchema.parse({}), publicUrl, { logo }).logoDark).toBe(logo);
  });

  it('cannot be changed', () => {
    const brand = brandOf({});
    expect([brand, brand.colors, brand.colors.light, brand.colors.dark, brand.links].every(Object.isFrozen)).toBe(true);
  });
});

describe('the contrast of two colours', () => {
  it.each([
    { first: '#000000', second: '#ffffff', ratio: 21 },
    { first: '#777777', second: '#ffffff', ratio: 4.48 },
    { first: '#767676', second: '#ffffff', ratio: 4.54 },
    { first: '#0000ff', second: '#ffffff', ratio: 8.59 },
    { first: '#ff0000', second: '#ffffff', ratio: 4 },
  ] as const)('is $ratio for $first and $second, in either order', ({ first, second, ratio }) => {
    expect(contrastRatio(first, second)).toBeCloseTo(ratio, 2);
    expect(contrastRatio(second, first)).toBe(contrastRatio(first, second));
  });
});

describe('the colours of a brand', () => {
  it('are named where they are less readable than they must be, with the ratio and the one that is needed', () => {
    const { colors } = brandOf({ colors: { light: { surface: '#fff', accent: '#777777' } } });
    expect(problemsOfContrast(colors)).toContainEqual({
      theme: 'light',
      pair: ['accent', 'surface'],
      ratio: 4.47,
      needed: 4.5,
    });
  });

  it.each([
    { name: 'text of buttons', colors: { dark: { accent: '#ffffff', onAccent: '#cccccc' } }, pair: 'onAccent accent' },
    { name: 'text', colors: { light: { text: '#999999' } }, pair: 'text background' },
    { name: 'muted text', colors: { dark: { mutedText: '#444444' } }, pair: 'mutedText surface' },
    { name: 'refusals', colors: { light: { danger: '#ff8888' } }, pair: 'danger surface' },
    { name: 'a light link on a light page', colors: { light: { accent: '#ffd400' } }, pair: 'accent background' },
  ])('are refused for $name', ({ colors, pair }) => {
    expect(problemsOfContrast(brandOf({ colors }).colors).map((problem) => problem.pair.join(' '))).toContain(pair);
  });

  it('are readable by default', () => {
    expect(problemsOfContrast(brandOf({}).colors)).toEqual([]);
  });

  it('are readable in the other theme, where an accent is chosen for one', () => {
    fc.assert(
      fc.property(hexColor, fc.constantFrom('light' as const, 'dark' as const), (accent, theme) => {
        const problems = problemsOfContrast(brandOf({ colors: { [theme]: { accent } } }).colors);
        expect(problems.filter((problem) => problem.theme !== theme)).toEqual([]);
      }),
    );
  });

  it('are kept as they were chosen', () => {
    const chosen = { accent: '#ABC', onAccent: '#001122' };
    expect(brandOf({ colors: { light: chosen } }).colors.light).toMatchObject({
      accent: '#aabbcc',
      onAccent: '#001122',
    });
  });

  it('are readable on tints and while a pointer is over a button, whenever they are accepted', () => {
    const near = (paper: HexColor, from: number) =>
      fc
        .tuple(hexColor, fc.double({ min: from, max: 1, noNaN: true }))
        .map(([color, share]) => mixColors(color, paper, share));
    const theme = (paper: HexColor, ink: HexColor) =>
      fc.record(
        {
          background: near(paper, 0.8),
          surface: near(paper, 0.8),
          text: near(ink, 0.6),
          mutedText: near(ink, 0.4),
          accent: near(ink, 0.4),
          onAccent: near(paper, 0.8),
          danger: near(ink, 0.4),
        },
        { requiredKeys: [] },
      );
    let accepted = 0;
    fc.assert(
      fc.property(theme('#ffffff', '#000000'), theme('#000000', '#ffffff'), (light, dark) => {
        const { colors } = brandOf({ colors: { light, dark } });
        if (problemsOfContrast(colors).length > 0) return;
        accepted += 1;
        for (const one of [colors.light, colors.dark]) {
          const pairs = [
            [one.text, one.accentTint],
            [one.accent, one.accentTint],
            [one.mutedText, one.accentTint],
            [one.mutedText, one.dangerTint],
            [one.mutedText, one.sunken],
            [one.text, one.dangerTint],
            [one.danger, one.dangerTint],
            [one.text, one.sunken],
            [one.onAccent, one.accentHover],
            [one.onDanger, one.danger],
          ] as const;
          for (const [ink, paper] of pairs) expect(contrastRatio(ink, paper)).toBeGreaterThanOrEqual(4.5);
          for (const paper of [one.background, one.surface])
            expect(contrastRatio(one.controlBorder, paper)).toBeGreaterThanOrEqual(3);
        }
      }),
      { numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});

describe('the style sheet of a brand', () => {
  it('holds every colour of both themes, the corners and the font', () => {
    const css = toBrandCss(
      brandOf({
        radius: 5,
        font: 'Inter, sans-serif',
        colors: { light: { accent: '#123456' }, dark: { accent: '#abcdef' } },
      }),
    );
    expect(css).toContain('--brand-accent:light-dark(#123456,#abcdef);');
    expect(css).toContain('--brand-control-border:light-dark(');
    expect(css).toContain("--brand-radius:5px;--brand-card-radius:8px;--brand-font:'Inter', sans-serif}");
  });

  it('cannot be left by any value that is accepted', () => {
    const text = fc.string({ unit: fc.constantFrom(...'aA1 ,-#;:{}()<>/*\\\'"\n@'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(text, text, (font, accent) => {
        const inputs = [{ font }, { colors: { light: { accent } } }].filter(
          (one) => brandSchema.safeParse(one).success,
        );
        for (const input of inputs) expect(toBrandCss(brandOf(input))).not.toMatch(/[<"\\]|\/\*|url\(|@|\}[^\n]/);
      }),
      { numRuns: 2000 },
    );
  });
});
