import type { UpstreamOracle } from './upstream-oracles.ts';
import type { AnswerOracle } from './answer-oracles.ts';
import type { Kit } from './kit.ts';

/** What every case says of itself. */
export interface CaseHead {
  /** Label of the catalogue; variants have a number behind a dot. The first letter is the group. */
  readonly id: string;
  readonly title: string;
  /** Advisory, standard or other gateway that it comes from. */
  readonly source: string;
  /**
   * `trusted-proxy`: a gateway that declares the client's own address as a proxy. `sallyport`: accounts of the fixture, or
   * an interface of ours below `/auth`.
   */
  readonly needs?: 'trusted-proxy' | 'sallyport';
}

/** A case that is one exchange: bytes in, an answer and what the upstream saw out. */
export interface Exchange extends CaseHead {
  readonly kind: 'exchange';
  /**
   * The bytes, one character each. `{cookie}`, `{alice}`, `{root}`, `{key}` and `{service}` stand for the cookie name
   * and the values of the fixture.
   */
  readonly bytes: string;
  /** Whether the client says that nothing follows: for bytes that never become a request. */
  readonly ends: boolean;
  /** Any of these; 0 is a connection that was closed without an answer. */
  readonly status: readonly number[];
  readonly upstream: UpstreamOracle;
  readonly answer: readonly AnswerOracle[];
}

/** A case that needs several connections, or a sequence on one. Throws `CaseFailure`. */
export interface Scenario extends CaseHead {
  readonly kind: 'scenario';
  readonly run: (kit: Kit) => Promise<void>;
}

export type AttackCase = Exchange | Scenario;
