import { shell } from '../lib/shell.ts';
import { shellEnvironment } from '../lib/shell-environment.ts';

/** A server component that calls a service as the user: the token stays on this server. */
export async function ProductCount() {
  const { issuer, gatewayUrl = issuer } = shellEnvironment();
  const token = await shell.getAccessToken();
  const answer = await fetch(`${gatewayUrl}/api/shop/products`, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    redirect: 'error',
    cache: 'no-store',
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined);
  const count = answer?.ok === true ? countIn(await answer.json()) : undefined;
  return (
    <p className="text-ink-soft">
      {count === undefined ? 'The shop does not answer this shell.' : `The shop has ${count} products for you.`}
    </p>
  );
}

function countIn(body: unknown): number | undefined {
  if (typeof body !== 'object' || body === null || !('total' in body)) return undefined;
  return typeof body.total === 'number' ? body.total : undefined;
}
