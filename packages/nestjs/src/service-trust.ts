import {
  createLocalKeySource,
  createRemoteKeySource,
  createSharedSecretSource,
  createTokenVerifier,
  type KeySource,
  type TokenVerifier,
} from '@sallyport/core';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { SERVICE_TRUST } from './injection-tokens.ts';
import { createNestLogger } from './nest-logger.ts';
import { createRevocationListener, revocationsUrlBeside, type RevocationListener } from './revocation-listener.ts';
import type { SallyportOptions } from './sallyport-options.ts';

/** What a service believes tokens by: keys, and what it hears of revocations. */
export interface ServiceTrust {
  readonly verifier: TokenVerifier;
  /** Absent where the service does not subscribe: its tokens live until they expire. */
  readonly listener: RevocationListener | undefined;
}

/** Builds both from options that were checked. */
export function createServiceTrust(options: SallyportOptions): ServiceTrust {
  const { issuer, audience, algorithms, clockToleranceSeconds, cacheSize } = options;
  const source = createSource(options);
  const listener = createListener(options, (kid) => {
    source.withdraw?.(kid);
    verifier.forgetAll?.();
  });
  const verifier = createTokenVerifier({
    issuer,
    audience,
    keys: source,
    ...(algorithms === undefined ? {} : { algorithms }),
    ...(clockToleranceSeconds === undefined ? {} : { clockToleranceSeconds }),
    ...(cacheSize === undefined ? {} : { cacheSize }),
    ...(listener === undefined ? {} : { objectTo: listener.objectTo }),
  });
  return { verifier, listener };
}

/** One of them was given. */
function createSource({ keysUrl = '', keys, sharedSecretInsteadOfKeys: secret }: SallyportOptions): KeySource {
  if (secret !== undefined) return createSharedSecretSource(secret);
  return keys === undefined ? createRemoteKeySource({ url: keysUrl }) : createLocalKeySource(keys);
}

function createListener(
  { revocations, keysUrl = '', logger }: SallyportOptions,
  onKeyWithdrawn: (kid: string) => void,
): RevocationListener | undefined {
  if (revocations === undefined) return undefined;
  const { url = revocationsUrlBeside(keysUrl), onGap = 'accept' } = revocations;
  return createRevocationListener({ url, onGap, logger: logger ?? createNestLogger(), onKeyWithdrawn });
}

/** Listens for as long as the application lives. A gateway that is away holds up no start. */
@Injectable()
export class RevocationSubscription implements OnModuleInit, OnModuleDestroy {
  readonly #listener: RevocationListener | undefined;

  constructor(@Inject(SERVICE_TRUST) { listener }: ServiceTrust) {
    this.#listener = listener;
  }

  onModuleInit(): void {
    this.#listener?.start();
  }

  onModuleDestroy(): void {
    this.#listener?.stop();
  }
}
