import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { createHash, randomBytes } from 'node:crypto';

type Done = (error?: unknown, result?: unknown) => void;
type Middleware = (request: SiteRequest, response: ServerResponse, next: Done) => void;
interface SiteRequest extends IncomingMessage {
  query?: Readonly<Record<string, string>>;
  user?: unknown;
  session?: Record<string, unknown>;
}
interface OAuthCalls {
  getOAuthAccessToken(code: string, parameters: object, done: Done): void;
}
interface Strategy {
  readonly _oauth2: OAuthCalls;
  authenticate(request: SiteRequest, options?: object): void;
  authorizationParams(options: object): object;
}
type StrategyClass = new (options: object, verify: (...given: never[]) => void) => Strategy;

// None of them has types of its own.
const require = createRequire(import.meta.url);
const { Strategy: OpenIdStrategy } = require('passport-openidconnect') as { readonly Strategy: StrategyClass };
const session = require('express-session') as (options: object) => Middleware;
const { Passport } = require('passport') as {
  readonly Passport: new () => {
    use(strategy: Strategy): void;
    initialize(): Middleware;
    session(): Middleware;
    authenticate(name: string, options: object): Middleware;
    serializeUser(write: (user: unknown, done: Done) => void): void;
    deserializeUser(read: (user: unknown, done: Done) => void): void;
  };
};

/** A site with passport-openidconnect and express-session. */
export interface PassportSite {
  readonly origin: string;
  readonly close: () => void;
}

export interface PassportSiteOptions {
  readonly port: number;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The strategy as it is published knows no PKCE. */
  readonly hasPkce: boolean;
}

/** What a site has to add to the strategy: a verifier in the session, and its challenge in the request (RFC 7636). */
class PkceStrategy extends OpenIdStrategy {
  override authenticate(request: SiteRequest, options: object = {}): void {
    const kept = (request.session ??= {});
    const isBack = request.query?.['code'] !== undefined;
    const verifier = isBack ? String(kept['verifier']) : randomBytes(32).toString('base64url');
    if (!isBack) kept['verifier'] = verifier;
    const calls = this._oauth2;
    const self = Object.create(this) as Strategy;
    Object.assign(self, {
      _oauth2: Object.assign(Object.create(calls) as OAuthCalls, {
        getOAuthAccessToken: (code: string, parameters: object, done: Done) => {
          calls.getOAuthAccessToken(code, { ...parameters, code_verifier: verifier }, done);
        },
      }),
      authorizationParams: () => ({
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      }),
    });
    super.authenticate.call(self, request, options);
  }
}

/** Starts it: `/login`, `/callback`, and `/me`, which says who signed in. */
export async function startPassportSite(options: PassportSiteOptions): Promise<PassportSite> {
  const { port, issuer, clientId, clientSecret, hasPkce } = options;
  const origin = `http://localhost:${port}`;
  const Chosen = hasPkce ? PkceStrategy : OpenIdStrategy;
  const passport = new Passport();
  const strategy = new Chosen(
    {
      issuer,
      authorizationURL: `${issuer}/oauth2/auth`,
      tokenURL: `${issuer}/oauth2/token`,
      userInfoURL: `${issuer}/oauth2/userinfo`,
      clientID: clientId,
      clientSecret,
      callbackURL: `${origin}/callback`,
      scope: ['profile', 'email'],
      nonce: true,
      skipUserProfile: false,
    },
    (_issuer: string, profile: object, done: Done) => {
      done(null, profile);
    },
  );
  passport.use(strategy);
  passport.serializeUser((user, done) => {
    done(null, user);
  });
  passport.deserializeUser((user, done) => {
    done(null, user);
  });
  const steps: readonly Middleware[] = [
    session({ secret: 'violet-kettle-marches-north', resave: false, saveUninitialized: false }),
    passport.initialize(),
    passport.session(),
  ];
  const answer: Middleware = (request, response, failed) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', origin);
    request.query = Object.fromEntries(searchParams);
    if (pathname === '/me') return void response.end(JSON.stringify(request.user ?? null));
    const flow = passport.authenticate('openidconnect', {});
    flow(request, response, (error) => {
      if (error === undefined) response.writeHead(302, { location: '/me' }).end();
      else failed(error);
    });
  };
  const server = createServer((request, response) => {
    const run = (index: number): void => {
      const step = steps[index] ?? answer;
      step(request, response, (error) => {
        if (error !== undefined) response.writeHead(500).end(error instanceof Error ? error.message : 'failed');
        else run(index + 1);
      });
    };
    run(0);
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    origin,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
