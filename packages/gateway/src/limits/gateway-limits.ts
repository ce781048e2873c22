import { maxWebhookBodyBytes, requestLimitsSchema } from '@sallyport/core';
import * as z from 'zod';

/** Upper bounds of what the gateway takes in. */
export const gatewayLimitsSchema = z.strictObject({
  requests: requestLimitsSchema
    .default([])
    .describe('How many requests may come, counted together over all routes that say nothing of their own'),
  requestSubjects: z
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .default(50_000)
    .describe('Whose requests are counted at once, for each limit; more, and those unused for longest begin anew'),
  headers: z.number().int().min(10).max(1000).default(100).describe('Headers of a request'),
  cookies: z.number().int().min(10).max(1000).default(100).describe('Cookies of a request'),
  headerBytes: z
    .number()
    .int()
    .min(4096)
    .max(1_048_576)
    .default(16_384)
    .describe('Bytes of the request line and all headers'),
  headersSeconds: z
    .number()
    .min(0.1)
    .max(300)
    .default(15)
    .describe('For all headers of a request, and for a TLS handshake'),
  idleSeconds: z
    .number()
    .min(0.1)
    .max(3600)
    .default(65)
    .describe('How long a connection is kept on which nothing is asked'),
  slowSeconds: z
    .number()
    .min(0.1)
    .max(3600)
    .default(20)
    .describe('How long a body, or the reading of an answer, may take before its speed counts'),
  slowBytesPerSecond: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(500)
    .describe('Bodies that come slower, and clients that read slower, are cut; streams and tunnels are not'),
  connections: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('Connections to one listener at the same time'),
  connectionsPerAddress: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(1000)
    .describe('Of these, from one address or one /64 of IPv6; trustedProxies have no such limit'),
  bodyBytes: z
    .number()
    .int()
    .positive()
    .default(10_000_000)
    .describe('Bytes of a request body, where the route names no limit of its own'),
  webhookBytes: z
    .number()
    .int()
    .min(2 * maxWebhookBodyBytes)
    .max(4_294_967_296)
    .default(67_108_864)
    .describe(
      'Bytes of webhook bodies that are held at once until their signature is verified; of these, a quarter of one address or one /64 of IPv6',
    ),
});

/** Limits as they are written in options. */
export type GatewayLimits = z.input<typeof gatewayLimitsSchema>;
