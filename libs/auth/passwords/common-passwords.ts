import { readingsOf } from './fold';
import { MIN_PASSWORD_LENGTH } from './password-length';

/**
 * The most common passwords of sufficient length, about 18,000, from an offline list. It uses 4 MB of heap and takes
 * 100 ms to unpack: load it once, before the first request.
 */
export class CommonPasswords {
  private constructor(private readonly passwords: ReadonlySet<string>) {}

  static async load(): Promise<CommonPasswords> {
    // Loaded on demand, so that the help of the command line does not load it.
    const { dictionary } = await import('@zxcvbn-ts/language-common');
    const longEnough = dictionary['passwords-common'].filter(
      (password) => password.length >= MIN_PASSWORD_LENGTH,
    );
    return new CommonPasswords(new Set(longEnough));
  }

  /**
   * The list omits variants of its entries: letters written as signs, and words written backwards. They are as common.
   * @param folded see `fold`.
   */
  has(folded: string): boolean {
    const backwards = Array.from(folded).reverse().join('');
    return [...readingsOf(folded), backwards].some((reading) => this.passwords.has(reading));
  }
}
