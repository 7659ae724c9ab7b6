/** Address and user agent of a request's client, as far as known. */
export interface RequestOrigin {
  ip?: string | undefined;
  userAgent?: string | undefined;
}

const USER_AGENT_MAX_LENGTH = 512;

/** The user agent as it is stored: its first 512 characters. */
export function storedUserAgent({ userAgent }: RequestOrigin): string | null {
  return userAgent?.slice(0, USER_AGENT_MAX_LENGTH) ?? null;
}
