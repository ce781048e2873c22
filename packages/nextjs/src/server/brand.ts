import 'server-only';
import { brandPath, brandSchema, resolveBrand, toBrandDocument, type BrandDocument } from '@sallyport/core';
import { cache } from 'react';
import { headersOfRequest } from './request-headers.ts';
import { loadZoneEnvironment } from './zone-environment.ts';

/** As long as a browser keeps the style sheet. */
const keptMilliseconds = 60_000;
const timeoutMilliseconds = 2000;

interface Kept {
  readonly from: string;
  readonly brand: BrandDocument;
  readonly until: number;
}

let kept: Kept | undefined;

/**
 * Reads what people see of the product: its name, the paths of its images, its colours and links, from the gateway. What
 * was read is kept for a minute; where the gateway does not answer, the last one or a plain one stands in: a page never
 * fails for its looks.
 *
 * Colours, corners and font as custom properties: `<link rel="stylesheet" href="/auth/assets/brand/brand.css">`.
 *
 * @throws SallyportConfigurationError when the environment is incomplete.
 *
 * @example
 * export async function generateMetadata() {
 *   const { name } = await brand();
 *   return { title: { default: name, template: `%s · ${name}` } };
 * }
 */
export const brand: () => Promise<BrandDocument> = cache(async function brand(): Promise<BrandDocument> {
  // First, and outside any try: Next learns here that the page depends on the request.
  await headersOfRequest('brand');
  const { internalUrl, publicUrl } = loadZoneEnvironment();
  const from = `${internalUrl}${brandPath}/brand.json`;
  const last = kept?.from === from ? kept : undefined;
  if (last !== undefined && Date.now() < last.until) return last.brand;
  const read = await readBrand(from);
  const shown = read ?? last?.brand ?? toBrandDocument(resolveBrand(brandSchema.parse({}), publicUrl));
  // An outage is asked about as seldom as a brand.
  kept = { from, brand: shown, until: Date.now() + keptMilliseconds };
  return shown;
});

async function readBrand(url: string): Promise<BrandDocument | undefined> {
  try {
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    const answer = await fetch(url, { redirect: 'error', cache: 'no-store', signal });
    return answer.ok ? ((await answer.json()) as BrandDocument) : undefined; // The gateway checks it against this type.
  } catch {
    return undefined;
  }
}
