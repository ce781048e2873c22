import { describe, expect, it } from 'vitest';
import { toDeviceNames } from './device-label.ts';

const webKit = 'AppleWebKit/537.36 (KHTML, like Gecko)';

describe('the names of a device', () => {
  it.each([
    {
      name: 'Chrome on Linux',
      userAgent: `Mozilla/5.0 (X11; Linux x86_64) ${webKit} Chrome/140.0.0.0 Safari/537.36`,
      expected: { label: 'Chrome on Linux', browser: 'Chrome 140', system: 'Linux' },
    },
    {
      name: 'Edge on Windows, which is called 10 for ever',
      userAgent: `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webKit} Chrome/139.0.0.0 Safari/537.36 Edg/139.0.3405.86`,
      expected: { label: 'Microsoft Edge on Windows', browser: 'Microsoft Edge 139', system: 'Windows' },
    },
    {
      name: 'Firefox on a Mac, which is called 10.15 for ever',
      userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:142.0) Gecko/20100101 Firefox/142.0',
      expected: { label: 'Firefox on macOS', browser: 'Firefox 142', system: 'macOS' },
    },
    {
      name: 'Chrome on Android, which is called 10 for ever',
      userAgent: `Mozilla/5.0 (Linux; Android 10; K) ${webKit} Chrome/141.0.0.0 Mobile Safari/537.36`,
      expected: { label: 'Chrome on Android', browser: 'Chrome 141', system: 'Android' },
    },
    {
      name: 'Safari on an iPhone',
      userAgent:
        'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
      expected: { label: 'Safari on iOS', browser: 'Safari 18', system: 'iOS 18' },
    },
    {
      name: 'a program',
      userAgent: 'curl/8.15.0',
      expected: { label: 'Unknown browser', browser: 'Unknown browser', system: 'Unknown system' },
    },
    {
      name: 'nothing',
      userAgent: '',
      expected: { label: 'Unknown browser', browser: 'Unknown browser', system: 'Unknown system' },
    },
  ])('are right for $name', ({ userAgent, expected }) => {
    expect(toDeviceNames(userAgent)).toEqual(expected);
  });

  it('hold nothing of a header that is no version', () => {
    const { browser, system } = toDeviceNames(`evil/<script>alert(1)</script> ${'9'.repeat(600)}`);
    expect(`${browser} ${system}`).not.toMatch(/[<>]|\d{5}/);
  });
});
