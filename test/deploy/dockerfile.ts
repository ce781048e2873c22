import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { workspaceRoot } from '../../tools/workspace-root.ts';

/** One instruction, with its continuation lines joined. */
export interface Instruction {
  readonly name: string;
  readonly value: string;
}

/** A stage: what it is made from, and what is done to it. */
export interface Stage {
  readonly name: string;
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** The Dockerfile of the repository. */
export const dockerfile = path.join(workspaceRoot, 'deploy/docker/Dockerfile');

/** The one that adopters copy, for a gateway from packages. */
export const packagesDockerfile = path.join(workspaceRoot, 'deploy/packages/Dockerfile');

/** Reads the stages of a Dockerfile, in their order. */
export async function readStages(file = dockerfile): Promise<readonly Stage[]> {
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const { name, value } of toInstructions(await readFile(file, 'utf8'))) {
    if (name === 'FROM') {
      const [from = '', , alias = ''] = value.split(/\s+/);
      stages.push({ name: alias, from, instructions: [] });
    } else stages.at(-1)?.instructions.push({ name, value });
  }
  return stages;
}

/** The stage of that name, and those that it is made from, the first one first. */
export function lineageOf(stages: readonly Stage[], name: string): readonly Stage[] {
  const stage = stages.find((candidate) => candidate.name === name);
  return stage === undefined ? [] : [...lineageOf(stages, stage.from), stage];
}

/** Variables that the stage and what it is made from set. */
export function environmentOf(lineage: readonly Stage[]): Record<string, string> {
  const settings = lineage.flatMap(({ instructions }) => instructions.filter(({ name }) => name === 'ENV'));
  return Object.fromEntries(
    settings.flatMap(({ value }) =>
      value.split(/\s+/).map((pair): [string, string] => {
        const [key = '', text = ''] = pair.split(/=(.*)/s);
        return [key, text];
      }),
    ),
  );
}

/** The last instruction of that name. */
export function lastOf(lineage: readonly Stage[], name: string): string | undefined {
  return lineage.flatMap(({ instructions }) => instructions).findLast((instruction) => instruction.name === name)
    ?.value;
}

function toInstructions(text: string): Instruction[] {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', value = ''] = line.trim().split(/\s(.*)/s);
      return { name, value };
    });
}
