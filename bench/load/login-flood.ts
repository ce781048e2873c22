import { Agent, request } from 'node:http';
import { setPriority } from 'node:os';
import { reportReady } from '../child-side.ts';

/** Where to flood, or the end of it. */
export type FloodOrder =
  { readonly kind: 'start'; readonly port: number; readonly connections: number } | { readonly kind: 'stop' };

/** How many sign-ins were answered, by status. */
export type FloodReport = Readonly<Record<string, number>>;

/* Signs in with wrong passwords as fast as it is answered: each from another network, to an account that there is not. */

// The load whose latency is measured may be on the same core, and is not to wait for this one.
setPriority(10);

let isOver = true;
let answers: Record<string, number> = {};
let loops: Promise<void>[] = [];

reportReady({}, async (question): Promise<FloodReport> => {
  const order = question as FloodOrder;
  if (order.kind === 'start') {
    isOver = false;
    answers = {};
    const agent = new Agent({ keepAlive: true, maxSockets: order.connections });
    loops = Array.from({ length: order.connections }, () => flood(order.port, agent));
    return {};
  }
  isOver = true;
  await Promise.all(loops);
  return answers;
});

async function flood(port: number, agent: Agent): Promise<void> {
  while (!isOver) {
    const status = await signIn(port, agent);
    answers[status] = (answers[status] ?? 0) + 1;
  }
}

function signIn(port: number, agent: Agent): Promise<string> {
  const octet = (): number => Math.floor(Math.random() * 256);
  const body = JSON.stringify({
    email: `unknown-${octet()}-${octet()}-${octet()}@example.com`,
    password: 'a wrong one',
  });
  return new Promise((resolve) => {
    const sent = request({
      port,
      agent,
      host: '127.0.0.1',
      method: 'POST',
      path: '/auth/sign-in/email',
      headers: {
        host: 'localhost:3000',
        origin: 'http://localhost:3000',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'x-forwarded-for': `198.${octet()}.${octet()}.${octet()}`,
      },
    });
    sent.on('response', (answer) => answer.resume().on('end', () => resolve(String(answer.statusCode))));
    sent.on('error', () => resolve('failed'));
    sent.end(body);
  });
}
