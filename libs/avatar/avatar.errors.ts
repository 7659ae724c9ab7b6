import { DomainError, ValidationFailedError } from '#libs/common';

/** The form field that the picture comes in, by which errors name it. */
export const AVATAR_FIELD = 'avatar';

/** The content is none of the formats that are taken, whatever its name and type say. */
export class UnsupportedImageError extends DomainError {
  readonly code = 'unsupported_media_type';

  constructor(options?: ErrorOptions) {
    super('The picture must be a JPEG, PNG, WebP, GIF or AVIF image.', options);
  }
}

/** The content says that it is a picture and cannot be read to its end, or is too much to decode. */
export class UnusableImageError extends ValidationFailedError {
  constructor(problem: string) {
    super([{ field: AVATAR_FIELD, messages: [`${AVATAR_FIELD} ${problem}`] }]);
  }
}

/** There is no picture of that name. */
export class AvatarNotFoundError extends DomainError {
  readonly code = 'not_found';

  constructor() {
    super('There is no such picture.');
  }
}
