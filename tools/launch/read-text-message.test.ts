import { describe, expect, it } from 'vitest';
import { readTextMessage } from './read-text-message.ts';

describe('a text message', () => {
  it('is read with the code in it', () => {
    const text = '123456 is your code for Sallyport.\n\n@localhost:3000 #123456';
    expect(readTextMessage(JSON.stringify({ to: '+15550100', text }))).toMatchObject({
      to: '+15550100',
      channel: 'sms',
      text,
      code: '123456',
    });
  });

  it.each(['', 'nothing', '[]', 'null', '{"to":"+15550100"}', '{"to":1,"text":"x"}'])('is not %j', (body) => {
    expect(readTextMessage(body)).toBeUndefined();
  });
});
