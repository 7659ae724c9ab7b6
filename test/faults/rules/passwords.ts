import { byUser, describeRequest, type RecordedRequest } from '../history';
import type { Violation } from '../violation';
import { effectOf } from './revocations';

/** Requests that a concurrent sign-in may lose against, several times in a row. */
const REVOKES_EVERYTHING = ['logout-all', 'change-password', 'revoke-by-admin'];

/** After an answered change the old password is refused, and the new one is accepted. */
export function passwordChanged(requests: readonly RecordedRequest[]): Violation[] {
  return [...byUser(requests).values()].flatMap((ofUser) => {
    const logins = ofUser.filter(({ op }) => op === 'login');
    const changes = ofUser.filter(({ op }) => op === 'change-password');
    return logins.flatMap((login) => [
      ...opensByOldPassword(login, changes),
      ...refusesRightPassword(login, changes, ofUser),
    ]);
  });
}

function opensByOldPassword(
  login: RecordedRequest,
  changes: readonly RecordedRequest[],
): Violation[] {
  const change = changes.find(
    (request) =>
      effectOf(request) === 'done' &&
      request.endMs < login.startMs &&
      request.value! > login.value!,
  );
  if (!change || effectOf(login) !== 'done') {
    return [];
  }
  const sentence = `an old password opened: ${describeRequest(login)} after ${describeRequest(change)}`;
  return [{ rule: 'password-changed', sentence, requests: [change, login] }];
}

function refusesRightPassword(
  login: RecordedRequest,
  changes: readonly RecordedRequest[],
  ofUser: readonly RecordedRequest[],
): Violation[] {
  if (login.status !== 401) {
    return [];
  }
  const isNewerPossible = changes.some(
    (request) =>
      effectOf(request) !== 'none' &&
      request.value! > login.value! &&
      request.startMs < login.endMs,
  );
  const setter = changes.find(({ value }) => value === login.value);
  // Number 0 was set when the user registered.
  const isSet =
    login.value === 0 || (setter && effectOf(setter) === 'done' && setter.endMs < login.startMs);
  const lostARace =
    login.code === 'token_revoked' &&
    ofUser.some(
      ({ op, startMs, endMs }) =>
        REVOKES_EVERYTHING.includes(op) && startMs < login.endMs && login.startMs < endMs,
    );
  if (isNewerPossible || !isSet || lostARace) {
    return [];
  }
  const sentence = `the right password was refused: ${describeRequest(login)}`;
  return [{ rule: 'password-changed', sentence, requests: setter ? [setter, login] : [login] }];
}
