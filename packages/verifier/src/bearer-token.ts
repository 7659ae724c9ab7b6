/**
 * The token of a header field `Authorization: Bearer …` (RFC 6750 section 2.1).
 * @returns undefined without the field, or with another scheme
 */
export function bearerTokenOf(authorization: string | undefined): string | undefined {
  return /^Bearer +(.*)$/i.exec(authorization ?? '')?.[1]?.trim();
}
