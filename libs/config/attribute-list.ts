import { z } from 'zod';
import { ATTRIBUTE_NAME, attributeHeader } from '#libs/common';

/** Headers of the session itself: `X-Session-Id`. */
const TAKEN_HEADERS = [attributeHeader('id')];

/** `plan,orgId`: names of attributes of a session, which give different header fields. */
export function attributeList() {
  return z.string().transform((text, context) => {
    const names = text.split(',').map((name) => name.trim());
    const headers = [...names.map(attributeHeader), ...TAKEN_HEADERS];
    if (
      names.every((name) => ATTRIBUTE_NAME.test(name)) &&
      new Set(headers).size === headers.length
    ) {
      return names;
    }
    context.addIssue(
      'must be a list like plan,orgId with names of attributes that give different headers, other than X-Session-Id',
    );
    return z.NEVER;
  });
}
