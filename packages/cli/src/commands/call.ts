import { exitCodes, UsageError } from '@sallyport/core';
import type { Command } from '../command.ts';
import { readCurrentSignIn } from '../sign-in/current-sign-in.ts';
import { readText, send } from '../sign-in/oauth-server.ts';
import { chooseGateway, urlOption } from '../sign-in/which-gateway.ts';

/** Calls a path of the gateway with the access token of the sign-in. */
export const callPath: Command = {
  name: 'call',
  summary: 'Calls a path of the gateway as you, such as /api/shop/products, and writes its answer',
  operands: ['<path>'],
  options: {
    url: urlOption,
    method: { value: 'method', describe: 'GET unless said, or POST with --data' },
    data: { value: 'json', describe: 'JSON to send' },
  },
  notes: ['Exit code 1 where the answer is an error. The route has to open "bearer".'],
  run: async (call) => {
    const [path = ''] = call.operands;
    const { url, kept } = chooseGateway(call);
    const target = toOwnTarget(url, path);
    const data = call.value('data');
    const { accessToken } = await readCurrentSignIn(kept, url, 'usable');
    const answer = await send(url, target, {
      method: call.value('method') ?? (data === undefined ? 'GET' : 'POST'),
      headers: {
        authorization: `Bearer ${accessToken}`,
        accept: 'application/json',
        ...(data === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(data === undefined ? {} : { body: data }),
    });
    const text = await readText(url, answer);
    call.note(`${answer.status} ${target}`);
    const body = parseBody(text);
    const shown = typeof body === 'string' ? body : JSON.stringify(body, null, 2);
    call.report({ status: answer.status, body }, shown.split('\n').map(call.toPlainText).join('\n'));
    return answer.ok ? exitCodes.done : exitCodes.refused;
  },
};

/**
 * The token goes to the gateway alone: `//elsewhere` and addresses are no paths of it, nor is `/.//elsewhere`, which is one
 * until its dots are taken away.
 */
function toOwnTarget(url: string, path: string): string {
  const target = path.startsWith('/') ? URL.parse(path, url) : null;
  if (target?.origin === url && !target.pathname.startsWith('//')) return target.pathname + target.search;
  throw new UsageError('<path> must be a path of the gateway, such as /api/shop/products.', exitCodes.usage);
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
