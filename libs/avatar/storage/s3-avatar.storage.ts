import type { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { OnApplicationShutdown } from '@nestjs/common';
import { DependencyUnavailableError, InternalError } from '#libs/common';
import { nameOfFile } from '../avatar-file';
import { AvatarStorage, type StoredFile } from './avatar-storage';

/** A bucket of an S3-compatible service. */
export interface S3Options {
  bucket: string;
  region: string;
  /** URL of the service; undefined: Amazon's. */
  endpoint: string | undefined;
  /** Undefined: the SDK searches for credentials (environment, instance role, …). */
  credentials: { accessKeyId: string; secretAccessKey: string } | undefined;
}

type Sdk = typeof import('@aws-sdk/client-s3');

const CONNECT_DEADLINE_MS = 1_000;
/** Timeout of one call, including its second attempt. */
const DEADLINE_MS = 5_000;
const PREFIX = 'avatars/';

/** Avatars as objects under `avatars/`. The SDK is loaded on demand: it takes time and memory. */
export class S3AvatarStorage extends AvatarStorage implements OnApplicationShutdown {
  private constructor(
    private readonly sdk: Sdk,
    private readonly client: S3Client,
    private readonly bucket: string,
  ) {
    super();
  }

  static async create({ bucket, region, endpoint, credentials }: S3Options) {
    const sdk = await import('@aws-sdk/client-s3');
    const client = new sdk.S3Client({
      region,
      maxAttempts: 2,
      requestHandler: { connectionTimeout: CONNECT_DEADLINE_MS },
      // Not all compatible services support the checksums of Amazon's.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
      ...(credentials && { credentials }),
    });
    return new S3AvatarStorage(sdk, client, bucket);
  }

  async write(file: string, content: Uint8Array): Promise<void> {
    await this.call((abortSignal) =>
      this.client.send(
        new this.sdk.PutObjectCommand({
          ...this.object(file),
          Body: content,
          ContentType: 'image/webp',
          CacheControl: 'public, max-age=31536000, immutable',
        }),
        { abortSignal },
      ),
    );
  }

  async read(file: string): Promise<Uint8Array | null> {
    return this.call(async (abortSignal) => {
      try {
        const command = new this.sdk.GetObjectCommand(this.object(file));
        const { Body } = await this.client.send(command, { abortSignal });
        return (await Body?.transformToByteArray()) ?? null;
      } catch (error) {
        if ((error as S3ServiceException).name === 'NoSuchKey') {
          return null;
        }
        throw error;
      }
    });
  }

  async delete(files: readonly string[]): Promise<void> {
    const Objects = files.map((file) => ({ Key: PREFIX + file }));
    const command = new this.sdk.DeleteObjectsCommand({
      Bucket: this.bucket,
      Delete: { Objects, Quiet: true },
    });
    await this.call(async (abortSignal) => {
      const { Errors = [] } = await this.client.send(command, { abortSignal });
      if (Errors[0]) {
        throw new InternalError(
          `${Errors.length} objects were not deleted: ${Errors[0].Code ?? ''}`,
        );
      }
    });
  }

  async *list(): AsyncIterable<StoredFile> {
    let token: string | undefined;
    do {
      const command = new this.sdk.ListObjectsV2Command({
        Bucket: this.bucket,
        Prefix: PREFIX,
        ...(token !== undefined && { ContinuationToken: token }),
      });
      const page = await this.call((abortSignal) => this.client.send(command, { abortSignal }));
      for (const { Key = '', LastModified } of page.Contents ?? []) {
        const file = Key.slice(PREFIX.length);
        if (nameOfFile(file) !== null && LastModified) {
          yield { file, storedAtMs: LastModified.getTime() };
        }
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  onApplicationShutdown(): void {
    this.client.destroy();
  }

  private object(file: string) {
    return { Bucket: this.bucket, Key: PREFIX + file };
  }

  private async call<T>(work: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await work(AbortSignal.timeout(DEADLINE_MS));
    } catch (error) {
      throw new DependencyUnavailableError('avatar storage', { cause: error });
    }
  }
}
