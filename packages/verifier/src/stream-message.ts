import type { EventSourceMessage } from 'eventsource-parser';

/** An event of docs/revocation-stream.md, as far as the verifier uses it. */
export type StreamMessage =
  | { type: 'session'; sid: string }
  | { type: 'subject'; sub: string; beforeMs: number; exceptSid: string | undefined }
  | { type: 'heartbeat'; asOfMs: number; position: string }
  | { type: 'reset'; reason: string }
  | { type: 'reconnect' };

/** @returns undefined for an event that the verifier does not know; a `reset` for a known event that cannot be read */
export function readMessage({ event, data, id }: EventSourceMessage): StreamMessage | undefined {
  const fields = fieldsOf(data);
  switch (event) {
    case 'session':
      return typeof fields.sid === 'string' ? { type: event, sid: fields.sid } : unreadable(event);
    case 'subject':
      return typeof fields.sub === 'string'
        ? {
            type: event,
            sub: fields.sub,
            beforeMs: instantOf(fields.before),
            exceptSid: typeof fields.except === 'string' ? fields.except : undefined,
          }
        : unreadable(event);
    case 'heartbeat':
      return typeof fields.asOf === 'number' && id !== undefined
        ? { type: event, asOfMs: fields.asOf, position: id }
        : unreadable(event);
    case 'reset':
      return { type: event, reason: typeof fields.reason === 'string' ? fields.reason : 'unknown' };
    case 'reconnect':
      return { type: event };
    default:
      return undefined;
  }
}

function unreadable(event: string): StreamMessage {
  return { type: 'reset', reason: `unreadable event: ${event}` };
}

function fieldsOf(data: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(data);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}

/** Without a readable instant every session of the user counts as older. */
function instantOf(value: unknown): number {
  const instant = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(instant) ? Infinity : instant;
}
