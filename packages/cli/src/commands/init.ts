import { existsSync } from 'node:fs';
import path from 'node:path';
import { exitCodes, UsageError } from '@sallyport/core';
import type { Command, CommandCall } from '../command.ts';
import { askChoices } from '../init/ask/ask-choices.ts';
import { openPrompt } from '../init/ask/prompt.ts';
import { carryOut } from '../init/plan/carry-out.ts';
import { chooseDefaults, findListenerAt, type Choices, type GivenChoices } from '../init/plan/choices.ts';
import { makePlan } from '../init/plan/make-plan.ts';
import type { Plan } from '../init/plan/plan.ts';
import { problemOfProductName } from '../init/plan/product-name.ts';
import { toReport, toResult } from '../init/report/report.ts';
import { toUnifiedDiff } from '../init/report/unified-diff.ts';
import { requireCleanTree } from '../init/repository/git-state.ts';
import { isPortTaken } from '../init/repository/is-port-taken.ts';
import { packageManagerNames } from '../init/repository/package-manager.ts';
import { openRepository } from '../init/repository/repository.ts';
import { takeSurvey, type Survey } from '../init/repository/survey.ts';
import { readTarballs, tarballFolder, type Tarballs } from '../init/repository/tarballs.ts';

/** Puts a gateway in front of a repository that has a Next.js application and Nest services. */
export const init: Command = {
  name: 'init',
  summary: 'Sets a repository with a Next.js application and Nest services up behind a gateway',
  options: {
    packages: { value: 'folder', describe: 'Folder with the tarballs that npm run pack wrote' },
    yes: { describe: 'Asks nothing' },
    'dry-run': { describe: 'Shows the changes as a diff, and makes none' },
    force: { describe: 'Goes on although changes are not committed, or there is no git repository' },
    name: { value: 'name', describe: 'Name of the product, as its users know it' },
    port: { value: 'port', describe: 'Port that people open' },
    next: { value: 'folder', describe: 'The Next.js application at /, where there are several' },
    'package-manager': { value: packageManagerNames.join('|'), describe: 'Where lock files do not say it' },
  },
  notes: [
    'It writes sallyport.config.ts and sallyport.dev.json, adds SallyportModule to each Nest application and @Authenticated()',
    'to controllers that declare no access, and sets Next.js up: withZone, proxy.ts, SallyportProvider. What is there is kept;',
    'what is not understood is left alone and named. A second run changes nothing. It installs nothing.',
  ],
  run: async (call) => {
    const root = call.terminal.workingFolder;
    const isDryRun = call.has('dry-run');
    // Of a run before, where it is not named again.
    const folder = call.value('packages') ?? (existsSync(path.join(root, tarballFolder)) ? tarballFolder : undefined);
    const tarballs = folder === undefined ? undefined : readTarballs(call.resolvePath(folder), root);
    if (!isDryRun && !call.has('force'))
      await requireCleanTree(root, tarballs === undefined ? undefined : tarballs.folder);
    const survey = takeSurvey(openRepository(root), {
      nextFolder: call.value('next'),
      packageManager: call.value('package-manager'),
    });
    const given = { productName: readName(call), gatewayPort: readPort(call) };
    refuseToContradict(survey, given);
    await refuseTakenPort(survey, given);
    const defaults = chooseDefaults(survey, given);
    if (isDryRun) return showPlan(call, makePlan(survey, defaults, tarballs));
    if (call.has('yes')) return finish(call, makePlan(survey, defaults, tarballs));
    const plan = await askForPlan(call, survey, defaults, tarballs);
    return finish(call, plan);
  },
};

function showPlan(call: CommandCall, plan: Plan): number {
  // Of the end, one line feed alone, which is written again: the last line of a hunk may be an empty one of the file.
  call.report(toResult(plan, false), toUnifiedDiff(plan.changes).replace(/\n$/, ''));
  call.note(toReport(plan).replace(/^Done:/, 'Would be done:'));
  return exitCodes.done;
}

function finish(call: CommandCall, plan: Plan): number {
  carryOut(plan, call.terminal.workingFolder);
  call.report(toResult(plan, true), toReport(plan));
  return exitCodes.done;
}

async function askForPlan(
  call: CommandCall,
  survey: Survey,
  defaults: Choices,
  tarballs: Tarballs | undefined,
): Promise<Plan> {
  if (call.terminal.input.isTTY !== true)
    throw new UsageError(
      'There is no terminal to ask at. --yes takes what was found, --dry-run shows it. Nothing was changed.',
      exitCodes.usage,
    );
  const prompt = openPrompt(call.terminal);
  try {
    const plan = makePlan(survey, await askChoices(prompt, survey, defaults), tarballs);
    const { changes } = plan;
    if (changes.length === 0) return plan;
    call.note(
      changes.map(({ file, before }) => `  ${before === undefined ? 'new    ' : 'changed'} ${file}`).join('\n'),
    );
    const question = `Write ${changes.length === 1 ? 'this file' : `these ${changes.length} files`}?`;
    if (await prompt.confirm(question, true)) return plan;
    throw new UsageError('Nothing was changed.', exitCodes.refused);
  } finally {
    prompt.close();
  }
}

function readName(call: CommandCall): string | undefined {
  const name = call.value('name');
  const problem = name === undefined ? undefined : problemOfProductName(name);
  if (problem === undefined) return name;
  throw new UsageError(`sallyport init: --name cannot be used. ${problem}`, exitCodes.usage);
}

/** A configuration that is there already is not written again, so that an option which differs would have no effect. */
function refuseToContradict({ config }: Survey, { productName, gatewayPort }: GivenChoices): void {
  if (config === undefined) return;
  const isOtherName = productName !== undefined && productName !== config.brandName;
  const isOtherPort = gatewayPort !== undefined && gatewayPort !== portOf(config.publicUrl);
  const option = isOtherName ? '--name' : isOtherPort ? '--port' : undefined;
  if (option !== undefined)
    throw new UsageError(
      `sallyport init: ${config.file} is there and stays as it is: change it there, and leave out ${option}.`,
      exitCodes.usage,
    );
}

/** The port of an origin, also where it is that of its scheme and so is not written. */
function portOf(origin: string | undefined): number | undefined {
  if (origin === undefined || !URL.canParse(origin)) return undefined;
  const { port, protocol } = new URL(origin);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

async function refuseTakenPort(survey: Survey, { gatewayPort }: GivenChoices): Promise<void> {
  if (gatewayPort === undefined || survey.config !== undefined) return;
  const listener =
    findListenerAt(survey, gatewayPort) ?? ((await isPortTaken(gatewayPort)) ? 'another program' : undefined);
  if (listener === undefined) return;
  throw new UsageError(
    `sallyport init: --port ${gatewayPort} cannot be used: ${listener} listens there. Nothing was changed.`,
    exitCodes.usage,
  );
}

function readPort(call: CommandCall): number | undefined {
  const text = call.value('port');
  if (text === undefined) return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) <= 65_535) return Number(text);
  throw new UsageError('sallyport init: --port must be a number from 1 to 65535.', exitCodes.usage);
}
