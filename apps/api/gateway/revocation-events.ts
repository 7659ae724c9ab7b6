import type { Revocation } from '#libs/session';

/** Events of the stream as text (HTML, section 9.2.5). docs/revocation-stream.md describes them. */
export const revocationEvents = {
  revocation(revocation: Revocation): string {
    const { kind, userId: sub, reason } = revocation;
    return event(
      kind,
      revocation.kind === 'session'
        ? {
            sid: revocation.sessionId,
            sub,
            reason,
            exp: Math.ceil(revocation.expiresAtMs / 1000),
          }
        : {
            sub,
            reason,
            before: new Date(revocation.beforeMs).toISOString(),
            // Absent unless a session goes on.
            except: revocation.keptSessionId,
          },
    );
  },

  reset: (reason: 'not_resumable' | 'outbox_lost') => event('reset', { reason }),

  reconnect: () => event('reconnect', {}),
};

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
