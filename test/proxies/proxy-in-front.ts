import type { TestGateway } from '@sallyport/gateway/test-support';

/** A proxy between clients and what is behind it, and the gateway that belongs to it. */
export interface ProxyInFront {
  readonly gateway: TestGateway;
  /** Port of the proxy, with TLS, for app.test. */
  readonly port: number;
  readonly ca: string;
  close(): Promise<void>;
}
