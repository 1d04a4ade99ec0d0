/** A request that cannot be served as it is: the status and the words of the answer. */
export class Fault extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}
