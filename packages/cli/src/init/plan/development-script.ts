import type { Survey } from '../repository/survey.ts';

/** The script that runs the gateway and the applications together, where people have no other one of that name. */
export const ownScript = 'dev:all';
export const scriptCommand = 'sallyport dev';

/** The name under which `sallyport dev` is in the manifest of the root, or will be. */
export function chooseScript(survey: Survey): string {
  const written = Object.entries(scriptsOf(survey)).find(([, command]) => /\bsallyport dev\b/.test(command));
  if (written !== undefined) return written[0];
  let name = ownScript;
  for (let count = 1; hasScript(survey, name); count += 1)
    name = count === 1 ? 'dev:sallyport' : `dev:sallyport-${count}`;
  return name;
}

/** Whether the manifest of the root has a script. */
export function hasScript(survey: Survey, name: string): boolean {
  return Object.hasOwn(scriptsOf(survey), name);
}

function scriptsOf({ packages }: Survey): Readonly<Record<string, string>> {
  return packages.find(({ folder }) => folder === '')?.scripts ?? {};
}
