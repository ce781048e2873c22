import { escapeHtml, type Brand } from '@sallyport/core';

/** Draws the icon of a brand that has none: the first letter of its name on its accent, in either theme. */
export function drawIcon({ name, colors: { light, dark } }: Brand): string {
  const [letter = ''] = new Intl.Segmenter().segment(name.toUpperCase())[Symbol.iterator]().next().value?.segment ?? '';
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">',
    `<style>rect{fill:${light.accent}}text{fill:${light.onAccent};font:600 20px system-ui,sans-serif}`,
    `@media (prefers-color-scheme:dark){rect{fill:${dark.accent}}text{fill:${dark.onAccent}}}</style>`,
    '<rect width="32" height="32" rx="8"/>',
    `<text x="16" y="23" text-anchor="middle">${escapeHtml(letter)}</text>`,
    '</svg>',
  ].join('');
}
