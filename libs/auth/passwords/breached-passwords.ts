import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { CircuitBreaker, DependencyUnavailableError } from '#libs/common';
import { AuthOptions } from '../auth.options';

const TIMEOUT_MS = 1000;

/**
 * Passwords that became known through a data breach, as the service "Have I Been Pwned", or a mirror of it,
 * counts them. It is told the first five digits of the password's SHA-1, which some thousand others share, and
 * how many entries begin with them is hidden by padding.
 */
@Injectable()
export class BreachedPasswords implements OnApplicationShutdown {
  private readonly logger = new Logger('BreachedPasswords');
  private readonly circuit = new CircuitBreaker('breach service');
  private readonly baseUrl: string | undefined;

  constructor({ passwords }: AuthOptions) {
    this.baseUrl = passwords?.breachServiceUrl;
  }

  /** False, too, where no service is set, and where it does not answer within a second: nobody is kept out by that. */
  async has(password: string): Promise<boolean> {
    const { baseUrl } = this;
    if (baseUrl === undefined) {
      return false;
    }
    try {
      return await this.circuit.run(() => ask(baseUrl, password));
    } catch (error) {
      this.logger.warn(
        { reason: reasonOf(error as Error) },
        'a new password was not checked for breaches',
      );
      return false;
    }
  }

  onApplicationShutdown(): void {
    this.circuit.shutdown();
  }
}

/** @throws DependencyUnavailableError */
async function ask(baseUrl: string, password: string): Promise<boolean> {
  // Not at the top of the file: few installations ask.
  const { pwnedPassword } = await import('hibp');
  try {
    const options = { addPadding: true, timeoutMs: TIMEOUT_MS, baseUrl };
    return (await pwnedPassword(password, options)) > 0;
  } catch (error) {
    throw new DependencyUnavailableError('breach service', { cause: error });
  }
}

/** Codes and names alone: a text may repeat the address, which holds digits of the hash. */
function reasonOf({ cause: failure }: { cause?: unknown }): string {
  const { code } = ((failure as Error).cause ?? failure) as { code?: unknown };
  if (typeof code === 'string') {
    return code;
  }
  const { name } = failure as Error;
  return name === 'Error' ? 'an error was answered' : name;
}
