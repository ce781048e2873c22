/** The start of a worker failed; the message is for the operator. */
export class WorkerFailed extends Error {
  override readonly name = 'WorkerFailed';
}
