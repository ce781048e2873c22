/** How a file is written, so that what is added looks like the rest. */
export interface SourceStyle {
  readonly quote: "'" | '"';
  readonly semicolon: ';' | '';
  readonly newline: '\n' | '\r\n';
  /** One step of indentation. */
  readonly indent: string;
}

/** Reads the style of a file from its imports and its indented lines. What it does not show is written as Prettier does. */
export function readStyle(text: string): SourceStyle {
  const imports = [...text.matchAll(/^(?:import|export)\b[^'"\n]*(['"])[^'"\n]*\1(;?)/gm)];
  const [, quote, semicolon] = imports[0] ?? [];
  const indents = [...text.matchAll(/^(\t+| +)\S/gm)].map(([, indent = '']) => indent).filter((one) => one !== ' ');
  const shortest = indents.toSorted((one, other) => one.length - other.length)[0] ?? '  ';
  return {
    quote: quote === '"' ? '"' : "'",
    semicolon: semicolon === '' ? '' : ';',
    newline: text.includes('\r\n') ? '\r\n' : '\n',
    indent: shortest.startsWith('\t') ? '\t' : shortest,
  };
}

/** The white space at the beginning of the line that an offset is in. */
export function indentAt(text: string, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart, offset))?.[0] ?? '';
}
