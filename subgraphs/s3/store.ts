import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Settings } from '../../config.ts';
import { isNetworkError } from '../../gateway/guard.ts';
import type { Context, RoomStore } from '../../gateway/room.ts';
import { createSeam, type SeamOptions, type Statement } from '../../gateway/seam.ts';
import { inAwsCli } from './shell.ts';

/** What queries, commands and the sink need of S3. */
export interface S3Store extends RoomStore {
  mediaBucket: string;
  lakeBucket: string;
  /**
   * Calls S3.
   * @param statement the same for the AWS CLI: `aws s3api get-object --bucket … --key $key`
   * @param work sends one command, with the options that let the deadline end it
   */
  call<T>(
    statement: string | Statement<T>,
    work: (client: S3Client, options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T>;
  /**
   * A URL with which whoever has it can GET an object of the media bucket until it expires. Computed here (Signature
   * Version 4 in the query string): S3 is not asked, so it may be a URL of nothing.
   * @param as how S3 shall hand it out, in place of what was said when it was put there
   */
  sign(key: string, expiresInSeconds: number, as?: HandedOut): Promise<string>;
  /**
   * A URL with which whoever has it can PUT that one object into the media bucket until it expires. Type and length are
   * signed as headers, so S3 refuses every other file.
   */
  signPut(file: PutFile, validity: { signedAt: Date; expiresInSeconds: number }): Promise<string>;
}

/** Headers that S3 answers a GET with. */
export interface HandedOut {
  contentType: string;
  contentDisposition: string;
}

/** An object before it is there. */
export interface PutFile {
  key: string;
  contentType: string;
  sizeBytes: number;
}

export type RoomContext = Context<S3Store>;

/**
 * A connection that nobody used for so long is closed from this side. A server closes it from its own (S3Proxy's Jetty
 * after 30 s), and a page that comes at that moment finds it gone: after a pause in the traffic, many at once.
 */
const agentOptions = { timeout: 5_000 };

/** Opens the client; the server need not be there. It speaks HTTP, so there is nothing to reconnect. */
export function openS3(settings: Settings['s3']): S3Store {
  const { endpoint, region, accessKeyId, secretAccessKey, mediaBucket, lakeBucket, timeoutMs } = settings;
  const inShell: SeamOptions['inShell'] = (statement, parameters) => inAwsCli({ statement, parameters }, endpoint);
  const seam = createSeam({ store: 's3', timeoutMs, isOutage, inShell });
  // A kept-alive connection may have been closed by the server all the same: a read is then asked once more by the seam, and
  // a write, which puts the same again, by the client.
  const clientOf = (maxAttempts: number) =>
    new S3Client({
      endpoint,
      region,
      credentials: { accessKeyId, secretAccessKey },
      // http://host/bucket/key: a bucket as a host name needs a DNS of its own.
      forcePathStyle: true,
      // Checksum trailers are AWS's own; servers that only speak S3 may not know them.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      maxAttempts,
      requestHandler: { connectionTimeout: 1_000, httpAgent: agentOptions, httpsAgent: agentOptions },
    });
  const [reader, writer] = [clientOf(1), clientOf(2)];
  const call: S3Store['call'] = (statement, work) => {
    const isRead = typeof statement === 'object' && statement.isRead;
    return seam(statement, (abortSignal) => work(isRead ? reader : writer, { abortSignal }));
  };
  const bucketExists = (bucket: string) =>
    call({ text: `aws s3api head-bucket --bucket ${bucket}`, isRead: true }, async (s3, options) => {
      const head = await orNull(s3.send(new HeadBucketCommand({ Bucket: bucket }), options));
      return head !== null;
    });

  return {
    mediaBucket,
    lakeBucket,
    call,
    sign(Key, expiresIn, as) {
      const handedOut = as && {
        ResponseContentType: as.contentType,
        ResponseContentDisposition: as.contentDisposition,
      };
      return getSignedUrl(reader, new GetObjectCommand({ Bucket: mediaBucket, Key, ...handedOut }), { expiresIn });
    },
    signPut({ key, contentType, sizeBytes }, { signedAt, expiresInSeconds }) {
      const file = { Key: key, ContentType: contentType, ContentLength: sizeBytes };
      const command = new PutObjectCommand({ Bucket: mediaBucket, ...file });
      // The presigner leaves the content type out unless it is told to sign it.
      const signableHeaders = new Set(['content-type', 'content-length']);
      return getSignedUrl(writer, command, { expiresIn: expiresInSeconds, signingDate: signedAt, signableHeaders });
    },
    async ping() {
      // Before migrate() there is no bucket, and the answer shows as well that S3 reads.
      await bucketExists(mediaBucket);
    },
    async migrate() {
      for (const bucket of [mediaBucket, lakeBucket]) {
        if (await bucketExists(bucket)) continue;
        const place = region === 'us-east-1' ? '' : ` --create-bucket-configuration LocationConstraint=${region}`;
        await call(`aws s3api create-bucket --bucket ${bucket}${place}`, (s3, options) =>
          s3.send(createBucket(bucket, region), options),
        ).catch(async (error: unknown) => {
          // Another process may have made it since.
          if (!(await bucketExists(bucket))) throw error;
        });
      }
    },
    async close() {
      reader.destroy();
      writer.destroy();
    },
  };
}

/** us-east-1 is where a bucket goes that names no place, and the one region that S3 refuses to be told. */
function createBucket(bucket: string, region: string): CreateBucketCommand {
  const CreateBucketConfiguration = { LocationConstraint: region as 'eu-west-1' };
  return new CreateBucketCommand({ Bucket: bucket, ...(region !== 'us-east-1' && { CreateBucketConfiguration }) });
}

/** What S3 answers; null where it says that there is no such thing. The answer to a HEAD has no body, and so no better word. */
export const orNull = <T>(answer: Promise<T>): Promise<T | null> =>
  answer.catch((error: unknown) => {
    if (statusOf(error) === 404) return null;
    throw error;
  });

const statusOf = (error: unknown) =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;

/** Errors of Node's sockets, the SDK's own timeout, and the answers of a server (or a proxy before it) that cannot work. */
function isOutage(error: unknown): boolean {
  const { name } = error as { name?: string };
  return isNetworkError(error) || name === 'TimeoutError' || [500, 502, 503, 504].includes(statusOf(error));
}
