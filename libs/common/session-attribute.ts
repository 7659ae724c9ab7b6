/** Names of attributes of a session. */
export const ATTRIBUTE_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/**
 * The header field that carries an attribute: `orgId` and `org_id` give `x-session-org-id`. Without underscores, which
 * proxies drop from names of header fields.
 */
export function attributeHeader(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').replaceAll('_', '-');
  return `x-session-${words.toLowerCase()}`;
}
