import * as z from 'zod';
import { assuranceLevels } from '../policy/assurance.ts';
import { credentialKinds } from '../principal/principal.ts';
import { hostPatternSchema } from './host-pattern.ts';
import { providerIdForm } from './provider-secrets.ts';
import { mcpSchema } from './mcp.ts';
import { publicOriginSchema } from './public-origin.ts';
import { rawPathParts } from './raw-path.ts';
import { requestLimitsSchema } from '../limits/request-limit.ts';
import { isSpiffeId } from '../principal/spiffe-id.ts';
import { isPermission, isPermissionInterest } from '../policy/permission.ts';
import { webhookSchema } from './webhook.ts';

/** A permission in the configuration. */
export const permissionSchema = z.string().refine(isPermission, 'must be a permission such as "product:create"');
/** A day at most: a timer of Node that is longer than 24.8 days fires at once. */
const timeout = z.number().int().min(1).max(86_400_000);
const upstreamUrl = z.url({ protocol: /^https?$/ }).refine(isOrigin, 'must be an origin: scheme, host and port only');

const corsHeaderName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'must be the name of a header')
  .refine((name) => !/^(?:cookie|set-cookie|host|origin)$/i.test(name), 'is never shared with other sites');

/** Who may pass a route. Whatever needs the record (ownership) is decided by the service. */
export const routeAccessSchema = z.union(
  [
    z.enum(['public', 'optional', 'signed-in', 'service']),
    z.strictObject({
      roles: z.array(z.string().min(1)).min(1).optional(),
      permissions: z.array(permissionSchema).min(1).optional(),
    }),
  ],
  {
    error: 'must be "public", "optional", "signed-in", "service", or { roles: […], permissions: ["resource:action"] }',
  },
);

/** One route of the gateway. Unknown keys stop the start. */
export const routeSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .describe('Name of the route in logs, metrics and on the "behind the door" page'),
  prefix: z
    .string()
    .regex(/^\/(?:[A-Za-z0-9_~.-]+(?:\/[A-Za-z0-9_~.-]+)*)?$/, 'must be a plain path such as "/api/shop"')
    .describe('Path prefix, matched by whole segments; the most specific prefix wins'),
  caseSensitive: z
    .boolean()
    .optional()
    .describe(
      'Whether /Admin is another path than /admin for the upstream. true: only the prefix as it is written; false: every case of it; absent: every case of it where that is stricter',
    ),
  pathParameters: z
    .boolean()
    .default(false)
    .describe('Whether ";" may stand in paths (/a;b=c); refused elsewhere, because servers disagree on its meaning'),
  rawPath: z
    .array(z.enum(rawPathParts, { error: `must be of ${rawPathParts.join(', ')}` }))
    .default([])
    .describe(
      'What the upstream may see in paths although servers read it in more than one way: encoded delimiters ("%2F", "%23"), "%25" before another escape, empty segments ("//"). Refused elsewhere, and where a reading leads to another route',
    ),
  hosts: z
    .array(hostPatternSchema)
    .min(1)
    .optional()
    .describe('Hosts that the route serves; absent means all known hosts'),
  methods: z
    .array(z.string().regex(/^[A-Z]+$/))
    .min(1)
    .optional()
    .describe('Methods that the route serves; absent means all known methods'),
  upstream: z
    .union([upstreamUrl, z.array(upstreamUrl).min(1)])
    .describe('Origin of the service or zone behind the route'),
  upstreamTls: z
    .strictObject({
      serverId: z
        .string()
        .refine(isSpiffeId, 'must be a SPIFFE id such as "spiffe://acme/orders"')
        .optional()
        .describe(
          'SPIFFE id that the certificate of the service holds as its only URI; absent means that it holds for the host of "upstream"',
        ),
      bindTokens: z
        .boolean()
        .default(false)
        .describe(
          'Whether tokens of the route hold only over connections that present the certificate of the gateway (RFC 8705); the service must check it',
        ),
    })
    .optional()
    .describe(
      'Mutual TLS with the service, which must be https: the gateway presents the certificate of the section upstreamTls. "{}" is enough; absent presents none',
    ),
  affinity: z
    .enum(['session'])
    .optional()
    .describe(
      'Where "upstream" is a list: all requests of one session go to the same target while it works (strangers: of one address); absent means to the least busy one',
    ),
  stripPrefix: z.boolean().default(false).describe('Whether the prefix is removed before the request is forwarded'),
  locations: z
    .enum(['any', 'own'])
    .default('any')
    .describe(
      'Where a Location of the upstream may lead. "any": everywhere; "own": to hosts of the gateway alone, and every other answer becomes 502. Addresses of the targets of the route are rewritten to the public one either way',
    ),
  audience: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .describe('Audience of the token that the service or zone receives'),
  zone: z
    .boolean()
    .default(false)
    .describe('Whether the upstream renders pages for people; zones may call every route that names no callers'),
  callers: z
    .array(z.string().regex(/^[a-z][a-z0-9-]*$/))
    .optional()
    .describe(
      'Audiences that may call the route through the internal listener, with the token that they received; absent means the zones. Each one listed can do here what its users can: name a service only where it needs this',
    ),
  access: routeAccessSchema.describe('Who may pass: public, optional, signed-in, service, or roles and permissions'),
  authorization: z
    .enum(['translate', 'pass'])
    .default('translate')
    .describe(
      'What becomes of the Authorization of a caller. "translate": the gateway judges or drops it, and sends its own token; "pass": the upstream gets it as it came and judges it alone. Only for routes without identity (access "public", or csrf "off")',
    ),
  permissions: z
    .array(z.string().refine(isPermissionInterest, 'must be a permission, "resource:*" or "*"'))
    .default([])
    .describe('Permissions in which the audience declares an interest; only these are in its tokens'),
  providerTokens: z
    .array(z.string().regex(providerIdForm, 'must be the name of an identity provider'))
    .min(1)
    .max(50)
    .optional()
    .describe(
      'Identity providers whose access tokens the audience may get for its users, at the internal listener: those of signInProviders with keepTokens. Each one listed can do at the provider what its users agreed to',
    ),
  profile: z
    .boolean()
    .default(false)
    .describe('Whether tokens of this audience carry the name and email address of the user'),
  credentials: z
    .array(z.enum(credentialKinds).exclude(['webhook']))
    .min(1)
    .default(['session'])
    .describe('Kinds of credentials that the route accepts; every kind but the session is opened here'),
  webhook: webhookSchema
    .optional()
    .describe(
      'A sender that signs what it sends (Standard Webhooks, or an HMAC): the gateway verifies the signature and refuses replays before the service hears of it. Its access is "service"',
    ),
  mcp: mcpSchema
    .optional()
    .describe(
      'The upstream is an MCP server (Streamable HTTP): the gateway publishes its metadata (RFC 9728), and takes access tokens of oauthProvider that were made for this route and no others. Its credentials are the access tokens of the provider, its answers stay open as with "streaming"',
    ),
  stepUp: z
    .strictObject({
      acr: z.enum(assuranceLevels).optional(),
      maxAgeSeconds: z.number().int().positive().optional(),
    })
    .optional()
    .describe('Assurance and recency of sign-in that the route demands (RFC 9470)'),
  csrf: z
    .enum(['same-origin', 'off'])
    .default('same-origin')
    .describe('"off" is for routes that other sites call; such a route never carries a session'),
  cache: z
    .enum(['no-store', 'private'])
    .default('no-store')
    .describe(
      'What browsers may keep of answers to callers who are known. "no-store": nothing; "private": what the upstream itself calls private, and what it gives an ETag or Last-Modified is asked for again each time. It stays in the browser after sign-out',
    ),
  cors: z
    .strictObject({
      origins: z
        .array(z.union([z.literal('*'), publicOriginSchema]))
        .min(1)
        .describe(
          'Origins of other sites, such as "https://partner.example"; "*" for all, where no token or key is accepted',
        ),
      headers: z
        .array(corsHeaderName)
        .max(32)
        .optional()
        .describe(
          'Where a token or key is accepted: headers that scripts may send beside Authorization, Content-Type and X-API-Key',
        ),
      exposed: z
        .array(corsHeaderName)
        .max(32)
        .optional()
        .describe(
          'Where a token or key is accepted: headers of answers that scripts may read beside those of limits, retries and the request id',
        ),
      maxAgeSeconds: z
        .number()
        .int()
        .min(0)
        .max(86_400)
        .optional()
        .describe('Where a token or key is accepted: how long browsers may remember what may be sent; 600 by default'),
    })
    .optional()
    .describe(
      'Other sites whose scripts may use the route. Where it accepts a token or key ("bearer", "opaque", "api-key"), the gateway itself answers their preflights and lets them read answers, never with cookies. Elsewhere Access-Control-* of the service pass to them, for what it answers to strangers. Absent strips those headers, except where csrf is "off"',
    ),
  slide: z.boolean().default(true).describe('Whether requests on this route keep the session alive'),
  fresh: z.boolean().default(false).describe('Whether the session is read from the store on every request'),
  streaming: z.boolean().default(false).describe('Whether answers may stay open without a time limit (SSE)'),
  limits: z
    .strictObject({
      bodyBytes: z.number().int().positive().optional().describe('Bytes of a request body'),
      bodyHeldBytes: z
        .number()
        .int()
        .min(0)
        .max(1_048_576)
        .optional()
        .describe(
          'Bytes of a request body that arrive, unless it is whole before, until the request takes a place at the upstream; 16384 by default. 0 takes it at once, for bodies and answers that come in turns: the default on streaming routes',
        ),
      requests: requestLimitsSchema
        .optional()
        .describe('How many requests may come; absent means the limits of the gateway, an empty list means none'),
      inFlight: z
        .number()
        .int()
        .positive()
        .optional()
        .describe(
          'Requests per target that wait for their answer or receive it; 2048 by default, 65536 on streaming routes',
        ),
      inFlightPerNetwork: z
        .number()
        .int()
        .positive()
        .optional()
        .describe(
          'Of these, of one address or one /64 of IPv6, and on the internal listener of one session; a quarter by default, 8 at least',
        ),
    })
    .optional()
    .describe('Upper bounds for this route'),
  timeouts: z
    .strictObject({
      connectMilliseconds: timeout.optional(),
      headersMilliseconds: timeout.optional(),
      idleMilliseconds: timeout.optional(),
    })
    .optional()
    .describe('How long the gateway waits for the upstream'),
  health: z
    .strictObject({
      path: z
        .string()
        .regex(/^\/[!-~]*$/, 'must be a path such as "/healthz"')
        .describe('Path that is asked with GET'),
      intervalSeconds: z.number().int().min(1).max(3600).default(10).describe('Seconds from one question to the next'),
      timeoutMilliseconds: z
        .number()
        .int()
        .min(10)
        .max(60_000)
        .default(2000)
        .describe('How long an answer may take; a status of 400 or more counts like none'),
    })
    .optional()
    .describe('Health checks of the targets; absent means that only requests show whether they work'),
});

/** Who may pass a route. */
export type RouteAccess = z.infer<typeof routeAccessSchema>;

/** A route after its defaults were filled in. */
export type Route = z.infer<typeof routeSchema>;

/** A route as it is written in the configuration. */
export type RouteInput = z.input<typeof routeSchema>;

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
}
