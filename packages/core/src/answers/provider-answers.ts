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

/** `POST /auth/provider-flows`: a sign-in whose code the client brings itself. */
export interface ProviderCodeFlowAnswer {
  /** Where the client leads its user: a page of the identity provider. */
  readonly location: string;
  /** What the client keeps, and presents with the code. It belongs into no address. */
  readonly flow: string;
  /** What the provider hands back beside the code. Another one belongs to no flow of this client. */
  readonly state: string;
  readonly expiresInSeconds: number;
}

/** `GET /internal/provider-tokens/<provider>`, on the internal listener. */
export interface ProviderTokenAnswer {
  readonly provider: string;
  /** Of the provider, for its own API. It belongs into no log, no address and no browser. */
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** ISO 8601; absent where the provider does not say. */
  readonly expires_at?: string;
  /** What it is good for, with blanks between; absent where the provider did not say. */
  readonly scope?: string;
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
