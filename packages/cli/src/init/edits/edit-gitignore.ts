/** Adds the lines that are missing to a `.gitignore`, below a line that says whose they are. */
export function editGitignore(text: string | undefined, lines: readonly string[]): string {
  const newline = text?.includes('\r\n') === true ? '\r\n' : '\n';
  const present = new Set((text ?? '').split(/\r?\n/).map(toPlainPattern));
  const missing = lines.filter((line) => !present.has(toPlainPattern(line)));
  if (missing.length === 0) return text ?? '';
  const before = text === undefined || text === '' ? '' : `${text.replace(/(?:\r?\n)*$/, '')}${newline}${newline}`;
  return `${before}${['# Sallyport', ...missing].join(newline)}${newline}`;
}

function toPlainPattern(line: string): string {
  return line.trim().replace(/^\//, '').replace(/\/$/, '');
}
