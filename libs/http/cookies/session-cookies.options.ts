/** Which pages may use the cookies of a session, and where. */
export class SessionCookieOptions {
  /** The address at which browsers reach the API. Its path begins the path of the refresh cookie. Absent: no path. */
  publicUrl?: string | undefined;
  /** Pages of these origins may send requests that change something, besides those of the origin of the API. */
  origins?: readonly string[];
  /** Whether `http://localhost` gets cookies that do not need HTTPS. For development. */
  plainLocalhost?: boolean;
}
