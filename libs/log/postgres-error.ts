const SQLSTATE = /^[0-9A-Z]{5}$/;

/**
 * SQLSTATEs whose message names objects and settings of the database and never a value: connection exceptions (08),
 * transaction state (25), sign-in (28, 3D), rollback (40), resources (53), locks (55), operator intervention (57),
 * missing privileges (42501), and missing objects (42703, 42883, 42P01, 3F000).
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const WITHOUT_DATA = /^(08|25|28|3D|40|53|55|57|42501|42703|42883|42P01|3F000)/;

/** Names of the conditions that statements of this program may meet, for messages that are withheld. */
const CONDITIONS: Record<string, string> = {
  '22001': 'string data right truncation',
  '22003': 'numeric value out of range',
  '22007': 'invalid datetime format',
  '22008': 'datetime field overflow',
  '22021': 'character not in repertoire',
  '22023': 'invalid parameter value',
  '22P02': 'invalid text representation',
  '22P05': 'untranslatable character',
  '23502': 'not null violation',
  '23503': 'foreign key violation',
  '23505': 'unique violation',
  '23514': 'check violation',
  '42601': 'syntax error',
  '42804': 'datatype mismatch',
  P0001: 'exception raised',
};

/** Names of objects in an error of the server. Each is checked to be a mere name. */
const OBJECTS = ['schema', 'table', 'column', 'dataType', 'constraint'] as const;

/** A function in the server's source, which tells one use of a SQLSTATE from another. */
const ROUTINE = /^\w{1,64}$/;

/** Whether it is an error reply of Postgres, from the driver itself or wrapped by the mapper. */
export function isPostgresError({ code, severity }: Record<string, unknown>): boolean {
  return typeof severity === 'string' && typeof code === 'string' && SQLSTATE.test(code);
}

/** The server's message if its kind never quotes a value; else the name of the condition. */
export function postgresMessage({ code, message }: Error & Record<string, unknown>): string {
  const sqlstate = String(code);
  if (WITHOUT_DATA.test(sqlstate)) {
    return message.split('\n')[0] ?? '';
  }
  return `Postgres: ${CONDITIONS[sqlstate] ?? 'error'} (SQLSTATE ${sqlstate})`;
}

/** The other fields that hold no data. */
export function postgresFields(error: Record<string, unknown>): Record<string, string> {
  const objects = OBJECTS.flatMap((field) => {
    const name = error[field];
    return typeof name === 'string' && isObjectName(name) ? [[field, name]] : [];
  });
  const { routine } = error;
  return {
    ...(Object.fromEntries(objects) as Record<string, string>),
    ...(typeof routine === 'string' && ROUTINE.test(routine) && { routine }),
  };
}

function isObjectName(name: string): boolean {
  return name.length <= 63 && !/\p{Cc}/u.test(name);
}
