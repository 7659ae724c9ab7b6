import { Injectable } from '@nestjs/common';
import { publicPathOf } from '#libs/config';
import { cookieIn } from './cookie-header';
import { CrossSiteRequestError } from './cookie.errors';
import {
  isFromAllowedPage,
  isPlainLocalhost,
  mayChange,
  type CookieRequest,
} from './request-source';
import { SessionCookieOptions } from './session-cookies.options';

/** The tokens of a session, as cookies carry them. */
export interface CookieTokens {
  accessToken: string;
  refreshToken: string;
  /** How long the browser keeps the cookies. Absent: until it ends. */
  maxAgeSeconds?: number | undefined;
}

/** Name and attributes of one cookie. */
interface CookieKind {
  name: string;
  attributes: string;
}

/** Below the path of `publicUrl`. */
const REFRESH_PATH = '/api/auth/refresh';

/**
 * Sessions in cookies, for pages whose scripts must not see a token (OWASP ASVS 3.3). Without this provider the guard
 * reads no cookie.
 *
 * A browser accepts a cookie with the prefix `__Host-` from its own host only, over HTTPS, for every path: no other
 * subdomain can set it. The refresh cookie is sent to one path, which that prefix does not allow, so a subdomain can set
 * one: a refresh therefore needs the access cookie of the same session (RefreshService).
 */
@Injectable()
export class SessionCookies {
  private readonly origins: ReadonlySet<string>;
  private readonly refreshPath: string;
  private readonly plainLocalhost: boolean;

  constructor({ publicUrl, origins = [], plainLocalhost = false }: SessionCookieOptions) {
    const own = publicUrl === undefined ? [] : [new URL(publicUrl).origin];
    // `null` is the origin of a sandboxed frame, of any site.
    this.origins = new Set([...own, ...origins].filter((origin) => origin !== 'null'));
    this.refreshPath = publicPathOf(publicUrl) + REFRESH_PATH;
    this.plainLocalhost = plainLocalhost;
  }

  /**
   * The access token of a request that a page may send.
   * @returns undefined without a cookie.
   * @throws AmbiguousCookieError; CrossSiteRequestError for a request that may change something.
   */
  accessTokenOf(request: CookieRequest): string | undefined {
    const token = cookieIn(request.headers.cookie, this.access(request).name);
    if (token !== undefined && mayChange(request)) {
      this.requireAllowedPage(request);
    }
    return token;
  }

  /**
   * The refresh token of a request.
   * @returns undefined without a cookie.
   * @throws AmbiguousCookieError
   */
  refreshTokenOf(request: CookieRequest): string | undefined {
    return cookieIn(request.headers.cookie, this.refresh(request).name);
  }

  /** @throws CrossSiteRequestError unless a page of an allowed origin has sent the request. */
  requireAllowedPage(request: CookieRequest): void {
    if (!isFromAllowedPage(request, this.origins)) {
      throw new CrossSiteRequestError();
    }
  }

  /**
   * Values of `Set-Cookie`. Both cookies live equally long: an access token that has expired still proves at a refresh
   * that the refresh token is of the same session.
   */
  set(request: CookieRequest, tokens: CookieTokens): string[] {
    const { accessToken, refreshToken, maxAgeSeconds } = tokens;
    return [
      format(this.access(request), accessToken, maxAgeSeconds),
      format(this.refresh(request), refreshToken, maxAgeSeconds),
    ];
  }

  /** Values of `Set-Cookie` that remove both cookies. */
  clear(request: CookieRequest): string[] {
    return [this.access(request), this.refresh(request)].map((kind) => format(kind, '', 0));
  }

  private access(request: CookieRequest): CookieKind {
    const attributes = 'Path=/; HttpOnly; SameSite=Lax';
    return this.isPlain(request)
      ? { name: 'latchkey', attributes }
      : { name: '__Host-latchkey', attributes: `${attributes}; Secure` };
  }

  private refresh(request: CookieRequest): CookieKind {
    const attributes = `Path=${this.refreshPath}; HttpOnly; SameSite=Strict`;
    return this.isPlain(request)
      ? { name: 'latchkey-refresh', attributes }
      : { name: '__Secure-latchkey-refresh', attributes: `${attributes}; Secure` };
  }

  /** Not every browser accepts `Secure` from `http://localhost`, and both prefixes need it. */
  private isPlain(request: CookieRequest): boolean {
    return this.plainLocalhost && isPlainLocalhost(request);
  }
}

/** Our tokens have only characters that a cookie may have (RFC 6265 section 4.1.1). */
function format({ name, attributes }: CookieKind, value: string, maxAgeSeconds?: number): string {
  const maxAge = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`;
  return `${name}=${value}; ${attributes}${maxAge}`;
}
