import type { ClientAuth } from '../client-auth.ts';
import { isKept, readDraft, type DraftControl, type KeptField } from './draft-fields.ts';
import { createDraftStore, type Drafts } from './draft-store.ts';

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** The forms of this page whose drafts are kept. */
export interface PageDrafts {
  /** Names of the forms for which a draft came back and is not used yet. */
  waiting(): readonly string[];
  /**
   * Follows a form, and fills in its draft: at once, or when it is known who is shown. Then `onRestored` is called.
   *
   * @returns a function that ends it.
   */
  follow(name: string, form: HTMLFormElement, onRestored: () => void): () => void;
  /** Tells who is shown, and takes what is theirs out of the storage. */
  update(auth: ClientAuth): void;
  /** The page is about to go: keeps what was typed. */
  keep(): void;
  /** The person left by their own choice: nothing is kept any more. */
  forget(): void;
  subscribe(this: void, listener: () => void): () => void;
}

/** A form that is on its page. */
interface FollowedForm {
  readonly form: HTMLFormElement;
  readonly onRestored: () => void;
}

/** A form that was taken off its page, with what was typed into it. */
interface RemovedForm {
  readonly fields: readonly KeptField[];
  readonly at: number;
}

/** How long a page may take to leave after its forms were taken away. */
const leavingMilliseconds = 30_000;

/** Builds the drafts of a page. */
export function createPageDrafts(): PageDrafts {
  const store = createDraftStore(() => sessionStorage, Date.now);
  const forms = new Map<string, FollowedForm>();
  const removed = new Map<string, RemovedForm>();
  const listeners = new Set<() => void>();
  let shown: ClientAuth = { status: 'signed-out' };
  let drafts: Drafts = {};
  let isForgotten = false;
  /** The same list until it changes: React compares it. */
  let names: readonly string[] = [];

  const setDrafts = (next: Drafts): void => {
    drafts = next;
    names = Object.keys(next);
    for (const listener of listeners) listener();
  };

  const fillFollowed = (): void => {
    for (const [name, { form, onRestored }] of forms) {
      const fields = drafts[name];
      if (fields === undefined) continue;
      setDrafts(Object.fromEntries(Object.entries(drafts).filter(([other]) => other !== name)));
      fill(form, fields);
      onRestored();
    }
  };

  return {
    waiting: () => names,
    follow: (name, form, onRestored) => {
      forms.set(name, { form, onRestored });
      removed.delete(name);
      fillFollowed();
      return () => {
        if (forms.get(name)?.form !== form) return;
        forms.delete(name);
        // Next.js takes the page away before it leaves for the address that a refused Server Action names.
        removed.set(name, { fields: readDraft(controlsOf(form)), at: Date.now() });
      };
    },
    update: (auth) => {
      shown = auth;
      setDrafts({ ...drafts, ...store.take(auth, location.pathname) });
      // React runs the effects of forms before those of the provider around them.
      fillFollowed();
    },
    keep: () => {
      if (isForgotten) return;
      const gone = [...removed].filter(([, { at }]) => Date.now() - at < leavingMilliseconds);
      const typed = [
        ...gone.map(([name, { fields }]) => [name, fields] as const),
        ...[...forms].map(([name, { form }]) => [name, readDraft(controlsOf(form))] as const),
      ];
      const found = typed.filter(([, fields]) => fields.length > 0);
      store.keep(shown, location.pathname, { ...drafts, ...Object.fromEntries(found) });
    },
    forget: () => {
      isForgotten = true;
      store.forget();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function controlsOf(form: HTMLFormElement): readonly (Control & DraftControl)[] {
  return [...form.elements].filter(
    (element) =>
      element instanceof HTMLInputElement ||
      element instanceof HTMLTextAreaElement ||
      element instanceof HTMLSelectElement,
  );
}

function fill(form: HTMLFormElement, fields: readonly KeptField[]): void {
  for (const control of controlsOf(form)) {
    if (!isKept(control)) continue;
    const isTicked = control.type === 'checkbox' || control.type === 'radio';
    const key = isTicked ? `${control.name}=${control.value}` : control.name;
    const [, value] = fields.find(([name]) => name === key) ?? [];
    if (isTicked && typeof value === 'boolean') setProperty(control, 'checked', value);
    else if (!isTicked && typeof value === 'string') setProperty(control, 'value', value);
  }
}

/** By the setter of the element's class: that of the element itself is React's, and would hide the change from it. */
function setProperty(control: Control, property: 'value' | 'checked', value: string | boolean): void {
  Reflect.set(Object.getPrototypeOf(control) as object, property, value, control);
  control.dispatchEvent(new Event(property === 'checked' ? 'click' : 'input', { bubbles: true }));
  control.dispatchEvent(new Event('change', { bubbles: true }));
}
