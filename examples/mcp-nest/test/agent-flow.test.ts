import type { OAuthBrowser } from '@sallyport/server/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectAgent, type TestAgent, type TestAgentOptions } from './agent.test-support.ts';
import { startNotesSystem, type NotesSystem } from './notes-system.test-support.ts';

let system: NotesSystem;
let metadataUrl: string;
let browsers: Record<'user' | 'vendor', OAuthBrowser>;
beforeAll(async () => {
  system = await startNotesSystem();
  metadataUrl = system.host.serve('/agents/robot.json');
  browsers = { user: await system.browserOf('user'), vendor: await system.browserOf('vendor') };
});
afterAll(() => system.close());

const agents: TestAgent[] = [];
afterAll(() => Promise.all(agents.map((agent) => agent.close())));

async function connect(role: 'user' | 'vendor', more: Partial<TestAgentOptions> = {}): Promise<TestAgent> {
  const agent = await connectAgent({ serverUrl: system.serverUrl, metadataUrl, browser: browsers[role], ...more });
  agents.push(agent);
  return agent;
}

const namesOf = async ({ client }: TestAgent) => (await client.listTools()).tools.map(({ name }) => name);
const textOf = (result: object): unknown => {
  const { content } = result as { readonly content: readonly { readonly text: string }[] };
  return JSON.parse(content[0]?.text ?? 'null');
};

it.each(['modern', 'legacy'] as const)(
  'the official client (%s) goes from 401 by metadata, document, consent and token to a tool, and by 403 to more consent',
  async (revision) => {
    const agent = await connect('user', { revision });
    const { client, exchanges, sentTo } = agent;
    expect(exchanges.slice(0, 3)).toEqual([
      'POST /mcp 401',
      'GET /.well-known/oauth-protected-resource/mcp 200',
      'GET /.well-known/oauth-authorization-server 200',
    ]);
    const [first] = sentTo;
    expect(Object.fromEntries(first?.searchParams ?? [])).toMatchObject({
      client_id: metadataUrl,
      resource: system.serverUrl,
      code_challenge_method: 'S256',
      scope: expect.stringContaining('note:read') as string,
    });
    expect(first?.searchParams.get('scope')).not.toContain('note:write');
    expect(await namesOf(agent)).toEqual(['list_notes']);

    const add = () => client.callTool({ name: 'add_note', arguments: { text: 'Water the plants' } });
    const added = await agent.withConsent(add);
    expect(exchanges).toContain('POST /mcp 403');
    expect(sentTo[1]?.searchParams.get('scope')?.split(' ')).toEqual(
      expect.arrayContaining(['note:read', 'note:write']),
    );
    expect(textOf(added)).toMatchObject({ text: 'Water the plants', writtenBy: metadataUrl });
    expect(await namesOf(agent)).toEqual(['list_notes', 'add_note']);
    expect(textOf(await client.callTool({ name: 'list_notes', arguments: {} }))).toContainEqual(
      expect.objectContaining({ text: 'Water the plants' }),
    );
  },
);

it('a tool whose permission the user does not hold stays closed, whatever they allow', async () => {
  const agent = await connect('vendor');
  await expect(
    agent.withConsent(() => agent.client.callTool({ name: 'add_note', arguments: { text: 'x' } })),
  ).rejects.toThrow(/403/);
  expect(await namesOf(agent)).toEqual(['list_notes']);
});

it('an agent that its user refuses gets no token', async () => {
  const refused = connect('user', { answer: (page, browser) => browser.submit(page, 'Cancel') });
  await expect(refused).rejects.toThrow(/access_denied|refused/);
});

it('an agent whose user signs out is a stranger at once', async () => {
  const browser = await system.browserOf('user');
  const agent = await connectAgent({ serverUrl: system.serverUrl, metadataUrl, browser });
  agents.push(agent);
  const { origin } = system.gateway;
  const headers = { origin, cookie: browser.cookiesFor('/') };
  expect((await fetch(`${origin}/auth/sign-out`, { method: 'POST', headers })).ok).toBe(true);
  const token = agent.tokens()?.access_token ?? '';
  const answer = await system.gateway.get('/mcp', { authorization: `Bearer ${token}` });
  expect(answer.status).toBe(401);
});

it('an input that the schema of a tool refuses reaches no handler', async () => {
  const agent = await connect('user');
  const result = await agent.withConsent(() => agent.client.callTool({ name: 'add_note', arguments: { text: '' } }));
  expect(result).toMatchObject({ isError: true });
});
