const views = ['sign-in', 'second-factor', 'products'] as const;

/** What the page shows, one at a time. */
export type View = (typeof views)[number];

/** An element of the page, by its id. Throws a TypeError when the page has none of this kind. */
export function find<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new TypeError(`the page has no ${kind.name} with the id ${id}`);
}

/** Shows a view and moves the focus to its title, so that a screen reader reads it. */
export function show(view: View): void {
  for (const each of views) find(each, HTMLElement).hidden = each !== view;
  find(`${view}-title`, HTMLElement).focus();
}

/** Says something above the view; an empty text takes it away. */
export function say(text: string, isFailure = false): void {
  const notice = find('notice', HTMLElement);
  notice.classList.toggle('failed', isFailure);
  notice.textContent = text;
}

/** The text of a field of a form. */
export function textOf(form: HTMLFormElement, name: string): string {
  const value = new FormData(form).get(name);
  return typeof value === 'string' ? value : '';
}

/** Does work for a button, which cannot be pressed a second time meanwhile. */
export async function whileBusy(button: HTMLButtonElement, work: () => Promise<void>): Promise<void> {
  button.disabled = true;
  try {
    await work();
  } finally {
    button.disabled = false;
  }
}
