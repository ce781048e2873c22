import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { workspaceRoot } from '../../tools/workspace-root.ts';

const read = (file: string): string => readFileSync(path.join(workspaceRoot, file), 'utf8');
const wordsOf = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');
const rules = wordsOf(read('deploy/redis/sallyport.acl').replaceAll(/^#.*$/gm, ''));
const allowed = rules.flatMap((rule) => (rule.startsWith('+') ? [rule.slice(1)] : []));

/** What the client sends of its own accord, or by a method of that name. */
const ofTheClient = ['eval', 'evalsha', 'subscribe', 'unsubscribe', 'ping', 'select', 'client', 'client|setname'];
/** What the page asks for in addition: behind Sentinels, on a Cluster, and for what the start and the doctor look at. */
const more = ['role', 'cluster|slots', 'asking', 'info', 'time', 'sentinel'];

describe('the user of Sallyport on Redis', () => {
  it('may what the stores send, and nothing that they do not', () => {
    const folder = path.join(workspaceRoot, 'packages/stores/src/redis');
    const source = readdirSync(folder)
      .filter((file) => !/\.(?:test|test-support)\.ts$/.test(file))
      .map((file) => readFileSync(path.join(folder, file), 'utf8'))
      .join('\n');
    const inScripts = [...source.matchAll(/redis\.p?call\(['"](\w+)['"]/g)];
    const asCommands = [...source.matchAll(/(?:(?<!Set)\(|, |= )\['([A-Z]+)'(?:,|\])/g)];
    const sent = new Set([...inScripts, ...asCommands].map(([, command = '']) => command.toLowerCase()));
    const isRule = (command: string): boolean => !ofTheClient.includes(command) && !more.includes(command);
    expect([...sent].filter(isRule).sort()).toEqual(allowed.filter(isRule).sort());
  });

  it('is described by the page as in the file', () => {
    const block = /ACL SETUSER sallyport on >PASSWORD ([^`]+)```/.exec(read('docs/operations/redis.md'))?.[1] ?? '';
    expect(wordsOf(block.replaceAll('\\', ' '))).toEqual(rules);
  });
});
