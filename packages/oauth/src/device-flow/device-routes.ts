import { Hono } from 'hono';
import type { DeviceDecisionAnswer, DeviceRequestAnswer } from '@sallyport/core';
import { readBody, type IdentityEnvironment } from '@sallyport/identity';
import * as z from 'zod';
import type { DeviceApprovals } from './device-approvals.ts';

const userCode = z.string().max(64);
const requestSchema = z.strictObject({ userCode });
const decisionSchema = z.strictObject({ userCode, decision: z.enum(['allow', 'deny']) });

/**
 * What the page calls on which users enter the codes of devices. The code stands in no address, where it would be kept by
 * logs and histories.
 */
export function createDeviceRoutes(approvals: DeviceApprovals) {
  return new Hono<IdentityEnvironment>()
    .post('/device/request', async (c) => {
      const { userCode: text } = await readBody(c.req.raw, requestSchema);
      return c.json((await approvals.describe(text, c.env.context)) satisfies DeviceRequestAnswer);
    })
    .post('/device/decision', async (c) => {
      const { userCode: text, decision } = await readBody(c.req.raw, decisionSchema);
      return c.json((await approvals.decide(text, decision, c.env.context)) satisfies DeviceDecisionAnswer);
    });
}
