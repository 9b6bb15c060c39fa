// SPDX-License-Identifier: GPL-2.0-or-later
// The AWS SDK for JavaScript v3 makes whole round trips, with the checksums that it sends unasked.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  S3Client, CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, DeleteObjectsCommand, GetObjectCommand,
  HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, CopyObjectCommand, PutObjectTaggingCommand,
  GetObjectTaggingCommand, PutBucketVersioningCommand, ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { run } from './ktap.mjs';

const size = Number(process.env.S3_SIZE) * 1048576;
const bucket = process.env.S3_BUCKET;
const client = new S3Client({
  endpoint: process.env.S3_ENDPOINT, region: process.env.AWS_REGION, forcePathStyle: true,
  ...(process.env.S3_CHECKSUMS ? {
    requestChecksumCalculation: process.env.S3_CHECKSUMS, responseChecksumValidation: process.env.S3_CHECKSUMS,
  } : {}),
});
const send = (Command, input) => client.send(new Command({ Bucket: bucket, ...input }));

// The large object is made and hashed as it goes: it is never whole in memory.
async function* large(hash) {
  for (let left = size; left > 0; left -= 1048576) {
    const piece = randomBytes(Math.min(left, 1048576));
    hash.update(piece);
    yield piece;
  }
}

async function digest(stream) {
  const hash = createHash('sha256');
  for await (const piece of stream) hash.update(piece);
  return hash.digest('hex');
}

await run([
  ['a bucket is made', () => send(CreateBucketCommand, {})],
  ['an object goes up and comes back', async () => {
    await send(PutObjectCommand, { Key: 'a b/αβγ+%', Body: 'hello', Metadata: { a: 'b' }, ContentType: 'text/x-own' });
    const got = await send(GetObjectCommand, { Key: 'a b/αβγ+%' });
    assert.equal(await got.Body.transformToString(), 'hello');
    assert.deepEqual(got.Metadata, { a: 'b' });
    assert.equal(got.ContentType, 'text/x-own');
  }],
  ['a stream of a known length goes up', async () => {
    const body = randomBytes(300000);
    await send(PutObjectCommand, { Key: 'stream', Body: Readable.from([body]), ContentLength: body.length });
    const got = await send(GetObjectCommand, { Key: 'stream' });
    assert.deepEqual(Buffer.from(await got.Body.transformToByteArray()), body);
  }],
  ['a range comes', async () => {
    const got = await send(GetObjectCommand, { Key: 'a b/αβγ+%', Range: 'bytes=1-3' });
    assert.equal(await got.Body.transformToString(), 'ell');
  }],
  ['a missing key is NoSuchKey', () => assert.rejects(send(GetObjectCommand, { Key: 'nothing' }), { name: 'NoSuchKey' })],
  ['a condition that fails is PreconditionFailed', () => assert.rejects(
    send(PutObjectCommand, { Key: 'stream', Body: 'x', IfNoneMatch: '*' }), { name: 'PreconditionFailed' })],
  ['a large object goes up in parts, and comes back', async () => {
    const hash = createHash('sha256');
    await new Upload({ client, partSize: 16777216, queueSize: 4,
      params: { Bucket: bucket, Key: 'large', Body: Readable.from(large(hash)) } }).done();
    assert.equal((await send(HeadObjectCommand, { Key: 'large' })).ContentLength, size);
    assert.equal(await digest((await send(GetObjectCommand, { Key: 'large' })).Body), hash.digest('hex'));
  }],
  ['an object is copied by the server', async () => {
    await send(CopyObjectCommand, { Key: 'copy', CopySource: `${bucket}/${encodeURIComponent('a b/αβγ+%')}` });
    assert.equal(await (await send(GetObjectCommand, { Key: 'copy' })).Body.transformToString(), 'hello');
  }],
  ['tags are kept', async () => {
    await send(PutObjectTaggingCommand, { Key: 'copy', Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } });
    assert.deepEqual((await send(GetObjectTaggingCommand, { Key: 'copy' })).TagSet, [{ Key: 'a', Value: 'b' }]);
  }],
  ['keys are listed in pages', async () => {
    const keys = [];
    let ContinuationToken;
    do {
      const page = await send(ListObjectsV2Command, { MaxKeys: 2, ContinuationToken });
      keys.push(...(page.Contents ?? []).map((entry) => entry.Key));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
    assert.deepEqual(keys, ['a b/αβγ+%', 'copy', 'large', 'stream']);
  }],
  ['a pre-signed URL is read by fetch', async () => {
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: bucket, Key: 'copy' }), { expiresIn: 60 });
    assert.equal(await (await fetch(url)).text(), 'hello');
  }],
  ['a pre-signed URL is written by fetch', async () => {
    const url = await getSignedUrl(client, new PutObjectCommand({ Bucket: bucket, Key: 'fetched' }), { expiresIn: 60 });
    assert.equal((await fetch(url, { method: 'PUT', body: 'by fetch' })).status, 200);
    assert.equal(await (await send(GetObjectCommand, { Key: 'fetched' })).Body.transformToString(), 'by fetch');
  }],
  ['versions are kept', async () => {
    await send(PutBucketVersioningCommand, { VersioningConfiguration: { Status: 'Enabled' } });
    const first = await send(PutObjectCommand, { Key: 'v', Body: 'one' });
    await send(PutObjectCommand, { Key: 'v', Body: 'two' });
    await send(DeleteObjectCommand, { Key: 'v' });
    const got = await send(GetObjectCommand, { Key: 'v', VersionId: first.VersionId });
    assert.equal(await got.Body.transformToString(), 'one');
  }],
  ['all versions are removed at once, and the bucket', async () => {
    const all = await send(ListObjectVersionsCommand, {});
    const Objects = [...(all.Versions ?? []), ...(all.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({ Key, VersionId }));
    assert.equal(Objects.length, 8);
    assert.equal((await send(DeleteObjectsCommand, { Delete: { Objects } })).Errors, undefined);
    await send(DeleteBucketCommand, {});
  }],
]);
