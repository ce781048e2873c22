import type { AssuranceLevel } from '../principal/principal.ts';
import type { SessionTimes } from '../sessions/session-events.ts';
import type { OfferedProvider } from './provider-answers.ts';

/*
 * What identity answers under /auth, as JSON: times are ISO 8601. Identity checks its answers against these types, and
 * pages read them by the same ones.
 */

/** A kind of second factor: an authenticator app, codes by email, codes by text message. */
export type FactorMethod = 'totp' | 'email' | 'sms';

/** What a code can come from. */
export type CodeMethod = FactorMethod | 'recovery-code';

/** A second factor, as its owner is shown it before the second step. */
export interface ShownFactor {
  readonly method: FactorMethod;
  /** Where its codes go, shortened: enough to recognise. */
  readonly destination?: string;
}

/** The owner of a new session. */
export interface ShownUser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly roles: readonly string[];
}

/** `POST /auth/second-factor/verify`, and `POST /auth/sign-in/email` where no second factor is demanded. */
export interface SignedInAnswer {
  readonly status: 'signed-in';
  readonly user: ShownUser;
  /** A path of this origin. */
  readonly returnTo: string;
}

/** `POST /auth/sign-in/email` */
export type SignInAnswer =
  | SignedInAnswer
  | {
      readonly status: 'second-factor-required' | 'second-factor-set-up-required';
      /** With what the second factor can be answered, or what can be set up. */
      readonly methods: readonly string[];
      readonly returnTo: string;
    };

/** `POST /auth/check-link`: the link would work now. */
export interface LinkAnswer {
  readonly status: 'valid';
  /** The address that the link was mailed to. */
  readonly email: string;
  /**
   * What has to be chosen for it. Nothing for a link that confirms an address in the browser that signed up; everywhere else
   * what was typed before the address was proved is replaced.
   */
  readonly asksFor: readonly ('name' | 'newPassword')[];
}

/** A sign-in that waits for its second factor. */
export interface PendingSignInAnswer {
  readonly status: 'pending';
  readonly purpose: 'verify' | 'set-up';
  readonly expiresAt: string;
  readonly methods: readonly ShownFactor[];
  /** Absent while a factor is set up. */
  readonly hasRecoveryCodes?: boolean;
  readonly resendSeconds: number;
}

/** `GET /auth/second-factor/pending` */
export type PendingAnswer = PendingSignInAnswer | { readonly status: 'none' };

/** `GET /auth/second-factor` */
export interface FactorsAnswer {
  readonly factors: readonly OwnFactor[];
  /** What can be set up. */
  readonly methods: readonly FactorMethod[];
  /** Whether a role demands one. */
  readonly required: boolean;
  readonly recoveryCodesLeft: number;
}

/** A second factor of the signed-in user. */
export interface OwnFactor extends ShownFactor {
  readonly addedAt: string;
  readonly enabled: boolean;
}

/** `POST /auth/second-factor/totp/start` */
export interface TotpStartAnswer {
  readonly secret: string;
  readonly uri: string;
}

/** `POST /auth/second-factor/email/start` and `…/sms/start` */
export interface SentCodeStartAnswer extends ShownFactor {
  readonly resendSeconds: number;
}

/** `POST /auth/second-factor/:method/start` */
export type StartFactorAnswer = TotpStartAnswer | SentCodeStartAnswer;

/** `POST /auth/second-factor/:method/confirm`: a signed-in answer when it was the last step of a sign-in. */
export type ConfirmFactorAnswer = (SignedInAnswer | { readonly status: 'confirmed'; readonly returnTo?: undefined }) & {
  /** Present with the first factor of an account. */
  readonly recoveryCodes?: readonly string[];
};

/** `POST /auth/second-factor/recovery-codes/regenerate` */
export interface RecoveryCodesAnswer {
  readonly recoveryCodes: readonly string[];
}

/** An identity provider at which a user can sign in anew, to confirm who they are. */
export interface StepUpProvider extends OfferedProvider {
  readonly method: 'provider';
}

/** `GET /auth/step-up` */
export interface StepUpOfferAnswer {
  readonly acr: AssuranceLevel;
  readonly authTime: string;
  /** The second factors; without any, the password and connected providers, as far as the account has them. */
  readonly methods: readonly (ShownFactor | { readonly method: 'password' } | StepUpProvider)[];
  /** Absent where there is no second factor. */
  readonly hasRecoveryCodes?: boolean;
  readonly resendSeconds: number;
}

/** `POST /auth/step-up` */
export interface StepUpAnswer {
  readonly session: {
    readonly sid: string;
    readonly acr: AssuranceLevel;
    readonly amr: readonly string[];
    readonly authTime: string;
  };
  readonly returnTo: string;
}

/** `GET /auth/session` */
export type SessionAnswer =
  | { readonly status: 'signed-out' }
  | {
      readonly status: 'signed-in';
      readonly user: ShownUser & { readonly permissions: readonly string[] };
      /** The organization that the user works in; absent for none. */
      readonly organization?: { readonly id: string; readonly name: string; readonly roles: readonly string[] };
      readonly session: StepUpAnswer['session'] & {
        readonly createdAt: string;
      } & SessionTimes;
      readonly csrfToken: string;
    };

/** A session of the signed-in user. `sid` is a handle: it ends a session and opens none. */
export interface ShownSession {
  readonly sid: string;
  readonly current: boolean;
  readonly label: string;
  /** How the program calls itself that signed in with tokens; absent for a browser. */
  readonly program?: string;
  readonly browser: string;
  readonly system: string;
  readonly address: string;
  readonly createdAt: string;
  readonly lastActiveAt: string;
  readonly acr: AssuranceLevel;
  readonly amr: readonly string[];
}

/** `GET /auth/sessions` */
export interface SessionsAnswer {
  readonly sessions: readonly ShownSession[];
}

/** `POST /auth/sessions/revoke-others` and `…/revoke-all` */
export interface EndedSessionsAnswer {
  readonly ended: number;
}

/** An API key of the signed-in user. `id` is a handle: it rotates and revokes a key, and is none. */
export interface ShownApiKey {
  readonly id: string;
  readonly name: string;
  /** Permissions; it has those of them that its owner holds when it is used. */
  readonly scopes: readonly string[];
  /** The beginning of the secret, to tell keys apart. */
  readonly hint: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly isExpired: boolean;
  /** To the minute; `null` when it was not used yet. */
  readonly lastUsedAt: string | null;
  /** The secret before the last rotation, for as long as it works; `null` when there is none. */
  readonly previous: { readonly until: string; readonly lastUsedAt: string | null } | null;
}

/** `GET /auth/api-keys` */
export interface ApiKeysAnswer {
  readonly keys: readonly ShownApiKey[];
  /** The permissions that the owner may choose scopes from. */
  readonly permissions: readonly string[];
  readonly usualDays: number;
  readonly maxDays: number;
  readonly overlapSeconds: number;
}

/** `POST /auth/api-keys` and `POST /auth/api-keys/:id/rotate`: the only answers that hold the secret. */
export interface MadeApiKeyAnswer {
  readonly key: ShownApiKey;
  readonly secret: string;
}

/** An OAuth client, as a user is shown it. */
export interface ShownOAuthClient {
  readonly name: string;
  /** The metadata document of a client without a registration, by whose host it is known; and what it calls itself. */
  readonly document?: { readonly host: string; readonly claimedName?: string };
  /** Where the browser goes afterwards: the host, or the scheme of an app. */
  readonly host: string;
  readonly homepage?: string;
  readonly logoUri?: string;
}

/** `GET /auth/oauth/:uid/request`: what an OAuth client asks of the user of this browser. */
export type OAuthRequestAnswer = {
  readonly client: ShownOAuthClient;
  /** Where the browser goes once it is answered: a path of this origin. */
  readonly location: string;
} & (
  | { readonly status: 'answered' | 'sign-in-required' | 'another-account-required' }
  /** `acr` is what is asked for; absent means that the proof has to be made anew. */
  | { readonly status: 'step-up-required'; readonly acr?: string }
  | {
      readonly status: 'consent';
      readonly account: { readonly name: string; readonly email: string };
      readonly scopes: readonly { readonly scope: string; readonly description: string }[];
    }
);

/** `POST /auth/device/request`, with `oauthProvider`: what the device asks for whose code was entered (RFC 8628). */
export interface DeviceRequestAnswer {
  readonly client: Omit<ShownOAuthClient, 'host'>;
  /** Whether it may do everything that its user may: one of the product's own. */
  readonly actsForYou: boolean;
  /** As the device shows it. */
  readonly userCode: string;
  readonly account: { readonly name: string; readonly email: string };
  readonly scopes: readonly { readonly scope: string; readonly description: string }[];
  /** From where the device asked, and when. */
  readonly address: string;
  /** Whether that is the network of the browser. */
  readonly isFromYourNetwork: boolean;
  readonly requestedAt: string;
  readonly expiresAt: string;
}

/** `POST /auth/device/decision` */
export interface DeviceDecisionAnswer {
  readonly status: 'allowed' | 'refused';
  readonly client: { readonly name: string };
}

/** A sign-in that an OAuth client has something of. */
export interface ConnectedSignIn {
  /** The browser or program in which the user signed in. */
  readonly device: string;
  readonly signedInAt: string;
  /** Whether it is the one that asks. */
  readonly isCurrent: boolean;
  /** The app whose access it acts by, where the user let that one in (RFC 8693); absent where the user let it in itself. */
  readonly through?: string;
}

/** A third-party OAuth client that acts for a user: one that the user let in, or one that got a token of such a one. */
export interface ConnectedApp {
  /** Its `client_id`, or what stands for that where it is the address of a metadata document. */
  readonly clientId: string;
  /** An agent acts by itself. */
  readonly kind: 'application' | 'agent';
  /** As it is registered; of a client by metadata document its host. */
  readonly name: string;
  /** The metadata document of a client without a registration: its `client_id`, and the host that vouches for it. */
  readonly document?: { readonly url: string; readonly host: string };
  /** Where it is, as far as that is known. */
  readonly host?: string;
  readonly homepage?: string;
  readonly logoUri?: string;
  /** Since when it acts for the user, of the sign-ins that go on. */
  readonly allowedAt: string;
  /** When it was last here with a token, to the minute; `null` for never. */
  readonly lastUsedAt: string | null;
  readonly signIns: readonly ConnectedSignIn[];
  readonly scopes: readonly { readonly scope: string; readonly description: string }[];
}

/** `GET /auth/account/apps`, with `oauthProvider` */
export interface ConnectedAppsAnswer {
  readonly apps: readonly ConnectedApp[];
}

/** `POST /auth/oauth/:uid/decision` */
export interface OAuthDecisionAnswer {
  /** Where the browser goes now: a path of this origin. */
  readonly location: string;
}
