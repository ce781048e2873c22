import { acceptedCodings } from './accepted-codings.ts';

/** A file, in the forms in which it can be sent. */
export interface EncodedFile {
  readonly mediaType: string;
  readonly content: Uint8Array;
  /** Absent where it does not get smaller. */
  readonly brotli: Uint8Array | undefined;
  readonly gzip: Uint8Array | undefined;
}

/** What is answered with a file. */
export interface FileAnswer {
  readonly headers: Readonly<Record<string, string | number>>;
  readonly content: Uint8Array;
}

/** `Cache-Control` of a file whose name holds a hash of its content. */
export const keptForAYear = 'public, max-age=31536000, immutable';

/**
 * Answers with a file in the smallest form that the client takes, for pages of this origin alone.
 *
 * @example
 * const { headers, content } = toFileAnswer(file, request.headers['accept-encoding'], keptForAYear);
 * response.writeHead(200, headers).end(content);
 */
export function toFileAnswer(
  { mediaType, content, brotli, gzip }: EncodedFile,
  acceptEncoding: string | undefined,
  cacheControl: string,
): FileAnswer {
  const codings = acceptedCodings(acceptEncoding);
  const forms = [
    { coding: 'br', sent: brotli },
    { coding: 'gzip', sent: gzip },
  ];
  const { coding, sent = content } = forms.find((form) => form.sent !== undefined && codings.has(form.coding)) ?? {};
  return {
    headers: {
      'content-type': mediaType,
      'content-length': sent.byteLength,
      'cache-control': cacheControl,
      'cross-origin-resource-policy': 'same-origin',
      vary: 'accept-encoding',
      ...(coding === undefined ? {} : { 'content-encoding': coding }),
    },
    content: sent,
  };
}
