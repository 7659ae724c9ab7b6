import { readingsOf } from './fold';
import { MIN_PASSWORD_LENGTH } from './password-length';

/**
 * The most common passwords that are long enough to be taken, some 18,000, from an offline list. It keeps
 * 4 MB of heap and takes a tenth of a second to unpack: load it once, before requests come.
 */
export class CommonPasswords {
  private constructor(private readonly passwords: ReadonlySet<string>) {}

  static async load(): Promise<CommonPasswords> {
    // Not at the top of the file: who only wants help from the command line does not wait for it.
    const { dictionary } = await import('@zxcvbn-ts/language-common');
    const longEnough = dictionary['passwords-common'].filter(
      (password) => password.length >= MIN_PASSWORD_LENGTH,
    );
    return new CommonPasswords(new Set(longEnough));
  }

  /**
   * The list leaves out what it takes for a variant of another entry: letters written as signs, and
   * words written backwards. They are as common.
   * @param folded see `fold`.
   */
  has(folded: string): boolean {
    const backwards = Array.from(folded).reverse().join('');
    return [...readingsOf(folded), backwards].some((reading) => this.passwords.has(reading));
  }
}
