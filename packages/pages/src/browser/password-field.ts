export function prepareReveal(button: HTMLButtonElement): void {
  const input = document.getElementById(button.getAttribute('aria-controls') ?? '');
  if (!(input instanceof HTMLInputElement)) return;
  button.hidden = false;
  button.addEventListener('click', () => {
    const isShown = input.type === 'password';
    input.type = isShown ? 'text' : 'password';
    button.setAttribute('aria-pressed', String(isShown));
    button.setAttribute('aria-label', isShown ? 'Hide password' : 'Show password');
  });
}

/** How far a new password is from long enough. Length is the only rule that can be shown: the others are the server's. */
export function prepareLength(bar: HTMLElement): void {
  const input = document.getElementById(bar.dataset['lengthOf'] ?? '');
  const hint = document.getElementById(`${bar.dataset['lengthOf']}-hint`);
  if (!(input instanceof HTMLInputElement) || hint === null) return;
  const usual = hint.textContent;
  const minLength = Number(bar.dataset['minLength']);
  // Beside an error it would be one mark too many, until something is typed.
  bar.hidden = input.getAttribute('aria-invalid') === 'true';
  input.addEventListener('input', () => {
    const { length } = [...input.value];
    const missing = minLength - length;
    bar.hidden = false;
    (bar.firstElementChild as HTMLElement).style.width = `${Math.min(100, (length / minLength) * 100)}%`;
    hint.textContent =
      length === 0
        ? usual
        : missing > 0
          ? `${missing} more ${missing === 1 ? 'character' : 'characters'} to go.`
          : 'Long enough. Common passwords and two or three usual words are refused.';
  });
}
