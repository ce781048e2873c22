import { OptionsError, type Logger, type Mailer, type RouteInput } from '@sallyport/core';
import type { Config, ConfigInput } from '../config/config-schema.ts';
import type { Environment } from '../config/environment.ts';
import { parseConfig } from '../config/parse-config.ts';

/** Sections of a configuration that are about listeners, upstreams and processes of a gateway. */
const ofGateways = [
  'listen',
  'internal',
  'admin',
  'tls',
  'mtls',
  'forwardAuth',
  'routes',
  'streams',
  'upstreams',
  'introspection',
  'workers',
  'drain',
  'secrets',
] as const satisfies readonly (keyof ConfigInput)[];

type OfGateways = (typeof ofGateways)[number];

/** Identity in the process of an application: the sections of `sallyport.config.ts` that say what it is. */
export interface InProcessIdentityOptions extends Omit<ConfigInput, OfGateways> {
  /**
   * Paths below `/auth` that the application serves itself, such as `/auth/login`; with all below them. Everything else
   * there is served by identity. @default none
   */
  readonly ownPaths?: readonly string[];
  /** Addresses of stores, secrets and `SALLYPORT_DATA_DIR`: `process.env`. @default none: everything is kept in `dataDir` */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** What delivers messages. @default what the environment names, or the development mailbox */
  readonly mailer?: Mailer;
}

/** The name of the application in tokens and in the log. */
export const applicationAudience = 'application';

const ownPathForm = /^\/auth\/[A-Za-z0-9_~.-]+(?:\/[A-Za-z0-9_~.-]+)*$/;

/**
 * Makes the configuration of a gateway of which nothing listens: one route, which leads back into the application.
 *
 * @throws OptionsError for a section that only a gateway has; ConfigurationError for everything else that is wrong.
 */
export function toInProcessConfig(
  options: Omit<InProcessIdentityOptions, 'environment' | 'logger' | 'mailer'>,
  { dataDir }: Pick<Environment, 'dataDir'>,
): Config {
  const { ownPaths = [], ...sections } = options;
  const foreign = ofGateways.filter((name) => name in sections);
  if (foreign.length > 0)
    throw new OptionsError(
      `identity in a process has no ${foreign.join(', no ')}: these are of a gateway, which sallyport.config.ts is for`,
    );
  const bad = ownPaths.filter((path) => !ownPathForm.test(path));
  if (bad.length > 0) throw new OptionsError('ownPaths must hold plain paths below /auth, such as "/auth/login"');
  return parseConfig(
    {
      ...sections,
      ...(dataDir === undefined ? {} : { dataDir }),
      // Several applications of one machine are developed at once: the log names the port.
      mailbox: { port: 0, ...sections.mailbox },
      routes: routesOf(sections, ownPaths),
    },
    'options of identity',
  );
}

function routesOf(sections: Partial<ConfigInput>, ownPaths: readonly string[]): ConfigInput['routes'] {
  const rules = {
    // Never asked: what is let through continues in the process.
    upstream: 'http://127.0.0.1:9',
    audience: applicationAudience,
    // Who may call what is said by the handlers.
    access: 'optional' as const,
    profile: true,
    permissions: Object.keys(sections.policy?.permissions ?? {}).length === 0 ? [] : ['*'],
    credentials: credentialsOf(sections),
  };
  return [
    { ...rules, name: applicationAudience, prefix: '/' },
    ...ownPaths.map((prefix, index) => ({ ...rules, name: `own-path-${index + 1}`, prefix })),
  ];
}

function credentialsOf({ firstPartyTokens, apiKeys }: Partial<ConfigInput>): NonNullable<RouteInput['credentials']> {
  const ofPrograms = firstPartyTokens?.accessTokens === 'opaque' ? 'opaque' : 'bearer';
  return [
    'session',
    ...(firstPartyTokens === undefined ? [] : ([ofPrograms] as const)),
    ...(apiKeys === undefined ? [] : (['api-key'] as const)),
  ];
}
