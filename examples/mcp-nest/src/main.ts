import { createNotes } from './create-notes.ts';

const { PORT = '4010', SALLYPORT_ISSUER, SALLYPORT_KEYS_URL } = process.env;
if (SALLYPORT_ISSUER === undefined || SALLYPORT_KEYS_URL === undefined)
  throw new Error('set SALLYPORT_ISSUER to <publicUrl>/internal, and SALLYPORT_KEYS_URL to the keys of the gateway');
const app = await createNotes({
  issuer: SALLYPORT_ISSUER,
  audience: 'notes',
  keysUrl: SALLYPORT_KEYS_URL,
  revocations: {},
});
app.enableShutdownHooks();
await app.listen(Number(PORT), '127.0.0.1');
