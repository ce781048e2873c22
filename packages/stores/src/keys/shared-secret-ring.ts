import { createHmac, createSecretKey } from 'node:crypto';
import {
  createSharedSecretSource,
  idOfSharedSecret,
  parseSharedSecrets,
  sharedSecretAlgorithm,
  silentLogger,
  silentMeter,
  type Logger,
  type Meter,
  type RotatingKeyRing,
} from '@sallyport/core';
import { encodeJwsPart } from './encode-jws-part.ts';
import { countSignatures } from './count-signatures.ts';

export interface SharedSecretRingOptions {
  /** The shared secret, or two with a comma or a line break between: the first one signs, both verify. */
  readonly secrets: string;
  readonly logger?: Logger;
  readonly meter?: Meter;
}

const use = 'internal';
const notHere = 'a shared secret is changed by configuration, at the gateway and at every service';

/**
 * Opens a ring that signs with a secret which every service knows, instead of keys of its own. Nothing is published, and
 * nothing rotates: that is a change of the configuration.
 *
 * @returns the ring. Its `rotate` and `withdraw` reject with an Error that says where a secret is changed.
 * @throws OptionsError, before it returns, for secrets that `parseSharedSecrets` refuses.
 */
export async function openSharedSecretRing(options: SharedSecretRingOptions): Promise<RotatingKeyRing> {
  const { logger = silentLogger, meter = silentMeter } = options;
  const secrets = parseSharedSecrets(options.secrets);
  const kids = await Promise.all(secrets.map(idOfSharedSecret));
  const keySource = createSharedSecretSource(options.secrets);
  // The first of at least one.
  const key = createSecretKey(Buffer.from(secrets[0] ?? ''));
  const [kid] = kids;
  const signatures = countSignatures(meter, [use]);
  let signatureCount = 0;

  return {
    maxAgeSeconds: 0,
    sharedSecret: { kids, keySource },
    sign: (wanted, type, claims) => {
      if (wanted !== use) throw new TypeError(`a shared secret signs nothing but tokens for services, not "${wanted}"`);
      signatureCount += 1;
      signatures.get(use)?.add();
      const header = encodeJwsPart({ alg: sharedSecretAlgorithm, typ: type, kid });
      const input = `${header}.${encodeJwsPart(claims)}`;
      return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
    },
    signer: () => {
      throw new TypeError('a shared secret signs nothing that another library writes');
    },
    publicKeys: () => ({ keys: [] }),
    get signatureCount() {
      return signatureCount;
    },
    start: async () => {
      logger.warn(
        'tokens are signed with a shared secret: every service that verifies them can make tokens for every other one, as any user',
        { event: 'shared-secret-in-use', kid, accepted: kids.length },
      );
    },
    list: async () => [],
    rotate: () => Promise.reject(new Error(notHere)),
    withdraw: () => Promise.reject(new Error(notHere)),
    close: () => {},
  };
}
