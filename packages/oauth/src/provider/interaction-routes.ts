import { Hono } from 'hono';
import { SallyportError, type OAuthDecisionAnswer, type OAuthRequestAnswer } from '@sallyport/core';
import { readBody, type IdentityEnvironment } from '@sallyport/identity';
import * as z from 'zod';
import type { Interactions } from './interactions.ts';

const decisionSchema = z.strictObject({ decision: z.enum(['allow', 'deny']) });
const uidForm = /^[\w-]{16,64}$/;

/** What the page that asks for consent calls: what is asked, and what the user answers. */
export function createInteractionRoutes(interactions: Interactions) {
  const requireUid = (text: string): string => {
    if (uidForm.test(text)) return text;
    throw new SallyportError('SP_NOT_FOUND', { reason: 'interaction-unknown' });
  };
  return new Hono<IdentityEnvironment>()
    .get('/oauth/:uid/request', async (c) => {
      const browser = { cookies: c.req.header('cookie'), context: c.env.context };
      const answer = await interactions.describe(requireUid(c.req.param('uid')), browser);
      return c.json(answer satisfies OAuthRequestAnswer);
    })
    .post('/oauth/:uid/decision', async (c) => {
      const browser = { cookies: c.req.header('cookie'), context: c.env.context };
      const uid = requireUid(c.req.param('uid'));
      const { decision } = await readBody(c.req.raw, decisionSchema);
      return c.json({ location: await interactions.decide(uid, decision, browser) } satisfies OAuthDecisionAnswer);
    });
}
