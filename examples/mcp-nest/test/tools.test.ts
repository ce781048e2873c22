import { parseConfig, routeOptionsOf } from '@sallyport/server';
import { Module } from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import { afterEach, expect, it } from 'vitest';
import * as z from 'zod';
import config from '../sallyport.config.ts';
import { requiredPermissions } from '../src/mcp/required-permissions.ts';
import { Tool, type ToolOptions } from '../src/mcp/tool.ts';
import { ToolRegistry } from '../src/mcp/tool-registry.ts';
import { NotesTools } from '../src/notes/notes-tools.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(opened.splice(0).map((app) => app.close())));

async function openRegistry(...providers: (new () => object)[]): Promise<ToolRegistry> {
  class ToolsModule {}
  Module({ imports: [DiscoveryModule], providers: [ToolRegistry, ...providers] })(ToolsModule);
  const app = await NestFactory.createApplicationContext(ToolsModule, { logger: false, abortOnError: false });
  opened.push(app);
  return app.get(ToolRegistry);
}

function providerOf(options: object): new () => object {
  class Tools {
    run(): string {
      return 'done';
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Tools.prototype, 'run') ?? {};
  Tool({ name: 'run', description: 'Runs', input: z.object({}), ...options } as ToolOptions)(
    Tools.prototype,
    'run',
    descriptor,
  );
  return Tools;
}

it('a tool whose permission the policy does not have stops the start', async () => {
  await expect(openRegistry(providerOf({ permission: 'bank:rob' }))).rejects.toThrow(
    'the tool run asks for bank:rob, which the policy does not have',
  );
});

it('two tools of one name stop the start', async () => {
  const twice = [providerOf({ permission: 'note:read' }), providerOf({ permission: 'note:write' })];
  await expect(openRegistry(...twice)).rejects.toThrow('two tools are named run');
});

it.each([
  { name: 'a call', body: { method: 'tools/call', params: { name: 'add_note' } }, needed: ['note:write'] },
  {
    name: 'a batch',
    body: [
      { method: 'tools/call', params: { name: 'add_note' } },
      { method: 'tools/call', params: { name: 'delete_note' } },
    ],
    needed: ['note:write', 'note:delete'],
  },
  { name: 'an unknown tool', body: { method: 'tools/call', params: { name: 'constructor' } }, needed: [] },
  { name: 'another method', body: { method: 'tools/list', params: { name: 'add_note' } }, needed: [] },
  { name: 'no body', body: undefined, needed: [] },
])('the permissions of $name are those of its tools', async ({ body, needed }) => {
  expect(requiredPermissions(body, await openRegistry(NotesTools))).toEqual(needed);
});

it('the configuration is one that a gateway starts with, and says that the route leads to an MCP server', () => {
  const [route] = parseConfig(config, 'sallyport.config.ts').routes;
  expect(route === undefined ? [] : routeOptionsOf(route)).toEqual([
    { name: 'mcp', value: 'takes tokens that were made for this route' },
  ]);
});
