import { readFileSync } from 'node:fs';
import type { ConfigInput } from '@sallyport/server';

/** Verdigris outside and brass inside, as on the pages of the demo. */
const style =
  '<style>.a{stroke:#0c2221}.o{fill:#0e6257}.i{fill:#d9a13b}text{fill:#0c2221;font:600 19px system-ui,sans-serif;letter-spacing:-.4px}' +
  '@media (prefers-color-scheme:dark){.a{stroke:#eaf2ef}.o{fill:#74d6c1}text{fill:#eaf2ef}}</style>';

const mark =
  '<path class="a" d="M4 29V14a12 12 0 0 1 24 0v15" fill="none" stroke-width="2.5" stroke-linecap="round"/>' +
  '<path class="o" d="M16 6.5A7.5 7.5 0 0 0 8.5 14v15L16 26Z"/><path class="i" d="M17.5 6.6a7.5 7.5 0 0 1 6 7.4v15h-6Z"/>';

const toSvg = (width: number, drawing: string): string =>
  `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} 32">${style}${drawing}</svg>`)}`;

/** What people see of the demo: its own name and colours, where another product has its own. */
export const demoBrand: NonNullable<ConfigInput['brand']> = {
  name: 'Sallyport',
  logo: toSvg(136, `${mark}<text x="40" y="23">Sallyport</text>`),
  icon: toSvg(32, mark),
  touchIcon: `data:image/png;base64,${readFileSync(new URL('touch-icon.png', import.meta.url)).toString('base64')}`,
  colors: {
    light: { background: '#f2f8f5', text: '#0c2221', mutedText: '#4a5f5c', accent: '#0e6257', danger: '#9c1c1c' },
    dark: {
      background: '#091415',
      surface: '#101d1e',
      text: '#eaf2ef',
      mutedText: '#a3b8b3',
      accent: '#74d6c1',
      onAccent: '#06201c',
    },
  },
};
