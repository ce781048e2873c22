import * as z from 'zod';

/** How many streams may be open at a gateway, and how they are watched. */
export const streamOptionsSchema = z.strictObject({
  perSession: z.number().int().min(1).max(65_536).default(32).describe('Open at the same time for one session'),
  perUser: z.number().int().min(1).max(65_536).default(128).describe('The same, over all sessions of one user'),
  tunnels: z.number().int().min(0).max(65_536).default(1024).describe('WebSockets at the same time, over all users'),
  heartbeatSeconds: z
    .number()
    .int()
    .min(0)
    .max(300)
    .default(15)
    .describe('Silence after which the client gets a sign of life; 0 sends none'),
  recheckSeconds: z
    .number()
    .int()
    .min(1)
    .max(300)
    .default(30)
    .describe('Time after which the session is read again although nothing was heard of it'),
  graceSeconds: z
    .number()
    .int()
    .min(0)
    .max(300)
    .default(3)
    .describe('How long a stream goes on while its session cannot be read'),
});

/** Options of streams as they are written. */
export type StreamOptions = z.input<typeof streamOptionsSchema>;

/** Options of streams after their defaults were filled in. */
export type CheckedStreamOptions = z.output<typeof streamOptionsSchema>;
