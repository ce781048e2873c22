import { createHash } from 'node:crypto';
import type { EncodedFile } from '@sallyport/core';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** A file of the pages, as it is served: its content never changes, because its name holds a hash of it. */
export interface Asset extends EncodedFile {
  /** Below `/auth/assets`. */
  readonly path: string;
}

/** Where the files of pages are. */
export const assetsPath = '/auth/assets';

/** Names a file by its content, and compresses it once. */
export function createAsset(name: string, extension: string, mediaType: string, content: Uint8Array | string): Asset {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 12);
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength },
  });
  const gzip = gzipSync(bytes, { level: 9 });
  return {
    path: `${assetsPath}/${name}-${hash}.${extension}`,
    mediaType,
    content: bytes,
    brotli: brotli.byteLength < bytes.byteLength ? brotli : undefined,
    gzip: gzip.byteLength < bytes.byteLength ? gzip : undefined,
  };
}
