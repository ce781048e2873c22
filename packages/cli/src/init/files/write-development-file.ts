import type { DevelopmentFile } from '../../dev/development-file.ts';
import type { Choices, Placed } from '../plan/choices.ts';
import type { PackageManagerName } from '../repository/package-manager.ts';
import { showPath } from '../repository/repository.ts';
import type { Survey } from '../repository/survey.ts';

/** Writes `sallyport.dev.json`: what `sallyport dev` runs beside the gateway. */
export function writeDevelopmentFile({ next, manager }: Survey, choices: Choices): string {
  const place = ({ name, port }: Placed, folder: string, run: string) => ({
    name,
    folder: showPath(folder),
    run,
    ...(port.variable === undefined ? {} : { environment: { [port.variable]: String(port.number) } }),
  });
  const file: DevelopmentFile = {
    applications: [
      place(choices.next, next.folder, runOf(manager.name, next.script ?? 'dev')),
      ...choices.services.map((each) => {
        const { run = { script: 'start:dev' }, folder } = each.service;
        return place(
          each,
          folder,
          'script' in run ? runOf(manager.name, run.script) : nestOf(manager.name, run.project),
        );
      }),
    ],
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function runOf(manager: PackageManagerName, script: string): string {
  return `${manager} run ${script}`;
}

/** A project of a Nest workspace has no script of its own. */
function nestOf(manager: PackageManagerName, project: string): string {
  const execute = { npm: 'npx', pnpm: 'pnpm exec', yarn: 'yarn run' }[manager];
  return `${execute} nest start ${project} --watch`;
}
