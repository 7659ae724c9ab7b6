import type { AuthResultDto } from '../../apps/api/auth/auth.dto';
import { newEmail, PASSWORD } from './app';
import { SERVICE } from './attacked-app';
import { avatarForm } from './avatars';
import type { Call } from './http-client';
import { needsClient, needsToken, type OpenApi, type Route, type Schema } from './open-api';
import { monochromePng } from './pictures';

export type Fields = Record<string, unknown>;

export const FORM = 'application/x-www-form-urlencoded';

/** Fields that need a certain value; the others have their documented example. */
const VALUES: Record<string, (person: AuthResultDto) => unknown> = {
  email: ({ user }) => user.email,
  password: () => PASSWORD,
  currentPassword: () => PASSWORD,
  refreshToken: ({ refreshToken }) => refreshToken,
  token: ({ accessToken }) => accessToken,
};

/** Calls that refuse the address of an account. */
const WITH_NEW_ADDRESS = [
  'POST /api/auth/register',
  'POST /api/admin/users',
  'POST /api/admin/invitations',
];

/** The fields of a body that an operation accepts from this person; none where it takes no fields. */
export function goodFields(api: OpenApi, route: Route, person: AuthResultDto): Fields {
  const properties: Record<string, Schema> = api.bodyOf(route)?.schema.properties ?? {};
  const fields = Object.fromEntries(
    Object.entries(properties)
      .filter(([, { format }]) => format !== 'binary')
      .map(([name, { example }]) => [name, VALUES[name]?.(person) ?? example]),
  );
  return WITH_NEW_ADDRESS.includes(route.name) ? { ...fields, email: newEmail() } : fields;
}

/** A call with these fields as its body, in the media type of the operation, and with credentials. */
export function callWith(api: OpenApi, route: Route, person: AuthResultDto, fields: Fields): Call {
  const opened = needsToken(route)
    ? { token: person.accessToken }
    : needsClient(route)
      ? asService
      : {};
  switch (api.bodyOf(route)?.type) {
    case undefined:
      return opened;
    case FORM:
      return {
        raw: new URLSearchParams(fields as Record<string, string>).toString(),
        headers: { ...asService.headers, 'content-type': FORM },
      };
    case 'multipart/form-data': {
      const form = avatarForm(monochromePng(8, 8));
      Object.entries(fields).forEach(([name, value]) => form.append(name, String(value)));
      return { ...opened, form };
    }
    default:
      return { ...opened, json: fields };
  }
}

/** A call that succeeds, once, if the path names a resource of the person. */
export function goodCall(api: OpenApi, route: Route, person: AuthResultDto): Call {
  return callWith(api, route, person, goodFields(api, route, person));
}

const asService = {
  headers: { authorization: `Basic ${Buffer.from(SERVICE).toString('base64')}` },
};
