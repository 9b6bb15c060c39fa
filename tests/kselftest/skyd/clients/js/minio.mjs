// SPDX-License-Identifier: GPL-2.0-or-later
// minio-js makes whole round trips, with the signed chunks that it sends over plain HTTP.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { Client, CopyConditions } from 'minio';
import { run } from './ktap.mjs';

const size = Number(process.env.S3_SIZE) * 1048576;
const bucket = process.env.S3_BUCKET;
const url = new URL(process.env.S3_ENDPOINT);
const client = new Client({
  endPoint: url.hostname, port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
  useSSL: url.protocol === 'https:', region: process.env.AWS_REGION, pathStyle: true,
  accessKey: process.env.AWS_ACCESS_KEY_ID, secretKey: process.env.AWS_SECRET_ACCESS_KEY, partSize: 16777216,
});

async function whole(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function digest(stream) {
  const hash = createHash('sha256');
  for await (const piece of stream) hash.update(piece);
  return hash.digest('hex');
}

async function* large(hash) {
  for (let left = size; left > 0; left -= 1048576) {
    const piece = randomBytes(Math.min(left, 1048576));
    hash.update(piece);
    yield piece;
  }
}

async function keys() {
  const found = [];
  for await (const entry of client.listObjectsV2(bucket, '', true)) found.push(entry.name);
  return found;
}

await run([
  ['a bucket is made', async () => {
    await client.makeBucket(bucket, process.env.AWS_REGION);
    assert.equal(await client.bucketExists(bucket), true);
  }],
  ['an object goes up and comes back', async () => {
    await client.putObject(bucket, 'a b/αβγ+%', 'hello', 5, { 'Content-Type': 'text/x-own', 'X-Amz-Meta-A': 'b' });
    assert.equal((await whole(await client.getObject(bucket, 'a b/αβγ+%'))).toString(), 'hello');
    const about = await client.statObject(bucket, 'a b/αβγ+%');
    assert.equal(about.size, 5);
    assert.equal(about.metaData.a, 'b');
    assert.equal(about.metaData['content-type'], 'text/x-own');
  }],
  ['a range comes', async () => {
    assert.equal((await whole(await client.getPartialObject(bucket, 'a b/αβγ+%', 1, 3))).toString(), 'ell');
  }],
  ['a missing key is NoSuchKey', () => assert.rejects(client.getObject(bucket, 'nothing'), { code: 'NoSuchKey' })],
  ['a large object goes up in parts, and comes back', async () => {
    const hash = createHash('sha256');
    await client.putObject(bucket, 'large', Readable.from(large(hash)), size);
    assert.equal((await client.statObject(bucket, 'large')).size, size);
    assert.equal(await digest(await client.getObject(bucket, 'large')), hash.digest('hex'));
  }],
  ['an object is copied by the server', async () => {
    await client.copyObject(bucket, 'copy', `/${bucket}/a b/αβγ+%`, new CopyConditions());
    assert.equal((await whole(await client.getObject(bucket, 'copy'))).toString(), 'hello');
  }],
  ['tags are kept', async () => {
    await client.setObjectTagging(bucket, 'copy', { a: 'b' });
    assert.deepEqual(await client.getObjectTagging(bucket, 'copy'), [{ Key: 'a', Value: 'b' }]);
  }],
  ['keys are listed', async () => assert.deepEqual(await keys(), ['a b/αβγ+%', 'copy', 'large'])],
  ['a pre-signed URL is read by fetch', async () => {
    const answer = await fetch(await client.presignedGetObject(bucket, 'copy', 60));
    assert.equal(await answer.text(), 'hello');
  }],
  ['a form with a policy is taken', async () => {
    const policy = client.newPostPolicy();
    policy.setBucket(bucket);
    policy.setKey('form');
    policy.setExpires(new Date(Date.now() + 600000));
    policy.setContentLengthRange(1, 100);
    const { postURL, formData } = await client.presignedPostPolicy(policy);
    const form = new FormData();
    for (const [name, value] of Object.entries(formData)) form.append(name, value);
    form.append('file', new Blob(['by form']), 'form.txt');
    assert.equal((await fetch(postURL, { method: 'POST', body: form })).status, 204);
    assert.equal((await whole(await client.getObject(bucket, 'form'))).toString(), 'by form');
  }],
  ['a policy of the bucket is kept', async () => {
    const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: ['*'] },
      Action: ['s3:GetObject'], Resource: [`arn:aws:s3:::${bucket}/copy`] }] };
    await client.setBucketPolicy(bucket, JSON.stringify(policy));
    assert.equal(JSON.parse(await client.getBucketPolicy(bucket)).Statement.length, 1);
    assert.equal(await (await fetch(`${url.origin}/${bucket}/copy`)).text(), 'hello');
  }],
  ['all are removed at once, and the bucket', async () => {
    await client.removeObjects(bucket, await keys());
    assert.deepEqual(await keys(), []);
    await client.removeBucket(bucket);
    assert.equal(await client.bucketExists(bucket), false);
  }],
]);
