import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { BrandSettings } from '@sallyport/core';
import type { ConfigurationProblem } from '../config/configuration-error.ts';
import { bytesOfDataUrl, examineImage, toDataUrl } from './brand-image.ts';

/** The images that a brand names. */
export const brandImageNames = ['logo', 'logoDark', 'icon', 'touchIcon'] as const;

/** Settings whose images were read, and what is wrong with those that could not be used. */
export interface ReadBrand {
  readonly settings: BrandSettings;
  readonly problems: readonly ConfigurationProblem[];
}

/**
 * Reads the images of a brand into its settings, as `data:` URLs: workers are told the whole configuration, and a
 * reload notices a file that changed under the same name.
 *
 * @param folder what their paths are relative to.
 */
export function readBrandImages(settings: BrandSettings, folder: string): ReadBrand {
  const problems: ConfigurationProblem[] = [];
  const images = brandImageNames.flatMap((name) => {
    const from = settings[name];
    if (from === undefined) return [];
    const key = `brand.${name}`;
    const content = readBytes(from, folder);
    if (content === undefined) {
      problems.push({ key, problem: `names a file that cannot be read; its path is relative to ${folder}` });
      return [];
    }
    const outcome = examineImage(content);
    if (outcome.kind === 'image' && (name !== 'touchIcon' || outcome.mediaType === 'image/png'))
      return [[name, toDataUrl(outcome)] as const];
    // Home screens show nothing else.
    problems.push({ key, problem: outcome.kind === 'image' ? 'must be a PNG' : outcome.problem });
    return [];
  });
  return { settings: { ...settings, ...Object.fromEntries(images) }, problems };
}

function readBytes(from: string, folder: string): Uint8Array | undefined {
  try {
    return /^data:/i.test(from) ? bytesOfDataUrl(from) : readFileSync(resolve(folder, from));
  } catch {
    return undefined;
  }
}
