export function showNotice(form: HTMLFormElement, title: string, text: string): void {
  for (const old of document.querySelectorAll('.notice')) old.remove();
  const notice = document.createElement('div');
  notice.className = 'notice notice-refused';
  notice.setAttribute('role', 'alert');
  const [heading, words, box] = [
    document.createElement('p'),
    document.createElement('p'),
    document.createElement('div'),
  ];
  heading.className = 'notice-title';
  heading.textContent = title;
  words.textContent = text;
  box.append(heading, words);
  notice.append(box);
  form.before(notice);
}

export function showError(input: HTMLInputElement, sentence: string): void {
  clearError(input);
  const error = document.createElement('p');
  error.className = 'field-error';
  error.id = `${input.id}-error`;
  error.textContent = sentence;
  (input.closest('.password') ?? input).after(error);
  input.setAttribute('aria-invalid', 'true');
  input.setAttribute('aria-describedby', [error.id, input.getAttribute('aria-describedby') ?? ''].join(' ').trim());
}

/** A corrected field is not called wrong any more. */
export function clearError(input: HTMLInputElement): void {
  if (input.getAttribute('aria-invalid') !== 'true') return;
  document.getElementById(`${input.id}-error`)?.remove();
  input.removeAttribute('aria-invalid');
  const ids = (input.getAttribute('aria-describedby') ?? '').split(' ').filter((id) => id !== `${input.id}-error`);
  input.setAttribute('aria-describedby', ids.join(' '));
}
