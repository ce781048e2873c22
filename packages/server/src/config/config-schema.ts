import {
  brandSchema,
  hostPatternSchema,
  keyAlgorithms,
  pagesSchema,
  publicOriginSchema,
  requestLimitsSchema,
  routeSchema,
} from '@sallyport/core';
import {
  forwardAuthOptionsSchema,
  gatewayCorsSchema,
  gatewayLimitsSchema,
  introspectionSchema,
  messagesSchema,
  localesSchema,
  proxyNetworkSchema,
  revocationSubscribersSchema,
  sessionCacheOptionsSchema,
  streamOptionsSchema,
  strictTransportSchema,
  tokenLifetimeSchema,
  upstreamOptionsSchema,
} from '@sallyport/gateway';
import { guessLimits, isWithinAbsolute, mailLimits, sessionLifetimeSchema } from '@sallyport/identity';
import { redisPrefixForm } from '@sallyport/stores';
import * as z from 'zod';
import { featureSections } from '../features.ts';
import { bindAddressSchema as bindAddress, portSchema as port } from './address-schemas.ts';
import { mtlsSchema } from './mtls-schema.ts';
import { policySchema } from './policy-schema.ts';
import { secretsSchema } from '../secrets/secret-source.ts';
import { securityTxtSchema } from '../security-txt/security-txt-schema.ts';

const localNames = z
  .array(hostPatternSchema.refine((host) => !host.startsWith('*.'), 'must be one host, not a pattern'))
  .default([]);

/**
 * The whole configuration of the gateway process. Unknown keys stop the start.
 * Secrets and addresses of stores come from the environment or the source of `secrets`, never from this file.
 */
export const configSchema = z.strictObject({
  publicUrl: publicOriginSchema,
  hosts: z
    .array(hostPatternSchema)
    .default([])
    .describe('Further host names (with port, if not the default one) that the gateway serves'),
  listen: z
    .strictObject({
      host: bindAddress.default('127.0.0.1').describe('Address on which the public listener binds'),
      port: port.default(3000).describe('Port of the public listener; PORT in the environment overrides it'),
      redirectFrom: z
        .strictObject({
          host: bindAddress.optional().describe('Address on which it binds; that of the public listener by default'),
          port: port.describe('Usually 80'),
        })
        .optional()
        .describe('A listener without TLS that sends browsers to https, and refuses everything else'),
    })
    .prefault({})
    .describe('The public listener'),
  internal: z
    .strictObject({
      host: bindAddress
        .default('127.0.0.1')
        .describe('Address on which the internal listener binds; never a public one'),
      port: port.default(0).describe('Port of the internal listener; 0 picks a free one'),
      hosts: z
        .array(hostPatternSchema)
        .default([])
        .describe(
          'Names with port, such as gateway:9400, by which zones and services reach it; loopback always counts',
        ),
      subscribers: revocationSubscribersSchema,
    })
    .prefault({})
    .describe('The listener for zones and services: keys, and calls from zones to services'),
  admin: z
    .strictObject({
      host: bindAddress
        .default('127.0.0.1')
        .describe('Address on which the admin listener binds; any but loopback needs SALLYPORT_ADMIN_TOKEN'),
      port: port.describe('Port of the admin listener; 0 picks a free one and writes it into the data folder'),
      hosts: localNames.describe(
        'Further names, with port, by which operators reach it; loopback with the port always counts. Where it binds to any but loopback and none is given, the token alone decides',
      ),
    })
    .optional()
    .describe(
      'The listener for operators: metrics, explain, reload; absent means that only commands of the same machine reach the gateway',
    ),
  tls: z
    .strictObject({
      certFile: z.string().min(1).describe('Path of the certificate chain'),
      keyFile: z.string().min(1).describe('Path of the private key'),
    })
    .optional()
    .describe(
      'PEM files of the certificate chain and its key, read again when they change; absent means that a proxy in front terminates TLS',
    ),
  hsts: strictTransportSchema
    .prefault({})
    .describe('Strict-Transport-Security, sent over https; never for loopback hosts'),
  trustedProxies: z
    .array(proxyNetworkSchema)
    .default([])
    .describe(
      'Addresses or networks (such as 10.0.0.0/8) of proxies whose X-Forwarded-For and -Proto are believed; none by default',
    ),
  forwardAuth: z
    .strictObject({
      host: bindAddress.default('127.0.0.1').describe('Address on which it binds; only proxies may reach it'),
      port: port.describe('Its port'),
      ...forwardAuthOptionsSchema.shape,
    })
    .optional()
    .describe('A listener for auth subrequests of nginx, Traefik or Caddy (forward auth); absent means that it is off'),
  dataDir: z.string().min(1).default('.sallyport').describe('Folder of the embedded database and of generated secrets'),
  redis: z
    .strictObject({
      prefix: z
        .string()
        .regex(redisPrefixForm, 'must be 1 to 64 letters, digits or _ . : -')
        .default('sallyport:')
        .describe('In front of every key and channel, so that deployments can share a server'),
      caFile: z
        .string()
        .min(1)
        .optional()
        .describe('PEM file of the authorities that sign the certificate of Redis, where the usual ones do not'),
    })
    .prefault({})
    .describe('Redis; its address comes from REDIS_URL in the environment, and without it none is used'),
  cors: gatewayCorsSchema
    .prefault({})
    .describe('Scripts of other sites that use tokens; which routes they may call is said by each route (cors)'),
  routes: z.array(routeSchema).min(1).describe('Routes of the gateway; the most specific prefix wins'),
  locales: localesSchema,
  pages: pagesSchema
    .prefault({})
    .describe('Pages of your own in place of built-in ones; docs/reference/pages.md says what each has to do'),
  streams: streamOptionsSchema
    .prefault({})
    .describe('WebSockets and streaming answers, at each gateway; they end with their session'),
  upstreams: upstreamOptionsSchema.prefault({}).describe('The circuit breaker of each target of a route'),
  upstreamTls: z
    .strictObject({
      certFile: z.string().min(1).describe('Path of the certificate that the gateway presents to services'),
      keyFile: z.string().min(1).describe('Path of its private key'),
      caFile: z
        .string()
        .min(1)
        .optional()
        .describe('Path of the authorities of services; absent means those that Node.js knows'),
    })
    .optional()
    .describe(
      'Mutual TLS with services whose routes have upstreamTls: PEM files, read again when they change; absent means that the gateway presents no certificate',
    ),
  policy: policySchema.describe(
    'Permissions and roles, written with definePolicy(); a change is stored by sallyport roles apply',
  ),
  limits: z
    .strictObject({
      ...gatewayLimitsSchema.shape,
      authRequests: requestLimitsSchema
        .default([{ per: 'address', max: 1000, seconds: 60 }])
        .describe('How many requests to /auth may come; an empty list means any number'),
    })
    .prefault({})
    .describe('Upper bounds of what the gateway takes in'),
  session: z
    .strictObject({
      ...sessionLifetimeSchema.shape,
      maxPerUser: z
        .number()
        .int()
        .min(1)
        .max(10_000)
        .optional()
        .describe('Sessions that one account may have at the same time; absent means any number'),
      onLimit: z
        .enum(['end-oldest', 'refuse'])
        .default('end-oldest')
        .describe('What becomes of one more: the oldest session ends, or the sign-in is refused'),
      endAfterDowntimeSeconds: z
        .number()
        .int()
        .min(10)
        .max(31_536_000)
        .default(900)
        .describe(
          'With Redis: how long no gateway may have run before the next start ends every session, because a database and a Redis that were restored from one backup look like that; a longer time revives what ended within it',
        ),
    })
    .refine(isWithinAbsolute, 'idleSeconds must not exceed absoluteSeconds')
    .prefault({})
    .describe('Lifetime and number of browser sessions'),
  tokens: z
    .strictObject({
      internalSeconds: tokenLifetimeSchema,
      signWithSharedSecretInsteadOfKeyPairs: z
        .boolean()
        .default(false)
        .describe(
          'HS256 with the secret of SALLYPORT_TOKEN_SECRET: every service that knows it can make tokens for every other one, as any user. Only for services that cannot verify with public keys',
        ),
    })
    .prefault({})
    .describe('Tokens that the gateway makes'),
  keys: z
    .strictObject({
      algorithm: z
        .enum(keyAlgorithms)
        .default('ES256')
        .describe('With what tokens are signed; a change brings in a new key, as every rotation does'),
      rotationDays: z.number().min(1).max(3650).default(90).describe('How long a key signs'),
      cacheSeconds: z
        .number()
        .int()
        .min(30)
        .max(3600)
        .default(300)
        .describe(
          'How long verifiers may keep the public keys; a new key is published for twice as long before it signs',
        ),
    })
    .prefault({})
    .describe('Signing keys, which are rotated without being asked; not used where a shared secret signs'),
  sessionCache: sessionCacheOptionsSchema
    .prefault({})
    .describe('Sessions in the memory of each gateway; the bus ends them there at once'),
  ...featureSections,
  // The feature knows no more than whether there is such a section.
  mtls: mtlsSchema,
  introspection: introspectionSchema
    .optional()
    .describe(
      'Answers services without a gateway about access tokens (POST /oauth2/introspect) and ends tokens for them (POST /oauth2/revoke); absent means that neither is there',
    ),
  messages: messagesSchema
    .optional()
    .describe(
      'Services that take messages which are sent for users (POST /internal/message-tokens on the internal listener); absent means that none does',
    ),
  guessing: guessLimits,
  mailLimits,
  secrets: secretsSchema,
  brand: brandSchema
    .prefault({})
    .describe('What people see of the product: in pages, mails, authenticator apps and pages of errors'),
  securityTxt: securityTxtSchema
    .optional()
    .describe(
      '/.well-known/security.txt (RFC 9116): where weaknesses are reported; absent means that the routes answer there',
    ),
  mail: z
    .strictObject({
      from: z
        .string()
        .min(3)
        .describe(
          'Sender of mails, such as "Acme <no-reply@example.com>"; brand.name stands in front of an address alone',
        ),
    })
    .optional()
    .describe('Mail; the server comes from SMTP_URL in the environment'),
  sms: z
    .strictObject({
      from: z.string().min(1).optional().describe('Number or name that text messages come from'),
      authentication: z
        .union([z.enum(['bearer', 'basic']), z.strictObject({ header: z.string().regex(/^[A-Za-z0-9-]+$/) })])
        .default('bearer')
        .describe('How SMS_GATEWAY_TOKEN is sent: as a bearer token, as user:password, or in a header of this name'),
      format: z.enum(['json', 'form']).default('json').describe('How the body of a request is written'),
      fields: z
        .strictObject({
          to: z.string().min(1).default('to').describe('What the gateway calls the number'),
          from: z.string().min(1).default('from').describe('What the gateway calls the sender'),
          text: z.string().min(1).default('text').describe('What the gateway calls the text'),
        })
        .prefault({})
        .describe('Names in the body of a request'),
    })
    .prefault({})
    .describe('The HTTP interface of an SMS gateway; its address comes from SMS_GATEWAY_URL in the environment'),
  mailbox: z
    .strictObject({
      port: port.default(3025).describe('Its port on 127.0.0.1; 0 picks a free one, which the log names'),
      hosts: localNames.describe(
        'Further names, with port, by which a browser reaches it, such as those of a tunnel; localhost with the port always counts. A reader of the mailbox can take over every account',
      ),
    })
    .prefault({})
    .describe(
      'The development mailbox, for messages that no configured server delivers; there is none where NODE_ENV is production',
    ),
  tracing: z
    .strictObject({
      endpoint: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe('Base address of an OTLP/HTTP collector; OTEL_EXPORTER_OTLP_ENDPOINT overrides it'),
      sampleRatio: z
        .number()
        .min(0)
        .max(1)
        .default(0.1)
        .describe('Share of requests whose trace is kept; what callers ask for does not count'),
    })
    .prefault({})
    .describe('OpenTelemetry traces; without an address there are none, and they cost nothing'),
  drain: z
    .strictObject({
      delaySeconds: z
        .number()
        .int()
        .min(0)
        .max(300)
        .default(0)
        .describe('After SIGTERM /readyz says 503, and so long everybody is still served'),
      graceSeconds: z
        .number()
        .int()
        .min(0)
        .max(3600)
        .default(10)
        .describe('Then nothing new is taken, and what is under way has so long to end'),
    })
    .prefault({})
    .describe('How the gateway stops; a second SIGTERM stops it at once'),
  retention: z
    .strictObject({
      eventDays: z
        .number()
        .int()
        .min(1)
        .max(3650)
        .default(400)
        .describe('Days that security events are kept; older ones are deleted'),
    })
    .prefault({})
    .describe('How long rows are kept that nothing needs any more; see docs/operations/retention.md'),
  workers: z
    .union([z.number().int().min(1).max(256), z.literal('auto')])
    .default(1)
    .describe(
      'Processes that serve, on this one machine; "auto" is one per core. More than one needs Redis and a database',
    ),
  log: z
    .strictObject({ access: z.boolean().default(true).describe('Whether each request writes one line') })
    .prefault({})
    .describe('Logging'),
});

/** The configuration after its defaults were filled in. */
export type Config = z.output<typeof configSchema>;

/** The configuration as it is written in `sallyport.config.ts`. */
export type ConfigInput = z.input<typeof configSchema>;
