import { black, contrastRatio, mixColors, white, type HexColor } from './color.ts';

/** The colours of one theme that a brand may choose. */
export interface ChosenColors {
  readonly background?: HexColor | undefined;
  readonly surface?: HexColor | undefined;
  readonly text?: HexColor | undefined;
  readonly mutedText?: HexColor | undefined;
  readonly accent?: HexColor | undefined;
  readonly onAccent?: HexColor | undefined;
  readonly danger?: HexColor | undefined;
}

/** Every colour of one theme. */
export interface BrandPalette {
  /** Behind everything, and the theme colour of the browser. */
  readonly background: HexColor;
  /** Cards, and the inside of fields. */
  readonly surface: HexColor;
  /** Areas that lie below the background, such as code. */
  readonly sunken: HexColor;
  readonly text: HexColor;
  readonly mutedText: HexColor;
  /** Decorative lines. */
  readonly border: HexColor;
  /** The edges of fields and of buttons without a fill: 3:1 on background and surface. */
  readonly controlBorder: HexColor;
  /** Links, primary buttons, focus. */
  readonly accent: HexColor;
  readonly accentHover: HexColor;
  readonly onAccent: HexColor;
  /** Behind notices; text and accent are readable on it. */
  readonly accentTint: HexColor;
  readonly danger: HexColor;
  readonly onDanger: HexColor;
  readonly dangerTint: HexColor;
}

/** Light and dark. */
export type BrandTheme = 'light' | 'dark';

/** Contrast of text. @see {@link https://www.w3.org/TR/WCAG22/#contrast-minimum WCAG 2.2, 1.4.3 (AA)} */
export const textContrast = 4.5;

/** Contrast of edges and icons. @see {@link https://www.w3.org/TR/WCAG22/#non-text-contrast WCAG 2.2, 1.4.11 (AA)} */
const controlContrast = 3;

/** What is not chosen: quiet greys and a blue. */
const usual = {
  light: { background: '#f5f6f8', surface: '#ffffff', text: '#171a21', accent: '#2450b2', danger: '#b3261e' },
  dark: { background: '#101216', surface: '#191c22', text: '#eceef2', accent: '#9db8ff', danger: '#ffb4ab' },
} as const satisfies Record<BrandTheme, ChosenColors>;

/**
 * Fills in the colours that were not chosen. An accent that is chosen for one theme alone is made darker or lighter for
 * the other one, until it can be read there. What is chosen is never changed: {@link problemsOfContrast} judges it.
 */
export function derivePalettes(
  chosen: Readonly<Record<BrandTheme, ChosenColors>>,
): Readonly<Record<BrandTheme, BrandPalette>> {
  return {
    light: derivePalette('light', chosen.light, chosen.dark.accent),
    dark: derivePalette('dark', chosen.dark, chosen.light.accent),
  };
}

function derivePalette(theme: BrandTheme, chosen: ChosenColors, accentOfOther: HexColor | undefined): BrandPalette {
  const { background = usual[theme].background, surface = usual[theme].surface, text = usual[theme].text } = chosen;
  const papers = [background, surface];
  const mutedText = chosen.mutedText ?? untilReadable(mixColors(text, surface, 0.35), text, papers, textContrast);
  const readableAccent = (color: HexColor): HexColor => untilReadable(color, text, papers, textContrast);
  const accent = chosen.accent ?? (accentOfOther === undefined ? usual[theme].accent : readableAccent(accentOfOther));
  const onAccent = chosen.onAccent ?? blackOrWhiteOn(accent);
  const danger = chosen.danger ?? usual[theme].danger;
  const onDanger = blackOrWhiteOn(danger);
  return {
    background,
    surface,
    sunken: tint(background, text, 0.05, [text, mutedText]),
    text,
    mutedText,
    border: mixColors(surface, text, 0.16),
    controlBorder: untilReadable(mixColors(surface, text, 0.45), text, papers, controlContrast),
    accent,
    // Away from the text on it, so that its contrast grows.
    accentHover: mixColors(accent, contrastRatio(accent, white) < contrastRatio(onAccent, white) ? white : black, 0.14),
    onAccent,
    accentTint: tint(surface, accent, 0.12, [text, mutedText, accent]),
    danger,
    onDanger,
    dangerTint: tint(surface, danger, 0.12, [text, mutedText, danger]),
  };
}

/** Moves a colour towards the text until it can be read on all papers. */
function untilReadable(start: HexColor, text: HexColor, papers: readonly HexColor[], needed: number): HexColor {
  const steps = Array.from({ length: 20 }, (_, step) => mixColors(start, text, step / 20));
  return steps.find((color) => papers.every((paper) => contrastRatio(color, paper) >= needed)) ?? text;
}

/** Colours a paper as much as what stands on it bears. */
function tint(paper: HexColor, color: HexColor, share: number, inks: readonly HexColor[]): HexColor {
  const steps = Array.from({ length: 6 }, (_, step) => mixColors(paper, color, share * (1 - step / 6)));
  return steps.find((mixed) => inks.every((ink) => contrastRatio(ink, mixed) >= textContrast)) ?? paper;
}

function blackOrWhiteOn(color: HexColor): HexColor {
  return contrastRatio(white, color) >= contrastRatio(black, color) ? white : black;
}
