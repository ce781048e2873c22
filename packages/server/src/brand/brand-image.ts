import { createHash } from 'node:crypto';
import type { BrandImage } from '@sallyport/core';
import { problemOfSvg } from './svg-safety.ts';

/** An image as it stands in a checked configuration. */
export type ImageOutcome =
  | { readonly kind: 'image'; readonly mediaType: BrandImage['mediaType']; readonly content: Uint8Array }
  | { readonly kind: 'refused'; readonly problem: string };

/** Mails carry it, and so does every first visit. */
const maxBytes = 131_072;

const fileEndings: Readonly<Record<BrandImage['mediaType'], string>> = {
  'image/svg+xml': 'svg',
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
};

/** Looks at the bytes of an image. What it is follows from them: neither the name of a file nor a media type is believed. */
export function examineImage(content: Uint8Array): ImageOutcome {
  if (content.byteLength > maxBytes)
    return { kind: 'refused', problem: `has ${content.byteLength} bytes; at most ${maxBytes} (128 KiB) are served` };
  const mediaType = mediaTypeOf(content);
  if (mediaType === undefined) return { kind: 'refused', problem: 'is no SVG, PNG, JPEG or WebP image' };
  const problem = mediaType === 'image/svg+xml' ? problemOfSvg(Buffer.from(content).toString('utf8')) : undefined;
  return problem === undefined ? { kind: 'image', mediaType, content } : { kind: 'refused', problem };
}

/** Writes an image as a `data:` URL, so that it stands in the configuration itself. */
export function toDataUrl({ mediaType, content }: Extract<ImageOutcome, { kind: 'image' }>): string {
  return `data:${mediaType};base64,${Buffer.from(content).toString('base64')}`;
}

/** Reads the bytes of a `data:` URL. */
export function bytesOfDataUrl(url: string): Uint8Array {
  const comma = url.indexOf(',');
  const [head, data] = [url.slice(0, comma), url.slice(comma + 1)];
  return /;base64$/i.test(head) ? Buffer.from(data, 'base64') : Buffer.from(decodeURIComponent(data), 'utf8');
}

/** Gives an image the path under which it is served: it holds the hash of the bytes. */
export function toBrandImage(folder: string, name: string, content: Uint8Array): BrandImage {
  const outcome = examineImage(content);
  if (outcome.kind === 'refused') throw new TypeError(`the ${name} ${outcome.problem}, and was accepted`);
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  const { mediaType } = outcome;
  return { path: `${folder}/${name}.${hash}.${fileEndings[mediaType]}`, mediaType, content };
}

function mediaTypeOf(content: Uint8Array): BrandImage['mediaType'] | undefined {
  const bytes = Buffer.from(content.subarray(0, 1024));
  if (bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'))) return 'image/png';
  if (bytes.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex'))) return 'image/jpeg';
  if (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP') return 'image/webp';
  return /^\uFEFF?\s*</.test(bytes.toString('utf8')) ? 'image/svg+xml' : undefined;
}
