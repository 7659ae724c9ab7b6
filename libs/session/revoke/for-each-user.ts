/** The page of users, and the work for each user. */
export interface UserSweep {
  /** Users after the given one, ordered by id; fewer than `pageSize` when no more are left. */
  page: (afterUserId?: string) => Promise<string[]>;
  pageSize: number;
  work: (userId: string) => Promise<void>;
  /** Called for a user whose first attempt failed. */
  onFailure: (error: unknown) => void;
}

/**
 * Does work for users, one after another. A failure does not stop the others; the user is tried again at the end.
 * @throws the error of a second attempt, after all users; and the errors of `page`.
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
