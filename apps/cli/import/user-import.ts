import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '#libs/audit';
import { Database } from '#libs/database';
import { UserImportStore, type ImportedUser } from '#libs/user';
import { linesOf } from './lines';
import { BadLineError, readUserLine } from './user-line';

/** Accounts that one transaction creates. */
const BATCH_SIZE = 500;

export interface ImportOptions {
  /** Writes nothing. An address that occurs twice, in different batches, counts twice. */
  dryRun: boolean;
  /** Called for each invalid line, with its number and the reason. */
  onBadLine: (number: number, problem: string) => Promise<void>;
}

/** Numbers of lines by outcome. */
export interface ImportCounts {
  created: number;
  /** The address has an account. */
  skipped: number;
  bad: number;
}

/** Imports accounts, one line of JSON each. Memory use does not grow with their number. */
@Injectable()
export class UserImport {
  constructor(
    private readonly users: UserImportStore,
    private readonly events: AuditRecorder,
    private readonly database: Database,
  ) {}

  /**
   * Never changes an existing account, so that a repetition after a failure imports the rest.
   * @throws DependencyUnavailableError; accounts imported before it stay.
   */
  async run(input: AsyncIterable<Buffer>, options: ImportOptions): Promise<ImportCounts> {
    const counts = { created: 0, skipped: 0, bad: 0 };
    let batch: ImportedUser[] = [];
    const finishBatch = async () => {
      const created = batch.length === 0 ? 0 : await this.bringIn(batch, options.dryRun);
      counts.created += created;
      counts.skipped += batch.length - created;
      batch = [];
    };
    for await (const { number, bytes } of linesOf(input)) {
      if (bytes !== null && isBlank(bytes)) {
        continue;
      }
      try {
        batch.push(await readLine(bytes));
      } catch (error) {
        if (!(error instanceof BadLineError)) {
          throw error;
        }
        counts.bad += 1;
        await options.onBadLine(number, error.message);
      }
      if (batch.length === BATCH_SIZE) {
        await finishBatch();
      }
    }
    await finishBatch();
    return counts;
  }

  /** @returns how many accounts were created, or would be. */
  private async bringIn(batch: readonly ImportedUser[], dryRun: boolean): Promise<number> {
    if (dryRun) {
      return this.users.countNew(batch);
    }
    return this.database.transaction(async () => {
      const created = await this.users.insertNew(batch);
      await this.events.recordInTransaction(
        ...created.map(({ id: userId, role, disabled }) => ({
          name: 'account_imported' as const,
          userId,
          details: { role, disabled },
        })),
      );
      return created.length;
    });
  }
}

async function readLine(bytes: Buffer | null): Promise<ImportedUser> {
  if (bytes === null) {
    throw new BadLineError('the line is too long');
  }
  return readUserLine(bytes);
}

function isBlank(bytes: Buffer): boolean {
  return bytes.toString('latin1').trim() === '';
}
