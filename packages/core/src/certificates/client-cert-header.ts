import { X509Certificate } from 'node:crypto';

/** A certificate of some machines is larger than 4 KiB; what is larger than this is none. */
const maxLength = 16_384;

/** One byte sequence of a structured field, without parameters, and nothing beside it. Each character is looked at once. */
const byteSequence = /^ *:([A-Za-z0-9+/]+={0,2}): *$/;

/**
 * Reads the value of `Client-Cert`: one byte sequence, the DER of the certificate. Spaces around it are allowed, and
 * nothing else: neither a second value nor parameters.
 *
 * @returns `undefined` for everything else.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9440#section-2.2 RFC 9440, section 2.2}
 */
export function parseClientCertHeader(value: string): X509Certificate | undefined {
  if (value.length > maxLength) return undefined;
  const [, base64 = ''] = byteSequence.exec(value) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  // Decoders are lenient, and two spellings of one certificate are one too many.
  if (bytes.length === 0 || bytes.toString('base64') !== base64) return undefined;
  try {
    const certificate = new X509Certificate(bytes);
    return certificate.raw.equals(bytes) ? certificate : undefined;
  } catch {
    return undefined;
  }
}
