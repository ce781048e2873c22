/*
 * Makes the built-in pages nicer where scripts run; none of them needs it. One file without imports, written as it is
 * served: forms are sent without a reload, and what was refused is focused.
 */

const patienceMilliseconds = 30_000;
const channelName = 'sallyport';
const carriedEmail = 'sallyport:email';

/** Prepares what a page brought: once when it was loaded, and again when a form was answered with a page. */
function prepare(root: ParentNode): void {
  keepFragment(root);
  for (const form of root.querySelectorAll('form')) prepareForm(form);
  for (const button of root.querySelectorAll<HTMLButtonElement>('.reveal')) prepareReveal(button);
  for (const bar of root.querySelectorAll<HTMLElement>('[data-length-of]')) prepareLength(bar);
  for (const time of root.querySelectorAll<HTMLElement>('[data-countdown]')) countDown(time);
  for (const button of root.querySelectorAll<HTMLButtonElement>('[data-wait]'))
    wait(button, Number(button.dataset['wait']));
  for (const button of root.querySelectorAll<HTMLButtonElement>('[data-resend]'))
    wait(button, Number(button.dataset['resend']));
  for (const input of root.querySelectorAll<HTMLInputElement>('[data-carry]')) carry(input);
  for (const button of root.querySelectorAll<HTMLButtonElement>('[data-keep]')) prepareKeep(button);
  for (const link of root.querySelectorAll<HTMLElement>('[data-back]')) goBackOnceSignedIn(link.dataset['back'] ?? '/');
}

/**
 * The part of an address behind `#` reaches no server, and a browser keeps it over the redirect that led here: it belongs to
 * the page that was asked for.
 */
function keepFragment(root: ParentNode): void {
  const { hash } = location;
  // The link that skips to the content has one as well.
  if (hash.length < 2 || document.getElementById(hash.slice(1)) !== null) return;
  for (const input of root.querySelectorAll<HTMLInputElement>('input[name=returnTo]')) {
    if (input.value !== '' && !input.value.includes('#')) input.value += hash;
  }
  for (const link of root.querySelectorAll<HTMLAnchorElement>('a[href*="returnTo="]')) {
    const url = new URL(link.href);
    const returnTo = url.searchParams.get('returnTo') ?? '';
    if (url.origin !== location.origin || returnTo.includes('#')) continue;
    url.searchParams.set('returnTo', returnTo + hash);
    link.href = url.href;
  }
}

function prepareForm(form: HTMLFormElement): void {
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
    if (missing === undefined) void send(form, button);
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

async function send(form: HTMLFormElement, button: HTMLButtonElement): Promise<void> {
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
    if (answer.headers.get('content-type')?.startsWith('text/html') === true) showPage(await answer.text());
    else showNotice(form, 'That didn’t work', await problemText(answer));
  } catch {
    showNotice(form, 'We couldn’t reach the server', 'Check your connection, then try again.');
  }
  setIdle(button, label);
}

/** Puts the page in place that came in answer, as a reload would. */
function showPage(text: string): void {
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

function showNotice(form: HTMLFormElement, title: string, text: string): void {
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

function showError(input: HTMLInputElement, sentence: string): void {
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
function clearError(input: HTMLInputElement): void {
  if (input.getAttribute('aria-invalid') !== 'true') return;
  document.getElementById(`${input.id}-error`)?.remove();
  input.removeAttribute('aria-invalid');
  const ids = (input.getAttribute('aria-describedby') ?? '').split(' ').filter((id) => id !== `${input.id}-error`);
  input.setAttribute('aria-describedby', ids.join(' '));
}

/** Six digits submit themselves, typed, pasted or filled in by the device. */
function submitWholeCode(input: HTMLInputElement): void {
  const digits = Number(input.dataset['digits'] ?? 0);
  if (digits === 0 || !new RegExp(`^\\s*(?:\\d\\s*){${digits}}$`).test(input.value)) return;
  input.form?.requestSubmit();
}

function prepareReveal(button: HTMLButtonElement): void {
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

/** How far a new password is from long enough. Length is the only rule that can be shown. */
function prepareLength(bar: HTMLElement): void {
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
          : 'Long enough.';
  });
}

/** Copies, downloads or prints what an element of the page says. */
function prepareKeep(button: HTMLButtonElement): void {
  const { keep, of = '', file = '' } = button.dataset;
  const text = (): string => document.getElementById(of)?.dataset['text'] ?? '';
  button.hidden = false;
  button.addEventListener('click', () => {
    if (keep === 'print') print();
    else if (keep === 'download') download(text(), file);
    else
      void navigator.clipboard.writeText(text()).then(() => {
        button.textContent = 'Copied';
      });
  });
}

function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

function countDown(time: HTMLElement): void {
  everySecond(Number(time.dataset['countdown']), (left) => {
    time.textContent = left > 0 ? waitingTime(left) : 'a moment: you can try now';
  });
}

/** Keeps a button off for as long as it would be refused. */
function wait(button: HTMLButtonElement, seconds: number): void {
  if (!(seconds > 0)) return;
  const label = button.textContent;
  button.setAttribute('aria-disabled', 'true');
  everySecond(seconds, (left) => {
    if (button.hasAttribute('data-resend')) button.textContent = left > 0 ? `${label} (${left} s)` : label;
    if (left <= 0) button.removeAttribute('aria-disabled');
  });
}

function everySecond(seconds: number, show: (left: number) => void): void {
  const end = Date.now() + seconds * 1000;
  const tick = (): void => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    show(left);
    if (left > 0) setTimeout(tick, 1000);
  };
  tick();
}

function waitingTime(seconds: number): string {
  if (seconds < 60) return plural(seconds, 'second');
  if (seconds >= 3600) return plural(Math.ceil(seconds / 3600), 'hour');
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return rest === 0 ? plural(minutes, 'minute') : `${plural(minutes, 'minute')} ${plural(rest, 'second')}`;
}

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** What was typed on one page is there on the next. It stays in this tab, and goes when a form was sent. */
function carry(input: HTMLInputElement): void {
  input.value = recall() || input.value;
  input.addEventListener('input', () => remember(input.value));
}

/** Storage may be switched off: then nothing is carried. */
function remember(email: string): void {
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

/** A session that ended is followed by another one as soon as some tab of this browser has signed in. */
function goBackOnceSignedIn(path: string): void {
  const look = async (): Promise<void> => {
    const answer = await fetch('/auth/session', { headers: { accept: 'application/json' } }).catch(() => undefined);
    const session: unknown = answer?.ok === true ? await answer.json().catch(() => undefined) : undefined;
    const isSignedIn =
      typeof session === 'object' && session !== null && 'status' in session && session.status === 'signed-in';
    if (isSignedIn) location.replace(path);
  };
  // It may have happened while this page was on its way.
  setTimeout(() => void look(), 500);
  if (typeof BroadcastChannel === 'undefined') return;
  new BroadcastChannel(channelName).addEventListener('message', (event: MessageEvent<unknown>) => {
    const news = event.data;
    if (typeof news === 'object' && news !== null && 'kind' in news && news.kind === 'signed-in') void look();
  });
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

/** Tells the other tabs of this browser, as @sallyport/nextjs does, so that none shows what is over. */
function announce(news: string | null): void {
  if (news === null || typeof BroadcastChannel === 'undefined') return;
  const channel = new BroadcastChannel(channelName);
  channel.postMessage({ kind: news, ...(news === 'signed-out' ? { reason: news } : {}), tab: crypto.randomUUID() });
  channel.close();
}

/** Each click changes what is seen: to the other theme, which is the system's own or a choice against it. */
function prepareTheme(button: HTMLButtonElement): void {
  button.hidden = false;
  button.addEventListener('click', () => {
    const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
    const { dataset } = document.documentElement;
    const chosen = (dataset['theme'] ?? system) === 'dark' ? 'light' : 'dark';
    const attributes = `; Path=/; SameSite=Lax${location.protocol === 'https:' ? '; Secure' : ''}`;
    if (chosen === system) delete dataset['theme'];
    else dataset['theme'] = chosen;
    document.cookie =
      chosen === system ? `theme=; Max-Age=0${attributes}` : `theme=${chosen}; Max-Age=31536000${attributes}`;
  });
}

for (const button of document.querySelectorAll<HTMLButtonElement>('.theme')) prepareTheme(button);
prepare(document);
// A page that comes back by the back button is still busy, and may belong to a sign-in that is over.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
