import { Injectable, NotFoundException, type PipeTransform } from '@nestjs/common';
import { isUUID } from 'class-validator';

/** An id in its stored form; null for a text that is no UUID, and so no id of a user, a session or an event. */
export function parseId(text: string): string | null {
  return isUUID(text) ? text.toLowerCase() : null;
}

/** Treats a malformed id as an unknown id: not found. */
@Injectable()
export class IdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    const id = parseId(value);
    if (id === null) {
      throw new NotFoundException();
    }
    return id;
  }
}
