/** What is known of a stored system besides its data. Every secret in it was made for the fixture alone. */
export interface Fixture {
  /** ISO 8601. The test sets the clock of its gateway a minute later. */
  readonly madeAt: string;
  readonly secret: string;
  readonly password: string;
  readonly accounts: {
    /** With the role `vendor`, a password hashed here, a session, and a link for a new password. */
    readonly vendor: { readonly id: string; readonly email: string };
    /** With an authenticator app, and codes for the day when it is lost. */
    readonly twoSteps: { readonly email: string; readonly totpSecret: string; readonly recoveryCode: string };
    /** Whose password was hashed by another system, with bcrypt. */
    readonly imported: { readonly email: string };
    /** Banned for a day, with a reason. Absent before 2026-11-30-bans, as the one below. */
    readonly suspended?: { readonly email: string };
    /** Whose ban is over when the test looks. */
    readonly returned?: { readonly email: string };
  };
  readonly session: { readonly cookie: string; readonly sid: string };
  readonly resetToken: string;
  readonly keys: readonly object[];
  /** An internal token that was made then. */
  readonly token: string;
  /** An API key of the vendor. Absent before 2026-11-30, as the two below. */
  readonly apiKey?: string;
  /** Of a program that the vendor signed in to. */
  readonly refreshToken?: string;
  /** An OAuth client that gets tokens for itself. Absent before 2026-11-30-oauth. */
  readonly oauthClient?: { readonly id: string; readonly secret: string };
  /** A webhook that the service took. */
  readonly delivery?: { readonly headers: Readonly<Record<string, string>>; readonly body: object };
}

export const fixtureStores = ['embedded', 'postgres'] as const;

export type FixtureStore = (typeof fixtureStores)[number];
