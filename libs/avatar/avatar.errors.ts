import { DomainError, ValidationFailedError } from '#libs/common';

/** The form field of the picture, which errors name. */
export const AVATAR_FIELD = 'avatar';

/** The content has none of the accepted formats, regardless of its name and type. */
export class UnsupportedImageError extends DomainError {
  readonly code = 'unsupported_media_type';

  constructor(options?: ErrorOptions) {
    super('The picture must be a JPEG, PNG, WebP, GIF or AVIF image.', options);
  }
}

/** The content is a picture that is damaged, or too large to decode. */
export class UnusableImageError extends ValidationFailedError {
  constructor(problem: string) {
    super([{ field: AVATAR_FIELD, messages: [`${AVATAR_FIELD} ${problem}`] }]);
  }
}

/** No picture has that name. */
export class AvatarNotFoundError extends DomainError {
  readonly code = 'not_found';

  constructor() {
    super('No such picture.');
  }
}
