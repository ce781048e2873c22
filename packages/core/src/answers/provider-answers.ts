/** Which button a provider has: that of a known one, or one with its name. */
export type ProviderKind = 'google' | 'microsoft' | 'apple' | 'github' | 'oidc';

/** An identity provider that people can sign in with. */
export interface OfferedProvider {
  /** Its name in the configuration, and in addresses. */
  readonly id: string;
  /** As people read it. */
  readonly name: string;
  readonly kind: ProviderKind;
}

/** `GET /auth/providers` */
export interface ProvidersAnswer {
  /** In the order in which they are shown. */
  readonly providers: readonly OfferedProvider[];
}

/** `POST /auth/sign-in/provider`, `POST /auth/step-up/provider` and `POST /auth/account/providers`. */
export interface ProviderSignInAnswer {
  /** Where the browser goes next: a page of the identity provider. */
  readonly location: string;
}

/** An account of an identity provider that signs in to the account of the caller. */
export interface ConnectedProvider {
  /** A handle: it disconnects and signs in to nothing. */
  readonly id: string;
  readonly provider: string;
  readonly name: string;
  readonly kind: ProviderKind;
  /** The address that the provider gave last; absent where it gave none. */
  readonly email?: string;
  readonly connectedAt: string;
  readonly lastUsedAt: string;
  /** Whether the configuration still has the provider. */
  readonly isOffered: boolean;
}

/** `GET /auth/account/providers` */
export interface ConnectedProvidersAnswer {
  readonly connected: readonly ConnectedProvider[];
  /** Providers of which no account is connected. */
  readonly available: readonly OfferedProvider[];
  /** Whether the account has a password, so that every provider may be disconnected. */
  readonly hasPassword: boolean;
}
