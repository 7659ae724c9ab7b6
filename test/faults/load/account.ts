/** A sign-in as its client stores it. */
export interface Device {
  /** Id of the session. */
  id: string;
  account: Account;
  accessToken: string;
  /** All that it has had: those before a refresh are good until they expire. */
  accessTokens: string[];
  refreshToken: string;
  /** A refresh is under way: one client has one, and does not start another. */
  refreshing: boolean;
  /**
   * When a refresh first got no answer (by the monotonic clock): its token is good for one more try
   * within seconds, and the end of the session after that.
   */
  unansweredSinceMs: number | null;
  /** The client has seen it refused, or has ended it. The client still tries its tokens. */
  retired: boolean;
}

/** A user as known to all its clients together. */
export class Account {
  readonly devices: Device[] = [];
  /** Numbers of the passwords that may be set: one, or two after a change without an answer. */
  passwords = [0];
  /** The numbers used so far. */
  lastPassword = 0;
  lastVersion = 0;
  /** One change at a time, so that their order is known. */
  changingPassword = false;
  writingProfile = false;

  constructor(
    readonly id: string,
    readonly email: string,
  ) {}

  get live(): Device[] {
    return this.devices.filter(({ retired }) => !retired);
  }

  get retired(): Device[] {
    return this.devices.filter(({ retired }) => retired);
  }

  static passwordText(number: number): string {
    return `a long password, number ${number}`;
  }
}
