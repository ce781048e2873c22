import { editAppModule, writeModuleCall, type ServiceTrust } from '../edits/edit-app-module.ts';
import { editControllers } from '../edits/edit-controllers.ts';
import { isWithin } from '../repository/repository.ts';
import type { Survey } from '../repository/survey.ts';
import { readStyle } from '../source/source-style.ts';
import { internalUrlOf, type Choices, type PlacedService } from './choices.ts';
import type { FileChanges } from './file-changes.ts';
import type { ByHand } from './plan.ts';
import { keep, type PartOfPlan } from './plan-next.ts';

/** Puts the module into each service, and declares access where nothing does. */
export function planServices(survey: Survey, choices: Choices, changes: FileChanges): PartOfPlan {
  const parts = choices.services.flatMap((placed) => [
    planModule(placed, choices, changes),
    planControllers(survey, placed, choices, changes),
  ]);
  return { byHand: parts.flatMap(({ byHand }) => byHand), notes: parts.flatMap(({ notes }) => notes) };
}

function planModule({ service, name }: PlacedService, choices: Choices, changes: FileChanges): PartOfPlan {
  const trust: ServiceTrust = { audience: name, publicUrl: choices.publicUrl, internalUrl: internalUrlOf(choices) };
  const { appModule, mainFile } = service;
  const lines = [
    "import { SallyportModule } from '@sallyport/nestjs';",
    ...`imports: [\n  ${writeModuleCall(trust, readStyle(''), '  ')},`.split('\n'),
  ];
  if (appModule === undefined)
    return {
      notes: [],
      byHand: [{ file: mainFile, reason: 'it was not found which module the service is created from', lines }],
    };
  const text = changes.read(appModule.file) ?? '';
  return keep(appModule.file, editAppModule(text, appModule.file, appModule.className, trust), changes, lines);
}

function planControllers(survey: Survey, placed: PlacedService, choices: Choices, changes: FileChanges): PartOfPlan {
  const { service, name } = placed;
  const files = service.openControllers;
  if (files.length === 0) return { byHand: [], notes: [] };
  const lines = ["import { Authenticated, Permissions, Public } from '@sallyport/nestjs';", '@Authenticated()'];
  if (!choices.declareAccess) {
    const reason = 'its handlers declare no access, and the service does not start like that';
    return { notes: [], byHand: files.map((file): ByHand => ({ file, reason, lines })) };
  }
  const parts = files.map((file) => keep(file, editControllers(changes.read(file) ?? '', file), changes, lines));
  return {
    byHand: parts.flatMap(({ byHand }) => byHand),
    notes: [
      `${name}: only signed-in users may call its handlers now. @Public('why') opens one, also for probes; @Permissions('order:read') narrows one, once the policy of the gateway has that permission.`,
      ...notesOnTests(survey, placed),
    ],
  };
}

/** Tests that Nest generates call a handler without a token. */
function notesOnTests({ repository }: Survey, { service, name }: PlacedService): readonly string[] {
  const test = repository.files.find((file) => isWithin(service.folder, file) && /\.e2e-spec\.[cm]?ts$/.test(file));
  if (test === undefined) return [];
  return [
    `${name}: tests that call its handlers without signing in, such as ${test}, get 401 now. @sallyport/testing signs tokens for them; "Tests" in the README of @sallyport/nestjs says how.`,
  ];
}
