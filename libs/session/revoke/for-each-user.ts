/** How users are found, and what is done for each of them. */
export interface UserSweep {
  /** Users after one, in the order of their ids; fewer than `pageSize` when no more are left. */
  page: (afterUserId?: string) => Promise<string[]>;
  pageSize: number;
  work: (userId: string) => Promise<void>;
  /** A user for whom the work failed the first time. */
  onFailure: (error: unknown) => void;
}

/**
 * Does work for users, one after another. A user for whom it fails does not keep it from the others, and is
 * tried again at the end.
 * @throws what a second attempt threw, when all users have had theirs; and what `page` throws.
 */
export async function forEachUser({ page, pageSize, work, onFailure }: UserSweep): Promise<void> {
  const failed: string[] = [];
  let users: string[];
  let last: string | undefined;
  do {
    users = await page(last);
    for (const userId of users) {
      await work(userId).catch((error: unknown) => {
        failed.push(userId);
        onFailure(error);
      });
    }
    last = users.at(-1);
  } while (users.length === pageSize);
  const errors: unknown[] = [];
  for (const userId of failed) {
    await work(userId).catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0) {
    throw errors[0];
  }
}
