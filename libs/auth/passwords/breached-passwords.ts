import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { CircuitBreaker, DependencyUnavailableError } from '#libs/common';
import { AuthOptions } from '../auth.options';

const TIMEOUT_MS = 1000;

/**
 * Looks passwords up in the data breaches of "Have I Been Pwned" or a mirror. The service receives the first five
 * digits of the password's SHA-1, which about a thousand others share; padding hides the number of matching entries.
 */
@Injectable()
export class BreachedPasswords implements OnApplicationShutdown {
  private readonly logger = new Logger('BreachedPasswords');
  private readonly circuit = new CircuitBreaker('breach service');
  private readonly baseUrl: string | undefined;

  constructor({ passwords }: AuthOptions) {
    this.baseUrl = passwords?.breachServiceUrl;
  }

  /**
   * Also false without a service, and if it does not answer within 1 s: an outage of the service must not block users.
   */
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
  // Loaded on demand: few installations use it.
  const { pwnedPassword } = await import('hibp');
  try {
    const options = { addPadding: true, timeoutMs: TIMEOUT_MS, baseUrl };
    return (await pwnedPassword(password, options)) > 0;
  } catch (error) {
    throw new DependencyUnavailableError('breach service', { cause: error });
  }
}

/** Codes and names only: a message may repeat the URL, which holds digits of the hash. */
function reasonOf({ cause: failure }: { cause?: unknown }): string {
  const { code } = ((failure as Error).cause ?? failure) as { code?: unknown };
  if (typeof code === 'string') {
    return code;
  }
  const { name } = failure as Error;
  return name === 'Error' ? 'the service answered with an error' : name;
}
