import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** What a sealed text is for: one that was made for another purpose does not open. */
export type SealedPurpose = 'session' | 'tokens' | 'vault' | 'sign-out';

/** Encrypts what leaves the process: cookies, and tokens in a database. */
export interface Sealing {
  /** @param bound what the text belongs to, such as the row that it stands in: it opens nowhere else. */
  seal(purpose: SealedPurpose, text: string, bound?: string): string;
  /** @returns `undefined` for whatever was not sealed here, for this purpose and this place. Never throws. */
  open(purpose: SealedPurpose, sealed: string, bound?: string): string | undefined;
}

const saltBytes = 16;
const tagBytes = 16;

/**
 * AES-256-GCM with a key and nonce of its own for every text (HKDF over a random salt), so that no number of cookies wears
 * out one key.
 *
 * @param secrets the newest first: it seals, and all of them open. A rotation signs no user out.
 */
export function createSealing(secrets: readonly string[]): Sealing {
  const [newest = ''] = secrets;
  return {
    seal(purpose, text, bound = '') {
      const salt = randomBytes(saltBytes);
      const { key, nonce, label } = deriveKey(newest, salt, purpose, bound);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(label);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([salt, body, cipher.getAuthTag()]).toString('base64url');
    },
    open(purpose, sealed, bound = '') {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < saltBytes + tagBytes) return undefined;
      for (const secret of secrets) {
        const text = openWith(secret, bytes, purpose, bound);
        if (text !== undefined) return text;
      }
      return undefined;
    },
  };
}

function openWith(secret: string, bytes: Buffer, purpose: SealedPurpose, bound: string): string | undefined {
  const { key, nonce, label } = deriveKey(secret, bytes.subarray(0, saltBytes), purpose, bound);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
    .setAAD(label)
    .setAuthTag(bytes.subarray(bytes.length - tagBytes));
  try {
    const text = decipher.update(bytes.subarray(saltBytes, bytes.length - tagBytes));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

function deriveKey(secret: string, salt: Buffer, purpose: SealedPurpose, bound: string) {
  const label = Buffer.from(`sallyport auth-js ${purpose}\0${bound}`, 'utf8');
  const derived = Buffer.from(hkdfSync('sha256', secret, salt, `sallyport auth-js ${purpose}`, 44));
  return { key: derived.subarray(0, 32), nonce: derived.subarray(32), label };
}
