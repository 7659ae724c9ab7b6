import { avatarFile, newAvatarName } from '../../libs/avatar/avatar-file';
import type { AvatarStorage } from '../../libs/avatar/storage/avatar-storage';

/** A storage to be tested, and how it is closed. */
export interface OpenAvatarStorage {
  storage: AvatarStorage;
  close: () => Promise<void>;
}

/** The tests that every `AvatarStorage` passes: run them on a storage of your own. @param open called once. */
export function avatarStorageContract(name: string, open: () => Promise<OpenAvatarStorage>): void {
  describe(`${name} is an AvatarStorage`, () => {
    let opened: OpenAvatarStorage;
    let storage: AvatarStorage;

    beforeAll(async () => {
      opened = await open();
      storage = opened.storage;
    });

    afterAll(() => opened.close());

    const newFile = (content = Buffer.alloc(0)) => avatarFile(newAvatarName(content), 512);

    async function listed(): Promise<string[]> {
      const files: string[] = [];
      for await (const { file } of storage.list()) {
        files.push(file);
      }
      return files;
    }

    it('reads what was written, byte for byte', async () => {
      const content = Buffer.from(Array.from({ length: 50_000 }, (_, index) => index % 256));
      const file = newFile(content);
      await storage.write(file, content);
      expect(Buffer.from((await storage.read(file))!).equals(content)).toBe(true);
    });

    it('answers null for a file that does not exist', async () => {
      expect(await storage.read(newFile())).toBeNull();
    });

    it('writes the same file twice', async () => {
      const [file, content] = [newFile(), Buffer.from('content')];
      await storage.write(file, content);
      await storage.write(file, content);
      expect(Buffer.from((await storage.read(file))!).toString()).toBe('content');
    });

    it('deletes files, and none that does not exist', async () => {
      const [gone, kept, never] = [newFile(), newFile(), newFile()];
      await storage.write(gone, Buffer.from('gone'));
      await storage.write(kept, Buffer.from('kept'));
      await storage.delete([gone, never]);
      await storage.delete([gone]);
      expect(await storage.read(gone)).toBeNull();
      expect(await storage.read(kept)).not.toBeNull();
    });

    it('lists every file with the time of its writing', async () => {
      const file = newFile();
      const beganMs = Date.now();
      await storage.write(file, Buffer.from('listed'));
      expect(await listed()).toContain(file);
      for await (const stored of storage.list()) {
        if (stored.file === file) {
          // File systems and services round to a second.
          expect(stored.storedAtMs).toBeGreaterThan(beganMs - 2_000);
        }
      }
      await storage.delete([file]);
      expect(await listed()).not.toContain(file);
    });
  });
}
