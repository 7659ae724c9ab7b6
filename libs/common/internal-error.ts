/**
 * An error whose message is written in this code and holds no user data: the log shows it in full. The message of any
 * other `Error` may quote input, so the log withholds it (`serializeError` of `#libs/log`).
 */
export class InternalError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
