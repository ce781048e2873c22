import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import { parse, parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { configSchema } from '@sallyport/server';
import { workspaceRoot } from '../../tools/workspace-root.ts';

const read = (file: string): string => readFileSync(path.join(workspaceRoot, file), 'utf8');
const blocksOf = (page: string, language: string): readonly string[] =>
  [...read(page).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block);

describe('the page about Vault', () => {
  const { secrets } = configSchema.shape;
  const examples = blocksOf('docs/deployment/vault.md', 'ts');

  it('shows the ways that are a part of the configuration', () => {
    expect(examples).toHaveLength(3);
  });

  it.each(examples)('shows a part of the configuration that is accepted: %s', (example) => {
    const written: unknown = runInNewContext(`({ ${example} })`);
    expect(z.object({ secrets }).parse(written).secrets.from).toBeDefined();
  });

  it('shows commands of other stores that are accepted', () => {
    const commands = [...read('docs/deployment/vault.md').matchAll(/^\| .*\| `(\[.*\])` +\|$/gm)];
    expect(commands).toHaveLength(3);
    for (const [, command = ''] of commands)
      expect(() => secrets.parse({ from: { command: runInNewContext(command) as unknown } })).not.toThrow();
  });

  it('has Agent write files that only their owner can read', () => {
    for (const block of blocksOf('docs/deployment/vault.md', 'hcl').filter((each) => each.includes('destination')))
      expect(block.match(/perms += "0400"/g)?.length).toBe(block.match(/destination/g)?.length);
  });
});

describe('the page about External Secrets', () => {
  interface ExternalSecret {
    readonly metadata: { readonly namespace: string };
    readonly spec: {
      readonly target: { readonly name: string };
      readonly data: readonly { readonly secretKey: string; readonly remoteRef: { readonly property: string } }[];
    };
  }
  const [block = ''] = blocksOf('docs/deployment/external-secrets.md', 'yaml');
  const { metadata, spec } = parse(block) as ExternalSecret; // The tests below are what checks it.

  it('fills the secret that the manifests mount, where they are', () => {
    const gateway = read('deploy/kubernetes/gateway.yaml');
    expect(gateway).toContain(`secretName: ${spec.target.name},`);
    expect(parse(read('deploy/kustomization.yaml'))).toMatchObject({ namespace: metadata.namespace });
  });

  it('names each file as the manifests read it, and each value after its variable', () => {
    const [deployment] = parseAllDocuments(read('deploy/kubernetes/gateway.yaml'));
    const mounted = [...String(deployment).matchAll(/name: (\w+)_FILE, value: \/run\/secrets\/sallyport\/([\w-]+)/g)];
    expect(spec.data.map(({ secretKey, remoteRef }) => [remoteRef.property, secretKey])).toEqual(
      mounted.map(([, variable, file]) => [variable, file]),
    );
  });
});
