/** The signer against vectors made by the genuine one. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { authorization, signature, stringToSign } from '../../src/providers/backend-ai/manager/signature.ts';

interface Vector {
  readonly id: string;
  readonly input: {
    readonly method: string;
    readonly version: string;
    readonly rel_url: string;
    readonly date: string;
    readonly content_type: string;
    readonly access_key: string;
    readonly secret_key: string;
    readonly hash_type: string;
  };
  readonly output: {
    readonly signed_host: string;
    readonly string_to_sign: string;
    readonly signature: string;
    readonly headers: Readonly<Record<string, string>>;
  };
}

const file = new URL('../fixtures/signature-vectors.json', import.meta.url);
const { vectors }: { readonly vectors: readonly Vector[] } = JSON.parse(readFileSync(file, 'utf8'));

function partsOf({ input, output }: Vector) {
  return {
    method: input.method,
    target: input.rel_url,
    host: output.signed_host,
    date: input.date,
    contentType: input.content_type,
    version: input.version,
  };
}

function keyOf({ input }: Vector) {
  return { accessKey: input.access_key, secretKey: input.secret_key, hash: input.hash_type };
}

test('there are 43 vectors', () => {
  expect(vectors).toHaveLength(43);
});

test.each(vectors)('$id: the string to sign', (vector) => {
  expect(stringToSign(partsOf(vector), vector.input.hash_type)).toBe(vector.output.string_to_sign);
});

test.each(vectors)('$id: signature and header', (vector) => {
  expect(signature(partsOf(vector), keyOf(vector))).toBe(vector.output.signature);
  expect(authorization(partsOf(vector), keyOf(vector))).toBe(vector.output.headers['Authorization']);
});

test('parameters and letter case of a content type are not signed', () => {
  const [vector] = vectors;
  if (vector === undefined) throw new Error('no vectors');
  const plain = signature({ ...partsOf(vector), contentType: 'multipart/form-data' }, keyOf(vector));
  const dressed = { ...partsOf(vector), contentType: 'Multipart/Form-Data; boundary=x' };
  expect(signature(dressed, keyOf(vector))).toBe(plain);
});

test('sha256 is the digest when none is named', () => {
  const [vector] = vectors;
  if (vector === undefined) throw new Error('no vectors');
  const { hash: _, ...key } = keyOf(vector);
  expect(signature(partsOf(vector), key)).toBe(vector.output.signature);
});
