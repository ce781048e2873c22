import {
  createLocalKeySource,
  createMessageTokenVerifier,
  createRemoteKeySource,
  createSharedSecretSource,
  createTokenVerifier,
  OptionsError,
  type KeySource,
  type TokenVerifier,
  type VerifyMessageToken,
} from '@sallyport/core';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { SERVICE_TRUST } from './injection-tokens.ts';
import { createNestLogger } from './nest-logger.ts';
import { createRevocationListener, revocationsUrlBeside, type RevocationListener } from './revocation-listener.ts';
import type { SallyportOptions } from './sallyport-options.ts';
import { createTokenIntrospection } from './token-introspection.ts';
import { createEitherVerifier } from './verify-either.ts';

/** What a service believes tokens by: keys, and what it hears of revocations. */
export interface ServiceTrust {
  readonly verifier: TokenVerifier;
  /** Of API keys that come to this service itself. Absent where it asks the gateway about nothing. */
  readonly apiKeyVerifier: TokenVerifier | undefined;
  /** Of messages that were sealed for this service. Absent where it has no keys. */
  readonly verifyMessageToken: VerifyMessageToken | undefined;
  /** Absent where the service does not subscribe: its tokens live until they expire. */
  readonly listener: RevocationListener | undefined;
}

/**
 * Builds both from options that were checked.
 *
 * @param ownKeys the keys of a gateway in this process, where there is one.
 */
export function createServiceTrust(options: SallyportOptions, ownKeys?: KeySource): ServiceTrust {
  const { issuer, keysUrl, keys, sharedSecretInsteadOfKeys } = options;
  const hasKeys = keysUrl !== undefined || keys !== undefined || sharedSecretInsteadOfKeys !== undefined;
  const source = ownKeys ?? (hasKeys ? createSource(options) : undefined);
  const listener = createListener(options, (kid) => {
    source?.withdraw?.(kid);
    verifier?.forgetAll?.();
  });
  const byAsking = createAsking(options, listener, 'access-token');
  const apiKeyVerifier = createAsking(options, listener, 'api-key');
  const byKeys = source === undefined ? undefined : createByKeys(options, source, listener);
  const verifier =
    byKeys !== undefined && byAsking !== undefined
      ? createEitherVerifier({ byKeys, byAsking, issuer })
      : (byKeys ?? byAsking);
  if (verifier === undefined) throw new OptionsError('SallyportModule needs keys or introspection');
  const verifyMessageToken = source === undefined ? undefined : createByMessage(options, source, listener);
  return { verifier, apiKeyVerifier, verifyMessageToken, listener };
}

function createByKeys(
  { issuer, audience, algorithms, clockToleranceSeconds, cacheSize }: SallyportOptions,
  keys: KeySource,
  listener: RevocationListener | undefined,
): TokenVerifier {
  return createTokenVerifier({
    issuer,
    audience,
    keys,
    ...(algorithms === undefined ? {} : { algorithms }),
    ...(clockToleranceSeconds === undefined ? {} : { clockToleranceSeconds }),
    ...(cacheSize === undefined ? {} : { cacheSize }),
    ...(listener === undefined ? {} : { objectTo: listener.objectTo }),
  });
}

function createByMessage(
  { issuer, audience, algorithms, clockToleranceSeconds, messages }: SallyportOptions,
  keys: KeySource,
  listener: RevocationListener | undefined,
): VerifyMessageToken {
  return createMessageTokenVerifier({
    issuer,
    audience,
    keys,
    maxWaitSeconds: messages?.maxWaitSeconds,
    ...(algorithms === undefined ? {} : { algorithms }),
    ...(clockToleranceSeconds === undefined ? {} : { clockToleranceSeconds }),
    ...(listener === undefined ? {} : { objectTo: listener.objectTo }),
  });
}

function createAsking(
  { introspection, audience, cacheSize, logger }: SallyportOptions,
  listener: RevocationListener | undefined,
  about: 'access-token' | 'api-key',
): TokenVerifier | undefined {
  if (introspection === undefined) return undefined;
  const objectTo = listener?.objectTo;
  return createTokenIntrospection({
    ...introspection,
    about,
    audience,
    cacheSize,
    objectTo,
    logger: logger ?? createNestLogger(),
  });
}

/** One of them was given. */
function createSource({ keysUrl = '', keys, sharedSecretInsteadOfKeys: secret }: SallyportOptions): KeySource {
  if (secret !== undefined) return createSharedSecretSource(secret);
  return keys === undefined ? createRemoteKeySource({ url: keysUrl }) : createLocalKeySource(keys);
}

function createListener(
  { revocations, messages, keysUrl = '', logger }: SallyportOptions,
  onKeyWithdrawn: (kid: string) => void,
): RevocationListener | undefined {
  if (revocations === undefined) return undefined;
  const { url = revocationsUrlBeside(keysUrl), onGap = 'accept' } = revocations;
  return createRevocationListener({
    url,
    onGap,
    logger: logger ?? createNestLogger(),
    onKeyWithdrawn,
    maxWaitSeconds: messages?.maxWaitSeconds ?? 0,
  });
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
