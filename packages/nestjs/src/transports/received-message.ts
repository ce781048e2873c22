import type { ExecutionContext } from '@nestjs/common';
import { isEnvelope } from '../messages/message-envelope.ts';
import { brokerHeadersOf, deliveryOf } from './broker-context.ts';
import { called, isObject, memberOf, type ReceivedMessage } from './guarded-transport.ts';

/** Envelopes that were opened: the guard runs more than once for one call, and must open no second one inside. */
const opened = new WeakMap<readonly unknown[], string>();

/**
 * Reads a message of a microservice, and puts the payload of a sealed one in the place of its envelope, so that pipes and
 * handlers see what was sent.
 */
export function receiveMessage(context: ExecutionContext): ReceivedMessage {
  const values = context.getArgs<unknown[]>();
  const grpc = grpcCallOf(values);
  const sealedBy = openEnvelope(values);
  const carrier = values[1];
  return {
    call: grpc?.metadata ?? (isObject(carrier) ? carrier : values),
    sealedBy,
    authorization: grpc === undefined ? authorizationOf(carrier) : headerOf(grpc.metadata),
    destination: grpc === undefined ? destinationOf(carrier) : textOf(grpc, 'getPath'),
    payload: values[0],
    delivery: deliveryOf(carrier),
    isGrpc: grpc !== undefined,
  };
}

function openEnvelope(values: unknown[]): string | undefined {
  const known = opened.get(values);
  if (known !== undefined) return known;
  const [envelope] = values;
  if (!isEnvelope(envelope)) return undefined;
  values[0] = envelope.message;
  opened.set(values, envelope.$sallyport);
  return envelope.$sallyport;
}

interface GrpcCall {
  readonly metadata: object;
}

/** Nest hands the call over last, and first to handlers of the call itself (`@GrpcStreamCall`). */
function grpcCallOf(values: readonly unknown[]): GrpcCall | undefined {
  return [values[2], values[0]].find(isGrpcCall);
}

/** A payload is data: it has no functions. */
function isGrpcCall(value: unknown): value is GrpcCall {
  return typeof memberOf(value, 'getPath') === 'function' && isObject(memberOf(value, 'metadata'));
}

/** Headers of NATS; the metadata that Nest 12 has for Redis and TCP; headers of brokers. */
function authorizationOf(carrier: unknown): string | readonly string[] | undefined {
  const headers = called(carrier, 'getHeaders');
  if (isObject(headers)) return headerOf(headers);
  const metadata = called(carrier, 'getMetadata');
  const named = [metadata, brokerHeadersOf(carrier)].flatMap((one) => (isObject(one) ? Object.entries(one) : []));
  return oneOrAll(
    named.flatMap(([name, value]) => (isAuthorization(name) ? [value].flat().map((one) => String(one)) : [])),
  );
}

/** Names are compared without regard to case: NATS has none of its own, and gRPC has lower case alone. */
function headerOf(headers: unknown): string | readonly string[] | undefined {
  const keys = called(headers, 'keys') ?? namesOf(called(headers, 'getMap'));
  if (!Array.isArray(keys)) return undefined;
  const names = keys.filter((name): name is string => typeof name === 'string' && isAuthorization(name));
  return oneOrAll(names.flatMap((name) => valuesOf(headers, name)));
}

/** NATS has `values`, and `get` for the first one; gRPC has `get` for all. */
function valuesOf(headers: unknown, name: string): readonly string[] {
  const all = called(headers, 'values', name) ?? called(headers, 'get', name);
  return Array.isArray(all) ? all.map(String) : [String(all)];
}

function oneOrAll(values: readonly string[]): string | readonly string[] | undefined {
  return values.length > 1 ? values : values[0];
}

function isAuthorization(name: string): boolean {
  return name.toLowerCase() === 'authorization';
}

function destinationOf(carrier: unknown): string | undefined {
  const readers = ['getSubject', 'getChannel', 'getPattern', 'getTopic'];
  return readers.map((reader) => textOf(carrier, reader)).find((text) => text !== undefined);
}

function textOf(owner: unknown, method: string): string | undefined {
  const value = called(owner, method);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function namesOf(value: unknown): readonly string[] {
  return isObject(value) ? Object.keys(value) : [];
}
