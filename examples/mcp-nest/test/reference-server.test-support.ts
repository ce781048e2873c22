import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import {
  completable,
  McpServer,
  ResourceTemplate,
  type EventStore,
  type JSONRPCMessage,
} from '@modelcontextprotocol/server';
import * as z from 'zod';

const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const silence = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=';
const text = (value: string) => ({ type: 'text' as const, text: value });
const image = { type: 'image' as const, data: pixel, mimeType: 'image/png' };
const embedded = (uri: string) => ({
  type: 'resource' as const,
  resource: { uri, mimeType: 'text/plain', text: 'An embedded resource' },
});

/** What the conformance suite asks of a server: its tools, prompts and resources, in sessions, over event streams. */
export async function startReferenceServer(): Promise<{ readonly origin: string; close(): void }> {
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>();
  const server = createServer((request, response) => {
    const id = String(request.headers['mcp-session-id'] ?? '');
    const known = sessions.get(id);
    if (known !== undefined) {
      void known.handleRequest(request, response);
      return;
    }
    const transport: NodeStreamableHTTPServerTransport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      eventStore: createEventStore(),
      retryInterval: 500,
      onsessioninitialized: (made) => void sessions.set(made, transport),
      onsessionclosed: (closed) => void sessions.delete(closed),
    });
    void createReference()
      .connect(transport)
      .then(() => transport.handleRequest(request, response));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function createReference(): McpServer {
  const server = new McpServer(
    { name: 'reference', version: '1.0.0' },
    { capabilities: { tools: {}, prompts: {}, resources: { subscribe: true }, logging: {}, completions: {} } },
  );
  addTools(server);
  addResources(server);
  addPrompts(server);
  return server;
}

function addTools(server: McpServer): void {
  const plain = { description: 'For the conformance suite', inputSchema: z.object({}) };
  server.registerTool('test_simple_text', plain, () => ({
    content: [text('This is a simple text response for testing.')],
  }));
  server.registerTool('test_image_content', plain, () => ({ content: [image] }));
  server.registerTool('test_audio_content', plain, () => ({
    content: [{ type: 'audio' as const, data: silence, mimeType: 'audio/wav' }],
  }));
  server.registerTool('test_embedded_resource', plain, () => ({ content: [embedded('test://embedded-resource')] }));
  server.registerTool('test_multiple_content_types', plain, () => ({
    content: [text('Multiple content types test:'), image, embedded('test://mixed-content-resource')],
  }));
  server.registerTool('test_error_handling', plain, () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
  server.registerTool('test_tool_with_logging', plain, async (_input, { mcpReq }) => {
    for (const line of ['started', 'processing', 'completed'])
      // oxlint-disable-next-line no-deprecated -- what the suite asks for is of the revision before
      await mcpReq.log('info', `Tool execution ${line}`);
    return { content: [text('done')] };
  });
  server.registerTool('test_tool_with_progress', plain, async (_input, { mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken ?? 0;
    for (const progress of [0, 50, 100])
      await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
    return { content: [text(String(progressToken))] };
  });
  server.registerTool('test_reconnection', plain, async (_input, { http }) => {
    http?.closeSSE?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { content: [text('Reconnection test completed')] };
  });
  const asked = { ...plain, inputSchema: z.object({ message: z.string() }) };
  server.registerTool('test_elicitation', asked, async ({ message }, { mcpReq }) => {
    const requestedSchema = {
      type: 'object' as const,
      properties: { username: { type: 'string' as const }, email: { type: 'string' as const } },
      required: ['username', 'email'],
    };
    // oxlint-disable-next-line no-deprecated -- clients of the revision before are asked so
    const { action, content } = await mcpReq.elicitInput({ mode: 'form', message, requestedSchema });
    return { content: [text(`User response: action=${action}, content=${JSON.stringify(content)}`)] };
  });
}

function addResources(server: McpServer): void {
  const plainText = { mimeType: 'text/plain' };
  server.registerResource('static-text', 'test://static-text', plainText, (uri) => ({
    contents: [{ uri: uri.href, ...plainText, text: 'This is the content of the static text resource.' }],
  }));
  server.registerResource('static-binary', 'test://static-binary', { mimeType: 'image/png' }, (uri) => ({
    contents: [{ uri: uri.href, mimeType: 'image/png', blob: pixel }],
  }));
  server.registerResource('watched-resource', 'test://watched-resource', plainText, (uri) => ({
    contents: [{ uri: uri.href, ...plainText, text: 'Watched' }],
  }));
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  server.registerResource('template', template, { mimeType: 'application/json' }, (uri, { id }) => ({
    contents: [
      { uri: uri.href, mimeType: 'application/json', text: JSON.stringify({ id, data: `Data for ${String(id)}` }) },
    ],
  }));
  server.server.setRequestHandler('resources/subscribe', () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', () => ({}));
}

function addPrompts(server: McpServer): void {
  const say = (...content: readonly object[]) => ({
    messages: content.map((one) => ({ role: 'user' as const, content: one as ReturnType<typeof text> })),
  });
  server.registerPrompt('test_simple_prompt', { description: 'A prompt' }, () => say(text('A simple prompt.')));
  const two = z.object({ arg1: completable(z.string(), () => ['paris', 'park']), arg2: z.string() });
  server.registerPrompt('test_prompt_with_arguments', { description: 'A prompt', argsSchema: two }, ({ arg1, arg2 }) =>
    say(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  );
  const one = z.object({ resourceUri: z.string() });
  server.registerPrompt('test_prompt_with_embedded_resource', { description: 'A prompt', argsSchema: one }, (given) =>
    say(embedded(given.resourceUri), text('Please process the embedded resource above.')),
  );
  server.registerPrompt('test_prompt_with_image', { description: 'A prompt' }, () => say(image, text('Look at it.')));
}

/** Events of a session, so that a stream which broke goes on where it was. */
function createEventStore(): EventStore {
  const events: { readonly id: string; readonly stream: string; readonly message: JSONRPCMessage }[] = [];
  return {
    storeEvent: async (stream, message) => {
      const id = `${stream}_${events.length}`;
      events.push({ id, stream, message });
      return id;
    },
    getStreamIdForEventId: async (id) => events.find((event) => event.id === id)?.stream,
    replayEventsAfter: async (last, { send }) => {
      const at = events.findIndex(({ id }) => id === last);
      const stream = events[at]?.stream ?? '';
      for (const event of events.slice(at + 1)) if (event.stream === stream) await send(event.id, event.message);
      return stream;
    },
  };
}
