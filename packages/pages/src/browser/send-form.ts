import { remember } from './carried-email.ts';
import { clearError, showError, showNotice } from './form-errors.ts';
import { announce } from './other-tabs.ts';
import { waitingTime } from './waiting.ts';

type Prepare = (root: ParentNode) => void;

const patienceMilliseconds = 30_000;

/** Sends a form without a reload; `prepare` prepares the page that comes in answer. */
export function prepareForm(form: HTMLFormElement, prepare: Prepare): void {
  // What is missing is said in our words, beside its field.
  form.noValidate = true;
  form.addEventListener('input', (event) => {
    if (!(event.target instanceof HTMLInputElement)) return;
    clearError(event.target);
    submitWholeCode(event.target);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const button = event.submitter ?? form.querySelector('button[type=submit]');
    if (!(button instanceof HTMLButtonElement) || isDisabled(button)) return;
    const missing = findMissing(form);
    if (missing === undefined) void send(form, button, prepare);
    else missing.focus();
  });
}

/** Marks the fields that are empty, and gives the first of them. */
function findMissing(form: HTMLFormElement): HTMLInputElement | undefined {
  const missing = [...form.querySelectorAll<HTMLInputElement>('input[required]')].filter(
    (input) => input.value.trim() === '',
  );
  for (const input of missing) showError(input, input.dataset['whenEmpty'] ?? 'Fill in this field.');
  return missing[0];
}

async function send(form: HTMLFormElement, button: HTMLButtonElement, prepare: Prepare): Promise<void> {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form, button)) if (typeof value === 'string') body.append(name, value);
  const label = setBusy(button);
  try {
    const answer = await fetch(form.action, {
      method: 'POST',
      body,
      headers: { 'sallyport-form': 'fetch', accept: 'text/html' },
      redirect: 'error',
      signal: AbortSignal.timeout(patienceMilliseconds),
    });
    announce(answer.headers.get('sallyport-news'));
    const next = answer.headers.get('sallyport-location');
    if (next !== null) {
      remember('');
      // The button stays busy: the page is about to go.
      location.assign(next);
      return;
    }
    if (answer.headers.get('content-type')?.startsWith('text/html') === true) showPage(await answer.text(), prepare);
    else showNotice(form, 'That didn’t work', await problemText(answer));
  } catch {
    showNotice(form, 'We couldn’t reach the server', 'Check your connection, then try again.');
  }
  setIdle(button, label);
}

/** Puts the page in place that came in answer, as a reload would. */
function showPage(text: string, prepare: Prepare): void {
  const page = new DOMParser().parseFromString(text, 'text/html');
  const main = page.querySelector('main');
  if (main === null) return location.reload();
  const wanted = main.querySelector<HTMLElement>('[autofocus]');
  // The browser looks for it only while it loads a page, and complains otherwise.
  for (const field of main.querySelectorAll('[autofocus]')) field.removeAttribute('autofocus');
  document.title = page.title;
  document.querySelector('main')?.replaceWith(main);
  prepare(main);
  scrollTo({ top: 0 });
  const wrong = main.querySelector<HTMLInputElement>('[aria-invalid=true]');
  if (wrong !== null) {
    wrong.focus();
    wrong.select();
    return;
  }
  // A refusal is read out because it is an alert; typing goes on where the page says.
  (wanted ?? main.querySelector<HTMLElement>('.notice') ?? main).focus();
}

/** What the gateway said instead of a page. */
async function problemText(answer: Response): Promise<string> {
  const seconds = Number(answer.headers.get('retry-after') ?? 0);
  if (seconds > 0) return `Try again in ${waitingTime(seconds)}.`;
  const problem: unknown = await answer.json().catch(() => undefined);
  const isTitled = typeof problem === 'object' && problem !== null && 'title' in problem;
  return isTitled && typeof problem.title === 'string' ? `${problem.title}.` : 'Please try again in a moment.';
}

/** Six digits submit themselves, typed, pasted or filled in by the device. */
function submitWholeCode(input: HTMLInputElement): void {
  const digits = Number(input.dataset['digits'] ?? 0);
  if (digits === 0 || !new RegExp(`^\\s*(?:\\d\\s*){${digits}}$`).test(input.value)) return;
  input.form?.requestSubmit();
}

function isDisabled(button: HTMLButtonElement): boolean {
  return button.getAttribute('aria-disabled') === 'true';
}

/** Not `disabled`: that would drop the focus, and a screen reader with it. */
function setBusy(button: HTMLButtonElement): string {
  const label = button.textContent ?? '';
  button.setAttribute('aria-disabled', 'true');
  button.setAttribute('aria-busy', 'true');
  button.textContent = button.dataset['pending'] ?? label;
  return label;
}

function setIdle(button: HTMLButtonElement, label: string): void {
  button.removeAttribute('aria-disabled');
  button.removeAttribute('aria-busy');
  button.textContent = label;
}
