import { anonymous, parseBearerToken, SallyportError, type Caller, type TokenVerifier } from '@sallyport/core';
import { Inject, Injectable, Optional, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { accessOf, type AcceptedCredentials, type Access, type MutualTlsUse } from '../access/resolve-access.ts';
import { CallRefusals } from '../errors/call-refusals.ts';
import { refuseCall } from '../errors/refuse-call.ts';
import { countsEverywhere, requireTokenPeer } from '../certificates/require-token-peer.ts';
import type { ServiceCertificates } from '../certificates/service-certificates.ts';
import {
  API_KEY_VERIFIER,
  MESSAGE_TRUST,
  SALLYPORT_OPTIONS,
  SERVICE_CERTIFICATES,
  TOKEN_VERIFIER,
} from '../injection-tokens.ts';
import type { MessageTrust } from '../messages/message-trust.ts';
import { rememberCaller, rememberedCaller } from '../request-caller.ts';
import { createRequestUser, type AssignRequestUser } from '../request-user.ts';
import type { SallyportOptions } from '../sallyport-options.ts';
import type { Credentials, GuardedTransport } from '../transports/guarded-transport.ts';
import { transportOf } from '../transports/transport-of.ts';
import { admit, isOpen } from './admit.ts';
import { admissionOf } from './connection-admission.ts';
import { presentedKey } from './presented-key.ts';

/**
 * The one guard, of every transport. It verifies the credential, then checks what the handler and its controller declare.
 *
 * Nothing declared, or nothing that can be meant, is closed. A token that was verified before is recalled without
 * waiting, so that the answer is synchronous. It runs as often as it is bound: globally, and by every access decorator.
 */
@Injectable()
export class SallyportGuard implements CanActivate {
  readonly #verifier: TokenVerifier | undefined;
  readonly #verifying = new WeakMap<object, Promise<Caller>>();
  readonly #apiKeyVerifier: TokenVerifier | undefined;
  readonly #refusals: CallRefusals | undefined;
  readonly #assignUser: AssignRequestUser | undefined;
  readonly #messages: MessageTrust | undefined;
  readonly #certificates: ServiceCertificates | undefined;

  // Optional: a test of one controller may build it without the module, and calls its methods itself.
  constructor(
    @Optional() @Inject(TOKEN_VERIFIER) verifier?: TokenVerifier,
    @Optional() @Inject(API_KEY_VERIFIER) apiKeyVerifier?: TokenVerifier,
    @Optional() @Inject(CallRefusals) refusals?: CallRefusals,
    @Optional() @Inject(SALLYPORT_OPTIONS) options?: SallyportOptions,
    @Optional() @Inject(MESSAGE_TRUST) messages?: MessageTrust,
    @Optional() @Inject(SERVICE_CERTIFICATES) certificates?: ServiceCertificates,
  ) {
    this.#verifier = verifier;
    this.#apiKeyVerifier = apiKeyVerifier;
    this.#refusals = refusals;
    this.#assignUser = createRequestUser(options?.requestUser);
    this.#messages = messages;
    this.#certificates = certificates;
  }

  canActivate(context: ExecutionContext): true | Promise<true> {
    try {
      const outcome = this.#decide(context);
      return outcome === true ? true : outcome.catch((error: unknown) => refuseCall(error, context, this.#refusals));
    } catch (error) {
      return refuseCall(error, context, this.#refusals);
    }
  }

  #decide(context: ExecutionContext): true | Promise<true> {
    const access = accessOf(context.getHandler(), context.getClass());
    if (access.kind === 'elsewhere') return true;
    if (access.kind === 'undeclared' || access.kind === 'contradictory')
      throw new SallyportError('SP_ACCESS_UNDECLARED', { reason: access.kind });
    const transport = transportOf(context.getType<string>());
    if (transport !== undefined) return this.#guard(context, transport, access);
    if (access.kind === 'public') return true;
    throw new SallyportError('SP_ACCESS_UNDECLARED', { reason: 'transport-not-guarded' });
  }

  #guard(context: ExecutionContext, transport: GuardedTransport, access: AdmittingAccess): true | Promise<true> {
    const call = transport.callOf(context);
    const own = isOwnObject(transport, context) ? call : undefined;
    const known = own === undefined ? undefined : rememberedCaller(own);
    if (known !== undefined && this.#isSettled(known, access)) return admit(known, access);

    const found = this.#identify(context, transport, access, own);
    if (found instanceof Promise) return found.then((caller) => this.#admit(context, call, own, caller, access));
    return this.#admit(context, call, own, found, access);
  }

  #admit(
    context: ExecutionContext,
    call: object | undefined,
    own: object | undefined,
    caller: Caller,
    access: AdmittingAccess,
  ): true {
    // A public resolver beside a guarded one takes fewer credentials, and must not make the caller of both anonymous.
    const isKnown = own !== undefined && caller.kind === 'anonymous' && rememberedCaller(own) !== undefined;
    // Before anything is refused: the line in the log names the caller.
    if (call !== undefined && !isKnown) rememberCaller(call, caller);
    if (this.#assignUser !== undefined && caller.kind !== 'anonymous') this.#assignUser(context, caller);
    return admit(caller, access);
  }

  /**
   * Whether what was found out for one handler of a call holds for another, such as for resolvers of one query. A guarded
   * one looks for itself where an open one found no caller, and a key is read by those alone that name it.
   */
  #isSettled(known: Caller, access: AdmittingAccess): boolean {
    if (known.kind === 'anonymous') return isOpen(access);
    // A certificate names another caller than a token, and a token may be asked for what it came over.
    if (mutualTlsOf(access) !== undefined || this.#certificates?.isByCertificate(known) === true) return false;
    return known.credential !== 'api-key' || this.#apiKeyVerifier === undefined;
  }

  /** A public handler is served whatever the credential is worth; a good one still says who is calling. */
  #identify(
    context: ExecutionContext,
    transport: GuardedTransport,
    access: AdmittingAccess,
    own: object | undefined,
  ): Caller | Promise<Caller> {
    if (access.kind !== 'public') return this.#verify(context, transport, access, own);
    try {
      const found = this.#verify(context, transport, access, own);
      return found instanceof Promise ? found.catch(() => anonymous) : found;
    } catch {
      return anonymous;
    }
  }

  #verify(
    context: ExecutionContext,
    transport: GuardedTransport,
    access: AdmittingAccess,
    own: object | undefined,
  ): Caller | Promise<Caller> {
    const use = mutualTlsOf(access);
    const connection = transport.connectionOf?.(context);
    const admission = connection === undefined ? undefined : admissionOf(connection);
    if (admission !== undefined) {
      const refusal = admission.refusal();
      if (refusal !== undefined) throw refusal;
      if (use === undefined) return admission.principal;
      if (use === 'alone') throw certificateAndAnother();
      return requireTokenPeer(admission.principal, this.#certificates, connection, use);
    }
    const credentials = transport.credentialsOf(context);
    if (use === 'alone') return this.#byCertificate(transport.callOf(context), credentials);
    const keys = this.#apiKeyVerifier;
    // Where keys are not taken, or nothing can be asked about them, a header of that name is not ours. Nor where a token has to
    // come over a connection with its certificate: a key is bound to none.
    if (use === undefined && keys !== undefined && acceptedBy(access)?.has('api-key') === true) {
      const key = presentedKey(credentials);
      if (key !== undefined) return keys.recall(key) ?? keys.verify(key);
    }
    const message = transport.messageOf?.(context);
    if (message !== undefined && this.#messages !== undefined) return this.#messages.verify(message);
    const found = this.#verifyToken(credentials, own);
    if (found instanceof Promise) return found.then((caller) => this.#requirePeer(caller, context, transport, use));
    return this.#requirePeer(found, context, transport, use);
  }

  #requirePeer(
    caller: Caller,
    context: ExecutionContext,
    transport: GuardedTransport,
    use: MutualTlsUse | undefined,
  ): Caller {
    if (countsEverywhere(caller, this.#certificates, use)) return caller;
    return requireTokenPeer(caller, this.#certificates, transport.callOf(context), use);
  }

  /** A token beside the certificate would say something else, and which of both counts, a request does not say. */
  #byCertificate(call: object | undefined, { authorization }: Credentials): Caller {
    if (this.#certificates === undefined) throw new SallyportError('SP_INTERNAL', { reason: 'module-not-imported' });
    if (authorization !== undefined) throw certificateAndAnother();
    return this.#certificates.callerOf(call);
  }

  #verifyToken({ authorization }: Credentials, own: object | undefined): Caller | Promise<Caller> {
    const recalled = typeof authorization === 'string' ? this.#verifier?.recallHeader?.(authorization) : undefined;
    if (recalled !== undefined) return recalled;
    const token = parseBearerToken(authorization);
    if (token === undefined) return anonymous;
    // Without the module nothing can be found out, and so nothing is let in.
    if (this.#verifier === undefined) throw new SallyportError('SP_INTERNAL', { reason: 'module-not-imported' });
    const known = this.#verifier.recall(token);
    if (known !== undefined) return known;
    if (own === undefined) return this.#verifier.verify(token);
    // Resolvers of one query ask at the same time.
    let verifying = this.#verifying.get(own);
    if (verifying === undefined) {
      verifying = this.#verifier.verify(token);
      this.#verifying.set(own, verifying);
    }
    return verifying;
  }
}

function certificateAndAnother(): SallyportError {
  return new SallyportError('SP_CREDENTIALS_CONFLICT', { reason: 'certificate-and-another-credential' });
}

function mutualTlsOf(access: AdmittingAccess): MutualTlsUse | undefined {
  return access.kind === 'guarded' ? access.mutualTls : undefined;
}

function acceptedBy(access: AdmittingAccess): AcceptedCredentials {
  return access.kind === 'public' ? undefined : access.accepts;
}

/** Whether the object of a call is found again by no later call. */
function isOwnObject(transport: GuardedTransport, context: ExecutionContext): boolean {
  return transport.hasObjectPerCall && transport.connectionOf?.(context) === undefined;
}

type AdmittingAccess = Exclude<Access, { readonly kind: 'undeclared' | 'contradictory' | 'elsewhere' }>;
