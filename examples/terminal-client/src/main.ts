import { homedir, hostname } from 'node:os';
import path from 'node:path';
import { ClientError, createClient, type Client } from '@sallyport/client';
import { createPrivateFileStorage } from './private-file-storage.ts';
import { openPrompt } from './prompt.ts';

const help = `Calls services behind a gateway from a terminal.

  npm start -- sign-in             asks for email address and password
  npm start -- get /api/shop/products
                                   prints the answer of a service
  npm start -- sign-out            ends the sign-in of this terminal

  GATEWAY     origin of the gateway (default: http://localhost:3000)
  TOKEN_FILE  where the refresh token is kept (default: ~/.config/sallyport-terminal/refresh-token)`;

const {
  GATEWAY: gateway = 'http://localhost:3000',
  TOKEN_FILE: file = path.join(homedir(), '.config', 'sallyport-terminal', 'refresh-token'),
} = process.env;

try {
  const client = createClient({
    gateway,
    device: `Terminal on ${hostname()}`,
    storage: createPrivateFileStorage(file),
  });
  process.exitCode = await run(client, process.argv.slice(2));
} catch (error) {
  console.error(describe(error));
  process.exitCode = 1;
}

async function run(client: Client, [command, target]: readonly string[]): Promise<number> {
  if (command === 'get' && target !== undefined) {
    const answer = await client.fetch(target);
    console.log(await answer.text());
    return answer.ok ? 0 : 1;
  }
  if (command === 'sign-in') {
    await signIn(client);
    console.error('Signed in.');
    return 0;
  }
  if (command === 'sign-out') {
    await client.signOut();
    console.error('Signed out.');
    return 0;
  }
  console.error(help);
  return 2;
}

async function signIn(client: Client): Promise<void> {
  const prompt = openPrompt(process.stdin, process.stderr);
  try {
    const email = await prompt.ask('Email address: ');
    const password = await prompt.askHidden('Password: ');
    const outcome = await client.signIn({ email, password });
    if (outcome.kind === 'signed-in') return;
    const method = outcome.methods[0] ?? 'totp';
    if (method === 'email' || method === 'sms') await outcome.sendCode(method);
    await outcome.answer({ method, code: await prompt.ask(`Code (${method}): `) });
  } finally {
    prompt.close();
  }
}

function describe(error: unknown): string {
  if (!(error instanceof ClientError)) return error instanceof Error ? error.message : String(error);
  if (error.code === 'SP_CLIENT_SIGNED_OUT') return 'Not signed in. Sign in with: npm start -- sign-in';
  const cause = error.code === 'SP_CLIENT_STORAGE_FAILED' && error.cause instanceof Error ? [error.cause.message] : [];
  const wait = error.retryAfterSeconds === undefined ? [] : [`Ask again in ${error.retryAfterSeconds} s.`];
  return [
    `${error.message} (${error.code}).`,
    ...(error.hint === undefined ? [] : [error.hint]),
    ...cause,
    ...wait,
  ].join(' ');
}
