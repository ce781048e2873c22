import { Hono } from 'hono';
import type { FeaturesAnswer } from '@sallyport/core';
import type { IdentityEnvironment } from './identity-request.ts';

/**
 * Says which features are on, so that pages offer no other. It is told to everybody, and tells no more than a request for
 * each of them would: the routes of what is off answer 404.
 */
export function createFeatureRoutes(features: readonly string[]) {
  return new Hono<IdentityEnvironment>().get('/features', (c) => c.json({ features } satisfies FeaturesAnswer));
}
