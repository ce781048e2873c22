import { afterEach, describe, expect, it, vi } from 'vitest';
import { openSessionChannel, postSessionNews, type SessionChannel } from './session-channel.ts';
import { parseSessionMessage, type SessionMessage } from './session-message.ts';

let open: SessionChannel[] = [];
afterEach(() => {
  for (const channel of open) channel.close();
  open = [];
  vi.unstubAllGlobals();
});

function listen(tab?: string): { readonly channel: SessionChannel; readonly heard: SessionMessage[] } {
  const heard: SessionMessage[] = [];
  const channel = openSessionChannel((message) => heard.push(message), tab);
  open.push(channel);
  return { channel, heard };
}

describe('the line between tabs', () => {
  it('does not answer itself, also not through a second end of the same tab', async () => {
    const [here, other] = [listen(), listen('other')];

    postSessionNews({ kind: 'signed-out', reason: 'everywhere' });

    await vi.waitFor(() => expect(other.heard).toMatchObject([{ kind: 'signed-out', reason: 'everywhere' }]));
    expect(here.heard).toEqual([]);
  });

  it.each([
    { name: 'nothing', value: undefined },
    { name: 'a text', value: 'signed-out' },
    { name: 'an unknown kind', value: { kind: 'navigate', url: 'https://evil.example', tab: 'x' } },
    { name: 'an unknown reason', value: { kind: 'signed-out', reason: '//evil.example', tab: 'x' } },
    { name: 'a missing reason', value: { kind: 'signed-out', tab: 'x' } },
    { name: 'a missing tab', value: { kind: 'signed-in' } },
    { name: 'a change without a tab', value: { kind: 'changed' } },
    { name: 'a tab of the wrong type', value: { kind: 'signed-in', tab: {} } },
  ])('does not understand $name', ({ value }) => {
    expect(parseSessionMessage(value)).toBeUndefined();
  });

  it('passes on nothing that a stranger added', () => {
    const message = { kind: 'signed-out', reason: 'ended', tab: 'x', url: 'https://evil.example' };

    expect(parseSessionMessage(message)).toEqual({ kind: 'signed-out', reason: 'ended', tab: 'x' });
  });
});

describe('the line between tabs without BroadcastChannel', () => {
  function useStorageOnly(): { readonly stored: Map<string, string>; readonly writes: string[] } {
    const stored = new Map<string, string>();
    const writes: string[] = [];
    const tabEvents = new EventTarget();
    vi.stubGlobal('BroadcastChannel', undefined);
    vi.stubGlobal('addEventListener', tabEvents.addEventListener.bind(tabEvents));
    vi.stubGlobal('removeEventListener', tabEvents.removeEventListener.bind(tabEvents));
    const tell = (key: string, newValue: string | null): void => {
      tabEvents.dispatchEvent(Object.assign(new Event('storage'), { key, newValue }));
    };
    vi.stubGlobal('localStorage', {
      setItem: (key: string, value: string) => {
        stored.set(key, value);
        writes.push(value);
        tell(key, value);
      },
      removeItem: (key: string) => {
        stored.delete(key);
        tell(key, null);
      },
    });
    return { stored, writes };
  }

  it('speaks through storage, and leaves nothing there', () => {
    const { stored } = useStorageOnly();
    const [here, other] = [listen('here'), listen('other')];

    here.channel.post({ kind: 'signed-out', reason: 'signed-out' });

    expect(other.heard).toEqual([{ kind: 'signed-out', reason: 'signed-out', tab: 'here' }]);
    expect(here.heard).toEqual([]);
    expect(stored.size).toBe(0);
  });

  it('hears nothing in what other scripts store', () => {
    useStorageOnly();
    const { heard } = listen('here');

    localStorage.setItem('theme', '{"kind":"signed-in","tab":"x"}');
    localStorage.setItem('sallyport:session-news', '{"kind":');

    expect(heard).toEqual([]);
  });

  it('goes on without a word when storage is switched off', () => {
    useStorageOnly();
    vi.stubGlobal('localStorage', {
      setItem: () => {
        throw new Error('denied');
      },
    });

    expect(() => listen('here').channel.post({ kind: 'signed-in' })).not.toThrow();
  });

  it('hears nothing after it was closed', () => {
    useStorageOnly();
    const [here, other] = [listen('here'), listen('other')];
    other.channel.close();

    here.channel.post({ kind: 'signed-in' });

    expect(other.heard).toEqual([]);
  });
});
