import { accessSync, constants } from 'node:fs';
import path from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome.exe', 'msedge.exe'];
const wellKnownFiles = [
  '/usr/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Finds a Chromium for the browser tests: the one that `CHROME_PATH` names, else one on the search path or in its usual place.
 *
 * @throws Error when `CHROME_PATH` names something that cannot be run.
 */
export function findChromium(variables: Variables = process.env): string | undefined {
  const chosen = variables['CHROME_PATH'];
  if (chosen !== undefined && chosen !== '') {
    if (isExecutable(chosen)) return chosen;
    throw new Error('CHROME_PATH does not name a program that can be run');
  }
  const folders = (variables['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const onSearchPath = folders.flatMap((folder) => names.map((name) => path.join(folder, name)));
  return [...onSearchPath, ...wellKnownFiles].find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
