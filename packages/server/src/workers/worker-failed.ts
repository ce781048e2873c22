/** A worker did not start, or could not do what it was asked; the message is for the operator. */
export class WorkerFailed extends Error {
  override readonly name = 'WorkerFailed';
}
