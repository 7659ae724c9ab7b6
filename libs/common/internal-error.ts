/**
 * An error whose message this program wrote and which holds no data of a user: the log shows it in full.
 * The message of any other `Error` may quote input, so the log withholds it (`serializeError` of `#libs/log`).
 */
export class InternalError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
