const carriedEmail = 'sallyport:email';

/** What was typed on one page is there on the next. It stays in this tab, and goes when a form was sent. */
export function carry(input: HTMLInputElement): void {
  input.value = recall() || input.value;
  input.addEventListener('input', () => remember(input.value));
}

/** Storage may be switched off: then nothing is carried. */
export function remember(email: string): void {
  try {
    sessionStorage.setItem(carriedEmail, email);
  } catch {}
}

function recall(): string {
  try {
    return sessionStorage.getItem(carriedEmail) ?? '';
  } catch {
    return '';
  }
}
