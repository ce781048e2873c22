import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { ServerResponse } from 'node:http';
import { keptForAYear, toFileAnswer, type EncodedFile } from '@sallyport/core';

const gzipAsync = promisify(gzip);
const brotliAsync = promisify(brotliCompress);

/** A file whose content never changes, because its name holds a hash of it, in the forms in which it is sent. */
export interface SharedAsset extends EncodedFile {
  /** Absent until it was made, and where it does not get smaller. */
  brotli: Buffer | undefined;
}

/** What fonts and most pictures hold is compressed already. */
const compressible = /^(?:text\/|application\/(?:javascript|json|wasm)|image\/svg\+xml)/;

/** Compresses a file as quickly as it has to be for the client that waits. */
export async function createSharedAsset(mediaType: string, content: Buffer): Promise<SharedAsset> {
  const smaller = compressible.test(mediaType) ? await gzipAsync(content, { level: 6 }) : content;
  return { mediaType, content, gzip: ifSmaller(smaller, content), brotli: undefined };
}

/** Compresses it as far as it goes: worth half a second of a thread for a file that is sent for years. */
export async function addBrotli(asset: SharedAsset): Promise<void> {
  const { mediaType, content } = asset;
  if (!compressible.test(mediaType)) return;
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.byteLength,
  };
  asset.brotli = ifSmaller(await brotliAsync(content, { params }), content);
}

/** How much memory it takes. */
export function bytesOf({ content, gzip: zipped, brotli }: SharedAsset): number {
  return content.byteLength + (zipped?.byteLength ?? 0) + (brotli?.byteLength ?? 0);
}

/** Sends a file in the smallest form that the client takes. Browsers keep it for a year. */
export function sendSharedAsset(
  asset: SharedAsset,
  method: string | undefined,
  acceptEncoding: string | undefined,
  response: ServerResponse,
): void {
  const { headers, content } = toFileAnswer(asset, acceptEncoding, keptForAYear);
  response.writeHead(200, headers);
  response.end(method === 'HEAD' ? undefined : content);
}

function ifSmaller(compressed: Buffer, content: Uint8Array): Buffer | undefined {
  return compressed.byteLength < content.byteLength ? compressed : undefined;
}
