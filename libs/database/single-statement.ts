import { Query } from 'pg';
import { InternalError } from '#libs/common';

interface Wire {
  parse(statement: { text: string }): void;
  bind(portal: object): void;
  execute(portal: object): void;
  sync(): void;
}

/** What the driver's class has, and its types leave out. */
interface DriverQuery {
  prepare(connection: Wire): void;
  handleCommandComplete(message: unknown, connection: Wire): void;
  handleDataRow(message: unknown): void;
  handleError(error: Error, connection: Wire): void;
}

const DriverQuery = Query as unknown as new (statement: {
  text: string;
  values?: unknown[] | undefined;
}) => DriverQuery;

/** feature_not_supported */
const NOT_SUPPORTED = '0A000';
/** read_only_sql_transaction */
export const READ_ONLY = '25006';

/** A standby refuses a transaction that may write as a feature that it lacks; it means "not here, now". */
export function explainRefusedBegin(error: Error): Error {
  const { code } = error as { code?: unknown };
  return code === NOT_SUPPORTED
    ? Object.assign(new InternalError('the server is a standby', { cause: error }), {
        code: READ_ONLY,
      })
    : error;
}

/** Commands that are sent ahead of the statement: BEGIN and the settings. */
const AHEAD = 2;

/**
 * A statement in a transaction of its own, which is begun, set up and committed in the same message: one
 * round trip, as without. A COMMIT that fails is a failure of the statement.
 */
export class SingleStatement extends DriverQuery {
  declare callback: (error: Error | null, result: unknown) => void;
  private completed = 0;

  /** @param ahead BEGIN and what sets the transaction up. @param sent called when it is sent. */
  constructor(
    statement: { text: string; values?: unknown[] | undefined },
    private readonly ahead: readonly [string, string],
    private readonly sent: () => void,
  ) {
    super(statement);
  }

  /** The extended protocol takes one command a message part, and no text of several. */
  requiresPreparation(): boolean {
    return true;
  }

  override prepare(connection: Wire): void {
    this.sent();
    this.ahead.forEach((text) => send(connection, text));
    super.prepare(connection);
  }

  /** By the driver's name: what follows Parse, Bind and Describe. */
  _getRows(connection: Wire): void {
    connection.execute({});
    send(connection, 'COMMIT');
    connection.sync();
  }

  override handleDataRow(message: unknown): void {
    if (this.completed === AHEAD) {
      super.handleDataRow(message);
    }
  }

  override handleError(error: Error, connection: Wire): void {
    super.handleError(this.completed === 0 ? explainRefusedBegin(error) : error, connection);
  }

  override handleCommandComplete(message: unknown, connection: Wire): void {
    if (this.completed === AHEAD) {
      super.handleCommandComplete(message, connection);
    }
    this.completed += 1;
  }
}

function send(connection: Wire, text: string): void {
  connection.parse({ text });
  connection.bind({});
  connection.execute({});
}
