/** An sRGB colour as six lower-case hexadecimal digits, such as `#2450b2`. */
export type HexColor = `#${string}`;

const shortForm = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/;
const longForm = /^#[0-9a-f]{6}$/;

export const black: HexColor = '#000000';
export const white: HexColor = '#ffffff';

/** Reads `#abc` or `#aabbcc`; `undefined` for every other notation, because mail programs know no other. */
export function parseHexColor(text: string): HexColor | undefined {
  const lowered = text.toLowerCase();
  const digits = shortForm.exec(lowered);
  if (digits !== null)
    return `#${digits
      .slice(1)
      .map((digit) => digit + digit)
      .join('')}`;
  return longForm.test(lowered) ? `#${lowered.slice(1)}` : undefined;
}

/** Mixes two colours in sRGB. @param share of the second, 0 to 1. */
export function mixColors(first: HexColor, second: HexColor, share: number): HexColor {
  const mixed = channelsOf(first).map((channel, index) => {
    const other = channelsOf(second)[index] ?? channel;
    return Math.round(channel + (other - channel) * share);
  });
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

/**
 * The contrast ratio of two colours, from 1 to 21, in either order.
 *
 * @see {@link https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio WCAG 2.2, contrast ratio}
 */
export function contrastRatio(first: HexColor, second: HexColor): number {
  const [darker = 0, lighter = 0] = [luminanceOf(first), luminanceOf(second)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** @see {@link https://www.w3.org/TR/WCAG22/#dfn-relative-luminance WCAG 2.2, relative luminance} */
function luminanceOf(color: HexColor): number {
  const [red = 0, green = 0, blue = 0] = channelsOf(color).map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channelsOf(color: HexColor): readonly number[] {
  return [1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), 16));
}
