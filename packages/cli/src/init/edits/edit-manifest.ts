import type { ManifestText } from '../repository/manifests.ts';

/** What is added to a `package.json`. What stands there under the same name is kept. */
export interface ManifestAddition {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  /** `overrides` of npm, `resolutions` of Yarn. */
  readonly replacements?: {
    readonly key: 'overrides' | 'resolutions';
    readonly entries: Readonly<Record<string, string>>;
  };
  /** `allowScripts` of npm, `dependenciesMeta` of Yarn: whether packages may run scripts when they are installed. */
  readonly scriptPolicy?: {
    readonly key: 'allowScripts' | 'dependenciesMeta';
    readonly entries: Readonly<Record<string, boolean | Readonly<Record<string, boolean>>>>;
  };
}

/** Adds to the text of a `package.json`, with its own indentation and its own order of keys. */
export function editManifest({ text, manifest }: ManifestText, addition: ManifestAddition): string {
  const { dependencies = {}, scripts = {}, replacements, scriptPolicy } = addition;
  const known = { ...asRecord(manifest['dependencies']), ...asRecord(manifest['devDependencies']) };
  const changed: Record<string, unknown> = { ...manifest };
  const add = (key: string, entries: Readonly<Record<string, unknown>>, isSorted: boolean): void => {
    const before = asRecord(manifest[key]);
    const missing = Object.entries(entries).filter(([name]) => !Object.hasOwn(before, name));
    if (missing.length === 0) return;
    const all = [...Object.entries(before), ...missing];
    // npm and the others sort dependencies by name, and would do it with the next installation.
    changed[key] = Object.fromEntries(isSorted ? all.toSorted(([one], [other]) => (one < other ? -1 : 1)) : all);
  };
  add('scripts', scripts, false);
  add(
    'dependencies',
    Object.fromEntries(Object.entries(dependencies).filter(([name]) => !Object.hasOwn(known, name))),
    true,
  );
  if (replacements !== undefined) add(replacements.key, replacements.entries, true);
  if (scriptPolicy !== undefined) {
    // What is decided for one version, as npm writes it, is decided.
    const decided = Object.keys(asRecord(manifest[scriptPolicy.key])).map((name) => name.replace(/(?<=.)@.*$/, ''));
    const open = Object.entries(scriptPolicy.entries).filter(([name]) => !decided.includes(name));
    add(scriptPolicy.key, Object.fromEntries(open), true);
  }
  if (JSON.stringify(changed) === JSON.stringify(manifest)) return text;
  const indent = /^\{\r?\n([ \t]+)/.exec(text)?.[1] ?? '  ';
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const written = JSON.stringify(changed, null, indent).replaceAll('\n', newline);
  return text.endsWith('\n') ? `${written}${newline}` : written;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
