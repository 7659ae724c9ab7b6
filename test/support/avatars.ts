import { AvatarStorage } from '../../libs/avatar/storage/avatar-storage';
import type { TestApp } from './app';

/** The names of all files that the application keeps. */
export async function storedFiles(app: TestApp): Promise<string[]> {
  const files: string[] = [];
  for await (const { file } of app.nest.get(AvatarStorage).list()) {
    files.push(file);
  }
  return files.sort();
}

/** A form as browsers send it. */
export function avatarForm(
  content: Uint8Array,
  { field = 'avatar', name = 'me.jpg', type = 'image/jpeg' } = {},
): FormData {
  const form = new FormData();
  form.append(field, new Blob([new Uint8Array(content)], { type }), name);
  return form;
}
