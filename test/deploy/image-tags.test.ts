import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { workspaceRoot } from '../../tools/workspace-root.ts';

/** A version to its last number, with what the maker adds, or a version of the two numbers that PostgreSQL has; and perhaps a digest. */
const exactTag = /^(?:[^:@]+:v?\d+\.\d+\.\d+(?:-[\w.]+)*|postgres:\d+\.\d+(?:-[\w.]+)*)(?:@sha256:[0-9a-f]{64})?$/;

const files = [
  ...['deploy', 'docs'].flatMap((folder) =>
    readdirSync(path.join(workspaceRoot, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.(?:png|webp|jpg|svg)$/.test(entry.name))
      .map((entry) => path.relative(workspaceRoot, path.join(entry.parentPath, entry.name))),
  ),
  'compose.yaml',
];

/** The images that a text names: in Dockerfiles, in files of Compose and Kubernetes, and in pages that quote them. */
function imagesIn(text: string): readonly string[] {
  const stages = new Set([...text.matchAll(/^FROM\s.*\sAS\s+(\S+)/gim)].map(([, name]) => name));
  const from = [...text.matchAll(/(?:^|`)[ \t]*FROM[ \t]+(?:--platform=\S+[ \t]+)?([^\s`]+)/gm)];
  const image = [...text.matchAll(/(?:^|[\s`{,-])image:[ \t]*["']?([\w$][^\s"'`,}]*)/gm)];
  const tags = [...text.matchAll(/newName:\s*(\S+?),\s*newTag:\s*([^\s}]+)/g)].map(([, name, tag]) => `${name}:${tag}`);
  return [...[...from, ...image].map(([, name = '']) => name.replace(/@sha256:…$/, '')), ...tags].filter(
    (name) => !stages.has(name),
  );
}

describe('an image', () => {
  const named = files.flatMap((file) =>
    imagesIn(readFileSync(path.join(workspaceRoot, file), 'utf8')).map((image) => ({ file, image })),
  );

  it('is named in the Dockerfiles, for Compose, for Kubernetes and in pages', () => {
    const places = new Set(named.map(({ file }) => file.replace(/\/[^/]*$/, '')));
    for (const place of ['deploy/docker', 'deploy/packages', 'deploy/kubernetes', 'docs/deployment', 'compose.yaml'])
      expect(places).toContain(place);
  });

  it('is named by an exact version everywhere', () => {
    expect(named.filter(({ image }) => !exactTag.test(image))).toEqual([]);
  });

  it('has one version, wherever it is named', () => {
    const versions = Map.groupBy(named, ({ image }) => image.replace(/:[^/]*$/, ''));
    for (const [name, places] of versions)
      expect([name, new Set(places.map(({ image }) => image)).size]).toEqual([name, 1]);
  });

  it.each([
    ['FROM node:24', 'node:24'],
    ['FROM node AS base', 'node'],
    ['FROM --platform=linux/amd64 node:latest', 'node:latest'],
    ['    image: redis:7.4', 'redis:7.4'],
    ['  - image: "nginx:stable"', 'nginx:stable'],
    ['`FROM acme/gateway:1`', 'acme/gateway:1'],
    ['{ name: a, newName: registry.example.com/a, newTag: latest }', 'registry.example.com/a:latest'],
    ['image: a:1.2.3@sha256:abc', 'a:1.2.3@sha256:abc'],
  ])('is found, and is not exact, in %s', (text, image) => {
    expect(imagesIn(text)).toEqual([image]);
    expect(image).not.toMatch(exactTag);
  });

  it.each(['node:24.21.0-bookworm-slim', 'postgres:17.6-bookworm', `a/b:v1.2.3@sha256:${'0'.repeat(64)}`])(
    'is exact as %s',
    (image) => {
      expect(image).toMatch(exactTag);
    },
  );
});
