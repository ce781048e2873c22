import { noCredentials, type GuardedTransport } from './guarded-transport.ts';
import { receiveMessage } from './received-message.ts';

/** Messages of microservices, whose metadata or envelope carries the token. */
export const messageTransport: GuardedTransport = {
  type: 'rpc',
  // The context of a message is made for it, but nothing says that every transport does so.
  hasObjectPerCall: false,
  callOf: (context) => receiveMessage(context).call,
  messageOf: receiveMessage,
  credentialsOf: (context) => {
    const { authorization } = receiveMessage(context);
    return authorization === undefined ? noCredentials : { authorization };
  },
};
